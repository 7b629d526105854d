"""Which proofs are asked for, and how does a list tell of one?"""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from workrail_engine.canonical import JsonObject
from workrail_engine.ids import Digest, SessionId
from workrail_engine.session.provable import ProofKind, ProofOutcome

_WILD: Final = re.compile(r"[*?]")
_PIECE: Final = re.compile(r"\*\*/|\*\*|\*|\?|[^*?]+")
_MEANING: Final = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


@dataclass(frozen=True)
class ProofAsk:
    """Which proofs; what is None is not asked about."""

    session_id: SessionId | None = None
    module: str | None = None
    """A path or a glob of paths; a folder stands for all below it."""
    kind: ProofKind | None = None
    outcome: ProofOutcome | None = None
    since: datetime | None = None
    limit: int = 50


@dataclass(frozen=True)
class ProofLine:
    """A proof as a list shows it."""

    digest: Digest
    session_id: SessionId
    workflow_id: str
    goal: str
    kind: ProofKind
    outcome: ProofOutcome
    seq: int
    """The place of the event it speaks of."""
    node: int
    at: str
    """RFC 3339, UTC."""


@dataclass(frozen=True)
class ShownProof:
    """A proof, to be looked at."""

    line: ProofLine
    statement: JsonObject
    """What it states, whoever signed it."""
    envelope: str
    problem: str | None
    """Why its signature is not to be relied on; None: one of the known keys signed just this."""
    key: str | None
    """The public key that signed it, where it is known."""


@dataclass(frozen=True)
class StoredProof:
    """A proof as it is stored."""

    seq: int
    kind: str
    outcome: str
    digest: Digest
    envelope: str


@dataclass(frozen=True)
class ProofTrail:
    """What the next proof of a session has to name."""

    digests: tuple[str, ...]
    """Of all proofs so far, in order."""
    unproved: int
    """So many first events have no proofs."""


def plain_start(glob: str) -> tuple[str, bool]:
    """The beginning of a glob up to its first wildcard, and whether that is all of it."""
    found = _WILD.search(glob)
    return (glob, True) if found is None else (glob[: found.start()], False)


def fits(module: str, glob: str) -> bool:
    """Whether a path is named by a glob, or lies in a folder that is."""
    return _pattern(glob).fullmatch(module) is not None


@lru_cache(maxsize=32)
def _pattern(glob: str) -> re.Pattern[str]:
    pieces: list[str] = _PIECE.findall(glob.rstrip("/"))
    whole = "".join(_MEANING.get(piece) or re.escape(piece) for piece in pieces)
    return re.compile(f"{whole}(?:/.*)?", re.DOTALL)
