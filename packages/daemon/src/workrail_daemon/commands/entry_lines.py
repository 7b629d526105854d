"""How is a fact of a run told, to a person and to a program?"""

from dataclasses import asdict, is_dataclass
from typing import assert_never, cast

from workrail_daemon.commands.run_lines import duration, money
from workrail_engine.agent_events import (
    AgentEvent,
    ArtifactSaved,
    MessageGiven,
    Noticed,
    RunBegun,
    RunEnded,
    RunParked,
    ToolBegun,
    ToolFinished,
    TurnTaken,
    key_of,
)
from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.projections.runs import Entry


def told(event: AgentEvent) -> tuple[str, str]:
    """What happened, as a word and a sentence."""
    match event:
        case RunBegun():
            where = "no sandbox" if event.sandbox == "none" else event.sandbox
            return (
                "begun",
                f"for the {_nth(event.run)} time by {event.driver}: {event.model}, {where}",
            )
        case TurnTaken():
            return "turn", _turn(event)
        case ToolBegun():
            return "tool", f"{event.tool} begun: {event.said}"
        case ToolFinished():
            mark = "" if event.outcome == "ok" else f" {event.outcome}"
            took = duration(event.ms / 1000)
            return (
                "tool",
                f"{event.tool}{mark} after {took}, {event.answer.size:,} bytes: {event.said}",
            )
        case MessageGiven():
            return "message", f"from {event.source}: {event.text}"
        case ArtifactSaved():
            return "artifact", f"{event.name} ({event.media_type}, {event.content.size:,} bytes)"
        case Noticed():
            return "notice", f"{event.what.replace('_', ' ')}: {event.said}"
        case RunParked():
            return "parked", f"{event.why.replace('_', ' ')}: {event.said}"
        case RunEnded():
            return "ended", f"{event.outcome}: {event.said}"
        case _:
            assert_never(event)


def entry_json(entry: Entry) -> JsonObject:
    """A fact with its place in the log."""
    return {
        "seq": entry.seq,
        "at": entry.at,
        "kind": told(entry.event)[0],
        "event": type(entry.event).__name__,
        "key": key_of(entry.event),
        "facts": _plain(entry.event),
    }


def _turn(event: TurnTaken) -> str:
    calls = ", ".join(event.tools)
    cost = "" if event.cost is None else f", {money(event.cost)}"
    tries = "" if event.tries == 1 else f", {event.tries} tries"
    used = event.usage
    read = used.input + used.cache_read + used.cache_write
    head = (
        f"{event.turn} by {event.model} in {duration(event.ms / 1000)}: {read:,} tokens read, "
        f"{used.output:,} written{cost}{tries}"
    )
    said = f"; says: {event.said}" if event.said else ""
    return f"{head}; calls {calls}{said}" if calls else f"{head} ({event.stop}){said}"


def _plain(value: object) -> JsonObject:
    """A frozen value as JSON, its names as programs know them."""
    assert is_dataclass(value)  # noqa: S101 - all events are
    assert not isinstance(value, type)  # noqa: S101 - and no classes
    return {_camel(name): _json(inner) for name, inner in asdict(value).items()}


def _json(value: object) -> JsonValue:
    if isinstance(value, dict):
        named = cast("dict[str, object]", value)
        return {name: _json(inner) for name, inner in named.items()}
    if isinstance(value, tuple | list):
        return [_json(inner) for inner in cast("list[object]", value)]
    return cast("JsonValue", value)


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def _nth(number: int) -> str:
    endings = {1: "st", 2: "nd", 3: "rd"}
    teen = 10 < number % 100 < 14
    return f"{number}{'th' if teen else endings.get(number % 10, 'th')}"
