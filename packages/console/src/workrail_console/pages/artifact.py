"""What exactly was sent? An artifact as a file, never as a page: its content is an agent's."""

import json
from typing import Annotated, Literal, TypeAlias, cast

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from workrail_console.context import PageContext, get
from workrail_console.session_views.asked import session_of

_Digest: TypeAlias = Annotated[
    str, Path(pattern=r"^sha256:[0-9a-f]{64}$", description="Of the artifact.")
]
_Form: TypeAlias = Annotated[
    Literal["json", "text"],
    Query(alias="as", description="`text` for what a check wrote or a change of files."),
]
_TEXTS = ("text", "diff")
"""Fields of the engine's own artifacts that hold their text."""


def routes(context: PageContext) -> APIRouter:
    """`/sessions/{id}/artifacts/{digest}`."""
    router = APIRouter()

    def artifact_file(
        session_id: Annotated[str, Path(max_length=200)], digest: _Digest, form: _Form = "json"
    ) -> Response:
        """The content of an artifact, to be kept as a file."""
        session_of(session_id)
        with context.open_reader() as reader:
            content = reader.artifact(digest)
        text = _text_of(content) if form == "text" else None
        ending, media_type = ("json", "application/json") if text is None else ("txt", "text/plain")
        name = f"artifact-{digest.removeprefix('sha256:')[:16]}.{ending}"
        return Response(
            content if text is None else text.encode(errors="replace"),
            media_type=media_type,
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    get(router, "/sessions/{session_id}/artifacts/{digest}", artifact_file)
    return router


def _text_of(content: bytes) -> str | None:
    """The text an artifact of the engine holds; None for any other artifact."""
    held: object = json.loads(content)
    if not isinstance(held, dict):
        return None
    fields = cast("dict[str, object]", held)
    found = (fields.get(name) for name in _TEXTS if str(fields.get("kind")).startswith("wr."))
    return next((text for text in found if isinstance(text, str)), None)
