"""Which files belong to the pages? The style sheets, the script and the icon."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SHEETS: Final = {
    "console.css": ("00_base.css", "10_sessions.css"),
    "pages.css": ("15_reading.css", "20_session.css", "25_runs.css", "30_pages.css"),
}
"""The style sheets and their parts: the first is all that the list needs, the rest have both."""
_STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True)
class Asset:
    """A file as it is sent."""

    body: bytes
    media_type: str
    version: str
    """Changes when the file does."""


def read_assets() -> dict[str, Asset]:
    """Every file by its name below `/static/`; a style sheet is joined from its parts."""
    return {
        **{
            name: _asset(_joined(parts), "text/css; charset=utf-8")
            for name, parts in SHEETS.items()
        },
        "console.js": _asset(
            (_STATIC / "console.js").read_bytes(), "text/javascript; charset=utf-8"
        ),
        "icon.svg": _asset((_STATIC / "icon.svg").read_bytes(), "image/svg+xml"),
    }


def _joined(parts: tuple[str, ...]) -> bytes:
    return b"\n".join((_STATIC / "css" / part).read_bytes() for part in parts)


def _asset(body: bytes, media_type: str) -> Asset:
    return Asset(body, media_type, hashlib.sha256(body).hexdigest()[:12])
