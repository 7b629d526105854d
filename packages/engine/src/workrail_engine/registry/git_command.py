"""How is git asked so that it can neither run anything of a stranger's, nor ask anyone, nor hang?

Arguments are a list and never a shell's text. No hooks, no submodules, no filters (nothing is ever
checked out), no transport but the three that are allowed, no prompt on any terminal. Git and all it
started are killed when the time is over.
"""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from workrail_engine.errors import SourceUnavailableError

DEFAULT_SECONDS: Final = 30.0
_SAFE: Final = (
    *("-c", "protocol.ext.allow=never"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "submodule.recurse=false"),
    *("-c", "fetch.recurseSubmodules=false"),
    *("-c", "gc.auto=0"),
    *("-c", "maintenance.auto=false"),
    *("-c", "advice.detachedHead=false"),
)
_SETTINGS: Final[Mapping[str, str]] = {
    "GIT_ALLOW_PROTOCOL": "https:ssh:file",
    "GIT_ASKPASS": "true",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GCM_INTERACTIVE": "never",
    "LC_ALL": "C",
    "SSH_ASKPASS": "true",
    "SSH_ASKPASS_REQUIRE": "never",
}
_KEPT: Final = frozenset(
    {"GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH"}
    | {"GIT_CONFIG_GLOBAL", "GIT_EXEC_PATH", "GIT_PROXY_SSL_CAINFO"}
)
_ADVICE: Final = ("Please make sure you have the correct access", "and the repository exists")
_SAID: Final = 300


class GitFailedError(SourceUnavailableError):
    """Git could not do what was asked, or not in time; the message is a clause without an end."""


def run_git(
    arguments: Sequence[str],
    folder: Path,
    seconds: float = DEFAULT_SECONDS,
    given: bytes | None = None,
) -> bytes:
    """What git printed.

    Args:
        arguments: the command and what it takes; anything a stranger wrote stands after `--`.
        folder: where git works.
        seconds: how long it may take.
        given: what it reads; nothing when left out.

    Raises:
        GitFailedError: git is not installed, failed, or took too long.
    """
    try:
        process = subprocess.Popen(
            ["git", *_SAFE, *arguments],
            cwd=folder,
            env=_environment(os.environ),
            stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # no terminal to ask on, and one group to kill
        )
    except OSError as error:
        message = f"git could not be run ({error.strerror}); install git, or mend PATH"
        raise GitFailedError(message) from error
    with process:
        try:
            printed, said = process.communicate(given, timeout=seconds)
        except subprocess.TimeoutExpired as error:
            message = f"git gave no answer within {seconds:g} seconds"
            raise GitFailedError(message) from error
        finally:
            _end(process)
    if process.returncode != 0:
        raise GitFailedError(_reason(said, process.returncode))
    return printed


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Kill git and whatever it started; a group that has ended already is left alone."""
    if process.returncode is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            process.kill()
        process.wait()


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Our settings, without what an outer git or a user's shell would mean for another repository."""
    passed = {
        name: value
        for name, value in variables.items()
        if name in _KEPT or not name.startswith("GIT_")
    }
    return {**passed, **_SETTINGS}


def _reason(said: bytes, code: int) -> str:
    """What git said first, on one line, without the advice it always gives."""
    lines = [line.strip() for line in said.decode("utf-8", "replace").splitlines()]
    news = [line.rstrip(".") for line in lines if line and not line.startswith(_ADVICE)]
    text = "; ".join(news[:3]) or f"git ended with {code}"
    text = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)
    return text if len(text) <= _SAID else f"{text[: _SAID - 1]}…"
