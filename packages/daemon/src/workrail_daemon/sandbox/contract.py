"""What does a tool ask of a sandbox, and what is it told?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from workrail_daemon.stopping import Stop

SandboxKind: TypeAlias = Literal["bubblewrap", "sandbox-exec", "none"]
SandboxWish: TypeAlias = Literal["required", "auto", "off"]


@dataclass(frozen=True)
class SandboxPolicy:
    """What processes of a run may do."""

    workspace: Path
    """Writable, and where they start."""
    writable: bool = True
    """Whether the workspace is."""
    parts: tuple[str, ...] = ("**",)
    """Globs of what of it is writable: folders (`src/**`) and single paths; other globs do not
    count here."""
    also_writable: tuple[Path, ...] = ()
    """Further folders that can be written, such as the one a report goes to."""
    protect_git: bool = True
    """Whether `.git` is read-only."""
    hosts: tuple[str, ...] = ()
    """Hosts that may be reached, `name` or `*.name`; none: the network is off."""
    environment: tuple[str, ...] = ()
    """Further names of variables that are handed on."""
    readable: tuple[Path, ...] = ()
    """Further folders that can be read."""
    hidden: tuple[Path, ...] = ()
    """Folders that are not there: the home of the store, credentials."""
    memory_mb: int = 4096
    processes: int = 512
    cpu_seconds: int = 1800


@dataclass(frozen=True)
class Command:
    """A process to start."""

    argv: Sequence[str]
    cwd: Path
    seconds: float
    """Until it is ended, with all it started."""
    stdin: bytes = b""
    extra: dict[str, str] = field(default_factory=dict[str, str])
    """Further variables of its environment."""


@dataclass(frozen=True)
class Ran:
    """What a process came to."""

    exit_code: int | None
    """None: it was ended; `ended` says why."""
    output: bytes
    """stdout and stderr, in the order they came; at most `MOST_OUTPUT` bytes."""
    cut: bool
    """Whether there was more than that."""
    ended: Literal["time", "stopped", "output"] | None
    seconds: float


MOST_OUTPUT = 32 * 1024 * 1024
"""Bytes of output of one process that are kept; one that writes more is ended."""


class Sandbox(Protocol):
    """Runs processes of one run, each inside the same walls."""

    @property
    def kind(self) -> SandboxKind:
        """What holds them."""
        ...

    @property
    def shortfall(self) -> str | None:
        """What is missing of the protection that was asked for, in a sentence; None: nothing."""
        ...

    def run(self, command: Command, stop: Stop, heard: Callable[[bytes], None]) -> Ran:
        """Run one process to its end; none of its descendants is left behind.

        Args:
            command: what to run.
            stop: ends it at once.
            heard: told each piece of output as it comes.
        """
        ...
