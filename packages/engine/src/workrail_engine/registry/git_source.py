"""How do the workflow files of a repository come to this machine, one commit at a time?

A commit is fetched without its history into a repository that lives only meanwhile, and its workflow
files are written out by ourselves: git checks nothing out, so no filter, hook or link of the
repository takes effect. What was written for a commit is never changed afterwards; another commit
gets a folder of its own, and the one before stays for those who are reading it.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from workrail_engine.errors import SourceUnavailableError
from workrail_engine.git_command import Stopped, never, run_git
from workrail_engine.registry.discovery import MAX_FILE_BYTES, MAX_FILES, is_workflow_name

MAX_TOTAL_BYTES = 64 * 1_048_576
WORKFLOW_FOLDERS = ("workflows", ".workrail/workflows")
"""Where a repository keeps its workflows; without either, they may lie anywhere in it."""

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_DRAFT = "new-"
_TIP = "refs/workrail/tip"
_LINK = "120000"
_FILES = frozenset({"100644", "100755"})


@dataclass(frozen=True)
class Remote:
    """A repository, and what of it is wanted."""

    location: str
    ref: str | None
    seconds: float
    """How long git may take for one request."""
    stopped: Stopped = never
    """Whether nobody wants it any more; git is killed then."""


def newest_commit(remote: Remote, folder: Path) -> str:
    """The commit the remote's ref stands at now. A ref that is a commit is not asked for.

    Raises:
        SourceUnavailableError: the repository cannot be reached, or has no such ref.
    """
    if remote.ref is not None and _COMMIT.fullmatch(remote.ref):
        return remote.ref
    return _found(remote, folder)[0]


def fetch_commit(remote: Remote, shelf: Path) -> str:
    """Put the workflow files of the newest commit into `shelf/<commit>`; tells which commit it is.

    Files that are there for that commit are replaced.

    Raises:
        SourceUnavailableError: the repository cannot be reached, or its files are too many or too
            large; `shelf` holds what it held before.
        OSError: the files cannot be written.
    """
    shelf.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=shelf))
    try:
        repository, files = draft / "repository", draft / "files"
        run_git(["init", "--quiet", "--bare", "--template=", "repository"], draft, remote.seconds)
        files.mkdir()
        commit = _fetch(remote, repository)
        _write_files(repository, commit, files)
        kept = shelf / commit
        if kept.exists():
            kept.rename(draft / "before")
        files.rename(kept)
        return commit
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def sweep(shelf: Path, keep: Sequence[str | None]) -> None:
    """Remove what is neither one of these commits nor in use; only under the lock for such work."""
    if shelf.is_dir():
        for entry in list(shelf.iterdir()):
            if entry.name not in keep:
                shutil.rmtree(entry, ignore_errors=True)


def _found(remote: Remote, folder: Path) -> tuple[str, str]:
    """The commit and the full name of the ref that is wanted."""
    ref = remote.ref
    names = ["HEAD"] if ref is None else [f"refs/tags/{ref}", f"refs/heads/{ref}"]
    if ref is not None and ref.startswith("refs/"):
        names = [ref]
    asked = [*names, *(f"{name}^{{}}" for name in names)]
    listed = _ask(remote, ["ls-remote", "--", remote.location, *asked], folder)
    commits = dict(_refs(listed.decode("utf-8", "replace")))
    for name in names:
        if name in commits:
            return commits.get(f"{name}^{{}}", commits[name]), name
    what = f"no branch or tag {ref}" if ref is not None else "no commit yet"
    message = f"the repository has {what}"
    raise SourceUnavailableError(message)


def _ask(remote: Remote, arguments: Sequence[str], folder: Path) -> bytes:
    """What git printed when it spoke with the repository."""
    return run_git(arguments, folder, remote.seconds, stopped=remote.stopped)


def _refs(listed: str) -> Iterator[tuple[str, str]]:
    for line in listed.splitlines():
        commit, tab, name = line.partition("\t")
        if tab and _COMMIT.fullmatch(commit):
            yield name, commit


def _fetch(remote: Remote, repository: Path) -> str:
    exact = remote.ref is not None and _COMMIT.fullmatch(remote.ref)
    wanted = remote.ref if exact else _found(remote, repository)[1]
    options = ("--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--no-auto-gc")
    refspec = f"+{wanted}:{_TIP}"
    _ask(remote, ["fetch", *options, "--", remote.location, refspec], repository)
    printed = run_git(["rev-parse", "--verify", f"{_TIP}^{{commit}}"], repository, remote.seconds)
    return printed.decode("ascii").strip()


@dataclass(frozen=True)
class _Blob:
    path: PurePosixPath
    oid: str
    link: bool
    size: int


def _write_files(repository: Path, commit: str, root: Path) -> None:
    listed = run_git(["ls-tree", "-r", "-z", "-l", "--full-tree", commit], repository)
    blobs = _chosen([blob for entry in listed.split(b"\0") for blob in _blob(entry)])
    if len(blobs) > MAX_FILES or sum(blob.size for blob in blobs) > MAX_TOTAL_BYTES:
        message = (
            f"the repository holds more than {MAX_FILES} workflow files or more than "
            f"{MAX_TOTAL_BYTES // 1_048_576} MB of them; keep workflows in a folder `workflows` of it"
        )
        raise SourceUnavailableError(message)
    contents = _contents(repository, blobs)
    for blob, content in sorted(contents, key=lambda pair: pair[0].link):
        path = root.joinpath(*blob.path.parts)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not blob.link:
            with path.open("xb") as stream:
                stream.write(content)
        elif Path(os.path.realpath(path.parent)) == Path(os.path.realpath(root)).joinpath(
            *blob.path.parent.parts
        ):  # never through a link that was made before
            path.symlink_to(os.fsdecode(content))


def _blob(entry: bytes) -> Iterator[_Blob]:
    """The workflow file an entry of a tree stands for, if it does."""
    facts, _, name = entry.partition(b"\t")
    match facts.decode("ascii", "replace").split():
        case [mode, "blob", oid, size] if mode == _LINK or mode in _FILES:
            path = PurePosixPath(os.fsdecode(name))
            if is_workflow_name(path.name) and _harmless(path):
                yield _Blob(path, oid, mode == _LINK, int(size))
        case _:
            pass


def _harmless(path: PurePosixPath) -> bool:
    """Whether a name can be written and shown; `..` and `.git` are left out as hidden."""
    return str(path).isprintable() and not path.is_absolute()


def _chosen(blobs: Sequence[_Blob]) -> list[_Blob]:
    """The files in the folders for workflows; all of them where there is no such folder."""
    inside = [blob for blob in blobs if any(_below(blob, folder) for folder in WORKFLOW_FOLDERS)]
    return inside or [blob for blob in blobs if not _hidden(blob.path)]


def _below(blob: _Blob, folder: str) -> bool:
    return blob.path.is_relative_to(folder) and not _hidden(blob.path.relative_to(folder))


def _hidden(path: PurePosixPath) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _contents(repository: Path, blobs: Sequence[_Blob]) -> Iterator[tuple[_Blob, bytes]]:
    """Each file with its bytes; of one over the limit, enough to be told that it is."""
    asked = "".join(f"{blob.oid}\n" for blob in blobs).encode()
    printed = memoryview(run_git(["cat-file", "--batch"], repository, given=asked))
    at = 0
    for blob in blobs:
        end = bytes(printed[at : at + 200]).index(b"\n") + at
        size = int(bytes(printed[at:end]).split(b" ")[2])
        yield blob, bytes(printed[end + 1 : end + 1 + min(size, MAX_FILE_BYTES + 1)])
        at = end + size + 2
