"""How is text found where ripgrep is not installed?

Line by line, by an engine of expressions that gives up in time: no expression can hold a run up.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

import regex

from workrail_daemon.sandbox.secret_files import may_hold_secrets
from workrail_daemon.stopping import Stop
from workrail_daemon.tools.files import Listed, walk
from workrail_daemon.tools.globs import matches_any
from workrail_daemon.tools.inside import Inside
from workrail_daemon.tools.readable import is_binary
from workrail_daemon.tools.refusing import NotDoneError

_SECONDS: Final = 20.0
_LARGEST: Final = 8 * 1024 * 1024
_OPEN: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


@dataclass(frozen=True)
class Search:
    """What is looked for."""

    pattern: str
    place: str
    glob: str | None
    ignore_case: bool
    context: int
    most_lines: int
    seconds: float = _SECONDS


@dataclass
class Hits:
    """What was found."""

    counts: dict[str, int] = field(default_factory=dict[str, int])
    """How many lines of each file hold it."""
    lines: list[str] = field(default_factory=list[str])
    """`path:number:line`, and `path-number-line` for lines around them."""
    cut: bool = False
    """Whether it was ended early."""


def search(inside: Inside, asked: Search, stop: Stop) -> Hits:
    """Look through files.

    Raises:
        NotDoneError: the expression is none.
        StoppedError: `stop` was given.
    """
    flags = regex.IGNORECASE if asked.ignore_case else 0
    try:
        pattern = regex.compile(asked.pattern, flags)
    except regex.error as error:
        message = f"pattern: {error}."
        raise NotDoneError(message) from error
    hits = Hits()
    end = monotonic() + asked.seconds
    for path, text in _texts(inside, asked, stop):
        try:
            _look(pattern, path, text.removesuffix("\n").split("\n"), asked, hits, end)
        except TimeoutError:
            hits.cut = True
        if hits.cut or len(hits.lines) > asked.most_lines:
            break
    return hits


def _texts(inside: Inside, asked: Search, stop: Stop) -> Iterator[tuple[str, str]]:
    if (inside.workspace / asked.place).is_file():
        yield asked.place, inside.read(asked.place).data.decode("utf-8", "backslashreplace")
        return
    for each in walk(inside, asked.place, stop):
        if asked.glob is None or _wanted(each, asked.glob):
            data = _data(each)
            if data is not None and not is_binary(data):
                yield each.path, data.decode("utf-8", "backslashreplace")


def _wanted(each: Listed, glob: str) -> bool:
    return matches_any(each.path if "/" in glob else each.name, (glob,))


def _data(each: Listed) -> bytes | None:
    """What a file holds; None for one that is no regular file, too large, gone, or kept back."""
    if may_hold_secrets(each.name):
        return None
    try:
        handle = os.open(each.name, _OPEN, dir_fd=each.folder)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        facts = os.fstat(handle)
        regular = (facts.st_mode & 0o170000) == 0o100000
        return file.read(_LARGEST) if regular and facts.st_size <= _LARGEST else None


def _look(
    pattern: "regex.Pattern[str]",
    path: str,
    lines: list[str],
    asked: Search,
    hits: Hits,
    end: float,
) -> None:
    shown = 0  # lines of this file told so far
    for index, line in enumerate(lines):
        if pattern.search(line, timeout=max(end - monotonic(), 0.001)) is None:
            continue
        hits.counts[path] = hits.counts.get(path, 0) + 1
        for near in range(
            max(index - asked.context, shown), min(index + asked.context + 1, len(lines))
        ):
            sign = ":" if near == index else "-"
            hits.lines.append(f"{path}{sign}{near + 1}{sign}{lines[near]}")
            shown = near + 1
