"""How are requests and replies written in the Messages API?

Three places are marked for the provider's cache: the system prompt, the last tool, and the last
block of the last message, so that each turn reads what the turn before wrote. Thinking carries a
mark of the model that thought: other models are not handed it, since they could not read it.
"""

from typing import Any, Final, TypeAlias, cast

from workrail_daemon.models.protocol import (
    Heard,
    Message,
    ModelMessage,
    ModelRequest,
    Opaque,
    Said,
    StopReason,
    Text,
    ToolResult,
    ToolUse,
    UserMessage,
)
from workrail_engine.canonical import JsonObject

Json: TypeAlias = dict[str, Any]

THOUGHT_BY: Final = "_thought_by"
NOTHING_SAID: Final = "(nothing)"
"""Stands for a message without words, which the API does not take."""
_CACHED: Final = {"type": "ephemeral"}
_STOPS: Final[dict[str, StopReason]] = {
    "end_turn": "end_turn",
    "tool_use": "tool_use",
    "max_tokens": "max_tokens",
    "stop_sequence": "stop_sequence",
    "pause_turn": "pause_turn",
    "refusal": "refusal",
    "model_context_window_exceeded": "max_tokens",
}


def body_of(request: ModelRequest, model: str, *, thinking: bool = True) -> Json:
    """The members of a request that come from the conversation.

    Args:
        request: what is asked.
        model: `provider/model` that is asked.
        thinking: whether the model's own thinking is handed back to it.
    """
    messages = [_message_json(message, model if thinking else None) for message in request.messages]
    if messages:
        _mark_last(messages[-1]["content"])
    tools = [
        {"name": tool.name, "description": tool.description, "input_schema": tool.input_schema}
        for tool in request.tools
    ]
    body: Json = {"max_tokens": request.max_tokens, "messages": messages}
    if request.system:
        body["system"] = [{"type": "text", "text": request.system, "cache_control": _CACHED}]
    if tools:
        _mark_last(tools)
        body["tools"] = tools
    return body


def holds_thinking(request: ModelRequest) -> bool:
    """Whether any thinking is handed back."""
    return any(
        isinstance(block, Opaque)
        for message in request.messages
        if isinstance(message, ModelMessage)
        for block in message.blocks
    )


def said_of(content: list[Json], stop: StopReason, model: str) -> tuple[Said, ...]:
    """The blocks of a reply, without empty words.

    A call that the limit of output cut off is not a call: its arguments may be half of what was
    meant. Words in its place say so.
    """
    blocks: list[Said] = []
    for number, block in enumerate(content, start=1):
        match block.get("type"):
            case "text":
                if str(block.get("text", "")).strip():
                    blocks.append(Text(str(block["text"])))
            case "tool_use":
                name = str(block["name"])
                if stop == "max_tokens" and number == len(content):
                    blocks.append(Text(f"[The call of {name} was cut off, and was not made.]"))
                else:
                    blocks.append(ToolUse(str(block["id"]), name, _object(block.get("input"))))
            case _:
                blocks.append(Opaque({**block, THOUGHT_BY: model}))
    return tuple(blocks)


def stop_of(reason: str | None, content: list[Json]) -> StopReason:
    """Why a reply ended; some servers do not say so, and its blocks do."""
    if reason in _STOPS:
        return _STOPS[reason]
    called = any(block.get("type") == "tool_use" for block in content)
    return "tool_use" if called else "end_turn"


def _message_json(message: Message, model: str | None) -> Json:
    match message:
        case UserMessage(blocks):
            content = [_heard_json(block) for block in blocks if not _is_blank(block)]
            return {"role": "user", "content": content or _words(NOTHING_SAID)}
        case ModelMessage(blocks):
            written = [_said_json(block, model) for block in blocks]
            content = [block for block in written if block is not None]
            return {"role": "assistant", "content": content or _words(NOTHING_SAID)}


def _heard_json(block: Heard) -> Json:
    match block:
        case Text(text):
            return {"type": "text", "text": text}
        case ToolResult(use, text, is_error):
            result: Json = {"type": "tool_result", "tool_use_id": use, "content": text}
            return {**result, "is_error": True} if is_error else result


def _said_json(block: Said, model: str | None) -> Json | None:
    match block:
        case Text(text):
            return None if _is_blank(block) else {"type": "text", "text": text}
        case ToolUse(identity, name, arguments):
            return {"type": "tool_use", "id": identity, "name": name, "input": arguments}
        case Opaque(value):
            if value.get(THOUGHT_BY, model) != model or model is None:
                return None
            return {key: part for key, part in value.items() if key != THOUGHT_BY}


def _is_blank(block: Heard | Said) -> bool:
    """Whether it holds no words; the API does not take such a block."""
    return isinstance(block, Text) and not block.text.strip()


def _words(text: str) -> list[Json]:
    return [{"type": "text", "text": text}]


def _mark_last(blocks: list[Json]) -> None:
    for at in range(len(blocks) - 1, -1, -1):
        if blocks[at].get("type") not in ("thinking", "redacted_thinking"):
            blocks[at] = {**blocks[at], "cache_control": _CACHED}
            return


def _object(value: object) -> JsonObject:
    return cast("JsonObject", value) if isinstance(value, dict) else {}
