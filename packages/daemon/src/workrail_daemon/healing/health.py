"""What is wrong with the ground, as far as looking can tell?

Nothing is changed by looking, and every finding says what it was taken from.
"""

import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from workrail_engine.canonical import JsonValue
from workrail_engine.engine import Engine
from workrail_engine.errors import InvalidTokenError, NotFoundError, StoreError
from workrail_engine.ids import SessionId
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations

_LEAST_ROOM: Final = 16 * 1024 * 1024
_LOCKS: Final = Path("/proc/locks")


@dataclass(frozen=True)
class Probe:
    """One thing that was looked at."""

    name: str
    good: bool
    said: str
    """What was seen, in a sentence."""


@dataclass(frozen=True)
class Health:
    """All that was looked at, in an order in which the first that is not good explains the others."""

    probes: tuple[Probe, ...]

    @property
    def bad(self) -> tuple[Probe, ...]:
        """What is not as it should be."""
        return tuple(probe for probe in self.probes if not probe.good)

    @property
    def said(self) -> str:
        """What is wrong, or that nothing is, in a sentence or two."""
        return " ".join(probe.said for probe in self.bad) or "Nothing wrong is to be seen."

    def json(self) -> list[JsonValue]:
        """The same as JSON."""
        return [{"name": p.name, "good": p.good, "said": p.said} for p in self.probes]


def store_health(locations: Locations) -> Health:
    """How the store does, seen from outside the engine."""
    looks = [] if locations.database_url else [_folder, _file, _room, _lock]
    return _seen([*looks, _readable], locations)


def session_health(engine: Engine, locations: Locations, session_id: SessionId) -> Health:
    """How one session does, in a store that answers.

    Raises:
        StoreUnavailableError: it does not.
    """
    return Health((_chain(locations, session_id), _token(engine, session_id)))


def store_is_there(locations: Locations) -> bool:
    """Whether there is a store to open; opening a file that is gone would make an empty one."""
    return bool(locations.database_url) or locations.database.is_file()


def _seen(looks: Iterable[Callable[[Locations], Probe | None]], locations: Locations) -> Health:
    found = (look(locations) for look in looks)
    return Health(tuple(probe for probe in found if probe is not None))


def _folder(locations: Locations) -> Probe:
    folder = locations.database.parent
    if not folder.is_dir():
        return Probe("folder", good=False, said=f"The folder {folder} is not there.")
    good = os.access(folder, os.W_OK | os.X_OK)
    return Probe("folder", good, f"The folder {folder} {'can' if good else 'cannot'} be written.")


def _file(locations: Locations) -> Probe:
    file = locations.database
    if not file.is_file():
        return Probe("file", good=False, said=f"The file {file} is not there.")
    good = os.access(file, os.R_OK | os.W_OK)
    can = "can" if good else "cannot"
    return Probe("file", good, f"The file {file} {can} be read and written.")


def _room(locations: Locations) -> Probe | None:
    try:
        free = shutil.disk_usage(locations.database.parent).free
    except OSError:
        return None
    said = f"The disk of {locations.database.parent} has {free // (1024 * 1024)} MB left."
    return Probe("disk", free >= _LEAST_ROOM, said)


def _lock(locations: Locations) -> Probe | None:
    """Which other process holds the file, or what SQLite keeps beside it; only Linux tells."""
    file = locations.database
    try:
        places = {_place(each) for each in (file, file.with_name(f"{file.name}-shm"))}
        locks = [line.split() for line in _LOCKS.read_text().splitlines()]
    except OSError:
        return None
    writing = {lock[4] for lock in locks if lock[3] == "WRITE" and places & {*lock}}
    others = sorted(writing - {str(os.getpid())})
    if not others:
        return Probe("lock", good=True, said="No other process holds the file.")
    said = f"Another process writes to the file {file}: {', '.join(others)}."
    return Probe("lock", good=False, said=said)


def _place(file: Path) -> str:
    """A file as the list of locks names it."""
    found = file.stat()
    return f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"


def _readable(locations: Locations) -> Probe:
    where = locations.store_shown
    if not store_is_there(locations):
        return Probe("answer", good=False, said=f"There is no store in {where}.")
    try:
        with open_reader(locations) as reader:
            reader.runs.views("running", most=1)
    except StoreError as error:
        return Probe("answer", good=False, said=str(error))
    return Probe("answer", good=True, said=f"The store in {where} can be read.")


def _chain(locations: Locations, session_id: SessionId) -> Probe:
    try:
        with open_reader(locations) as reader:
            problems = reader.verify(session_id).problems
    except NotFoundError:
        problems = ("the store does not hold it any more",)
    if not problems:
        return Probe("chain", good=True, said="The log of the session is whole.")
    said = f"The log of the session is damaged: {problems[0]}."
    return Probe("chain", good=False, said=said)


def _token(engine: Engine, session_id: SessionId) -> Probe:
    try:
        token = engine.place(session_id).token
        if token is not None:
            engine.rehydrate(token)
    except (InvalidTokenError, NotFoundError) as error:
        return Probe("token", good=False, said=f"Its token cannot be used: {error}")
    return Probe("token", good=True, said="The token of its place can be used.")
