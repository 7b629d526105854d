"""What does a rehearsal run on? An engine with a store of its own that is thrown away."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from workrail_engine.canonical import canonical_bytes
from workrail_engine.checks.local_checks import LocalChecks
from workrail_engine.engine import Engine
from workrail_engine.ids import SessionId
from workrail_engine.ports import CheckRunner
from workrail_engine.reader import open_reader
from workrail_engine.registry.registry import Registry
from workrail_engine.registry.sources import Folders
from workrail_engine.rehearsal.course import Course, course_of
from workrail_engine.store.codec import decode
from workrail_engine.store.sql_store import SqlStore, open_store
from workrail_engine.system import Locations, SystemClock, SystemEntropy
from workrail_engine.workflow.prepared import PreparedWorkflow


class _OneWorkflow(Registry):
    """A registry in which one workflow has been looked up already."""

    def __init__(self, folders: Folders, prepared: PreparedWorkflow) -> None:
        super().__init__(folders)
        self._only = prepared

    def prepare(self, workflow_id: str, workspace: Path | None) -> PreparedWorkflow:  # noqa: ARG002 (as it was looked up)
        return self._only


@dataclass(frozen=True)
class Stage:
    """A store in a temporary folder, and room for files beside it."""

    folder: Path
    store: SqlStore
    home: Locations
    """Its keys and lists; nothing of the user's is signed with or changed."""

    @property
    def database(self) -> Path:
        """The file of the store."""
        return self.home.database

    def engine(self, prepared: PreparedWorkflow, checks: CheckRunner) -> Engine:
        """An engine that starts this workflow and checks in this way."""
        registry = _OneWorkflow(self.home, prepared)
        return Engine(self.store, registry, SystemClock(), SystemEntropy(), checks)

    def real_checks(self) -> LocalChecks:
        """Checks that look for themselves."""
        return LocalChecks(SystemClock())

    def place_for_files(self) -> Path:
        """A folder that is not there yet; another one each time."""
        taken = len(list(self.folder.glob("files-*")))
        folder = self.folder / f"files-{taken + 1}"
        folder.mkdir()
        return folder / "work"

    def event_count(self, session_id: str) -> int:
        """How much is recorded of a session."""
        return self.store.head(SessionId(session_id)).event_count

    def course(self, session_id: str, ended: str) -> Course:
        """The course of a session, as it is recorded."""
        with open_reader(self.database) as reader:
            named = SessionId(session_id)
            events = [
                decode(record.kind, canonical_bytes(record.payload).decode("utf-8"))
                for record in reader.events(named)
            ]
            return course_of(events, reader.session(named).context, ended)


@contextmanager
def a_stage(folders: Folders) -> Generator[Stage]:
    """A stage, cleared away at the end.

    Args:
        folders: where the documents of bundled workflows lie.
    """
    with TemporaryDirectory(prefix="workrail-rehearsal-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        home = Locations.under(folder / "home", folders.bundled_dir)
        with open_store(home.database, SystemEntropy()) as store:
            yield Stage(folder, store, home)
