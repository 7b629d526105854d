"""What comes of a check on this machine?"""

import os
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, assert_never

from workrail_engine.checks.artifact import check_artifact
from workrail_engine.checks.changes import Changed, base_of, changes_since
from workrail_engine.checks.command import Ground, check_command
from workrail_engine.checks.diff import check_diff
from workrail_engine.checks.diff_text import DiffText, diff_text
from workrail_engine.checks.files import check_files
from workrail_engine.checks.findings import CannotCheckError, Finding, bounded, one_line
from workrail_engine.checks.paths import shown_path, shown_paths
from workrail_engine.checks.processes import run_here
from workrail_engine.checks.project_commands import command_named, started_without_base
from workrail_engine.checks.protection import (
    checkout,
    hidden_from_git,
    missing_from_disk,
    protected_changes,
    said_of,
)
from workrail_engine.checks.tree import Trees, View
from workrail_engine.errors import GivenUpError
from workrail_engine.ports import CheckPlace, Clock, RunCheckCommand
from workrail_engine.session.provable import Files
from workrail_engine.workflow.checks import (
    ArtifactCheck,
    CheckResult,
    CommandCheck,
    DiffCheck,
    FilesCheck,
    ProjectCheck,
    RunnableCheck,
    kind_of,
)

SHOWN_DIFF: Final = 200_000
"""Bytes of a diff that is read where it may be cut."""
WHOLE_DIFF: Final = 400_000
"""Bytes of the longest diff an approver is shown, which is never cut."""


class LocalChecks:
    """Runs checks here: commands, files, git. Keeps the promises of `ports.CheckRunner`."""

    def __init__(
        self,
        clock: Clock,
        variables: Mapping[str, str] | None = None,
        run: RunCheckCommand | None = None,
    ) -> None:
        """Make a runner; one for the life of a process, as it remembers what it read.

        Args:
            clock: measures how long a check takes.
            variables: of which commands get a few; those of this process when left out.
            run: runs commands; what nothing holds when left out.
        """
        self._clock = clock
        self._run = run or run_here
        self._variables = os.environ if variables is None else variables
        self._trees = Trees()

    def tree(self, workspace: str | None) -> str | None:
        """What the files of a workspace amount to now; None where it cannot be told."""
        try:
            return self._trees.present(_folder(workspace))
        except CannotCheckError:
            return None

    def changes(self, workspace: str, base: str) -> tuple[Changed, ...]:
        """What changed since a base revision.

        Raises:
            CannotCheckError: there is nothing to compare, or nothing to compare with.
        """
        with self._trees.opened(_folder(workspace)) as view:
            opened = _in_git(view)
            return changes_since(opened, base_of(opened.aside, base))

    def changed(self, place: CheckPlace) -> Files:
        """The tree of the present files, and which of them differ from the base; None where unknown."""
        try:
            workspace = _folder(place.workspace)
            with self._trees.opened(workspace) as view:
                tree = self._trees.named(workspace, view)
                paths = None if view is None else _paths(view, place.base)
        except CannotCheckError:
            return Files(None)
        return Files(tree, paths)

    def diff_text(self, workspace: str, base: str, most: int = SHOWN_DIFF) -> DiffText:
        """The changes since a base revision as a unified diff, up to some bytes.

        Raises:
            CannotCheckError: there is nothing to compare, or nothing to compare with.
        """
        with self._trees.opened(_folder(workspace)) as view:
            opened = _in_git(view)
            return diff_text(opened, base_of(opened.aside, base), most)

    def diff(self, place: CheckPlace) -> str | None:
        """All that changed since the base, as git writes it; None where it cannot be told whole."""
        if place.workspace is None or place.base is None:
            return None
        try:
            found = self.diff_text(place.workspace, place.base, WHOLE_DIFF)
        except CannotCheckError:
            return None
        return found.text if found.complete else None

    def run(
        self, check: RunnableCheck, place: CheckPlace, told: Callable[[str], None]
    ) -> CheckResult:
        """Look once. What cannot be checked is an `error`; only `told` can end it, by `GivenUpError`."""
        start = self._clock.now()
        bound = _Bound()
        try:
            finding = self._found(check, place, bound, told)
        except GivenUpError:
            raise
        except CannotCheckError as error:
            summary = one_line(str(error))
            finding = Finding("error", summary, error.problems or (summary,))
        except Exception as error:  # noqa: BLE001 (whatever went wrong: it was not checked)
            summary = one_line(f"it could not be checked: {type(error).__name__}: {error}")
            finding = Finding("error", summary, (summary,))
        return _result(check, finding, bound, (self._clock.now() - start).total_seconds())

    def _found(
        self, check: RunnableCheck, place: CheckPlace, bound: "_Bound", told: Callable[[str], None]
    ) -> Finding:
        if isinstance(check, ArtifactCheck):
            return check_artifact(check, place.artifacts)
        if isinstance(check, ProjectCheck) and place.base is None:
            return started_without_base(check)
        workspace = _folder(place.workspace)
        with self._trees.opened(workspace) as view:
            try:
                bound.tree = self._trees.named(workspace, view)
            except CannotCheckError as error:
                bound.why_not = str(error)
            match check:
                case FilesCheck():
                    return check_files(check, workspace)
                case DiffCheck():
                    return check_diff(check, view, place.base)
                case ProjectCheck():
                    named = command_named(check, view, place.base)
                    if isinstance(named, Finding):
                        return named
                    return self._in_scratch(named, workspace, view, place.base, told)
                case CommandCheck():
                    return self._in_scratch(check, workspace, view, place.base, told)
            assert_never(check)

    def _in_scratch(
        self,
        check: CommandCheck,
        workspace: Path,
        view: View | None,
        base: str | None,
        told: Callable[[str], None],
    ) -> Finding:
        with _scratch(workspace) as scratch:
            tree = None if view is None else view.tree
            ground = Ground(workspace, base, tree, self._variables, scratch, told, self._run)
            return self._command(check, ground, view)

    def _command(self, check: CommandCheck, ground: Ground, view: View | None) -> Finding:
        if check.isolate:
            elsewhere = replace(ground, workspace=self._laid_out(check, ground, view))
            return check_command(check, elsewhere)
        if check.protect:
            weakened = _weakened(check, ground, view)
            if weakened:
                summary = "files that judge the work are not as they were; it was not run"
                return Finding("failed", summary, bounded(weakened))
        finding = check_command(check, ground)
        if view is None or finding.outcome == "error":
            return finding
        disturbed = self._disturbed(check, ground.workspace, view)
        if not disturbed:
            return finding
        message = (
            f"files changed while it ran ({shown_paths(disturbed)}), so it is not known what was "
            "checked; let nothing change them meanwhile, or give the check `isolate: true`"
        )
        return replace(finding, outcome="error", summary=one_line(message), problems=(message,))

    def _laid_out(self, check: CommandCheck, ground: Ground, view: View | None) -> Path:
        """The workspace in a checkout elsewhere."""
        if view is None:
            message = "`isolate` needs a git repository; there is none here"
            raise CannotCheckError(message)
        folder = ground.scratch / "checkout"
        folder.mkdir()
        try:
            return checkout(view, ground.base, check.protect, folder).resolve()
        except CannotCheckError:
            self._trees.forget()  # objects we remember may have been pruned: read the files again
            raise

    def _disturbed(self, check: CommandCheck, workspace: Path, before: View) -> list[str]:
        """Files that are not as they were when the command began; new ones do not count."""
        with self._trees.opened(workspace) as after:
            if after is None or after.tree == before.tree:
                return []
            report = None if check.report is None else check.report.path
            return [
                each.path
                for each in changes_since(after, before.tree)
                if each.kind != "added" and each.path != report
            ]


