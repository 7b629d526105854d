"""The door that forks: a session goes on from an earlier point, beside the one it came from.

Nothing of the first session and nothing of its workspace is changed.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from workrail_engine.checks.repository import repository_of
from workrail_engine.errors import (
    CorruptSessionError,
    InvalidForkError,
    SessionNotFoundError,
    SnapshotNotFoundError,
    WorkRailError,
)
from workrail_engine.git_command import GitFailedError
from workrail_engine.ids import SessionId, session_id_from
from workrail_engine.material import Material
from workrail_engine.projections.forking import Fork, ForkPoint, SnapshotLine, fork_point
from workrail_engine.requests import check_goal
from workrail_engine.session import tokens
from workrail_engine.session.events import Workspace
from workrail_engine.session.tokens import TokenKind
from workrail_engine.snapshots.refs import KeptSnapshot, drop_snapshots, snapshots_in
from workrail_engine.snapshots.restoring import check_free, restore, withdraw
from workrail_engine.store.repair import Salvage
from workrail_engine.store.rows import microseconds
from workrail_engine.store.sql_store import SqlStore, open_store
from workrail_engine.system import Locations, SystemClock, SystemEntropy

_SHORT = 13
"""As much of a session's id as tells it in the name of a folder: `sess_` and eight characters."""


@dataclass(frozen=True)
class ForkRequest:
    """Where a session is to be forked, and how."""

    session_id: SessionId
    step: str
    """A step's id, `step#2` for its second pass, or a node's number."""
    worktree: Path | None = None
    """Where the files go; a folder beside the repository when left out."""
    goal: str | None = None
    """What the new session is called in lists; the first one's goal when left out."""
    files: bool = True
    """Whether the files are restored; else the new session works where the first one worked."""


@dataclass(frozen=True)
class _Place:
    """Where a new session works, and what was made for it."""

    workspace: Workspace
    root: Path | None = None
    worktree: Path | None = None
    snapshot: str | None = None


def fork(request: ForkRequest, locations: Locations | None = None) -> Fork:
    """Start a session that stands where another one stood, with the files as they were then.

    Raises:
        SessionNotFoundError: no such session.
        SnapshotNotFoundError: the files of this point were not kept.
        InvalidForkError: the session never stood there, the folder is not free, or the files cannot
            be restored.
        InvalidSubmissionError: the goal is malformed or over a limit.
        CorruptSessionError: what comes before this point cannot be proven.
        StoreUnavailableError: the store cannot be opened or written; no work tree is left.
    """
    where = locations or Locations.from_environment()
    entropy = SystemEntropy()
    if request.goal is not None:
        check_goal(request.goal)
    with open_store(where.store, entropy) as store:
        # A fork has other files, and a run of its own: what runs said elsewhere would mislead it.
        found = store.salvage(request.session_id, runs=False)
        point = _point(found, request.step)
        fork_id = session_id_from(entropy.bytes(16))
        started = found.begun
        place = _place(request, point, fork_id, started.workspace)
        begun = replace(
            started,
            session_id=fork_id,
            goal=request.goal or f"{started.goal} (forked at {point.step_id})",
            origin="cli",
            workspace=place.workspace,
            parent_session_id=request.session_id,
        )
        first = tokens.first_handle(entropy.bytes(10), store.token_key().store_tag)
        try:
            store.keep(_until(found, point, SystemClock().now()), begun, first)
        except WorkRailError:
            if place.root is not None and place.worktree is not None:
                withdraw(place.root, place.worktree)
            raise
        return Fork(
            session_id=fork_id,
            forked_from=request.session_id,
            node=point.node,
            step_id=point.step_id,
            goal=begun.goal,
            workspace=place.workspace.path,
            worktree=None if place.worktree is None else str(place.worktree),
            snapshot=place.snapshot,
            token=_token(store, fork_id),
        )


def snapshot_lines(folder: Path, locations: Locations | None = None) -> tuple[SnapshotLine, ...]:
    """The sessions whose files a repository keeps, and whether the store has them.

    Args:
        folder: in the repository.
        locations: of the store; the usual places when left out.

    Raises:
        InvalidForkError: the folder lies in no repository.
    """
    where = locations or Locations.from_environment()
    kept = _kept(folder)
    ids = sorted({each.session_id for each in kept})
    with open_store(where.store, SystemEntropy()) as store:
        return tuple(
            SnapshotLine(one, sum(each.session_id == one for each in kept), _is_known(store, one))
            for one in ids
        )


