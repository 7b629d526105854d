"""What belongs to the pages: the style sheets, the script and the icon."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from workrail_console.assets import Asset
from workrail_console.context import get

_FOR_EVER = "private, max-age=31536000, immutable"


def routes(assets: dict[str, Asset]) -> APIRouter:
    """Each file by its name; no other name leads anywhere."""
    router = APIRouter(include_in_schema=False)

    def asset(name: str, v: Annotated[str, Query(max_length=64)] = "") -> Response:
        found = assets.get(name)
        if found is None:
            raise HTTPException(404)
        kept = {"Cache-Control": _FOR_EVER} if v == found.version else None
        return Response(found.body, media_type=found.media_type, headers=kept)

    get(router, "/static/{name}", asset)
    return router
