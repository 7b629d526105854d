"""How does a process run inside walls, on Linux?

`bwrap` makes them from the policy, for each process anew: namespaces of its own, a file system made of
what `walls` binds, no network, no capabilities, a filter of system calls. The process and all it
started live in one namespace of processes, which ends when its first one is killed.
"""

import os
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from workrail_daemon.errors import SandboxUnavailableError
from workrail_daemon.sandbox import relay, walls
from workrail_daemon.sandbox.attending import Walls, attend
from workrail_daemon.sandbox.contract import Command, Ran, SandboxKind, SandboxPolicy
from workrail_daemon.sandbox.environment import environment_for
from workrail_daemon.sandbox.hosts import Reach
from workrail_daemon.sandbox.interpreters import Seen, homes, programs_on, toolchains
from workrail_daemon.sandbox.parts import writable_parts
from workrail_daemon.sandbox.proxy import open_proxy
from workrail_daemon.sandbox.repository import Repository, repository_of
from workrail_daemon.sandbox.secret_files import secret_files
from workrail_daemon.sandbox.starting import start
from workrail_daemon.sandbox.system_calls import filter_program
from workrail_daemon.sandbox.unconfined import not_started
from workrail_daemon.sandbox.watching import Watch
from workrail_daemon.stopping import Stop

_RELAY: Final = Path("/run/worktrain/relay.py")
_SOCKET: Final = Path("/run/worktrain/proxy")
_MOST_FILE: Final = 4 * 2**30
_OURS: Final = {
    "HOME": str(walls.HOME),
    "TMPDIR": str(walls.TEMPORARY),
    "USER": "agent",
    "LOGNAME": "agent",
    # Folders that something lies on count as ends of a file system, where git would stop looking.
    "GIT_DISCOVERY_ACROSS_FILESYSTEM": "1",
}


@dataclass(frozen=True)
class Programs:
    """What this machine makes walls with."""

    bwrap: Path
    prlimit: Path | None
    no_nesting: bool
    """Whether this `bwrap` can forbid new user namespaces."""