@dataclass
class _Bound:
    """What a result is bound to, once it is known."""

    tree: str | None = None
    why_not: str | None = None


def _folder(workspace: str | None) -> Path:
    """The workspace, real and without links.

    Raises:
        CannotCheckError: there is none, or it is no folder.
    """
    if workspace is None:
        message = "the session has no workspace; start it in the folder the work happens in"
        raise CannotCheckError(message)
    try:
        folder = Path(workspace).resolve(strict=True)
    except (OSError, RuntimeError, ValueError) as error:
        message = f"the workspace {one_line(workspace)} is not there; put it back"
        raise CannotCheckError(message) from error
    if not folder.is_dir():
        message = f"the workspace {one_line(workspace)} is no folder"
        raise CannotCheckError(message)
    return folder


def _in_git(view: View | None) -> View:
    if view is None:
        message = "changes can only be told in a git repository; there is none here"
        raise CannotCheckError(message)
    return view


@contextmanager
def _scratch(workspace: Path) -> Generator[Path]:
    """An empty folder outside the workspace, gone afterwards with all that is in it."""
    with TemporaryDirectory(prefix="workrail-check-", ignore_cleanup_errors=True) as folder:
        place = Path(folder).resolve()
        if place.is_relative_to(workspace):
            message = "temporary files lie in the workspace here; set TMPDIR to another place"
            raise CannotCheckError(message)
        yield place


def _paths(view: View, base: str | None) -> tuple[str, ...] | None:
    """What differs from a base revision; None where there is none to compare with."""
    try:
        return tuple(one.path for one in changes_since(view, base_of(view.aside, base)))
    except CannotCheckError:
        return None


def _weakened(check: CommandCheck, ground: Ground, view: View | None) -> list[str]:
    """What is not as it was of the files that are protected."""
    problems = [said_of(each) for each in protected_changes(view, ground.base, check.protect)]
    if view is not None:
        absent = missing_from_disk(ground.workspace, view, check.protect)
        problems += [f"{shown_path(path)}: protected, and not on disk" for path in absent]
        problems += [
            f"{shown_path(path)}: protected, and git ignores it, so nobody knows how it was; remove "
            "it, or let the check run elsewhere with `isolate: true`"
            for path in hidden_from_git(view, check.protect)
        ]
    return problems


def _result(check: RunnableCheck, finding: Finding, bound: _Bound, seconds: float) -> CheckResult:
    kind = kind_of(check)
    assert kind != "approval"  # noqa: S101 (an approval is not run)
    unbound = "" if bound.why_not is None else f" (bound to no files: {bound.why_not})"
    return CheckResult(
        check_id=check.check_id,
        kind=kind,
        outcome=finding.outcome,
        summary=one_line(f"{finding.summary}{unbound}"),
        problems=finding.problems,
        tree=bound.tree,
        reused=False,
        seconds=max(0.0, seconds),
        argv=finding.argv,
        exit_code=finding.exit_code,
        counts=finding.counts,
        output=finding.output,
    )
