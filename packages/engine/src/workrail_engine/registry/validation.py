"""What is wrong with the files a person names?

A file passes only if it could be started: it is read, checked, expanded with the routines and
bindings of the workspace, and compiled. Routines that are checked along with it count too, where no
source already has a template of that name.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from workrail_engine.errors import InvalidDefinitionError
from workrail_engine.projections.catalog import FileProblem, FileReport
from workrail_engine.registry.bindings import bindings_of
from workrail_engine.registry.discovery import (
    SUFFIXES,
    Fault,
    FoundFile,
    discover,
    found_file,
    is_workflow_name,
    unseen,
)
from workrail_engine.registry.looking import Lookout
from workrail_engine.registry.preparing import prepare_file
from workrail_engine.registry.reading import FileReader, ReadFile, Usable, declared_id
from workrail_engine.registry.resolution import RESERVED_MESSAGE
from workrail_engine.registry.sources import Folders, Source, is_reserved
from workrail_engine.registry.templates import templates_of
from workrail_engine.workflow.expand import RoutineTemplate
from workrail_engine.workflow.prepared import PreparedWorkflow


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
    sources = Lookout(folders).sources(workspace)
    found, faults = _gathered(paths, sources)
    reader = FileReader()
    theirs = (file for source in sources for file in discover(source).files if file.routine)
    templates = {
        **templates_of(reader.read_all(file for file in found if file.routine)),
        **templates_of(reader.read_all(theirs)),
    }
    reports = [FileReport(fault.path, None, (_whole(fault.message),)) for fault in faults]
    for done, file in enumerate(reader.read_all(found), 1):
        problems = _problems(file, templates, workspace)
        reports.append(FileReport(file.found.path, declared_id(file.reading), problems))
        if checked is not None:
            checked(done, len(found))
    return tuple(reports)


def _gathered(
    paths: Iterable[Path], sources: Sequence[Source]
) -> tuple[list[FoundFile], list[Fault]]:
    found: list[FoundFile] = []
    faults: list[Fault] = []
    seen: set[str] = set()
    for path in paths:
        source = Source(_home_of(path, sources).name, path)
        if path.is_dir():
            findings = discover(source)
            found.extend(unseen(findings, seen))
            faults.extend(findings.faults)
        elif not is_workflow_name(path.name):
            faults.append(Fault(str(path), source, f"does not end in {', '.join(SUFFIXES)}"))
        else:
            file = found_file(path, source)
            if file.real not in seen:
                seen.add(file.real)
                found.append(file)
    return found, faults


def _home_of(path: Path, sources: Sequence[Source]) -> Source:
    """The source a path lies in; one that lies in none is judged like a bundled one.

    The bundled folder comes first, because a project may reach it through a link.
    """
    real = Path(os.path.realpath(path))
    bundled, *others = sources
    for source in (bundled, *reversed(others)):
        if real.is_relative_to(os.path.realpath(source.root)):
            return source
    return sources[0]


def _problems(
    file: ReadFile, templates: Mapping[str, RoutineTemplate], workspace: Path | None
) -> tuple[FileProblem, ...]:
    reading = file.reading
    if not isinstance(reading, Usable):
        return reading.problems
    if is_reserved(reading.definition.id, file.found.source.name):
        return (FileProblem(reading.id_line, "/id", RESERVED_MESSAGE),)
    try:
        overrides = bindings_of(reading.definition, workspace)
    except InvalidDefinitionError as error:
        return (_whole(str(error)),)
    prepared = prepare_file(file.found, reading.definition, templates, overrides)
    return () if isinstance(prepared, PreparedWorkflow) else prepared


def _whole(message: str) -> FileProblem:
    return FileProblem(None, "", message)