class Bubblewrap:
    """Runs processes of one run, each inside new walls of the same shape."""

    def __init__(
        self,
        programs: Programs,
        policy: SandboxPolicy,
        scratch: Path | None = None,
        reach: Reach | None = None,
    ) -> None:
        """Build from a policy.

        Args:
            programs: found on this machine.
            policy: what processes may do.
            scratch: a folder outside the workspace that is /tmp for every process; None: each
                has an empty one, in memory.
            reach: how allowed hosts are found and reached; None: as the daemon itself does.

        Raises:
            SandboxUnavailableError: what the policy shows would hold what it hides.
        """
        self._programs = programs
        self._policy = policy
        self._scratch = scratch
        self._reach = Reach() if reach is None else reach
        self._homes = homes()
        self._refuse_too_much()
        never = (*policy.hidden, policy.workspace)
        path = environment_for((), os.environ, {})["PATH"]
        found = programs_on(path, policy.workspace, never)
        if policy.hosts:
            relays = str(Path(sys.executable).resolve().parent)
            found += programs_on(relays, policy.workspace, never)
        self._toolchains = toolchains(os.environ)
        found += tuple(Seen(each.resolve(), each) for each in self._toolchains.values())
        asked = [Seen(each.resolve(), each) for each in policy.readable if each.exists()]
        self._seen = (
            *found,
            *(each for each in asked if not each.at.is_relative_to(policy.workspace)),
        )

    @property
    def kind(self) -> SandboxKind:
        """What holds them."""
        return "bubblewrap"

    @property
    def shortfall(self) -> str | None:
        """What is missing on this machine of what was asked for."""
        if self._programs.prlimit is None:
            return "`prlimit` is not installed, so one process may write a file of any size"
        return None

    def run(self, command: Command, stop: Stop, heard: Callable[[bytes], None]) -> Ran:
        """Run one process to its end; see the protocol."""
        with ExitStack() as kept:
            repository = repository_of(self._policy.workspace, self._homes)
            kept.enter_context(_cleared_afterwards(self._policy, repository))
            try:
                lines = self._lines(repository, command, kept)
                held = start(self._programs.bwrap, lines, self._limited(command.argv), kept)
            except (OSError, ValueError) as error:
                return not_started(command, error, heard)
            watch = Watch(held.inner, self._policy.memory_mb, self._policy.processes)
            around = Walls(end=held.end, too_much=watch.too_much)
            return attend(held.process, command, around, stop, heard)

    def _lines(
        self, repository: Repository | None, command: Command, kept: ExitStack
    ) -> walls.Lines:
        policy, lines = self._policy, walls.Lines()
        walls.machine(lines, self._scratch, policy.memory_mb * 2**20 // 4)
        if self._programs.no_nesting:
            lines.add("--disable-userns")
        walls.further(lines, self._seen, policy.hidden)
        parts = writable_parts(policy.workspace, policy.parts) if policy.writable else ()
        secrets = sorted(set(secret_files(policy.workspace)) - set(policy.readable))
        led_to = () if repository is None else repository.led_to
        covered = [*secrets, *led_to, *(each for each in policy.hidden if each.exists())]
        walls.workspace(lines, policy.workspace, parts, covered)
        walls.mask(lines, policy.hidden, [policy.workspace])
        for folder in filter(Path.exists, policy.also_writable):
            lines.seen(folder.resolve(), folder, writable=True)
        walls.kept_back(lines, secrets)
        if repository is not None:
            walls.git(lines, repository, protected=policy.protect_git or not policy.writable)
        elif policy.workspace in parts:
            walls.no_git(lines, policy.workspace, protected=policy.protect_git)
        if policy.hosts:
            lines.seen(kept.enter_context(open_proxy(policy.hosts, self._reach)), _SOCKET)
            lines.text(Path(relay.__file__).read_text("utf-8"), _RELAY)
        filtered = filter_program()
        if filtered is not None:
            lines.content("--seccomp", filtered)
        chains = {name: str(place) for name, place in self._toolchains.items()}
        ours = {**command.extra, **chains, **_OURS, **(relay.VARIABLES if policy.hosts else {})}
        lines.add("--clearenv")
        for name, value in environment_for(policy.environment, os.environ, ours).items():
            lines.add("--setenv", name, value)
        lines.add("--chdir", command.cwd)
        return lines

    def _limited(self, argv: Sequence[str]) -> list[str]:
        """A command behind what limits it and what carries its network."""
        head: list[str] = []
        if self._programs.prlimit is not None:
            head += [
                str(self._programs.prlimit),
                f"--nproc={self._policy.processes}",
                f"--data={self._policy.memory_mb * 2**20}",
                f"--cpu={self._policy.cpu_seconds}",
                f"--fsize={_MOST_FILE}",
                "--core=0",
                "--",
            ]
        if self._policy.hosts:
            python = str(Path(sys.executable).resolve())
            head += [python, "-I", "-S", str(_RELAY), str(_SOCKET)]
        return [*head, *argv]

    def _refuse_too_much(self) -> None:
        policy = self._policy
        for shown in (policy.workspace, *policy.readable, *policy.also_writable):
            if any(home.is_relative_to(shown.resolve()) for home in self._homes):
                message = (
                    f"{shown} is the home of this account, or holds it, with every key in it; "
                    "choose the folder of one project"
                )
                raise SandboxUnavailableError(message)
        if (self._policy.workspace / ".git").is_symlink():
            message = (
                f"{self._policy.workspace / '.git'} is a link, which cannot be protected; put the "
                "repository itself there, or a worktree of it"
            )
            raise SandboxUnavailableError(message)


@contextmanager
def _cleared_afterwards(policy: SandboxPolicy, repository: Repository | None) -> Generator[None]:
    """Take away what must not appear in a repository, and what was only a place to lie over."""
    appearing = () if repository is None else repository.must_not_appear
    place = policy.workspace / ".git"
    there = os.path.lexists(place)
    try:
        yield
    finally:
        for each in appearing:
            with suppress(OSError):
                each.unlink()
        if not there and policy.protect_git:
            with suppress(OSError):
                place.rmdir()
