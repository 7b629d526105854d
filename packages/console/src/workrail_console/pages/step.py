"""What happened at one step? A page of its own, with everything that was sent and found there."""

from dataclasses import asdict, dataclass
from typing import Annotated, TypeAlias

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse, Response

from workrail_console.artifact_shapes import ShownArtifact
from workrail_console.context import PageContext, get
from workrail_console.damaged import damaged_json, damaged_page
from workrail_console.rich_text import RICH
from workrail_console.session_views.asked import Asked, session_of
from workrail_console.session_views.contents import shown_artifacts
from workrail_console.session_views.of_nodes import told_of
from workrail_console.story import Entry
from workrail_engine.errors import CorruptSessionError, NotFoundError
from workrail_engine.ids import NodeId, SessionId
from workrail_engine.projections.session_summary import SessionSummary
from workrail_engine.reader import Reader

_WINDOW = 40
_MOST = 999_999_999
_SessionId: TypeAlias = Annotated[str, Path(max_length=200, description="Of the session.")]
_Node: TypeAlias = Annotated[int, Path(ge=1, le=_MOST, description="A node of the session.")]


@dataclass(frozen=True)
class StepPage:
    """One step, whole."""

    session: SessionSummary
    entry: Entry
    shown: tuple[ShownArtifact, ...]
    """What was sent, checks' outputs and shown changes included."""
    before: NodeId | None
    after: NodeId | None
    """The entries beside it in the story."""


def routes(context: PageContext) -> APIRouter:
    """`/sessions/{id}/steps/{node}` and its twin; any attempt's node names its step."""
    router = APIRouter()

    def step_json(session_id: _SessionId, node: _Node) -> Response:
        """One step of a session, whole."""
        try:
            with context.open_reader() as reader:
                return JSONResponse(asdict(_step(reader, session_of(session_id), NodeId(node))))
        except CorruptSessionError as error:
            return damaged_json(context, session_of(session_id), error)

    def step_page(session_id: _SessionId, node: _Node) -> Response:
        """The same as a page."""
        try:
            with context.open_reader() as reader:
                page = _step(reader, session_of(session_id), NodeId(node))
        except CorruptSessionError as error:
            asked = Asked(session_of(session_id), node=NodeId(node))
            return damaged_page(context, asked, error)
        values = {
            "asked": Asked(page.session.session_id),
            "page": page,
            "summary": page.session,
            "views": {one.line.digest: one.view for one in page.shown},
            "rich": RICH,
        }
        return context.renderer.page("step.html", values)

    get(router, "/sessions/{session_id}/steps/{node}.json", step_json)
    get(router, "/sessions/{session_id}/steps/{node}", step_page)
    return router


def _step(reader: Reader, session_id: SessionId, node: NodeId) -> StepPage:
    window = reader.inspection.window(session_id, node, _WINDOW)
    outline = reader.inspection.outline(session_id)
    entries = told_of(window, outline).entries
    place = next((i for i, entry in enumerate(entries) if node in entry.nodes), None)
    if place is None:
        message = f"Session {session_id} has no node {node}. Its story names those it has."
        raise NotFoundError(message)
    entry = entries[place]
    nodes = [line.node_id for line in outline]
    first, last = nodes.index(entry.nodes[0]), nodes.index(entry.nodes[-1])
    return StepPage(
        session=window.detail.summary,
        entry=entry,
        shown=shown_artifacts(reader, entry.artifacts),
        before=nodes[first - 1] if first else None,
        after=nodes[last + 1] if last + 1 < len(nodes) else None,
    )
