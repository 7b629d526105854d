"""How is what can be proven of a damaged session kept?"""

from dataclasses import replace

from workrail_engine.ids import SessionId, session_id_from
from workrail_engine.ports import Entropy
from workrail_engine.projections.repair import Repair
from workrail_engine.session import tokens
from workrail_engine.store.repair import Salvage
from workrail_engine.store.sql_store import SqlStore, open_store
from workrail_engine.system import Locations


def repaired(
    store: SqlStore, session_id: SessionId, entropy: Entropy, into: Locations | None
) -> Repair:
    """Copy what can be proven of a session; see `engine.Engine.repair`."""
    if into is None and store.is_whole(session_id):
        events = store.head(session_id).event_count
        return Repair(session_id, None, events, events, ())
    found = store.salvage(session_id)
    copy_id = session_id_from(entropy.bytes(16))
    if into is None:
        _keep(store, found, copy_id, entropy)
    else:
        with open_store(into.store, entropy) as other:
            _keep(other, found, copy_id, entropy)
    return Repair(session_id, copy_id, found.found, found.kept, found.dropped)


def _keep(store: SqlStore, found: Salvage, copy_id: SessionId, entropy: Entropy) -> None:
    tag = store.token_key().store_tag
    goal = f"{found.begun.goal} (repaired from {found.session_id})"
    begun = replace(found.begun, session_id=copy_id, goal=goal)
    store.keep(found, begun, tokens.first_handle(entropy.bytes(10), tag))
