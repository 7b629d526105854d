"""Who may write to a session that is driven without a person?"""

from dataclasses import dataclass

from workrail_engine.ids import SessionId


@dataclass(frozen=True)
class Lease:
    """The right to drive a session, until someone else takes it."""

    session_id: SessionId
    worker: str
    """`host:process`."""
    epoch: int
    """Grows with every claim: who holds an older one is refused."""
