"""How are the facts of an unattended run written down and read back?

Reading is strict: no field missing, none unknown. Only what is None is not written.
"""

from collections.abc import Callable, Mapping
from typing import Final, assert_never, cast, get_args

from workrail_engine.agent_events import (
    AgentEvent,
    ArtifactSaved,
    Content,
    Incident,
    MessageGiven,
    Noticed,
    Rest,
    RunBegun,
    RunEnded,
    RunOutcome,
    RunParked,
    Source,
    ToolBegun,
    ToolFinished,
    ToolOutcome,
    TurnTaken,
    Usage,
)
from workrail_engine.ids import Digest, NodeId, SessionId
from workrail_engine.store.record import DamagedRecordError, Record


def agent_kind(event: AgentEvent) -> str:
    """The name of the kind of a fact."""
    match event:
        case RunBegun():
            return "run_begun"
        case TurnTaken():
            return "turn_taken"
        case ToolBegun():
            return "tool_begun"
        case ToolFinished():
            return "tool_finished"
        case MessageGiven():
            return "message_given"
        case ArtifactSaved():
            return "artifact_saved"
        case Noticed():
            return "noticed"
        case RunParked():
            return "run_parked"
        case RunEnded():
            return "run_ended"
        case _:
            assert_never(event)


def _run_begun(r: Record) -> RunBegun:
    return RunBegun(
        node=_node(r),
        run=r.number("run"),
        driver=r.text("driver"),
        model=r.text("model"),
        sandbox=r.text("sandbox"),
        prompt=r.maybe("prompt", lambda name: r.one(name, _content)),
    )


def _turn_taken(r: Record) -> TurnTaken:
    return TurnTaken(
        node=_node(r),
        turn=r.number("turn"),
        model=r.text("model"),
        stop=r.text("stop"),
        said=r.maybe("said", r.text),
        tools=r.texts("tools"),
        content=r.one("content", _content),
        usage=r.one("usage", _usage),
        cost=r.maybe("cost", r.number),
        ms=r.number("ms"),
        tries=r.number("tries"),
    )


def _tool_begun(r: Record) -> ToolBegun:
    return ToolBegun(
        node=_node(r),
        turn=r.number("turn"),
        call=r.number("call"),
        tool=r.text("tool"),
        said=r.text("said"),
    )


def _tool_finished(r: Record) -> ToolFinished:
    return ToolFinished(
        node=_node(r),
        turn=r.number("turn"),
        call=r.number("call"),
        tool=r.text("tool"),
        outcome=_tool_outcome(r.text("outcome")),
        said=r.text("said"),
        answer=r.one("answer", _content),
        whole=r.maybe("whole", lambda name: r.one(name, _content)),
        ms=r.number("ms"),
    )


def _message_given(r: Record) -> MessageGiven:
    return MessageGiven(
        node=_node(r),
        turn=r.number("turn"),
        message=r.number("message"),
        source=_source(r.text("source")),
        text=r.text("text"),
    )


def _artifact_saved(r: Record) -> ArtifactSaved:
    return ArtifactSaved(
        node=_node(r),
        turn=r.number("turn"),
        call=r.number("call"),
        name=r.text("name"),
        media_type=r.text("media_type"),
        content=r.one("content", _content),
    )


def _noticed(r: Record) -> Noticed:
    return Noticed(
        node=_node(r),
        what=_incident(r.text("what")),
        said=r.text("said"),
        facts=r.object("facts"),
    )


def _run_parked(r: Record) -> RunParked:
    return RunParked(
        node=_node(r),
        why=_rest(r.text("why")),
        said=r.text("said"),
        until=r.maybe("until", r.text),
        children=tuple(SessionId(child) for child in r.texts("children")),
    )


def _run_ended(r: Record) -> RunEnded:
    return RunEnded(node=_node(r), outcome=_run_outcome(r.text("outcome")), said=r.text("said"))


AGENT_READERS: Final[Mapping[str, Callable[[Record], AgentEvent]]] = {
    "run_begun": _run_begun,
    "turn_taken": _turn_taken,
    "tool_begun": _tool_begun,
    "tool_finished": _tool_finished,
    "message_given": _message_given,
    "artifact_saved": _artifact_saved,
    "noticed": _noticed,
    "run_parked": _run_parked,
    "run_ended": _run_ended,
}
"""How the fields of each kind are read."""


def _node(r: Record) -> NodeId:
    return NodeId(r.number("node"))


def _content(r: Record) -> Content:
    return Content(digest=Digest(r.text("digest")), size=r.number("size"))


def _usage(r: Record) -> Usage:
    return Usage(
        input=r.number("input"),
        output=r.number("output"),
        cache_read=r.number("cache_read"),
        cache_write=r.number("cache_write"),
    )


def _one_of(words: object, what: str) -> Callable[[str], str]:
    """Reads a word of a closed set, given as its `Literal`."""
    known = frozenset(cast("tuple[str, ...]", get_args(words)))

    def read(text: str) -> str:
        if text in known:
            return text
        message = f"no {what} is called '{text}'"
        raise DamagedRecordError(message)

    return read


_run_outcome = cast("Callable[[str], RunOutcome]", _one_of(RunOutcome, "outcome of a run"))
_rest = cast("Callable[[str], Rest]", _one_of(Rest, "rest of a run"))
_tool_outcome = cast("Callable[[str], ToolOutcome]", _one_of(ToolOutcome, "outcome of a tool"))
_source = cast("Callable[[str], Source]", _one_of(Source, "source of a message"))
_incident = cast("Callable[[str], Incident]", _one_of(Incident, "incident"))
