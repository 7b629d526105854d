"""Which files belong to every page? The style sheet, the script and the icon."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

_STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True)
class Asset:
    """A file as it is sent."""

    body: bytes
    media_type: str
    version: str
    """Changes when the file does."""


def read_assets() -> dict[str, Asset]:
    """Every file by its name below `/static/`; the style sheet is joined from its parts, by name."""
    parts = sorted((_STATIC / "css").glob("*.css"))
    style = "\n".join(part.read_text(encoding="utf-8") for part in parts)
    return {
        "console.css": _asset(style.encode(), "text/css; charset=utf-8"),
        "console.js": _asset(
            (_STATIC / "console.js").read_bytes(), "text/javascript; charset=utf-8"
        ),
        "icon.svg": _asset((_STATIC / "icon.svg").read_bytes(), "image/svg+xml"),
    }


def _asset(body: bytes, media_type: str) -> Asset:
    return Asset(body, media_type, hashlib.sha256(body).hexdigest()[:12])
