"""What did earlier sessions in the same repository find?

Their notes are what agents wrote, maybe after reading a stranger's text: they are shown as data.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from workrail_daemon.context.parts import Part, cut_to
from workrail_daemon.context.untrusted import as_data
from workrail_engine.engine import Engine, ResumeRequest
from workrail_engine.errors import CorruptSessionError, InvalidTokenError, StoreDamagedError
from workrail_engine.outcomes import Candidate, Found
from workrail_engine.system import observe_workspace

PRIOR_SESSIONS: Final = 3
PRIOR_BYTES: Final = 2400
"""Of the notes of one session."""
_LOOKED_AT: Final = 40
_GOAL_BYTES: Final = 300


@dataclass(frozen=True)
class Prior:
    """An earlier session."""

    session_id: str
    workflow: str
    goal: str
    status: str
    updated_at: str
    """RFC 3339, UTC."""
    notes: str
    """Its newest notes first."""


def prior_sessions(
    engine: Engine, workspace: str, besides: Collection[str] = ()
) -> tuple[Prior, ...]:
    """The last sessions of a repository that left notes, newest first. Writes nothing.

    Args:
        engine: on the store.
        workspace: a folder in the repository, or in a work tree of it; outside of git, sessions of
            this very folder are meant.
        besides: sessions that are not meant: this one, its parent.

    Raises:
        StoreUnavailableError: the store cannot be read.
    """
    others: dict[str, Candidate] = {}
    for place in _places(Path(workspace)):
        found = engine.resume(ResumeRequest(repository=place, limit=_LOOKED_AT))
        if isinstance(found, Found):
            others.update((each.session_id, each) for each in found.candidates)
    told: list[Prior] = []
    for candidate in sorted(others.values(), key=lambda each: each.updated_at, reverse=True):
        notes = "" if candidate.session_id in besides else _notes(engine, candidate)
        if notes:
            told.append(
                Prior(
                    session_id=candidate.session_id,
                    workflow=candidate.workflow_name,
                    goal=candidate.goal,
                    status=candidate.status,
                    updated_at=candidate.updated_at,
                    notes=notes,
                )
            )
        if len(told) == PRIOR_SESSIONS:
            break
    return tuple(told)


def prior_part(sessions: Collection[Prior]) -> Part | None:
    """What earlier sessions left; None: nothing."""
    if not sessions:
        return None
    blocks: list[str] = []
    left_out = 0
    for prior in sessions:
        head = f"{prior.workflow}, {prior.status}, {prior.updated_at}"
        goal = cut_to(" ".join(prior.goal.split()), _GOAL_BYTES).text
        notes = cut_to(prior.notes, PRIOR_BYTES)
        left_out += notes.left_out
        text = f"{head}\nGoal: {goal}\n\n{notes.text}"
        said = as_data(text, f"session {prior.session_id}", PRIOR_BYTES + 2 * _GOAL_BYTES)
        blocks.append(said.text)
    text = "\n\n".join(("# Earlier sessions in this repository", *blocks))
    return Part("prior_sessions", "engine", text, left_out)


def _places(folder: Path) -> tuple[str, ...]:
    """The root of a folder's repository, and of the main checkout if that is a work tree of it."""
    root = observe_workspace(folder).repository
    if root is None:
        return (str(folder),)
    main = _main_checkout(Path(root) / ".git")
    return (root,) if main is None else (root, str(main))


def _main_checkout(entry: Path) -> Path | None:
    """Of which checkout a file `.git` makes its folder a work tree, if that one says so too."""
    try:
        _, _, named = entry.read_text(encoding="utf-8").partition("gitdir:")
        git = entry.parent / named.strip()
        back = git / (git / "gitdir").read_text(encoding="utf-8").strip()
        shared = (git / (git / "commondir").read_text(encoding="utf-8").strip()).resolve()
        is_meant = back.resolve() == entry.resolve() and shared.name == ".git"
    except (OSError, ValueError):
        return None  # `.git` is a folder, or nothing git would have written
    return shared.parent if is_meant else None


def _notes(engine: Engine, candidate: Candidate) -> str:
    try:
        stands = engine.rehydrate(candidate.token)
    except (CorruptSessionError, StoreDamagedError, InvalidTokenError):
        return ""  # a damaged session hides no other
    return stands.recap.text if stands.recap is not None else ""
