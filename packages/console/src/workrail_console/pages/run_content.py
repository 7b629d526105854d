"""What did a model say, or a tool answer, to the last byte? A file, never a page: it is an agent's."""

from typing import Annotated, TypeAlias

from fastapi import APIRouter, Path
from fastapi.responses import Response

from workrail_console.context import PageContext, get
from workrail_console.session_views.asked import session_of
from workrail_engine.ids import Digest

_Digest: TypeAlias = Annotated[
    str, Path(pattern=r"^sha256:[0-9a-f]{64}$", description="Of the content.")
]


def routes(context: PageContext) -> APIRouter:
    """`/sessions/{id}/contents/{digest}`."""
    router = APIRouter()

    def run_content(session_id: Annotated[str, Path(max_length=200)], digest: _Digest) -> Response:
        """What a turn or a tool of this session's run left, to be kept as a file."""
        asked = session_of(session_id)
        with context.open_reader() as reader:
            content = reader.inspection.run_content(asked, Digest(digest))
        name = f"content-{digest.removeprefix('sha256:')[:16]}.txt"
        return Response(
            content,
            media_type="text/plain; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    get(router, "/sessions/{session_id}/contents/{digest}", run_content)
    return router
