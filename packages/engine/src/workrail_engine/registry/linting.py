"""What in these files is sound and still likely not what their authors want?"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from workrail_engine.projections.catalog import FileWarning, LintReport
from workrail_engine.registry.preparing import judged
from workrail_engine.registry.reading import (
    Broken,
    ReadFile,
    Usable,
    declared_id,
    document_of,
)
from workrail_engine.registry.sources import Folders
from workrail_engine.registry.validation import gathered
from workrail_engine.workflow.expand import RoutineTemplate
from workrail_engine.workflow.lint import lint

_BROKEN = FileWarning(
    code="broken-file",
    line=None,
    pointer="",
    message="has problems, so nothing more can be said about it",
    why="it cannot be started",
    advice="see `workrail validate`",
)


def lint_reports(
    paths: Sequence[Path], folders: Folders, workspace: Path | None, *, each: bool
) -> tuple[LintReport, ...]:
    """What is to be said of each file, in the order given; folders stand for the files in them.

    Args:
        paths: files and folders that exist.
        folders: where the routines lie that every workspace sees.
        workspace: whose routines and bindings count; None: nobody's.
        each: whether every step that has only the agent's word is told by itself.
    """
    files, templates, faults = gathered(paths, folders, workspace)
    reports = [LintReport(fault.path, None, (_BROKEN,)) for fault in faults]
    reports += [_report(judged(file, templates, workspace), templates, each=each) for file in files]
    return tuple(reports)


def _report(file: ReadFile, templates: Mapping[str, RoutineTemplate], *, each: bool) -> LintReport:
    path, workflow_id = file.found.path, declared_id(file.reading)
    match file.reading:
        case Broken():
            return LintReport(path, workflow_id, (_BROKEN,))
        case Usable(definition):
            document = document_of(file.found)
            warnings = [
                FileWarning(
                    one.code,
                    None if document is None else document.line_of(one.pointer),
                    one.pointer,
                    one.message,
                    one.why,
                    one.advice,
                )
                for one in lint(definition, templates, each=each)
            ]
            warnings.sort(key=lambda one: one.line or 0)
            return LintReport(path, workflow_id, tuple(warnings))
