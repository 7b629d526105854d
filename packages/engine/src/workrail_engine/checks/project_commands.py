"""Which command did the project name for a check, when the session started?

Only the session's base revision is asked: what is written into the file meanwhile may be the work of
the agent whose work is checked, and counts from the next session on.
"""

import os
import posixpath
from collections.abc import Iterator
from typing import Final

from workrail_engine.checks.changes import base_of
from workrail_engine.checks.findings import CannotCheckError, Finding, bounded, one_line
from workrail_engine.checks.parsing import NotParsedError, parse
from workrail_engine.checks.paths import shown_path
from workrail_engine.checks.tree import View
from workrail_engine.git_command import GitFailedError
from workrail_engine.workflow.checks import CommandCheck, ProjectCheck
from workrail_engine.workflow.problems import Problem, nearest
from workrail_engine.workflow.project_commands import (
    PROJECT_FILE,
    ProjectCommands,
    read_project_commands,
)

_FILE_MODES: Final = ("100644", "100755")
_MOST: Final = 256 * 1024
_START: Final = "the commit the session started from"
_MENDED: Final = f"a person mends {PROJECT_FILE} and commits it; it counts from the next session on"


def command_named(
    check: ProjectCheck, view: View | None, base: str | None
) -> CommandCheck | Finding:
    """The command that carries out a check, or what is to be said where the project names none.

    Args:
        check: names the command.
        view: the files of the workspace in git; None outside of it.
        base: the session's base revision; None where it started without one.

    Raises:
        CannotCheckError: what the project names cannot be told, or is no command.
    """
    if base is None:
        return started_without_base(check)
    if view is None:
        message = "the repository that the session started in is gone; put it back"
        raise CannotCheckError(message)
    commands = _commands_at(view, base_of(view.aside, base))
    if commands is None:
        return _without(check, f"{PROJECT_FILE} was not in {_START}")
    named = commands.named(check)
    if named is not None:
        return named
    meant = nearest(check.command, commands.commands)
    names = ", ".join(sorted(commands.commands)) or "none"
    return _without(
        check,
        f"{PROJECT_FILE} named no command `{check.command}` in {_START} (it named {names}{f'; {meant}' if meant else ''})",
    )


def started_without_base(check: ProjectCheck) -> Finding:
    """What is to be said where a session has no base revision to ask."""
    return _without(check, "the session started outside git, or before the first commit")


def _without(check: ProjectCheck, why: str) -> Finding:
    """There is no command: that is no pass, and stands in the way unless the author allows it."""
    advice = (
        f"to have it checked, a person writes `{check.command}: <command>` under `commands:` in "
        f"{PROJECT_FILE} and commits it; it counts from the next session on"
    )
    return Finding(
        "unchecked" if check.optional else "error", one_line(why), bounded((why, advice))
    )


def _commands_at(view: View, base_tree: str) -> ProjectCommands | None:
    """What the file held at the base; None where there was none.

    Raises:
        CannotCheckError: it cannot be read, holds a mistake, or lies above the workspace.
    """
    own, *above = (f"{folder}{PROJECT_FILE}" for folder in _folders(view.prefix))
    try:
        listed = view.aside.run(("ls-tree", "-z", "--full-tree", base_tree, "--", own, *above))
        entries = dict(_entries(listed))
        if own not in entries:
            for path in above:
                if path in entries:
                    shown = shown_path(posixpath.relpath(path, view.prefix))
                    message = (
                        f"the project names its commands in {shown}, above the workspace of this "
                        "session; start the session in that folder"
                    )
                    raise CannotCheckError(message)
            return None
        mode, name = entries[own]
        if mode not in _FILE_MODES:
            message = f"{PROJECT_FILE} was no ordinary file in {_START}"
            raise CannotCheckError(message)
        if int(view.aside.run(("cat-file", "-s", name))) > _MOST:
            message = f"{PROJECT_FILE} was larger than {_MOST // 1024} KB in {_START}"
            raise CannotCheckError(message)
        return _read(view.aside.run(("cat-file", "blob", name)))
    except GitFailedError as error:
        message = f"git cannot read {PROJECT_FILE} as it was: {one_line(str(error))}"
        raise CannotCheckError(message) from error


def _read(content: bytes) -> ProjectCommands:
    try:
        found = read_project_commands(parse(content.decode("utf-8-sig"), "yaml"))
    except (UnicodeDecodeError, NotParsedError) as error:
        message = f"{PROJECT_FILE} could not be read as it was in {_START}: {error}"
        raise CannotCheckError(message, (message, _MENDED)) from error
    if isinstance(found, ProjectCommands):
        return found
    problems = [_in_words(problem) for problem in found]
    message = f"{PROJECT_FILE} had a mistake in {_START}: {problems[0]}"
    raise CannotCheckError(message, bounded((*problems, _MENDED)))


def _in_words(problem: Problem) -> str:
    hints = [
        *([f"expected {problem.expected}"] if problem.expected else []),
        *([problem.suggestion] if problem.suggestion else []),
    ]
    told = f"{problem.pointer or 'the file'} {problem.message}"
    return "; ".join((told, *hints))


def _folders(prefix: str) -> Iterator[str]:
    """The folder of the workspace and those above it in its repository, each ending with `/`."""
    parts = prefix.split("/")[:-1]
    for count in range(len(parts), -1, -1):
        yield "".join(f"{part}/" for part in parts[:count])


def _entries(listed: bytes) -> Iterator[tuple[str, tuple[str, str]]]:
    """By path: mode and object."""
    for line in os.fsdecode(listed).split("\0"):
        if line:
            entry, path = line.split("\t", 1)
            mode, _, name = entry.split(" ")
            yield path, (mode, name)
