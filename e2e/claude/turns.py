"""What does a model see of a conversation, and what can it answer?"""

import json
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

PREFIX = "mcp__workrail__"


@dataclass(frozen=True)
class Say:
    """The model ends its turn with a text."""

    text: str


@dataclass(frozen=True)
class Use:
    """The model calls a tool."""

    tool: str
    arguments: Mapping[str, object] = field(default_factory=dict[str, object])


Reply: TypeAlias = Say | Use
Playing: TypeAlias = Generator[Reply, "Turn", None]
"""A model at work: it yields what it answers and is sent what it sees next."""
Script: TypeAlias = Callable[["Turn"], Playing]
"""Begins with what the model sees first."""


@dataclass(frozen=True)
class ToolResult:
    """One finished call, as the client told the model of it."""

    tool: str
    arguments: Mapping[str, Any]
    failed: bool
    text: str


@dataclass(frozen=True)
class Turn:
    """One request to the model: the whole conversation so far."""

    body: Mapping[str, Any]

    @property
    def tools(self) -> frozenset[str]:
        """The names of the tools whose schemas the model has."""
        return frozenset(tool["name"] for tool in self.body.get("tools", ()))

    @property
    def words(self) -> str:
        """Every text outside tool results: instructions of the system, and what the user said."""
        system = _text(self.body.get("system", ""))
        return "\n".join([system, *(_text(message["content"]) for message in self._messages)])

    @property
    def results(self) -> tuple[ToolResult, ...]:
        """Every finished call of the conversation, oldest first."""
        return tuple(self._results())

    @property
    def last(self) -> ToolResult:
        """The newest finished call."""
        return self.results[-1]

    @property
    def _messages(self) -> list[Mapping[str, Any]]:
        return self.body["messages"]

    def _results(self) -> Iterator[ToolResult]:
        calls: dict[str, Mapping[str, Any]] = {}
        for message in self._messages:
            for block in _blocks(message["content"]):
                if block["type"] == "tool_use":
                    calls[block["id"]] = block
                elif block["type"] == "tool_result":
                    call = calls[block["tool_use_id"]]
                    failed = bool(block.get("is_error"))
                    text = _text(block.get("content", ""))
                    yield ToolResult(call["name"], call["input"], failed, text)


def _blocks(content: object) -> list[Mapping[str, Any]]:
    return cast("list[Mapping[str, Any]]", content) if isinstance(content, list) else []


def _text(content: object) -> str:
    """The text of a message's content; other blocks that carry words are shown as their JSON."""
    if isinstance(content, str):
        return content
    shown = (
        block["text"] if block["type"] == "text" else json.dumps(block)
        for block in _blocks(content)
        if block["type"] not in {"tool_use", "tool_result"}
    )
    return "\n".join(shown)
