"""Does a command exit as expected, and do its tests show what is demanded?"""

import os
import shutil
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from workrail_engine.canonical import JsonObject
from workrail_engine.checks.bounded_output import BoundedOutput
from workrail_engine.checks.environment import environment_for
from workrail_engine.checks.findings import CannotCheckError, Finding, bounded, one_line
from workrail_engine.checks.junit import read_report
from workrail_engine.checks.paths import inside, shown_path
from workrail_engine.checks.reports import Judged, in_words, judge
from workrail_engine.ports import CheckCommand, CommandEnd, RunCheckCommand
from workrail_engine.workflow.checks import CommandCheck, Report

OUTPUT_KIND: Final = "wr.check_output"
_LAST_LINES: Final = 10


@dataclass(frozen=True)
class Ground:
    """Where a command runs, and what it may be told of it."""

    workspace: Path
    """The folder that stands for the workspace, real and without links."""
    base: str | None
    tree: str | None
    """The id of the git tree."""
    variables: Mapping[str, str]
    """Those of this process; few of them are passed on."""
    scratch: Path
    """An empty folder outside the workspace."""
    told: Callable[[str], None]
    run: RunCheckCommand
    """Runs the command, and holds it where something does."""


def check_command(check: CommandCheck, ground: Ground) -> Finding:
    """Run a command once.

    Raises:
        CannotCheckError: it could not be run, or took too long.
    """
    folder = inside(ground.workspace, check.folder)
    if not folder.is_dir():
        message = f"the folder {shown_path(check.folder)} is not there; mend `in`"
        raise CannotCheckError(message)
    made = _report_path(check, ground)
    argv = _argv(check, ground, made)
    output = BoundedOutput()

    def told(seconds: float) -> None:
        last = output.last_line()
        end = f", last line: {last}" if last else ""
        ground.told(f"check {check.check_id}: {seconds:.0f} s{end}")

    command = CheckCommand(
        argv=argv,
        workspace=str(ground.workspace),
        scratch=str(ground.scratch),
        folder=str(folder),
        environment=_environment(check, ground),
        seconds=check.time_limit,
    )
    with _put_aside(check.report, made, ground):
        ended = ground.run(command, output.take, told)
        if ended.overdue:
            message = f"it took longer than {check.time_limit} s and was ended"
            return _finding(check, argv, ended, output, message)
        judged = _judged(check.report, made)
    return _found(check, argv, ended, output, judged)


def _found(
    check: CommandCheck,
    argv: tuple[str, ...],
    ended: CommandEnd,
    output: BoundedOutput,
    judged: "Judged | CannotCheckError | None",
) -> Finding:
    as_expected = ended.exit_code in check.exit_codes
    if isinstance(judged, CannotCheckError):
        if as_expected:
            return _finding(check, argv, ended, output, str(judged))
        judged = None
    problems = () if judged is None else judged.problems
    said = _exit_in_words(ended.exit_code)
    if judged is not None:
        said = f"{said}; {in_words(judged.counts)}"
    if ended.left_behind:
        said = f"{said}; processes it left behind were ended"
    if not as_expected:
        wanted = " or ".join(str(code) for code in check.exit_codes)
        first = f"it ended with {_exit_in_words(ended.exit_code)}, and {wanted} is expected"
        problems = (first, *problems, *_last_lines(output))
    return Finding(
        outcome="failed" if problems else "passed",
        summary=said,
        problems=bounded(problems),
        argv=argv,
        exit_code=ended.exit_code,
        counts=None if judged is None else judged.counts,
        output=_artifact(check, argv, ended, output),
    )


def _finding(
    check: CommandCheck,
    argv: tuple[str, ...],
    ended: CommandEnd,
    output: BoundedOutput,
    message: str,
) -> Finding:
    """It ran, and it is not known whether it holds."""
    return Finding(
        outcome="error",
        summary=one_line(message),
        problems=bounded((message, *_last_lines(output))),
        argv=argv,
        exit_code=None if ended.overdue else ended.exit_code,
        output=_artifact(check, argv, ended, output),
    )


def _artifact(
    check: CommandCheck, argv: tuple[str, ...], ended: CommandEnd, output: BoundedOutput
) -> JsonObject:
    return {
        "kind": OUTPUT_KIND,
        "check": check.check_id,
        "argv": list(argv),
        "exitCode": None if ended.overdue else ended.exit_code,
        "bytes": output.size,
        "complete": output.complete,
        "text": output.text(),
    }


def _last_lines(output: BoundedOutput) -> tuple[str, ...]:
    lines = [line for line in output.excerpt().splitlines() if line.strip()]
    return tuple(f"output: {line}" for line in lines[-_LAST_LINES:])


def _exit_in_words(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {-code}"


def _environment(check: CommandCheck, ground: Ground) -> dict[str, str]:
    home, temporary = ground.scratch / "home", ground.scratch / "tmp"
    for folder in (home, temporary):
        folder.mkdir(exist_ok=True)
    return environment_for(check.environment, ground.variables, home, temporary)


def _argv(check: CommandCheck, ground: Ground, made: Path | None) -> tuple[str, ...]:
    """The arguments with what stands for the placeholders; a placeholder is a whole argument."""
    known = {
        "{workspace}": str(ground.workspace),
        "{report}": None if made is None else str(made),
        "{base}": ground.base,
        "{tree}": ground.tree,
    }
    argv: list[str] = []
    for argument in check.argv:
        value = known.get(argument, argument)
        if value is None:
            message = f"there is nothing that {argument} could stand for; mend the command"
            raise CannotCheckError(message)
        argv.append(value)
    if check.report is not None and check.report.format == "pytest":
        ours = (f"--junitxml={made}", "-p", "no:cacheprovider", "-o", "junit_family=xunit2")
        end = argv.index("--") if "--" in argv else len(argv)
        argv[end:end] = ours
    return tuple(argv)


def _report_path(check: CommandCheck, ground: Ground) -> Path | None:
    """Where the report will lie; None: there is none."""
    if check.report is None:
        return None
    if check.report.path is None or check.report.format == "pytest":
        if check.report.format == "junit" and "{report}" not in check.argv:
            message = (
                "it is not said where the report lies; give `path`, or {report} as an argument"
            )
            raise CannotCheckError(message)
        folder = ground.scratch / "report"
        folder.mkdir(exist_ok=True)
        return folder / "report.xml"
    relative = check.report.path
    return inside(ground.workspace, os.path.dirname(relative)) / os.path.basename(relative)  # noqa: PTH119, PTH120 (a link keeps its name)


@contextmanager
def _put_aside(report: Report | None, made: Path | None, ground: Ground) -> Generator[None]:
    """Take an older report out of the way; back in its place when no new one was made."""
    if report is None or made is None or not os.path.lexists(made):
        yield
        return
    kept = ground.scratch / "older"
    shutil.move(made, kept)
    try:
        yield
    finally:
        if not os.path.lexists(made) and made.parent.is_dir():
            shutil.move(kept, made)


def _judged(report: Report | None, made: Path | None) -> "Judged | CannotCheckError | None":
    if report is None or made is None:
        return None
    try:
        if made.is_symlink():
            message = "the report is a link to another file; let the command write it itself"
            return CannotCheckError(message)
        return judge(report, read_report(made))
    except CannotCheckError as error:
        return error
