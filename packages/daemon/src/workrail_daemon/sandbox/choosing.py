"""Which sandbox does a run get, and what is said when it is less than was asked for?

required   one that works, or the run does not start
auto       one that works; where there is none, nothing holds its commands, and that is said
off        none, as asked
"""

import os
import platform
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from workrail_daemon.errors import SandboxUnavailableError
from workrail_daemon.sandbox.bubblewrap import Bubblewrap, Programs
from workrail_daemon.sandbox.contract import Sandbox, SandboxKind, SandboxPolicy, SandboxWish
from workrail_daemon.sandbox.hosts import Reach
from workrail_daemon.sandbox.sandbox_exec import PROGRAM, SandboxExec
from workrail_daemon.sandbox.unconfined import NOTHING_HOLDS_THEM, Unconfined

_FOLDERS: Final = ("/usr/bin", "/bin", "/usr/local/bin", "/run/wrappers/bin", "/usr/sbin")
"""Where a program is looked for that makes walls. Not on PATH: an agent may write there."""
_PATIENCE: Final = 20.0
_INSTALL: Final = (
    "install it: `apt-get install bubblewrap`, `dnf install bubblewrap`, `apk add bubblewrap` or "
    "`pacman -S bubblewrap`"
)
_REMEDIES: Final = (
    (
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "AppArmor keeps programs from making user namespaces: allow it with "
        "`sysctl kernel.apparmor_restrict_unprivileged_userns=0`, or a profile for bwrap with "
        "`userns,`",
    ),
    (
        "/proc/sys/kernel/unprivileged_userns_clone",
        "0",
        "the kernel keeps accounts from making user namespaces: allow it with "
        "`sysctl kernel.unprivileged_userns_clone=1`",
    ),
    (
        "/proc/sys/user/max_user_namespaces",
        "0",
        "no user namespaces are allowed here: allow them with `sysctl user.max_user_namespaces=15000`",
    ),
)
_IN_A_CONTAINER: Final = (
    "inside a container, its engine has to allow namespaces: for Docker, `--security-opt "
    "seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined`"
)


@dataclass(frozen=True)
class Possible:
    """What this machine can do."""

    kind: SandboxKind
    """The best that works."""
    why_not: str | None = None
    """Why there is no better one, and what to do; None: there is one."""
    programs: Programs | None = None


def sandbox_for(
    wish: SandboxWish,
    policy: SandboxPolicy,
    scratch: Path | None = None,
    reach: Reach | None = None,
) -> Sandbox:
    """The sandbox of a run.

    Args:
        wish: how much it matters.
        policy: what its processes may do.
        scratch: a folder outside the workspace that is their /tmp; None: each has an empty one.
        reach: how allowed hosts are found; None: as this machine does.

    Raises:
        SandboxUnavailableError: one is required and none works, or the policy would show what no
            sandbox may show.
    """
    return chosen(possible(), wish, policy, scratch, reach)


def chosen(
    found: Possible,
    wish: SandboxWish,
    policy: SandboxPolicy,
    scratch: Path | None = None,
    reach: Reach | None = None,
) -> Sandbox:
    """The same, on a machine that can do what was found.

    Raises:
        SandboxUnavailableError: as above.
    """
    if wish == "off":
        return Unconfined(policy, f"the sandbox is switched off: {NOTHING_HOLDS_THEM}", scratch)
    if found.programs is not None:
        return Bubblewrap(found.programs, policy, scratch, reach)
    if found.kind == "sandbox-exec":
        return SandboxExec(policy, scratch)
    if wish == "required":
        message = f"a sandbox is required, and there is none here: {found.why_not}"
        raise SandboxUnavailableError(message)
    return Unconfined(policy, f"{found.why_not}. Until then {NOTHING_HOLDS_THEM}", scratch)


@cache
def possible() -> Possible:
    """What this machine can do, tried out once."""
    system = platform.system()
    if system == "Darwin":
        if PROGRAM.is_file():
            return Possible("sandbox-exec")
        return Possible("none", f"{PROGRAM} is not there")
    if system != "Linux":
        return Possible("none", f"worktrain knows no sandbox for {system}")
    return _on_linux()


def _on_linux() -> Possible:
    bwrap = _program("bwrap")
    if bwrap is None:
        return Possible("none", f"`bwrap` (bubblewrap) is not installed; {_INSTALL}")
    said = _tried(bwrap)
    if said is not None:
        return Possible("none", f"`bwrap` does not work here ({said}); {_remedy()}")
    nesting = _tried(bwrap, "--unshare-user", "--disable-userns") is None
    return Possible("bubblewrap", None, Programs(bwrap, _program("prlimit"), nesting))


def _tried(bwrap: Path, *more: str) -> str | None:
    """What `bwrap` says when it cannot make what every sandbox needs; None: it can."""
    words = ["--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", *more]
    try:
        ended = subprocess.run(
            [str(bwrap), *words, "--", "/bin/sh", "-c", ":"],
            env={},
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if ended.returncode == 0:
        return None
    said = ended.stderr.decode("utf-8", "replace").strip().splitlines()
    return said[-1].removeprefix("bwrap: ") if said else f"it ended with {ended.returncode}"


def _remedy() -> str:
    for place, value, said in _REMEDIES:
        try:
            if Path(place).read_text().strip() == value:
                return said
        except OSError:
            continue
    return _IN_A_CONTAINER


def _program(name: str) -> Path | None:
    places = (Path(folder) / name for folder in _FOLDERS)
    return next((place for place in places if os.access(place, os.X_OK)), None)
