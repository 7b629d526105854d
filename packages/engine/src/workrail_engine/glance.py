"""The door that glances: what a workspace offers and what was done lately, told without much loading.

A client asks for this right after it has launched a server, before anybody has called it. So nothing
heavy is imported here before there is no other way: definitions are read only when a file changed
since somebody read them, and the database's machinery is loaded only for a store that needs it.
"""

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from workrail_engine.projections.offers import Offer, Recent, offers_in
from workrail_engine.registry.looking import Lookout
from workrail_engine.registry.offer_index import OfferIndex
from workrail_engine.store.latest import latest_in_file
from workrail_engine.system import Locations

if TYPE_CHECKING:
    from workrail_engine.registry.registry import Registry


class Glance:
    """What one installation offers. Safe to use from several threads."""

    def __init__(self, locations: Locations | None = None) -> None:
        """Look at an installation; at the usual places when left out."""
        self._where = locations or Locations.from_environment()
        self._lookout = Lookout(self._where)
        self._index = OfferIndex(self._where.home / "offers.json")
        self._reading = threading.Lock()
        self._registry: Registry | None = None

    def offers(self, workspace: Path) -> tuple[Offer, ...]:
        """The workflows that can be started in a workspace as they are, by id.

        Routines are not among them, nor what comes from a source that nobody trusts as it is now.
        """
        signature = self._lookout.files(workspace).signature()
        known = self._index.find(signature)
        if known is not None:
            return known
        offers = offers_in(self._read().catalog(workspace))
        if self._lookout.files(workspace).signature() == signature:  # nothing changed meanwhile
            self._index.keep(signature, offers)
        return offers

    def recent(self, limit: int) -> tuple[Recent, ...]:
        """The sessions that changed last, newest first.

        Raises:
            StoreUnavailableError: the store is there and cannot be read.
        """
        store = self._where.store
        if isinstance(store, Path):
            if not store.exists():
                return ()
            known = latest_in_file(store, limit)
            if known is not None:
                return known
        from workrail_engine.reader import open_reader  # noqa: PLC0415 - heavy, see above

        with open_reader(store) as reader:
            return tuple(
                Recent(each.session_id, each.workflow_name, each.goal, each.status, each.updated_at)
                for each in reader.sessions(limit).sessions
            )

    def _read(self) -> "Registry":
        with self._reading:
            if self._registry is None:
                from workrail_engine.registry.registry import Registry  # noqa: PLC0415 - heavy, see above

                self._registry = Registry(self._where)
            return self._registry
