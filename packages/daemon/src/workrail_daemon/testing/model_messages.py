"""How does the Messages API write an answer, whole or as the events of a stream?"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

Json: TypeAlias = dict[str, Any]

_PIECE: Final = 40
"""Characters of words in one event."""


@dataclass(frozen=True)
class Answer:
    """A whole answer."""

    text: str = ""
    calls: Sequence[tuple[str, Json]] = ()
    """Names of tools and what they are called with."""
    thinking: str = ""
    stop: str | None = None
    """None: `tool_use` where a tool is called, else `end_turn`."""
    usage: Mapping[str, int] = field(
        default_factory=lambda: {"input_tokens": 10, "output_tokens": 5}
    )
    """As the API calls them: `cache_read_input_tokens`, …"""


def message_of(answer: Answer, model: str, number: int) -> Json:
    """An answer as the API's message."""
    content: list[Json] = []
    if answer.thinking:
        content.append(
            {"type": "thinking", "thinking": answer.thinking, "signature": f"signed-{number}"}
        )
    if answer.text:
        content.append({"type": "text", "text": answer.text})
    content += [
        {"type": "tool_use", "id": f"toolu_{number:08}_{each}", "name": name, "input": arguments}
        for each, (name, arguments) in enumerate(answer.calls, start=1)
    ]
    return {
        "id": f"msg_{number:08}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": answer.stop or ("tool_use" if answer.calls else "end_turn"),
        "stop_sequence": None,
        "usage": {"input_tokens": 0, "output_tokens": 0, **answer.usage},
    }


def events_of(message: Json) -> Iterator[Json]:
    """A message as the events of a stream."""
    usage = message["usage"]
    begun: Json = {
        **message,
        "content": [],
        "stop_reason": None,
        "usage": {**usage, "output_tokens": 1},
    }
    yield {"type": "message_start", "message": begun}
    yield {"type": "ping"}
    for index, block in enumerate(message["content"]):
        empty, deltas = _pieces(block)
        yield {"type": "content_block_start", "index": index, "content_block": empty}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    end = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    written = {"output_tokens": usage["output_tokens"]}
    yield {"type": "message_delta", "delta": end, "usage": written}
    yield {"type": "message_stop"}


def _pieces(block: Json) -> tuple[Json, list[Json]]:
    match block["type"]:
        case "text":
            words = [{"type": "text_delta", "text": piece} for piece in _cut(block["text"])]
            return {**block, "text": ""}, words
        case "thinking":
            thoughts: list[Json] = [
                {"type": "thinking_delta", "thinking": piece} for piece in _cut(block["thinking"])
            ]
            signed = {"type": "signature_delta", "signature": block["signature"]}
            return {**block, "thinking": "", "signature": ""}, [*thoughts, signed]
        case _:
            written = _cut(json.dumps(block["input"]))
            return {**block, "input": {}}, [
                {"type": "input_json_delta", "partial_json": piece} for piece in written
            ]


def _cut(text: str) -> list[str]:
    return [text[at : at + _PIECE] for at in range(0, len(text), _PIECE)]
