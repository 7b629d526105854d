"""What happened in one session? Its page in several views, their twins, and its exports."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal, TypeAlias, assert_never

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from pydantic import BeforeValidator, Field

from workrail_console.context import PageContext, get
from workrail_console.damaged import damaged_json, damaged_markdown, damaged_page
from workrail_console.exports.jsonl import log_lines
from workrail_console.exports.markdown import report
from workrail_console.exports.run_report import run_report
from workrail_console.exports.run_spans import run_spans
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
    Told,
    artifacts_view,
    graph_view,
    story_view,
    timeline_view,
    told_of,
)
from workrail_console.session_views.outcome import outcome
from workrail_console.session_views.run_panel import run_panel, turns_view
from workrail_console.story import Entry, entries_of, story
from workrail_engine.errors import CorruptSessionError
from workrail_engine.ids import NodeId, SessionId
from workrail_engine.projections import run_story
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
_Turn: TypeAlias = Annotated[
    Annotated[int, Field(ge=1, le=_MOST)] | None,
    BeforeValidator(_nothing),
    Query(description="A turn of the run; turns are numbered from 1. The newest when left out."),
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
    turn: _Turn = None,
    check: Annotated[str, Query(max_length=10, description="Checks the record now.")] = "",
) -> Asked:
    return Asked(
        session_id=session_of(session_id),
        view=view or "story",
        around=None if around is None else NodeId(around),
        after=after or 0,
        kind=kind,
        node=None if node is None else NodeId(node),
        turn=turn,
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
            return damaged_page(context, asked, error)
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
        try:
            with context.open_reader() as reader:
                looked = _look(reader, judges, asked)
        except CorruptSessionError as error:
            return damaged_json(context, asked.session_id, error)
        return JSONResponse(_twin(asked, looked))

    def session_md(asked: _Asked) -> Response:
        """The whole session as a report."""
        try:
            text = _report(context, judges, asked.session_id)
        except CorruptSessionError as error:
            return damaged_markdown(context, asked.session_id, error)
        return PlainTextResponse(text, media_type="text/markdown")

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
        try:
            with context.open_reader() as reader:
                detail, entries = _whole(reader, asked.session_id)
                steps = {node: entry.nodes[0] for entry in entries for node in entry.nodes}
                spans = list(run_spans(asked.session_id, _told(reader, asked.session_id), steps))
        except CorruptSessionError as error:
            return damaged_json(context, asked.session_id, error)
        return JSONResponse(trace(detail, entries, spans))

    get(router, "/sessions/{session_id}.trace.json", session_trace, slow=True)
    get(router, "/sessions/{session_id}.json", session_json)
    get(router, "/sessions/{session_id}.jsonl", session_jsonl)
    get(router, "/sessions/{session_id}.md", session_md, slow=True)
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
        case "story" | "timeline" | "artifacts" | "graph":
            return _told_view(reader, judges, asked.view, window, told_of(window, outline))
        case "turns":
            return turns_view(reader, asked.session_id, asked.turn)
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


def _told_view(
    reader: Reader,
    judges: Judges,
    view: Literal["story", "timeline", "artifacts", "graph"],
    window: SessionWindow,
    told: Told,
) -> Any:
    match view:
        case "story":
            return story_view(reader, judges.clock, window, told)
        case "timeline":
            return timeline_view(reader, judges.clock, window, told)
        case "artifacts":
            return artifacts_view(reader, told)
        case "graph":
            return graph_view(told, window.detail.children)
        case _:
            assert_never(view)


def _twin(asked: Asked, looked: _Looked) -> dict[str, object]:
    window = looked.window
    value: dict[str, object] = {
        "view": asked.view,
        "session": asdict(looked.header.summary),
        "workflow_hash": looked.header.workflow_hash,
        "standing": asdict(looked.header.standing),
        "run": None if looked.header.run is None else asdict(looked.header.run),
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


def _report(context: PageContext, judges: Judges, session_id: SessionId) -> str:
    with context.open_reader() as reader:
        detail, entries = _whole(reader, session_id)
        lines = [line for entry in entries for line in entry.artifacts if line.size <= SMALL]
        views = by_digest(shown_artifacts(reader, lines))
        line = reader.overview.run(session_id)
        panel = None if line is None else run_panel(reader, judges.clock, line)
        run = [] if panel is None else list(run_report(panel, _told(reader, session_id)))
    ended = outcome(entries, views) if detail.summary.status == "completed" else None
    return report(detail, entries, ended, views, run)


def _told(reader: Reader, session_id: SessionId) -> tuple[run_story.Told, ...]:
    """All that the session's run did."""
    return run_story.told(reader.journal.read(session_id))


def _whole(reader: Reader, session_id: SessionId) -> tuple[SessionDetail, tuple[Entry, ...]]:
    """A session's newest part, and the entries of all its parts."""
    windows = list(every_window(reader, session_id))
    nodes = [line for window in windows for line in window.detail.nodes]
    return windows[-1].detail, entries_of(story(nodes))


def _as_file(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
