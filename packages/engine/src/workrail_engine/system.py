"""What does the real world say: the time, random bytes, where files lie, where the work happens.

Git is read from its own files (`.git`, `HEAD`, refs), not by running it: that takes microseconds,
cannot hang, and works where no git is installed.
"""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from workrail_engine.addresses import without_password
from workrail_engine.session.events import Workspace

_SYMBOLIC = "ref: "
_BRANCHES = "refs/heads/"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_UNREADABLE_BRANCH = ".invalid"  # what `HEAD` says in a repository whose refs are not files


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """The time, in UTC, with its zone."""
        return datetime.now(UTC)


class SystemEntropy:
    """The random source of this machine."""

    def bytes(self, count: int) -> bytes:
        """That many bytes nobody can guess."""
        return secrets.token_bytes(count)


@dataclass(frozen=True)
class Locations:
    """Where this installation keeps its files."""

    home: Path
    """Our folder in the user's home; made when the first session is stored."""
    bundled_dir: Path
    """The workflows that come with the product."""
    user_workflows: Path
    """The user's own workflows; may not exist."""
    database_url: str | None = field(default=None, repr=False)
    """The PostgreSQL database that holds the sessions instead of a file; may hold a password."""

    @property
    def database(self) -> Path:
        """The file that holds every session, unless `database_url` is set."""
        return self.home / "sessions.db"

    @property
    def store(self) -> Path | str:
        """Where the sessions are: the file, or the address of the database on a server."""
        return self.database_url or self.database

    @property
    def store_shown(self) -> str:
        """Where the sessions are, in words for people: the folder, or the address, no password."""
        return without_password(self.database_url) if self.database_url else str(self.home)

    @property
    def keys(self) -> Path:
        """The keys that proofs are signed with, and the public ones that are known."""
        return self.home / "keys"

    @property
    def managed_sources(self) -> Path:
        """The list of added sources, and what was fetched of them."""
        return self.home / "sources"

    @classmethod
    def under(cls, home: Path, bundled_dir: Path | None = None) -> "Locations":
        """The usual places inside a folder."""
        return cls(
            home=home,
            bundled_dir=bundled_dir or Path(__file__).parent / "bundled",
            user_workflows=home / "workflows",
        )

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "Locations":
        """Where `WORKRAIL_HOME` and its like say, else the usual places.

        `WORKRAIL_DATABASE_URL` and `WORKRAIL_BUNDLED_DIR` are looked at too.

        Args:
            environ: the variables to look at; those of this process when left out.
        """
        variables = os.environ if environ is None else environ
        home = variables.get("WORKRAIL_HOME", "").strip()
        bundled = variables.get("WORKRAIL_BUNDLED_DIR", "").strip()
        places = cls.under(
            _absolute(home) if home else Path.home() / ".workrail",
            _absolute(bundled) if bundled else None,
        )
        url = variables.get("WORKRAIL_DATABASE_URL", "").strip()
        return replace(places, database_url=url or None)


def observe_workspace(path: Path | None) -> Workspace:
    """What git knows of a folder; parts that cannot be known are None. Never raises."""
    if path is None:
        return Workspace()
    try:
        folder = _absolute(str(path)).resolve()
        return _observe(folder)
    except (OSError, ValueError, RuntimeError):
        return Workspace(path=str(path))


def _observe(folder: Path) -> Workspace:
    root = next((at for at in (folder, *folder.parents) if (at / ".git").exists()), None)
    if root is None:
        return Workspace(path=str(folder))
    try:
        branch, head = _head_of(_git_dir(root))
    except (OSError, ValueError):
        branch, head = None, None
    return Workspace(path=str(folder), repository=str(root), branch=branch, head=head)


def _git_dir(root: Path) -> Path:
    """The folder with `HEAD`; in a linked work tree or a submodule, `.git` is a file naming it."""
    entry = root / ".git"
    if entry.is_dir():
        return entry
    _, _, target = entry.read_text(encoding="utf-8").partition("gitdir:")
    return root / target.strip()


def _head_of(git_dir: Path) -> tuple[str | None, str | None]:
    """Branch and commit; no branch when the head is detached, no commit before the first one."""
    text = (git_dir / "HEAD").read_text(encoding="utf-8").strip()
    if not text.startswith(_SYMBOLIC):
        return None, _commit_in(text)
    ref = text.removeprefix(_SYMBOLIC).strip()
    branch = ref.removeprefix(_BRANCHES)
    # A repository may be a stranger's: a ref is used as a path only if git could have written it.
    if branch in (ref, _UNREADABLE_BRANCH) or ".." in ref or not ref.isprintable():
        return None, None
    return branch, _commit_of(git_dir, ref)


def _commit_of(git_dir: Path, ref: str) -> str | None:
    shared = git_dir
    pointer = git_dir / "commondir"
    if pointer.is_file():
        shared = git_dir / pointer.read_text(encoding="utf-8").strip()
    loose = shared / ref
    if loose.is_file():
        return _commit_in(loose.read_text(encoding="utf-8"))
    packed = shared / "packed-refs"
    if packed.is_file():
        for line in packed.read_text(encoding="utf-8").splitlines():
            commit, _, name = line.partition(" ")
            if name == ref:
                return _commit_in(commit)
    return None


def _commit_in(text: str) -> str | None:
    return text.strip() if _COMMIT.fullmatch(text.strip()) else None


def _absolute(path: str) -> Path:
    return Path(os.path.abspath(os.path.expanduser(path)))  # noqa: PTH100, PTH111 (keeps symlinks, folds ..)
