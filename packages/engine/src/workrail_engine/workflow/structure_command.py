"""Can a command check be run as it is written: its arguments, folder, variables and report?"""

import re
from collections.abc import Iterator
from typing import Final

from workrail_engine.secret_forms import may_be_secret
from workrail_engine.workflow.command_line import PLACEHOLDERS, CommandLineError, arguments
from workrail_engine.workflow.definition_checks import CommandDefinition
from workrail_engine.workflow.inside_paths import globs, outside
from workrail_engine.workflow.pointers import child
from workrail_engine.workflow.problems import Problem, is_near, nearest, one_of, shown

_OWN: Final = frozenset({"HOME", "TMPDIR", "TERM"})
_NAMED: Final = re.compile(r"\{[A-Za-z_]+\}")


def command_problems(check: CommandDefinition, pointer: str) -> Iterator[Problem]:
    """What is wrong with a command."""
    yield from _run(check, pointer)
    yield from outside(f"{pointer}/in", check.in_)
    yield from globs(f"{pointer}/protect", check.protect)
    for index, name in enumerate(check.pass_):
        place = f"{pointer}/pass/{index}"
        if may_be_secret(name):
            message = f"names {shown(name)}, which may hold a secret; no command is given one"
            advice = "remove it; give what is not secret another name"
            yield Problem(place, message, None, advice, ())
        elif name in _OWN:
            message = f"names {shown(name)}, which every command gets as one of its own"
            yield Problem(place, message, None, "remove it", ())
    yield from _report(check, pointer)


def verification_problems(command: str, pointer: str) -> Iterator[Problem]:
    """What keeps the command of a verification from being run as a check."""
    try:
        argv = arguments(command)
    except CommandLineError as error:
        yield Problem(pointer, str(error), None, error.advice, ())
        return
    for argument in argv:
        yield from _inside_another(argument, pointer)
        if argument == "{report}":
            advice = "use checks, which can have a report"
            yield Problem(pointer, "holds `{report}` and has no report", None, advice, ())


def _run(check: CommandDefinition, pointer: str) -> Iterator[Problem]:
    run = f"{pointer}/run"
    try:
        argv = arguments(check.run)
    except CommandLineError as error:
        yield Problem(run, str(error), None, error.advice, (run,))
        return
    for index, argument in enumerate(argv):
        place = run if isinstance(check.run, str) else child(run, index)
        if argument not in PLACEHOLDERS:
            yield from _inside_another(argument, place)
        elif argument == "{report}" and check.report is None:
            advice = "add report with the format, or write the path out"
            message = "holds `{report}`, and the check has no report"
            yield Problem(place, message, None, advice, (f"{pointer}/report",))


def _inside_another(argument: str, pointer: str) -> Iterator[Problem]:
    if argument in PLACEHOLDERS:
        return
    held = next((name for name in PLACEHOLDERS if name in argument), None)
    if held is not None:
        message = f"holds `{held}` inside a longer argument, where it is not replaced"
        advice = f"make `{held}` an argument of its own"
        yield Problem(pointer, message, "a placeholder as a whole argument", advice, ())
    elif _NAMED.fullmatch(argument) and any(is_near(argument, name) for name in PLACEHOLDERS):
        message = f"holds the unknown placeholder `{argument}`"
        suggestion = nearest(argument, PLACEHOLDERS)
        yield Problem(pointer, message, one_of(PLACEHOLDERS), suggestion, ())


def _report(check: CommandDefinition, pointer: str) -> Iterator[Problem]:
    report, place = check.report, f"{pointer}/report"
    if report is None:
        return
    if report.path is not None:
        yield from outside(f"{place}/path", report.path)
        if report.format == "pytest":
            message = "is not wanted: pytest is told where to write its report"
            advice = "remove it, or use format: junit"
            yield Problem(f"{place}/path", message, None, advice, (f"{place}/format",))
    elif report.format == "junit" and "{report}" not in _argv(check):
        message = "does not say where the report lies"
        advice = "add path, or give the command `{report}` as an argument"
        yield Problem(place, message, None, advice, (place, f"{pointer}/run"))


def _argv(check: CommandDefinition) -> tuple[str, ...]:
    try:
        return arguments(check.run)
    except CommandLineError:
        return PLACEHOLDERS
