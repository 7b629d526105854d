"""How does a process run inside walls, on macOS?

`sandbox-exec` holds it to a profile made from the policy. It is older than its maker's promise to keep
it, and knows no namespaces: processes see each other's names, /tmp is a folder of the run, and limits
are those of one process. The text of profiles is tested; this module has not been run on a Mac.
"""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from workrail_daemon.errors import SandboxUnavailableError
from workrail_daemon.sandbox.contract import Command, Ran, SandboxKind, SandboxPolicy
from workrail_daemon.sandbox.environment import environment_for
from workrail_daemon.sandbox.interpreters import homes, programs_on
from workrail_daemon.sandbox.parts import writable_parts
from workrail_daemon.sandbox.repository import repository_of
from workrail_daemon.sandbox.secret_files import secret_files
from workrail_daemon.sandbox.unconfined import run_held
from workrail_daemon.stopping import Stop

PROGRAM: Final = Path("/usr/bin/sandbox-exec")
_SYSTEM: Final = (
    *("/usr", "/bin", "/sbin", "/System", "/Library/Apple", "/Library/Developer"),
    *("/Library/Frameworks", "/private/etc/ssl", "/private/var/db/timezone", "/opt/homebrew"),
    *("/private/var/select", "/Applications/Xcode.app"),
)
_DEVICES: Final = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/fd")
_LIMITS: Final = 'ulimit -c 0; ulimit -t "$1"; ulimit -u "$2"; shift 2; exec "$@"'
_HEAD: Final = """(version 1)
(deny default)
(allow process-fork process-exec)
(allow signal (target same-sandbox))
(allow process-info* (target same-sandbox))
(allow sysctl-read)
(allow mach-lookup (global-name "com.apple.system.opendirectoryd.libinfo"))
(allow file-read-metadata)"""


class SandboxExec:
    """Runs processes of one run, each held to the same profile."""

    def __init__(self, policy: SandboxPolicy, scratch: Path | None = None) -> None:
        """Build from a policy.

        Args:
            policy: what processes may do.
            scratch: a folder that is TMPDIR for every process; None: each has its own.

        Raises:
            SandboxUnavailableError: hosts are to be reached, which this sandbox cannot limit.
        """
        if policy.hosts:
            message = (
                "with sandbox-exec the network is off or open, so a list of hosts cannot be kept; "
                "take `hosts` out of the settings, or run on Linux"
            )
            raise SandboxUnavailableError(message)
        self._policy = policy
        self._scratch = scratch

    @property
    def kind(self) -> SandboxKind:
        """What holds them."""
        return "sandbox-exec"

    @property
    def shortfall(self) -> str | None:
        """What it cannot do of what was asked for."""
        return "sandbox-exec limits neither the memory of a command nor what it learns of processes"

    def run(self, command: Command, stop: Stop, heard: Callable[[bytes], None]) -> Ran:
        """Run one process to its end; see the protocol."""
        with ExitStack() as kept:
            made = tempfile.TemporaryDirectory(prefix="worktrain-", ignore_cleanup_errors=True)
            home = Path(kept.enter_context(made)).resolve()
            temporary = home / "tmp" if self._scratch is None else self._scratch
            temporary.mkdir(mode=0o700, exist_ok=True)
            ours = {**command.extra, "HOME": str(home), "TMPDIR": str(temporary)}
            variables = environment_for(self._policy.environment, os.environ, ours)
            profile = profile_for(self._policy, (home, temporary), variables["PATH"])
            limits = [str(self._policy.cpu_seconds), str(self._policy.processes)]
            argv = [str(PROGRAM), "-p", profile, "/bin/sh", "-c", _LIMITS, "sh", *limits]
            return run_held([*argv, *command.argv], variables, command, str(home), (stop, heard))


def profile_for(policy: SandboxPolicy, writable: Sequence[Path], path: str) -> str:
    """The profile of a policy. A later rule goes before an earlier one.

    Args:
        policy: what processes may do.
        writable: further folders they can write to.
        path: the value of PATH.
    """
    programs = programs_on(path, policy.workspace, (*policy.hidden, policy.workspace))
    read = [*_SYSTEM, *_DEVICES, *(str(each.source) for each in programs)]
    writable = (*writable, *policy.also_writable)
    read += [*map(str, policy.readable), str(policy.workspace), *map(str, writable)]
    parts = writable_parts(policy.workspace, policy.parts) if policy.writable else ()
    write = [*_DEVICES, *map(str, writable), *map(str, parts)]
    lines = [_HEAD, '(allow file-read* (literal "/"))']
    lines.append(_rule("allow file-read* file-map-executable", read))
    lines.append(_rule("allow file-write*", write))
    lines += _refusals(policy)
    return "\n".join(lines) + "\n"


def _refusals(policy: SandboxPolicy) -> Iterator[str]:
    inner = [each for each in policy.hidden if not policy.workspace.is_relative_to(each)]
    hidden = [*inner, *secret_files(policy.workspace)]
    shown = set(map(str, policy.readable))
    if kept := [str(each) for each in hidden if str(each) not in shown]:
        yield _rule("deny file-read* file-write*", kept)
    repository = repository_of(policy.workspace, homes())
    if repository is not None:
        read = [str(place) for place in repository.places]
        yield _rule("allow file-read*", read)
        never = [*repository.never_written, *repository.configurations, repository.entry / "hooks"]
        if not policy.protect_git and policy.writable:
            yield _rule("allow file-write*", read)
            yield _rule(
                "deny file-write*", [*map(str, never), *map(str, repository.must_not_appear)]
            )
            return
    if policy.protect_git:
        places = [policy.workspace / ".git", *(repository.places if repository else ())]
        yield _rule("deny file-write*", [str(place) for place in dict.fromkeys(places)])


def _rule(what: str, places: Sequence[str]) -> str:
    return f"({what}\n" + "\n".join(f"  (subpath {_quoted(each)})" for each in places) + ")"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
