"""Is the record of a session whole that was made by hand, and so has no proofs?"""

from pathlib import Path

from workrail_engine.ids import SessionId
from workrail_engine.projections.verification import Verification
from workrail_engine.store.database import open_for_reading
from workrail_engine.store.verify import verify


def verified(place: Path | str, session_id: SessionId) -> Verification:
    """A session's log checked against its hashes, its rows and its content; not its proofs."""
    database = open_for_reading(place)
    try:
        return database.read(lambda connection: verify(connection, session_id))
    finally:
        database.close()
