"""Which folders do programs outside the system's folders need, so that they run in the sandbox?

PATH is the operator's: what lies there can be run, and of the installation around it what programs are
made of can be read. A link in it is followed to where it ends. What an installation under the home
holds besides (credentials of cargo, data under ~/.local/share) stays hidden.

A virtual environment in the workspace is a stranger's: a link of it is followed only to what is an
installation of Python.
"""

import os
import pwd
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_OF_ALL: Final = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store", "/gnu/store")
SYSTEM: Final = tuple(Path(each) for each in _OF_ALL)
"""Always readable, and no part of what is asked here."""
_BINARIES: Final = frozenset({"bin", "sbin", "shims", "Scripts"})
_PARTS: Final = (
    *("bin", "sbin", "lib", "lib32", "lib64", "libexec", "include", "pyvenv.cfg"),
    *("shims", "versions", "plugins", "toolchains", "etc/ssl"),
)
_ENVIRONMENTS: Final = (".venv", "venv", "env")
_MOST: Final = 64
_MOST_LINKS: Final = 40


@dataclass(frozen=True)
class Seen:
    """A folder or file of the machine, and where it is seen."""

    source: Path
    at: Path


def homes() -> tuple[Path, ...]:
    """The home of this account, and the one it was told to have."""
    found = [Path.home()]
    with suppress(KeyError):
        found.append(Path(pwd.getpwuid(os.getuid()).pw_dir))
    return tuple(dict.fromkeys(each.resolve() for each in found if each != Path("/")))


def toolchains(variables: Mapping[str, str]) -> dict[str, Path]:
    """Folders that programs look for in the home, by the variable that tells them another place.

    Only such as hold programs and nothing of the account's own.
    """
    places = {"RUSTUP_HOME": ".rustup"}
    found = {
        name: Path(variables.get(name) or Path.home() / folder) for name, folder in places.items()
    }
    return {
        name: place
        for name, place in found.items()
        if (place / "toolchains").is_dir() and not _holds(place.resolve(), homes())
    }


def programs_on(path: str, workspace: Path, never: Sequence[Path]) -> tuple[Seen, ...]:
    """What can be read so that what PATH names can be run.

    Args:
        path: the value of PATH.
        workspace: visible anyway.
        never: folders that no part of the answer may be, or lie above or in; the account's home
            and what is above it never is.
    """
    kept = _Kept(homes(), (workspace, *never))
    for each in path.split(os.pathsep):
        folder = Path(each)
        if folder.is_absolute() and folder.is_dir():
            kept.take(folder)
    for name in _ENVIRONMENTS:
        for hop in _hops(workspace / name / "bin" / "python"):
            if not hop.is_relative_to(workspace) and _is_python(hop.parent.parent):
                kept.take(hop.parent)
    return kept.answer


class _Kept:
    def __init__(self, homes: Sequence[Path], never: Sequence[Path]) -> None:
        self._homes = homes
        self._never = tuple(each.resolve() for each in never)
        self._asked: set[Path] = set()
        self._seen: dict[Path, Path] = {}

    @property
    def answer(self) -> tuple[Seen, ...]:
        """Folders above others first."""
        return tuple(Seen(source, at) for at, source in sorted(self._seen.items()))

    def take(self, folder: Path) -> None:
        """Take a folder of programs, what they are made of, and what its links lead to."""
        waiting = [folder]
        while waiting and len(self._asked) < _MOST:
            each = waiting.pop()
            if each in self._asked or _in(each, SYSTEM):
                continue
            self._asked.add(each)
            for part in self._parts(each):
                self._add(part)
            waiting += self._behind_links(each)

    def _parts(self, folder: Path) -> Iterator[Path]:
        prefix = folder.parent
        yield folder
        if folder.name not in _BINARIES or self._too_wide(prefix):
            return
        if _in(prefix.resolve(), self._homes):
            yield from (prefix / part for part in _PARTS)
            if prefix.name != ".local":
                yield prefix / "share"
        elif len(prefix.parts) > 2:
            yield prefix
        else:
            yield from (prefix / part for part in _PARTS)

    def _behind_links(self, folder: Path) -> Iterator[Path]:
        """Folders of programs that links lead to; a single file is taken at once."""
        for entry in _entries(folder):
            if not entry.is_symlink():
                continue
            for hop in _hops(Path(entry.path)):
                if hop.parent == folder or _in(hop, SYSTEM):
                    continue
                if hop.parent.name in _BINARIES:
                    yield hop.parent
                elif hop.is_file():
                    self._add(hop)

    def _add(self, at: Path) -> None:
        if _in(at, SYSTEM):
            return
        try:
            source = at.resolve(strict=True)
        except OSError:
            return
        if not self._too_wide(source) and not self._too_wide(at):
            self._seen[at] = source

    def _too_wide(self, path: Path) -> bool:
        real = path.resolve()
        return _holds(real, self._homes) or any(
            real.is_relative_to(each) or each.is_relative_to(real) for each in self._never
        )


def _hops(link: Path) -> Iterator[Path]:
    """Every place a link leads through, itself left out; its end last. Ends where nothing is."""
    at = link
    for _ in range(_MOST_LINKS):
        try:
            target = at.readlink()
        except OSError:
            return
        at = Path(os.path.normpath(at.parent.resolve() / target))
        yield at


def _is_python(prefix: Path) -> bool:
    return any(prefix.glob("lib/python3*/os.py"))


def _holds(folder: Path, places: Iterable[Path]) -> bool:
    return any(place.is_relative_to(folder) for place in places)


def _in(path: Path, folders: Iterable[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def _entries(folder: Path) -> "list[os.DirEntry[str]]":
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError:
        return []
