"""How does a command run so that it ends in time, and nothing of it stays behind?

It leads a session of its own, reads nothing, and one pipe takes all it prints. When it has ended or
its time is over, whatever is left of its group is ended: asked first, then killed. On Linux, children
that left the group are found by the folder only they have in their environment, and killed too.
"""

import os
import selectors
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Final

from workrail_engine.checks.findings import CannotCheckError, one_line
from workrail_engine.ports import CheckCommand, CommandEnd
from workrail_engine.strays import kill_strays

_LOOK_EVERY: Final = 0.05
_GRACE: Final = 1.5
"""Seconds between asking a group to end and killing it."""
_TOLD_EVERY: Final = 1.0
_PIECE: Final = 64 * 1024


def run_here(
    command: CheckCommand, take: Callable[[bytes], None], told: Callable[[float], None]
) -> CommandEnd:
    """Run the command of a check to its end, held by nothing; see `ports.RunCheckCommand`.

    Raises:
        CannotCheckError: it could not be started.
    """
    folder = Path(command.folder)
    return run_command(command.argv, folder, command.environment, command.seconds, take, told)


def run_command(
    argv: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    seconds: float,
    take: Callable[[bytes], None],
    told: Callable[[float], None],
) -> CommandEnd:
    """Run a command to its end, or to the end of its time.

    Args:
        argv: the program and its arguments; no shell reads them.
        folder: where it runs.
        environment: all the variables it gets; HOME is a folder made for it alone, as whatever
            has it in its environment is killed at the end.
        seconds: how long it may take.
        take: takes what it prints, as it comes.
        told: told every second how many seconds have passed.

    Raises:
        CannotCheckError: it could not be started.
    """
    process = _started(argv, folder, environment)
    group = process.pid
    overdue = left_behind = False
    with process, selectors.DefaultSelector() as waiting:
        pipe = process.stdout
        assert pipe is not None  # noqa: S101 (it was asked for)
        try:
            os.set_blocking(pipe.fileno(), False)
            waiting.register(pipe, selectors.EVENT_READ)
            overdue = not _ended_in_time(process, waiting, seconds, take, told)
            if overdue:
                _end_group(group, process, waiting, take)
            _read(waiting, take, most=_PIECE * 4)
            left_behind = _end_group(group, process, waiting, take) and not overdue
            left_behind = kill_strays(environment["HOME"]) or left_behind
        finally:  # before the context waits for the process
            if process.returncode is None:
                _kill(group)
                kill_strays(environment["HOME"])
    return CommandEnd(process.wait(), overdue, left_behind)


def _started(
    argv: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(
            list(argv),
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            start_new_session=True,
        )
    except FileNotFoundError as error:
        message = f"{one_line(argv[0])} is not there; install it, or mend the command or PATH"
        raise CannotCheckError(message) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        message = f"{one_line(argv[0])} could not be started ({reason}); mend the command"
        raise CannotCheckError(message) from error


def _ended_in_time(
    process: "subprocess.Popen[bytes]",
    waiting: selectors.BaseSelector,
    seconds: float,
    take: Callable[[bytes], None],
    told: Callable[[float], None],
) -> bool:
    """Wait for the command itself; a child that holds the pipe open does not keep anyone."""
    start = said = monotonic()
    while process.poll() is None:
        now = monotonic()
        if now - start >= seconds:
            return False
        if now - said >= _TOLD_EVERY:
            said = now
            told(now - start)
        pause = min(_LOOK_EVERY, seconds - (now - start))
        if waiting.get_map():
            _read(waiting, take, most=_PIECE, pause=pause)
        else:
            with suppress(subprocess.TimeoutExpired):
                process.wait(pause)
    return True


def _read(
    waiting: selectors.BaseSelector, take: Callable[[bytes], None], most: int, pause: float = 0.0
) -> None:
    """Take what lies in the pipe, up to some bytes; a pipe that has ended is forgotten."""
    taken = 0
    while taken < most and waiting.get_map():
        if not waiting.select(pause if not taken else 0.0):
            return
        pipe = next(iter(waiting.get_map().values())).fileobj
        try:
            piece = os.read(pipe if isinstance(pipe, int) else pipe.fileno(), _PIECE)
        except BlockingIOError:
            return
        if not piece:
            waiting.unregister(pipe)
            return
        taken += len(piece)
        take(piece)


def _end_group(
    group: int,
    process: "subprocess.Popen[bytes]",
    waiting: selectors.BaseSelector,
    take: Callable[[bytes], None],
) -> bool:
    """Ask what is left of a group to end, then kill it; whether there was anything left."""
    if not _signal(group, signal.SIGTERM):
        return False
    last = monotonic() + _GRACE
    while monotonic() < last and _signal(group, 0):
        process.poll()
        if waiting.get_map():
            _read(waiting, take, most=_PIECE, pause=_LOOK_EVERY)
        else:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_LOOK_EVERY)
        if process.returncode is not None:
            break
    _kill(group)
    process.wait()
    return True


def _signal(group: int, number: int) -> bool:
    """Whether there was a group to send a signal to."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _kill(group: int) -> None:
    _signal(group, signal.SIGKILL)
