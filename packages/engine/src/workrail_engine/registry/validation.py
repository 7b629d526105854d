"""What is wrong with the files a person names?

A file passes only if it could be started: it is read, checked, expanded with the routines and
bindings of the workspace, and compiled. Routines that are checked along with it count too, where no
source already has a template of that name.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from workrail_engine.projections.catalog import FileProblem, FileReport
from workrail_engine.registry.discovery import (
    CASE_SUFFIXES,
    SUFFIXES,
    Fault,
    FoundFile,
    discover,
    found_file,
    is_workflow_name,
    unseen,
)
from workrail_engine.registry.looking import Lookout
from workrail_engine.registry.preparing import judged
from workrail_engine.registry.project_file import is_project_file, project_file_report
from workrail_engine.registry.reading import Broken, FileReader, ReadFile, declared_id
from workrail_engine.registry.sources import Folders, Source
from workrail_engine.registry.templates import templates_of
from workrail_engine.workflow.expand import RoutineTemplate


def validate(
    paths: Sequence[Path],
    folders: Folders,
    workspace: Path | None,
    checked: Callable[[int, int], None] | None = None,
) -> tuple[FileReport, ...]:
    """What checking each file came to, in the order given; folders stand for the files in them.

    Args:
        paths: files and folders that exist.
        folders: where the routines lie that every workspace sees.
        workspace: whose routines and bindings count; None: nobody's.
        checked: told (files done, files in all) after each file.
    """
    files, templates, faults = gathered(paths, folders, workspace)
    reports = [
        FileReport(fault.path, None, (FileProblem(None, "", fault.message),)) for fault in faults
    ]
    reports += [project_file_report(path) for path in paths if is_project_file(path)]
    for done, file in enumerate(files, 1):
        reading = judged(file, templates, workspace).reading
        problems = reading.problems if isinstance(reading, Broken) else ()
        reports.append(FileReport(file.found.path, declared_id(file.reading), problems))
        if checked is not None:
            checked(done, len(files))
    return tuple(reports)


def gathered(
    paths: Sequence[Path], folders: Folders, workspace: Path | None
) -> tuple[tuple[ReadFile, ...], Mapping[str, RoutineTemplate], Sequence[Fault]]:
    """The files that paths stand for, the routines they may call, and what is no workflow file.

    The file in which a project names its commands is none of them.

    Args:
        paths: files and folders that exist.
        folders: where the routines lie that every workspace sees.
        workspace: whose routines count; None: nobody's.
    """
    sources = Lookout(folders).sources(workspace)
    found, faults = _gathered(paths, sources)
    reader = FileReader()
    theirs = (file for source in sources for file in discover(source).files if file.routine)
    templates = {
        **templates_of(reader.read_all(file for file in found if file.routine)),
        **templates_of(reader.read_all(theirs)),
    }
    return tuple(reader.read_all(found)), templates, faults


def _gathered(
    paths: Iterable[Path], sources: Sequence[Source]
) -> tuple[list[FoundFile], list[Fault]]:
    found: list[FoundFile] = []
    faults: list[Fault] = []
    seen: set[str] = set()
    for path in paths:
        source = Source(home_of(path, sources).name, path)
        if path.is_dir():
            findings = discover(source)
            within = unseen(findings, seen)
            found.extend(file for file in within if not is_project_file(Path(file.path)))
            faults.extend(findings.faults)
        elif is_project_file(path):
            continue
        elif not is_workflow_name(path.name):
            faults.append(Fault(str(path), source, _no_workflow(path.name)))
        else:
            file = found_file(path, source)
            if file.real not in seen:
                seen.add(file.real)
                found.append(file)
    return found, faults


def _no_workflow(name: str) -> str:
    if name.lower().endswith(CASE_SUFFIXES):
        return "holds tests of a workflow and no workflow; run `workrail test` on it"
    return f"does not end in {', '.join(SUFFIXES)}"


def home_of(path: Path, sources: Sequence[Source]) -> Source:
    """The source a path lies in; one that lies in none is judged like a bundled one.

    The bundled folder comes first, because a project may reach it through a link.
    """
    real = Path(os.path.realpath(path))
    bundled, *others = sources
    for source in (bundled, *reversed(others)):
        if real.is_relative_to(os.path.realpath(source.root)):
            return source
    return sources[0]
