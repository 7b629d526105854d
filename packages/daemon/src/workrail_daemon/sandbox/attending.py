"""How is a process attended to until it ends, or has to be ended?

One thread does it all: it hands over stdin, takes what is printed, and looks at the clock, the stop
signal, the size of the output and, through `too_much`, at what else is limited. Whoever started the
process says how it is ended; that has to end everything it started.
"""

import os
import selectors
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Final, Literal, TypeAlias

from workrail_daemon.sandbox.contract import MOST_OUTPUT, Command, Ran
from workrail_daemon.stopping import Stop

_LOOK_EVERY: Final = 0.05
_PIECE: Final = 64 * 1024
_LAST_WORDS: Final = 2.0
"""Seconds for what is still in the pipe once everything was ended."""

_Ended: TypeAlias = Literal["time", "stopped", "output"]


@dataclass(frozen=True)
class Walls:
    """What whoever started a process knows of it."""

    end: Callable[[], None]
    """Ends the process and all it started; may be called again, and when they have ended."""
    too_much: Callable[[], str | None] = lambda: None
    """Asked often: a sentence once more was used than is allowed."""
    most_output: int = MOST_OUTPUT


def attend(
    process: "subprocess.Popen[bytes]",
    command: Command,
    walls: Walls,
    stop: Stop,
    heard: Callable[[bytes], None],
) -> Ran:
    """Attend to a process until nothing of it is left.

    Args:
        process: started with pipes for stdin and for stdout, which stderr goes to as well.
        command: what it was started for.
        walls: how it is ended.
        stop: ends it at once.
        heard: told each piece of output as it comes.
    """
    return _Attendance(process, command, walls, heard).until_the_end(stop)


class _Attendance:
    def __init__(
        self,
        process: "subprocess.Popen[bytes]",
        command: Command,
        walls: Walls,
        heard: Callable[[bytes], None],
    ) -> None:
        self._process = process
        self._command = command
        self._walls = walls
        self._heard = heard
        self._began = monotonic()
        self._output = bytearray()
        self._cut = False
        self._left = memoryview(command.stdin)
        self._pipes = selectors.DefaultSelector()

    def until_the_end(self, stop: Stop) -> Ran:
        ended: _Ended | None = None
        told: str | None = None
        assert self._process.stdout is not None and self._process.stdin is not None  # noqa: S101, PT018 (they were asked for)
        with self._process, self._pipes:
            try:
                self._open()
                with stop.ending(self._walls.end):
                    ended, told = self._while_it_runs(stop)
            finally:
                self._walls.end()
                self._last_words()
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(_LAST_WORDS)
                if self._process.returncode is None:
                    self._process.kill()
        if told is not None:
            self._keep(f"\n[{told}]\n".encode())
        code = None if ended is not None else _shell_code(self._process.wait())
        return Ran(code, bytes(self._output), self._cut, ended, monotonic() - self._began)

    def _open(self) -> None:
        assert self._process.stdout is not None and self._process.stdin is not None  # noqa: S101, PT018 (they were asked for)
        os.set_blocking(self._process.stdout.fileno(), False)
        self._pipes.register(self._process.stdout.fileno(), selectors.EVENT_READ)
        if self._left:
            os.set_blocking(self._process.stdin.fileno(), False)
            self._pipes.register(self._process.stdin.fileno(), selectors.EVENT_WRITE)
        else:
            self._process.stdin.close()

    def _while_it_runs(self, stop: Stop) -> tuple[_Ended | None, str | None]:
        """Until the process has ended, or has to be; why, and what is told of that."""
        last = self._began + self._command.seconds
        while self._process.poll() is None:
            self._move(_LOOK_EVERY)
            if stop.given:
                return "stopped", None
            if self._cut:
                return "output", None
            if monotonic() >= last:
                return "time", None
            told = self._walls.too_much()
            if told is not None:
                return None, told
        return ("stopped" if stop.given else None), None

    def _move(self, seconds: float) -> bool:
        """Hand over and take what can be at once; whether anything could."""
        if not self._pipes.get_map():
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
            return False
        ready = self._pipes.select(seconds)
        for key, _ in ready:
            if key.events & selectors.EVENT_WRITE:
                self._hand_over(key.fd)
            else:
                self._take(key.fd)
        return bool(ready)

    def _hand_over(self, pipe: int) -> None:
        try:
            self._left = self._left[os.write(pipe, self._left[:_PIECE]) :]
        except BlockingIOError:
            return
        except OSError:
            self._left = memoryview(b"")  # it does not read what it is given
        if not self._left:
            self._pipes.unregister(pipe)
            assert self._process.stdin is not None  # noqa: S101 (it was asked for)
            with suppress(OSError):
                self._process.stdin.close()

    def _take(self, pipe: int) -> None:
        try:
            piece = os.read(pipe, _PIECE)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        if piece:
            self._keep(piece)
        else:
            self._pipes.unregister(pipe)

    def _keep(self, piece: bytes) -> None:
        room = self._walls.most_output - len(self._output)
        if len(piece) > room:
            self._cut = True
        if kept := piece[: max(0, room)]:
            self._output += kept
            self._heard(kept)

    def _last_words(self) -> None:
        """What was printed before the end, and is still in the pipe."""
        last = monotonic() + _LAST_WORDS
        for key in list(self._pipes.get_map().values()):
            if key.events & selectors.EVENT_WRITE:
                self._pipes.unregister(key.fd)
        while self._pipes.get_map() and not self._cut and monotonic() < last:
            self._move(_LOOK_EVERY)


def _shell_code(code: int) -> int:
    """As a shell tells it: 128 and the number of the signal that ended it."""
    return code if code >= 0 else 128 - code
