"""How is `bwrap` started, and how is what it holds ended?"""

import json
import os
import select
import signal
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final, cast

from workrail_daemon.sandbox.walls import PLACE_OF_DESCRIPTOR, Lines

_STARTED: Final = 10.0
"""Seconds `bwrap` has to make its namespaces."""
_GONE: Final = 5.0
_MOST_TOLD: Final = 4096


class Held:
    """A process in namespaces of its own, with all it started."""

    def __init__(self, process: "subprocess.Popen[bytes]", inner: int | None) -> None:
        """Hold a started `bwrap`.

        Args:
            process: `bwrap` itself, outside.
            inner: the first process inside; None: it did not come to that.
        """
        self.process = process
        self.inner = inner
        self._handle: int | None = None
        if inner is not None:
            with suppress(OSError):
                self._handle = os.pidfd_open(inner)

    def end(self) -> None:
        """Kill all inside, and wait until they are gone. Safe from several threads."""
        handle = self._handle
        if handle is not None:
            # When the first process of such a namespace ends, the kernel kills all the others first.
            with suppress(OSError):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
            with suppress(OSError):
                if select.select([handle], [], [], _GONE)[0]:
                    return
        with suppress(OSError):
            self.process.kill()

    def close(self) -> None:
        """Forget the process; it has ended."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)


def start(bwrap: Path, lines: Lines, argv: Sequence[str], kept: ExitStack) -> Held:
    """Start a process inside walls.

    Args:
        bwrap: the program.
        lines: the walls.
        argv: what runs inside.
        kept: closes what is opened here, at the end of the process.

    Raises:
        OSError: `bwrap` could not be started.
    """
    passed: list[int] = []
    words = list(lines.arguments)
    for content in lines.written:
        passed.append(_in_memory(content, kept))
        words[words.index(PLACE_OF_DESCRIPTOR)] = str(passed[-1])
    told_in, told_out = os.pipe()
    kept.callback(os.close, told_in)
    try:
        # Not on the command line: everyone on the machine can read that, and it has a limit.
        every = [*words, *lines.last, "--info-fd", str(told_out)]
        arguments = "\0".join(every).encode("utf-8", "surrogateescape") + b"\0"
        passed += [_in_memory(arguments, kept), told_out]
        process = subprocess.Popen(
            [str(bwrap), "--args", str(passed[-2]), "--", *argv],
            cwd="/",
            env={},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            pass_fds=passed,
            start_new_session=True,
        )
    finally:
        os.close(told_out)
    held = Held(process, _first_inside(told_in))
    kept.callback(held.close)
    return held


def _first_inside(told: int) -> int | None:
    """The number of the first process inside, as `bwrap` tells it."""
    text = b""
    while b"}" not in text and len(text) < _MOST_TOLD:
        if not select.select([told], [], [], _STARTED)[0]:
            return None
        piece = os.read(told, _MOST_TOLD)
        if not piece:
            return None
        text += piece
    with suppress(ValueError):
        value = cast("dict[str, object]", json.loads(text)).get("child-pid")
        return value if isinstance(value, int) else None
    return None


def _in_memory(content: bytes, kept: ExitStack) -> int:
    """A descriptor from which some content can be read."""
    descriptor = os.memfd_create("worktrain")
    kept.callback(os.close, descriptor)
    with open(descriptor, "wb", closefd=False) as file:
        file.write(content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
