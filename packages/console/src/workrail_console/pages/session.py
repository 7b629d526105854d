"""What happened in one session? Its page in several views, their twins, and its exports."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any, TypeAlias, assert_never

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from pydantic import BeforeValidator, Field

from workrail_console.context import PageContext, get
from workrail_console.exports.jsonl import log_lines
from workrail_console.exports.markdown import report
from workrail_console.exports.trace import trace
from workrail_console.exports.windows import every_window
from workrail_console.rich_text import RICH
from workrail_console.session_views.asked import Asked, ViewName, session_of
from workrail_console.session_views.contents import by_digest, shown_artifacts
from workrail_console.session_views.header import Header, Judges, header
from workrail_console.session_views.of_log import (
    context_view,
    events_view,
    outline_view,
    proofs_view,
    raw_view,
)
from workrail_console.session_views.of_nodes import (
    SMALL,
    artifacts_view,
    graph_view,
    story_view,
    timeline_view,
    told_of,
)
from workrail_console.session_views.outcome import outcome
from workrail_console.story import Entry, entries_of, story
from workrail_engine.errors import CorruptSessionError
from workrail_engine.ids import NodeId, SessionId
from workrail_engine.projections.session_detail import SessionDetail
from workrail_engine.projections.session_window import OutlineLine, SessionWindow
from workrail_engine.reader import Reader

_WINDOW = 200
_LOOK = 20
"""Nodes that are read for views that show none."""
_MOST = 999_999_999


def _nothing(text: object) -> object:
    """A field of a form that was left empty asks for nothing."""
    return None if text == "" else text


_Node: TypeAlias = Annotated[
    Annotated[int, Field(ge=1, le=_MOST)] | None,
    BeforeValidator(_nothing),
    Query(description="A node of the session; nodes are numbered from 1."),
]
_Kind: TypeAlias = Annotated[
    Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")] | None,
    BeforeValidator(_nothing),
    Query(description="A kind of event."),
]
_After: TypeAlias = Annotated[
    Annotated[int, Field(ge=0, le=_MOST)] | None,
    BeforeValidator(_nothing),
    Query(description="Events are listed from the one after this place."),
]
_View: TypeAlias = Annotated[
    ViewName | None, BeforeValidator(_nothing), Query(description="The story when left out.")
]
_SessionId: TypeAlias = Annotated[str, Path(max_length=200, description="Of the session.")]


def _asked(  # noqa: PLR0913  # each is a parameter of the address
    session_id: _SessionId,
    *,
    view: _View = None,
    around: _Node = None,
    after: _After = None,
    kind: _Kind = None,
    node: _Node = None,
    check: Annotated[str, Query(max_length=10, description="Checks the record now.")] = "",
) -> Asked:
    return Asked(
        session_id=session_of(session_id),
        view=view or "story",
        around=None if around is None else NodeId(around),
        after=after or 0,
        kind=kind,
        node=None if node is None else NodeId(node),
        check=bool(check),
    )


_Asked: TypeAlias = Annotated[Asked, Depends(_asked)]


@dataclass(frozen=True)
class _Looked:
    """A session, seen in one of its views."""

    header: Header
    window: SessionWindow
    view: Any
    """The value of the view, one of those in `session_views`."""


def routes(context: PageContext) -> APIRouter:
    """`/sessions/{id}`, its twin, and everything that is made of the whole session."""
    router = APIRouter()
    judges = Judges(context.clock, context.liveness, context.integrity)

    def session_page(asked: _Asked) -> Response:
        """A session in one of its views."""
        try:
            with context.open_reader() as reader:
                looked = _look(reader, judges, asked)
        except CorruptSessionError as error:
            return _damaged_page(context, asked, error)
        values = {
            "asked": asked,
            "header": looked.header,
            "summary": looked.header.summary,
            "value": looked.view,
            "rich": RICH,
        }
        return context.renderer.page(f"session_{asked.view}.html", values)

    def session_json(asked: _Asked) -> Response:
        """The same as JSON: `session`, `standing`, and what the view adds."""
        with context.open_reader() as reader:
            looked = _look(reader, judges, asked)
        return JSONResponse(_twin(asked, looked))

    def session_md(asked: _Asked) -> Response:
        """The whole session as a report."""
        return PlainTextResponse(_report(context, asked.session_id), media_type="text/markdown")

    def session_jsonl(asked: _Asked) -> Response:
        """The whole log as it is stored, a line of JSON for each event, with hashes."""
        with context.open_reader() as reader:
            reader.inspection.events(asked.session_id, 0, 1)
        return StreamingResponse(
            log_lines(context.open_reader, asked.session_id),
            media_type="application/x-ndjson",
            headers=_as_file(f"{asked.session_id}.jsonl"),
        )

    def session_trace(asked: _Asked) -> Response:
        """The whole session as an OpenTelemetry trace (OTLP as JSON)."""
        with context.open_reader() as reader:
            detail, entries = _whole(reader, asked.session_id)
        return JSONResponse(trace(detail, entries))

    get(router, "/sessions/{session_id}.trace.json", session_trace)
    get(router, "/sessions/{session_id}.json", session_json)
    get(router, "/sessions/{session_id}.jsonl", session_jsonl)
    get(router, "/sessions/{session_id}.md", session_md)
    get(router, "/sessions/{session_id}", session_page)
    return router


def _look(reader: Reader, judges: Judges, asked: Asked) -> _Looked:
    told = asked.view in ("story", "timeline", "artifacts", "graph")
    around = asked.around if told else None
    window = reader.inspection.window(asked.session_id, around, _WINDOW if told else _LOOK)
    outline = _outline(reader, window)
    above = header(reader, judges, asked, window, outline)
    return _Looked(above, window, _view(reader, judges, asked, window, outline))


def _outline(reader: Reader, window: SessionWindow) -> Sequence[OutlineLine]:
    """All nodes; they need not be read again where the window holds them."""
    lines = window.detail.nodes
    if len(lines) < window.nodes_in_all:
        return reader.inspection.outline(window.detail.summary.session_id)
    return [
        OutlineLine(line.node_id, line.kind, line.title, line.iteration, line.on_tip_branch)
        for line in lines
    ]


def _view(
    reader: Reader,
    judges: Judges,
    asked: Asked,
    window: SessionWindow,
    outline: Sequence[OutlineLine],
) -> Any:
    match asked.view:
        case "story":
            return story_view(reader, judges.clock, window, told_of(window, outline))
        case "timeline":
            return timeline_view(judges.clock, window, told_of(window, outline))
        case "artifacts":
            return artifacts_view(reader, told_of(window, outline))
        case "graph":
            return graph_view(told_of(window, outline), window.detail.children)
        case "outline":
            return outline_view(outline)
        case "events":
            return events_view(reader, asked)
        case "context":
            return context_view(reader, asked, outline, window.detail.context)
        case "proofs":
            return proofs_view(reader, asked)
        case "raw":
            return raw_view(window.detail.summary.event_count)
        case _:
            assert_never(asked.view)


def _twin(asked: Asked, looked: _Looked) -> dict[str, object]:
    window = looked.window
    value: dict[str, object] = {
        "view": asked.view,
        "session": asdict(looked.header.summary),
        "workflow_hash": looked.header.workflow_hash,
        "standing": asdict(looked.header.standing),
    }
    if asked.view == "story":
        value["session"] = asdict(window.detail)
        value["window"] = {
            "first": window.first,
            "nodes_in_all": window.nodes_in_all,
            "starts": window.starts,
        }
        value["outcome"] = None if looked.view.outcome is None else asdict(looked.view.outcome)
        return value
    return {**value, **asdict(looked.view)}


def _damaged_page(context: PageContext, asked: Asked, error: CorruptSessionError) -> Response:
    """What can still be said of a session whose record contradicts itself: its log, line by line."""
    asked = replace(asked, view="events")
    with context.open_reader() as reader:
        events = events_view(reader, asked)
    values = {"asked": asked, "problem": str(error), "value": events}
    return context.renderer.page("session_damaged.html", values)


def _report(context: PageContext, session_id: SessionId) -> str:
    with context.open_reader() as reader:
        detail, entries = _whole(reader, session_id)
        lines = [line for entry in entries for line in entry.artifacts if line.size <= SMALL]
        views = by_digest(shown_artifacts(reader, lines))
    ended = outcome(entries, views) if detail.summary.status == "completed" else None
    return report(detail, entries, ended, views)


def _whole(reader: Reader, session_id: SessionId) -> tuple[SessionDetail, tuple[Entry, ...]]:
    """A session's newest part, and the entries of all its parts."""
    windows = list(every_window(reader, session_id))
    nodes = [line for window in windows for line in window.detail.nodes]
    return windows[-1].detail, entries_of(story(nodes))


def _as_file(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
