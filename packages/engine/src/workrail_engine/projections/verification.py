"""Is this log whole?"""

from dataclasses import dataclass

from workrail_engine.ids import SessionId


@dataclass(frozen=True)
class Verification:
    """The result of checking one session's log against its hashes, its rows and its blobs."""

    session_id: SessionId
    events: int
    head_hash: str | None
    problems: tuple[str, ...]
    """Each names the first event or row it is about; empty when all is well."""
