"""Which content does a person trust?

Only people come here: no tool an agent can call leads to this module. Trust is for content, by the
hash of every workflow file, so whatever changes a file ends it.
"""

from dataclasses import replace
from pathlib import Path

from workrail_engine.errors import InvalidSourceError
from workrail_engine.ports import Clock
from workrail_engine.projections.managed import ManagedSource
from workrail_engine.registry.managed_sources import ManagedSources
from workrail_engine.registry.source_list import Manifest, SourceRecord


class TrustedSources:
    """The added sources of one installation, for the person who decides about them."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        """Decide about the sources listed in a folder."""
        self._managed = ManagedSources(folder, clock)

    def trust(self, name: str) -> tuple[ManagedSource, ManagedSource]:
        """Trust a source with the content it has now; gives the source before and after.

        Raises:
            SourceNotFoundError: no source has this name.
            InvalidSourceError: there is no content to trust.
            SourceUnavailableError: the list cannot be read or written.
        """
        with self._managed.list.working():
            record = self._managed.list.find(name)
            before = self._managed.view(record)
            if before.problem is not None:
                message = f"{name}: there is no content to trust: {before.problem}."
                raise InvalidSourceError(message)
            if before.trust == "trusted":
                return before, before
            return before, self._decided(record, self._managed.manifest(record))

    def revoke(self, name: str) -> tuple[ManagedSource, ManagedSource]:
        """Trust nothing of a source any more; gives the source before and after.

        Raises:
            SourceNotFoundError: no source has this name.
            SourceUnavailableError: the list cannot be read or written.
        """
        with self._managed.list.working():
            record = self._managed.list.find(name)
            return self._managed.view(record), self._decided(record, None)

    def _decided(self, record: SourceRecord, trusted: Manifest | None) -> ManagedSource:
        decided = replace(record, trusted=trusted)
        self._managed.list.change(
            lambda records: tuple(decided if one.name == record.name else one for one in records)
        )
        return self._managed.view(decided)
