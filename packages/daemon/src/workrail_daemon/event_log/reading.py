"""What does the log say?

Files are read a line at a time. A line that is none is passed over: another program may have written it,
or the disk was full.
"""

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from workrail_daemon.event_log.writing import FOLDER
from workrail_engine.canonical import JsonObject


@dataclass(frozen=True)
class Wanted:
    """Which lines are meant; what is empty means all."""

    sessions: Collection[str] = ()
    kinds: Collection[str] = ()
    since: str = ""
    """RFC 3339, UTC: lines from then on."""

    def fits(self, line: JsonObject) -> bool:
        """Whether a line is one of them."""
        return (
            (not self.sessions or line.get("sessionId") in self.sessions)
            and (not self.kinds or line.get("kind") in self.kinds)
            and str(line.get("at", "")).rstrip("Z") >= self.since.rstrip("Z")
        )


def lines(home: Path, wanted: Wanted) -> Iterator[JsonObject]:
    """The lines of the log that are meant, oldest first."""
    for file in _files(home, wanted.since[:10]):
        with file.open("rb") as opened:
            for raw in opened:
                line = _read(raw)
                if line is not None and wanted.fits(line):
                    yield line


def follow(home: Path, wanted: Wanted, wait: Callable[[], bool]) -> Iterator[JsonObject]:
    """The lines that are meant, those to come included.

    Args:
        home: of the store.
        wanted: which lines.
        wait: waits a moment; False: no more is wanted.
    """
    places: dict[Path, int] = {}
    going = True
    while going:
        for file in _files(home, wanted.since[:10]):
            for line in _further(file, places):
                if wanted.fits(line):
                    yield line
        going = wait()


def _further(file: Path, places: dict[Path, int]) -> Iterator[JsonObject]:
    try:
        with file.open("rb") as opened:
            opened.seek(places.get(file, 0))
            for raw in opened:
                if not raw.endswith(b"\n"):
                    return  # it is being written
                places[file] = places.get(file, 0) + len(raw)
                line = _read(raw)
                if line is not None:
                    yield line
    except FileNotFoundError:
        return  # its time was over


def _files(home: Path, first: str) -> list[Path]:
    found = (home / FOLDER).glob("????-??-??*.jsonl")
    return sorted((file for file in found if file.name[:10] >= first), key=_order)


def _order(file: Path) -> tuple[str, int]:
    part = file.name.removesuffix(".jsonl")[11:]
    return file.name[:10], int(part) if part.isdecimal() else 0


def _read(raw: bytes) -> JsonObject | None:
    try:
        value: object = json.loads(raw)
    except ValueError:
        return None
    return cast("JsonObject", value) if isinstance(value, dict) else None
