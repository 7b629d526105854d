"""How is git asked so that it can neither run anything of a stranger's, nor ask anyone, nor hang?

Arguments are a list and never a shell's text. No hooks, no submodules, no filters (nothing is ever
checked out), no transport but the three that are allowed, no prompt on any terminal. Git and all it
started are killed when the time is over.
"""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Final, TypeAlias

from workrail_engine.errors import SourceUnavailableError

Stopped: TypeAlias = Callable[[], bool]
"""Asked now and then whether to give up."""

DEFAULT_SECONDS: Final = 30.0
_ASKED_EVERY: Final = 0.05
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


def never() -> bool:
    """Nobody gives up."""
    return False


def git_argv(arguments: Sequence[str]) -> list[str]:
    """The whole command line of git, with all that keeps it from running anything else."""
    return ["git", *_SAFE, *arguments]


def git_environment(settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables git is given: none that an outer git or a user's shell means for another place.

    Args:
        settings: variables that come on top of ours.
    """
    passed = {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or not name.startswith("GIT_")
    }
    return {**passed, **_SETTINGS, **(settings or {})}


def run_git(
    arguments: Sequence[str],
    folder: Path,
    seconds: float = DEFAULT_SECONDS,
    given: bytes | None = None,
    stopped: Stopped = never,
    settings: Mapping[str, str] | None = None,
) -> bytes:
    """What git printed.

    Args:
        arguments: the command and what it takes; anything a stranger wrote stands after `--`.
        folder: where git works.
        seconds: how long it may take.
        given: what it reads; nothing when left out.
        stopped: whether nobody wants the answer any more; git is killed soon after it says so.
        settings: variables besides ours, as for `git_environment`.

    Raises:
        GitFailedError: git is not installed, failed, took too long or was stopped.
    """
    try:
        process = subprocess.Popen(
            git_argv(arguments),
            cwd=folder,
            env=git_environment(settings),
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
            printed, said = _answer(process, given, seconds, stopped)
        finally:
            _end(process)
    if process.returncode != 0:
        raise GitFailedError(_reason(said, process.returncode))
    return printed


def _answer(
    process: "subprocess.Popen[bytes]", given: bytes | None, seconds: float, stopped: Stopped
) -> tuple[bytes, bytes]:
    """What git printed and what it said, unless the time is over or nobody waits any more."""
    last = monotonic() + seconds
    while not stopped():
        left = last - monotonic()
        try:
            return process.communicate(given, timeout=max(0.0, min(left, _ASKED_EVERY)))
        except subprocess.TimeoutExpired as error:
            given = None  # what was to be read is on its way
            if left <= _ASKED_EVERY:
                message = f"git gave no answer within {seconds:g} seconds"
                raise GitFailedError(message) from error
    message = "it was stopped before git was done"
    raise GitFailedError(message)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Kill git and whatever it started; a group that has ended already is left alone."""
    if process.returncode is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            process.kill()
        process.wait()


def _reason(said: bytes, code: int) -> str:
    """What git said first, on one line, without the advice it always gives."""
    lines = [line.strip() for line in said.decode("utf-8", "replace").splitlines()]
    news = [line.rstrip(".") for line in lines if line and not line.startswith(_ADVICE)]
    text = "; ".join(news[:3]) or f"git ended with {code}"
    text = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)
    return text if len(text) <= _SAID else f"{text[: _SAID - 1]}…"
