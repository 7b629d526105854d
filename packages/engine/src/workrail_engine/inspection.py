"""What is in a part of the store: a stretch of a session, its log, its tree, what a search finds?"""

import json
import re
import zlib
from dataclasses import replace
from functools import lru_cache
from typing import Final

from workrail_engine.errors import InvalidDefinitionError
from workrail_engine.ids import Digest, NodeId, SessionId, WorkflowHash
from workrail_engine.projections.event_page import EventPage
from workrail_engine.projections.findings import SearchAsk, SearchPage
from workrail_engine.projections.run_story import RunOrigin, RunStory
from workrail_engine.projections.session_window import OutlineLine, SessionWindow
from workrail_engine.projections.work_unit import WorkUnit
from workrail_engine.projections.workflow_use import PinnedDefinition, WorkflowStory, WorkflowUse
from workrail_engine.store import (
    contents,
    event_pages,
    findings,
    run_journal,
    units,
    window,
    workflow_use,
)
from workrail_engine.store.database import Database
from workrail_engine.store.positions import unknown_session
from workrail_engine.store.run_journal import TURNS_A_PAGE

_HASH: Final = re.compile(r"sha256:[0-9a-f]{64}")
_MOST: Final = 1_000
"""Nodes or events one answer has at most."""
_MOST_FOUND: Final = 100
"""Sessions a search tells at once."""
_MOST_TURNS: Final = 500
_LARGEST: Final = 2**31 - 1
"""No place in a log is further on; a database refuses to compare with much larger numbers."""


class Inspection:
    """Looks closely; every answer reads a bounded part of the store."""

    def __init__(self, database: Database | None) -> None:
        self._database = database

    def window(
        self, session_id: SessionId, around: NodeId | None = None, limit: int = 200
    ) -> SessionWindow:
        """The window of a session that holds a node, or would; its last one for None.

        Attempts at one step stay in one window unless they alone would fill it, so a window has up to
        twice as many nodes as `limit`.

        Raises:
            SessionNotFoundError: no such session.
            CorruptSessionError: what is stored of the session as a whole, or of the window,
                contradicts itself.
        """
        return self._of(session_id).read(
            lambda connection: window.session_window(
                connection, session_id, around, _within(limit, _MOST)
            )
        )

    def outline(self, session_id: SessionId) -> tuple[OutlineLine, ...]:
        """Every node of a session, in the order they were reached.

        Raises:
            SessionNotFoundError: no such session.
        """
        return self._of(session_id).read(lambda connection: window.outline(connection, session_id))

    def events(
        self,
        session_id: SessionId,
        after: int = 0,
        limit: int = 200,
        kind: str | None = None,
        node: NodeId | None = None,
    ) -> EventPage:
        """Some of a session's log; a line that cannot be read is told as such.

        Raises:
            SessionNotFoundError: no such session.
        """
        asked = event_pages.Asked(
            after=max(0, min(after, _LARGEST)),
            limit=_within(limit, _MOST),
            kind=kind,
            node=None if node is None else max(-1, min(node, _LARGEST)),
        )
        return self._of(session_id).read(
            lambda connection: event_pages.event_page(connection, session_id, asked)
        )

    def run_story(
        self, session_id: SessionId, turn: int | None = None, turns: int = TURNS_A_PAGE
    ) -> RunStory:
        """What an unattended run did, some turns at a time: those with one, or the newest for None.

        Args:
            session_id: whose.
            turn: one that has to be among them.
            turns: how many belong together, at most 500; they are cut from the first turn on.

        Raises:
            SessionNotFoundError: no such session.
            CorruptSessionError: a fact cannot be read.
        """
        return self._of(session_id).read(
            lambda connection: run_journal.story(
                connection, session_id, turn, _within(turns, _MOST_TURNS)
            )
        )

    def run_origin(self, session_id: SessionId) -> RunOrigin | None:
        """How a run was taken up last, and what was changed for it; None where it never was.

        Raises:
            SessionNotFoundError: no such session.
            CorruptSessionError: that cannot be read.
        """
        return self._of(session_id).read(
            lambda connection: run_journal.origin(connection, session_id)
        )

    def run_content(self, session_id: SessionId, digest: Digest) -> bytes:
        """What a fact of this session's run names.

        Raises:
            SessionNotFoundError: no such session.
            ArtifactNotFoundError: no fact of this session names it.
            CorruptSessionError: it is lost.
        """
        return self._of(session_id).read(
            lambda connection: run_journal.named(connection, session_id, digest)
        )

    def unit(self, session_id: SessionId) -> WorkUnit:
        """The whole tree a session belongs to.

        Raises:
            SessionNotFoundError: no such session.
        """
        return self._of(session_id).read(lambda connection: units.work_unit(connection, session_id))

    def search(self, ask: SearchAsk) -> SearchPage:
        """What speaks of all of some words, with where it stands.

        Without words: all sessions that fulfil the conditions; without either: none.

        Raises:
            InvalidInputError: `before` did not come from a page, or a day is none.
        """
        if self._database is None:
            return SearchPage((), 0, more=False, next_before=None)
        bounded = replace(ask, limit=_within(ask.limit, _MOST_FOUND))
        return self._database.read(lambda connection: findings.search(connection, bounded))

    def workflows(self) -> tuple[WorkflowUse, ...]:
        """Every workflow any session runs, most used first."""
        if self._database is None:
            return ()
        return self._database.read(workflow_use.workflows)

    def workflow(self, workflow_id: str) -> WorkflowStory | None:
        """One workflow's use; None where no session runs it."""
        if self._database is None:
            return None
        return self._database.read(
            lambda connection: workflow_use.workflow_story(connection, workflow_id)
        )

    def definition(self, workflow_hash: str) -> PinnedDefinition | None:
        """A pinned definition; None where no run has it.

        Args:
            workflow_hash: `sha256:` and 64 hexadecimal digits; no run has any other text.
        """
        if self._database is None or _HASH.fullmatch(workflow_hash) is None:
            return None
        try:
            document = self._database.read(
                lambda connection: contents.pinned(connection, WorkflowHash(workflow_hash))
            )
        except zlib.error as error:
            problem = f"What is stored of it cannot be unpacked ({error})."
            return PinnedDefinition(workflow_hash, "", (), problem)
        return None if document is None else _definition(workflow_hash, document)

    def _of(self, session_id: SessionId) -> Database:
        if self._database is None:
            raise unknown_session(session_id)
        return self._database


@lru_cache(maxsize=32)
def _definition(workflow_hash: str, document: bytes) -> PinnedDefinition:
    # The compiler is a tenth of what the door that looks loads, and this alone asks for it.
    from workrail_engine.registry.outline import steps_outline  # noqa: PLC0415 - see above
    from workrail_engine.workflow.compile import compile_pinned  # noqa: PLC0415 - see above

    try:
        indented = _indented(json.loads(document))
    except ValueError as error:
        text = document.decode("utf-8", errors="replace")
        return PinnedDefinition(workflow_hash, text, (), f"It is not JSON ({error}).")
    try:
        steps = steps_outline(compile_pinned(document))
    except InvalidDefinitionError as error:
        return PinnedDefinition(workflow_hash, indented, (), str(error))
    return PinnedDefinition(workflow_hash, indented, steps, None)


def _indented(value: object) -> str:
    """A JSON value as text; half a character, which no writer of ours writes, as a question mark."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return text.encode(errors="replace").decode()


def _within(number: int, most: int) -> int:
    return max(1, min(number, most))