def prune_snapshots(folder: Path, locations: Locations | None = None) -> tuple[SnapshotLine, ...]:
    """Drop the snapshots of sessions the store does not have; returns what was dropped.

    Raises:
        InvalidForkError: the folder lies in no repository, or git cannot drop them.
    """
    gone = tuple(line for line in snapshot_lines(folder, locations) if not line.known)
    names = {line.session_id for line in gone}
    try:
        drop_snapshots(folder, [each for each in _kept(folder) if each.session_id in names])
    except GitFailedError as error:
        message = f"The snapshots in {folder} were not dropped: {error}. Mend that, and try again."
        raise InvalidForkError(message) from error
    return gone


def _point(found: Salvage, step: str) -> ForkPoint:
    if found.document is None:
        message = (
            f"Session {found.session_id} lost its pinned workflow, and no fork of it could go on. "
            "Restore the store from a backup."
        )
        raise CorruptSessionError(message)
    try:
        return fork_point(found.commands, step)
    except InvalidForkError as error:
        if not found.dropped:
            raise
        message = (
            f"{error} Part of the session is damaged: `workrail session verify {found.session_id}` "
            "says which."
        )
        raise CorruptSessionError(message) from error


def _until(found: Salvage, point: ForkPoint, now: datetime) -> Salvage:
    """The log up to a point; what reaches the point does so now, so that the fork counts as new."""
    last = point.commands[-1].first - 1
    times = (*found.times[:last], microseconds(now), *found.times[last + 1 :])
    return replace(found, commands=point.commands, times=times)


def _place(request: ForkRequest, point: ForkPoint, fork_id: SessionId, before: Workspace) -> _Place:
    if not request.files:
        if request.worktree is not None:
            message = "Without files no work tree is made. Leave --worktree or --without-files out."
            raise InvalidForkError(message)
        return _Place(before)
    root, below, snapshot = _found(request, point, before)
    usual = root.with_name(f"{root.name}-wt-{fork_id[:_SHORT].removeprefix('sess_')}")
    target = request.worktree or usual
    check_free(target)
    target = target.resolve()
    restore(root, target, snapshot.commit)
    inside = str(target / below)
    workspace = replace(before, path=inside, repository=str(target), branch=None)
    return _Place(workspace, root, target, snapshot.commit)


def _found(
    request: ForkRequest, point: ForkPoint, before: Workspace
) -> tuple[Path, Path, KeptSnapshot]:
    """Top of the work tree a session worked in, its folder in there, and the files of a point."""
    reason = "the session has no workspace"
    if before.path is not None:
        folder = Path(before.path)
        try:
            repository = repository_of(folder) if folder.is_dir() else None
            reason = f"{folder} is not in a git repository any more"
            if repository is not None:
                reason = f"{folder} keeps none for this point"
                for kept in snapshots_in(repository.root, request.session_id):
                    if kept.node == point.node:
                        return repository.root, folder.relative_to(repository.root), kept
        except GitFailedError as error:
            reason = f"git cannot tell: {error}"
    message = (
        f"No files were kept for node {point.node} ({point.step_id}) of session {request.session_id}: "
        f"{reason}. Name another step, or fork the session alone with --without-files."
    )
    raise SnapshotNotFoundError(message)


def _kept(folder: Path) -> tuple[KeptSnapshot, ...]:
    try:
        return snapshots_in(folder)
    except GitFailedError as error:
        message = f"The snapshots in {folder} cannot be listed: {error}. Name a folder of a git repository."
        raise InvalidForkError(message) from error


def _is_known(store: SqlStore, session_id: SessionId) -> bool:
    try:
        store.head(session_id)
    except SessionNotFoundError:
        return False
    return True


def _token(store: SqlStore, session_id: SessionId) -> str:
    attempt = store.open_attempt(session_id, store.head(session_id).tip)
    if attempt is None:
        message = f"Session {session_id} has no attempt to go on with."
        raise CorruptSessionError(message)
    return Material(store).mint(TokenKind.RESUME, attempt.handle)
