"""What does a process see of the machine, in the words of `bwrap`?

It starts from nothing: what is not bound here is not there. Later lines lie over earlier ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from workrail_daemon.sandbox.interpreters import SYSTEM, Seen
from workrail_daemon.sandbox.repository import Repository, without_credentials
from workrail_daemon.sandbox.secret_files import SAID

HOME: Final = Path("/home/agent")
TEMPORARY: Final = Path("/tmp")  # noqa: S108 (the sandbox's own, which nobody else sees)
_ACCOUNT: Final = 1000
_OF_ETC: Final = (
    *("alternatives", "ca-certificates", "ca-certificates.conf", "crypto-policies", "fonts"),
    *("debian_version", "java", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime"),
    *("lsb-release", "magic", "mime.types", "nsswitch.conf", "os-release", "perl", "protocols"),
    *("services", "shells", "terminfo", "timezone", "xdg"),
    *("ssl/certs", "ssl/cert.pem", "ssl/openssl.cnf", "ssl/ca-bundle.pem"),
    *("pki/ca-trust", "pki/tls/certs", "pki/tls/cert.pem", "pki/tls/openssl.cnf"),
)
_WRITTEN: Final = {
    "/etc/passwd": f"root:x:0:0:root:/root:/bin/sh\nagent:x:{_ACCOUNT}:{_ACCOUNT}:agent:{HOME}:"
    "/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
    "/etc/group": f"root:x:0:\nagent:x:{_ACCOUNT}:\nnogroup:x:65534:\n",
    "/etc/hosts": "127.0.0.1 localhost\n::1 localhost\n",
    "/etc/gitconfig": "[safe]\n\tdirectory = *\n[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n",
}


@dataclass
class Lines:
    """The arguments of `bwrap`, and what it reads from elsewhere."""

    arguments: list[str] = field(default_factory=list[str])
    written: list[bytes] = field(default_factory=list[bytes])
    """What is on no disk, in the order of the places of their descriptors in `arguments`."""
    last: list[str] = field(default_factory=list[str])
    """What comes after everything else."""

    def add(self, *words: str | Path) -> None:
        """One operation."""
        self.arguments += [str(word) for word in words]

    def seen(self, source: Path, at: Path | None = None, *, writable: bool = False) -> None:
        """A folder or file of the machine."""
        self.add("--bind" if writable else "--ro-bind", source, source if at is None else at)

    def content(self, operation: str, content: bytes, *words: str | Path) -> None:
        """An operation that reads something which is on no disk."""
        self.written.append(content)
        self.add(operation, PLACE_OF_DESCRIPTOR, *words)

    def text(self, content: str, at: Path) -> None:
        """A file that can be read and is on no disk."""
        self.content("--ro-bind-data", content.encode("utf-8", "surrogateescape"), at)

    def empty(self, at: Path) -> None:
        """An empty folder in the place of one."""
        self.add("--size", "4096", "--tmpfs", at)
        self.last += ["--remount-ro", str(at)]


PLACE_OF_DESCRIPTOR: Final = "\0descriptor"
"""Stands in `Lines.arguments` where the number of a file that was written belongs."""


def machine(lines: Lines, temporary: Path | None, most_memory: int) -> None:
    """The system's folders, private /proc, /dev and /tmp, and an empty home.

    Args:
        lines: taken further.
        temporary: a folder that is /tmp; None: an empty one.
        most_memory: bytes that files in memory may take, each place by itself.
    """
    lines.add("--unshare-all", "--unshare-user", "--uid", str(_ACCOUNT), "--gid", str(_ACCOUNT))
    lines.add("--die-with-parent", "--new-session", "--cap-drop", "ALL", "--hostname", "sandbox")
    for folder in SYSTEM:
        if folder.is_symlink():
            lines.add("--symlink", str(folder.readlink()), folder)
        elif folder.is_dir():
            lines.seen(folder)
    for name in _OF_ETC:
        file = Path("/etc") / name
        if file.exists():
            lines.seen(file.resolve(), file)
    for at, content in _WRITTEN.items():
        lines.text(content, Path(at))
    lines.add("--proc", "/proc", "--dev", "/dev")
    size = str(most_memory)
    lines.add("--size", size, "--tmpfs", "/dev/shm")  # noqa: S108 (the sandbox's own)
    if temporary is None:
        lines.add("--size", size, "--tmpfs", TEMPORARY)
    else:
        lines.seen(temporary, TEMPORARY, writable=True)
    lines.add("--symlink", TEMPORARY, "/var/tmp")  # noqa: S108 (the sandbox's own)
    lines.add("--size", size, "--tmpfs", HOME)
    lines.last += ["--remount-ro", "/"]


def further(lines: Lines, seen: Sequence[Seen], hidden: Sequence[Path]) -> None:
    """What can be read besides, with what is hidden of it."""
    for each in seen:
        lines.seen(each.source, each.at)
    mask(lines, hidden, [each.at for each in seen] + list(SYSTEM))


def mask(lines: Lines, hidden: Sequence[Path], inside: Sequence[Path]) -> None:
    """Put nothing in the place of what is hidden, as far as it lies in what can be seen."""
    for each in hidden:
        if not any(each.is_relative_to(folder) for folder in inside):
            continue
        if each.is_dir():
            lines.empty(each)
        elif each.exists():
            lines.text(SAID, each)


def workspace(lines: Lines, folder: Path, parts: Sequence[Path], covered: Sequence[Path]) -> None:
    """The workspace, with what of it can be written.

    Args:
        lines: taken further.
        folder: all of it.
        parts: what can be written.
        covered: places in it that something else will lie over. The folders above one could be
            renamed, and the place would be another the next time: so something lies on them too.
    """
    lines.seen(folder, writable=folder in parts)
    for part in parts:
        if part != folder:
            lines.seen(part, writable=True)
    above = {each for place in covered for each in place.parents if _is_below(each, parts)}
    for each in sorted(above):
        lines.seen(each, writable=True)


def _is_below(folder: Path, parts: Sequence[Path]) -> bool:
    return any(part in folder.parents for part in parts)


def kept_back(lines: Lines, files: Sequence[Path]) -> None:
    """Lay a line that says so over files that hold secrets."""
    for file in files:
        lines.text(SAID, file)


def no_git(lines: Lines, workspace: Path, *, protected: bool) -> None:
    """Where there is no repository that can be shown: none can be made in its place."""
    entry = workspace / ".git"
    if entry.is_file() or entry.is_dir():
        lines.seen(entry)
    elif protected:
        lines.empty(entry)


def git(lines: Lines, repository: Repository, *, protected: bool) -> None:
    """The repository: what others would run of it can never be written.

    Args:
        lines: taken further; the workspace is bound before.
        repository: of the workspace.
        protected: whether all of it can only be read.
    """
    hooks = repository.shared / "hooks"
    protected = protected or hooks.is_symlink()
    if not protected:
        hooks.mkdir(exist_ok=True)
    for place in repository.places:
        lines.seen(place, writable=not protected and place.is_dir())
    if not protected:
        _not_even_then(lines, repository)
    for place in repository.led_to:
        lines.seen(place)
    for file in repository.configurations:
        clean = without_credentials(file.read_text("utf-8", "surrogateescape"))
        if clean is not None:
            lines.text(clean, file)
        elif not protected:
            lines.seen(file)


def _not_even_then(lines: Lines, repository: Repository) -> None:
    """What is not written in a repository that can be."""
    for place in repository.never_written:
        lines.seen(place)
    if repository.folder != repository.shared:
        lines.seen(repository.folder, writable=True)
        for name in ("commondir", "gitdir"):
            lines.seen(repository.folder / name)
