"""What can be offered and read beside the tools: workflows, sessions, artifacts?

A client asks for lists of these right after it has launched a server, so nothing of the engine is
imported before it is asked for, and for a list only what a glance takes.
"""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from workrail_engine.errors import WorkRailError
from workrail_engine.ids import SessionId

if TYPE_CHECKING:
    from workrail_engine.engine import Registry
    from workrail_engine.glance import Glance
    from workrail_engine.projections.catalog import WorkflowOutline
    from workrail_engine.projections.offers import Offer, Recent
    from workrail_engine.projections.session_detail import SessionDetail
    from workrail_engine.reader import Reader
    from workrail_engine.system import Locations

_Answer = TypeVar("_Answer")


class Library:
    """What one process can show. Safe to use from several threads; writes nothing."""

    def __init__(self, workspace: Path, locations: "Locations | None" = None) -> None:
        """Show what `workspace` sees of an installation; of the usual one when left out."""
        self._workspace = workspace
        self._locations = locations
        self._making = threading.Lock()
        self._glance: Glance | None = None
        self._registry: Registry | None = None

    def offers(self) -> "tuple[Offer, ...]":
        """The workflows that can be started as they are, by id; no routines."""
        return self._glancing().offers(self._workspace)

    def recent(self, limit: int) -> "tuple[Recent, ...]":
        """The sessions that changed last, newest first.

        Raises:
            StoreUnavailableError: the store is there and cannot be read.
        """
        return self._glancing().recent(limit)

    def outline(self, workflow_id: str) -> "WorkflowOutline":
        """A workflow seen whole, also one that nobody trusts.

        Raises:
            WorkflowNotFoundError: no such workflow; the message offers near misses.
            InvalidDefinitionError: its file is broken.
        """
        return self._workflows().inspect(workflow_id, self._workspace)

    def why_not_offered(self, workflow_id: str) -> str:
        """Why a workflow is not among the offers, and what to do."""
        entries = self._workflows().catalog(self._workspace).entries
        for entry in entries:
            if entry.id == workflow_id and entry.untrusted:
                return (
                    f"It comes from the source {entry.managed}, which no person has trusted as it is "
                    f"now. A person looks at it and runs `workrail trust {entry.managed}`."
                )
            if entry.id == workflow_id:
                return (
                    "It is a routine, made to be part of other workflows; start_workflow takes it."
                )
        try:
            self._workflows().definition(workflow_id, self._workspace)
        except WorkRailError as error:
            return str(error)
        return "It is not listed; start_workflow takes it all the same."

    def session(self, session_id: str) -> "SessionDetail":
        """A session's whole story.

        Raises:
            SessionNotFoundError: no such session.
            CorruptSessionError: what is stored of it contradicts itself.
        """
        return self._read(lambda reader: reader.session(SessionId(session_id)))

    def session_ids(self, prefix: str, limit: int) -> tuple[str, ...]:
        """Some ids of sessions that begin with a text, in the order of the ids."""
        return self._read(lambda reader: reader.ids_starting(prefix, limit))

    def artifact(self, digest: str) -> bytes:
        """The canonical JSON of an artifact.

        Raises:
            ArtifactNotFoundError: no artifact has this digest.
        """
        return self._read(lambda reader: reader.artifact(digest))

    def _glancing(self) -> "Glance":
        with self._making:
            if self._glance is None:
                from workrail_engine.glance import Glance  # noqa: PLC0415 - not before it is asked for

                self._glance = Glance(self._locations)
            return self._glance

    def _workflows(self) -> "Registry":
        with self._making:
            if self._registry is None:
                from workrail_engine.library import open_registry  # noqa: PLC0415 - heavy, see above

                self._registry = open_registry(self._locations)
            return self._registry

    def _read(self, work: "Callable[[Reader], _Answer]") -> _Answer:
        from workrail_engine.reader import open_reader  # noqa: PLC0415 - heavy, see above

        with open_reader(self._locations) as reader:
            return work(reader)
