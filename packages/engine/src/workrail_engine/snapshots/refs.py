"""Under which names are snapshots kept in a repository?

`refs/workrail/<session>/<node>` is no branch, no tag and nothing a remote-tracking name stands for: an
ordinary fetch, clone or push does not take it along.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from workrail_engine.git_command import run_git
from workrail_engine.ids import NodeId, SessionId, is_session_id

PREFIX: Final = "refs/workrail/"
_LISTED: Final = ("for-each-ref", "--format=%(refname) %(objectname)")
_UNLOGGED: Final = ("-c", "core.logAllRefUpdates=false")


@dataclass(frozen=True)
class KeptSnapshot:
    """The files of a session at one node."""

    session_id: SessionId
    node: NodeId
    commit: str

    @property
    def ref(self) -> str:
        """Its name in the repository."""
        return ref_of(self.session_id, self.node)


def ref_of(session_id: SessionId, node: NodeId) -> str:
    """What the snapshot of a node is called."""
    return f"{PREFIX}{session_id}/{node}"


def snapshots_in(folder: Path, session_id: SessionId | None = None) -> tuple[KeptSnapshot, ...]:
    """Every snapshot a repository keeps, by session and node.

    Args:
        folder: in the repository.
        session_id: only of this session.

    Raises:
        GitFailedError: there is no repository, or git cannot read it.
    """
    below = PREFIX if session_id is None else f"{PREFIX}{session_id}/"
    lines = run_git((*_LISTED, below), folder).decode("utf-8", "replace").splitlines()
    found = (_read(line) for line in lines)
    known = [each for each in found if each is not None]
    return tuple(sorted(known, key=lambda each: (each.session_id, each.node)))


def name_snapshot(folder: Path, snapshot: KeptSnapshot) -> None:
    """Give a commit its name; no reflog is written, no hook is run.

    Raises:
        GitFailedError: the name is taken, or cannot be written.
    """
    _change(folder, f"create {snapshot.ref} {snapshot.commit}\n")


def drop_snapshots(folder: Path, snapshots: Sequence[KeptSnapshot]) -> None:
    """Take names away; what only they kept goes with the next `git gc`.

    Raises:
        GitFailedError: one was changed meanwhile, or cannot be taken away; all are still there.
    """
    _change(folder, "".join(f"delete {each.ref} {each.commit}\n" for each in snapshots))


def _change(folder: Path, lines: str) -> None:
    arguments = (*_UNLOGGED, "update-ref", "--no-deref", "--stdin")
    run_git(arguments, folder, given=lines.encode("ascii"))


def _read(line: str) -> KeptSnapshot | None:
    """A line of the list; None for a name that is not ours."""
    name, _, commit = line.partition(" ")
    session, _, node = name.removeprefix(PREFIX).partition("/")
    if not is_session_id(session) or not (node.isascii() and node.isdigit()):
        return None
    return KeptSnapshot(SessionId(session), NodeId(int(node)), commit)
