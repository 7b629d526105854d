"""How are things that can be read addressed?

`workrail://workflows/ID`, `workrail://sessions/ID` and `workrail://artifacts/SHA`; with `?offset=N`
the page that begins at a character.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, cast
from urllib.parse import quote, unquote

Shelf: TypeAlias = Literal["workflows", "sessions", "artifacts"]

WORKFLOWS: Final = "workrail://workflows/{id}"
SESSIONS: Final = "workrail://sessions/{id}"
ARTIFACTS: Final = "workrail://artifacts/{sha}"

_ADDRESS: Final = re.compile(
    r"workrail://(workflows|sessions|artifacts)/([^/?#]+)(?:\?offset=([0-9]{1,9}))?"
)
_SHA: Final = "sha256:"


@dataclass(frozen=True)
class Address:
    """What an address names."""

    shelf: Shelf
    name: str
    """A workflow's or session's id; of an artifact its digest, `sha256:` and 64 hex digits."""
    offset: int = 0
    """The first character to show."""

    @property
    def uri(self) -> str:
        """The address of the page that begins here."""
        at = f"?offset={self.offset}" if self.offset else ""
        return f"workrail://{self.shelf}/{quote(self.name.removeprefix(_SHA), safe='')}{at}"


def read_address(uri: str) -> Address | None:
    """What an address names; None when it is none of ours."""
    match = _ADDRESS.fullmatch(uri)
    if match is None:
        return None
    shelf, name = cast("Shelf", match[1]), unquote(match[2])
    if shelf == "artifacts" and not name.startswith(_SHA):
        name = f"{_SHA}{name}"
    return Address(shelf, name, int(match[3] or 0))


def workflow_uri(workflow_id: str) -> str:
    """Where a workflow's outline is read."""
    return Address("workflows", workflow_id).uri


def session_uri(session_id: str) -> str:
    """Where a session's story is read."""
    return Address("sessions", session_id).uri


def artifact_uri(digest: str) -> str:
    """Where an artifact's JSON is read."""
    return Address("artifacts", digest).uri
