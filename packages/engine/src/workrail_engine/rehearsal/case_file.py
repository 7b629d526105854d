"""What does a file of workflow tests hold, and what is wrong with it?"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from workrail_engine.projections.catalog import FileProblem
from workrail_engine.registry.discovery import CASE_SUFFIXES, MAX_FILE_BYTES, SUFFIXES
from workrail_engine.registry.document_faults import Unreadable
from workrail_engine.registry.documents import Document, located, read_document
from workrail_engine.registry.one_file import prepared_from
from workrail_engine.registry.reading import file_problems
from workrail_engine.registry.sources import Folders
from workrail_engine.rehearsal.case_definition import CaseFileDefinition
from workrail_engine.rehearsal.case_problems import case_problems
from workrail_engine.workflow.definition_values import AUTHORED
from workrail_engine.workflow.prepared import PreparedWorkflow
from workrail_engine.workflow.problems import Problem, shown
from workrail_engine.workflow.schema_problems import problems_from


@dataclass(frozen=True)
class CaseFile:
    """Tests that can be run."""

    path: Path
    definition: CaseFileDefinition
    document: Document
    prepared: PreparedWorkflow

    def line_of(self, pointer: str) -> int:
        """The line of a place in the file."""
        return self.document.line_of(pointer)


def is_case_name(name: str) -> bool:
    """Whether a file of this name holds tests of a workflow."""
    return name.lower().endswith(CASE_SUFFIXES) and not name.startswith(".")


def case_files_in(paths: Sequence[Path]) -> tuple[Path, ...]:
    """The files of tests that are named, lie in named folders, or belong to named workflows."""
    found: dict[str, Path] = {}
    for path in paths:
        for each in _below(path) if path.is_dir() else _beside(path):
            found.setdefault(os.path.realpath(each), each)
    return tuple(found.values())


def read_case_file(
    path: Path, folders: Folders, workspace: Path | None
) -> CaseFile | tuple[FileProblem, ...]:
    """The tests in a file, ready to run; or everything that is wrong with it.

    Args:
        path: of the file of tests.
        folders: where the routines lie that every workspace sees.
        workspace: whose routines and bindings count.
    """
    text = _text_of(path)
    if isinstance(text, FileProblem):
        return (text,)
    document = read_document(text, yaml=not path.name.lower().endswith(".json"))
    if isinstance(document, Unreadable):
        return tuple(
            FileProblem(fault.line, fault.pointer, fault.message, None, fault.suggestion)
            for fault in document.faults
        )
    try:
        definition = CaseFileDefinition.model_validate(
            document.value, context=AUTHORED, by_alias=True, by_name=False
        )
    except ValidationError as error:
        problems = problems_from(error, CaseFileDefinition, document.value)
        return _placed(problems, document, path)
    target = _workflow_of(path, definition)
    if isinstance(target, Problem):
        return _placed((target,), document, path)
    prepared = prepared_from(target, folders, workspace)
    if not isinstance(prepared, PreparedWorkflow):
        told = "; ".join(problem.located(str(target)) for problem in prepared)
        broken = Problem("/workflow", f"the workflow it tests cannot be used: {told}")
        return _placed((broken,), document, path)
    problems = tuple(case_problems(definition, prepared.compiled, path.parent))
    if problems:
        return _placed(problems, document, path)
    return CaseFile(path, definition, document, prepared)


def _below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder).parts[:-1]
        hidden = any(part.startswith(".") and part != ".workrail" for part in inner)
        if is_case_name(path.name) and path.is_file() and not hidden:
            yield path


def _beside(path: Path) -> Iterator[Path]:
    """The file itself, or the tests of the workflow it is."""
    stem = path.with_suffix("").name
    tests = [path.parent / f"{stem}{suffix}" for suffix in CASE_SUFFIXES]
    there = [each for each in tests if each.is_file()]
    yield from [path] if is_case_name(path.name) or not there else there


def _text_of(path: Path) -> str | FileProblem:
    if not is_case_name(path.name):
        advice = f"put tests beside the workflow, in {path.with_suffix('').name}.tests.yaml"
        return FileProblem(None, "", "is no file of tests, and none lies beside it", None, advice)
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            return FileProblem(None, "", "is larger than 1 MB, the most a file of tests may have")
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return FileProblem(None, "", "is not UTF-8 text")
    except OSError as error:
        return FileProblem(None, "", f"cannot be read: {error.strerror}")


def _workflow_of(path: Path, definition: CaseFileDefinition) -> Path | Problem:
    """The workflow a file of tests is about: the one it names, else its neighbour."""
    if definition.workflow is not None:
        named = path.parent / definition.workflow
        if named.is_file():
            return named
        message = f"is no file beside this one: {shown(definition.workflow)}"
        return Problem("/workflow", message, None, "name the workflow's file, from this folder")
    suffix = next(each for each in CASE_SUFFIXES if path.name.lower().endswith(each))
    stem = path.name[: -len(suffix)]
    for ending in SUFFIXES:
        if (path.parent / f"{stem}{ending}").is_file():
            return path.parent / f"{stem}{ending}"
    message = f"no workflow lies beside these tests: there is no {stem}.yaml"
    advice = "put the tests beside their workflow, or name its file under `workflow`"
    return Problem("", message, None, advice)


def _placed(problems: Sequence[Problem], document: Document, path: Path) -> tuple[FileProblem, ...]:
    return file_problems(located(problems, document, str(path)))
