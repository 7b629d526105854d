"""How does a process run where nothing holds it?

It gets the same few variables, an empty HOME, and is ended with all it started. It reads and writes
whatever the daemon's account can, and reaches any network: `shortfall` says so.
"""

import os
import signal
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from workrail_daemon.sandbox.attending import Walls, attend
from workrail_daemon.sandbox.contract import Command, Ran, SandboxKind, SandboxPolicy
from workrail_daemon.sandbox.environment import environment_for
from workrail_daemon.stopping import Stop
from workrail_engine.strays import kill_strays

NOTHING_HOLDS_THEM: Final = (
    "commands run without a sandbox: they can read and change whatever this account can, and reach "
    "any network"
)


class Unconfined:
    """Runs processes as they are."""

    def __init__(
        self, policy: SandboxPolicy, shortfall: str | None, scratch: Path | None = None
    ) -> None:
        """Run with what the policy says of the environment; the rest of it cannot be kept.

        Args:
            policy: what was asked for.
            shortfall: what is said of what is missing; None: it was asked for like this.
            scratch: a folder that is TMPDIR for every process; None: each has its own.
        """
        self._policy = policy
        self._shortfall = shortfall
        self._scratch = scratch

    @property
    def kind(self) -> SandboxKind:
        """Nothing holds them."""
        return "none"

    @property
    def shortfall(self) -> str | None:
        """What is missing of the protection that was asked for."""
        return self._shortfall

    def run(self, command: Command, stop: Stop, heard: Callable[[bytes], None]) -> Ran:
        """Run one process to its end; see the protocol."""
        with tempfile.TemporaryDirectory(
            prefix="worktrain-home-", ignore_cleanup_errors=True
        ) as home:
            variables = self._variables(command, Path(home))
            return run_held(list(command.argv), variables, command, home, (stop, heard))

    def _variables(self, command: Command, home: Path) -> dict[str, str]:
        temporary = home / "tmp" if self._scratch is None else self._scratch
        temporary.mkdir(mode=0o700, parents=True, exist_ok=True)
        ours = {**command.extra, "HOME": str(home), "TMPDIR": str(temporary)}
        return environment_for(self._policy.environment, os.environ, ours)


def run_held(
    argv: list[str],
    variables: dict[str, str],
    command: Command,
    mark: str,
    told: tuple[Stop, Callable[[bytes], None]],
) -> Ran:
    """Run a process in a group of its own.

    Args:
        argv: what is started.
        variables: its whole environment.
        command: what it is started for.
        mark: a text only its environment has: what left the group is found by it (Linux).
        told: the stop signal, and who is told of output.
    """
    try:
        process = subprocess.Popen(
            argv,
            cwd=command.cwd,
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        return not_started(command, error, told[1])
    stop, heard = told
    walls = Walls(end=lambda: _end(process.pid, mark))
    return attend(process, command, walls, stop, heard)


def not_started(command: Command, error: Exception, heard: Callable[[bytes], None]) -> Ran:
    """What a shell comes to with a program that cannot be started."""
    reason = error.strerror if isinstance(error, OSError) else str(error)
    where = command.argv[0] if command.cwd.is_dir() else str(command.cwd)
    said = f"{where}: could not be started: {reason}\n".encode()
    heard(said)
    code = 126 if isinstance(error, PermissionError) else 127
    return Ran(code, said, cut=False, ended=None, seconds=0.0)


def _end(group: int, mark: str) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
    kill_strays(mark)
