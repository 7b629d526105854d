"""Is this definition ready to run, and if not, which lines of its file say why?"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from workrail_engine.errors import InvalidDefinitionError
from workrail_engine.projections.catalog import FileProblem
from workrail_engine.registry.bindings import bindings_of, known_overrides
from workrail_engine.registry.discovery import FoundFile
from workrail_engine.registry.documents import located
from workrail_engine.registry.reading import (
    Broken,
    ReadFile,
    Usable,
    broken_again,
    document_of,
    file_problems,
)
from workrail_engine.registry.sources import RESERVED_MESSAGE, is_reserved
from workrail_engine.workflow.compile import prepare
from workrail_engine.workflow.definition import LoopStep, StandardStep, WorkflowDefinition
from workrail_engine.workflow.expand import RoutineTemplate, Surroundings, obstacles
from workrail_engine.workflow.prepared import PreparedWorkflow
from workrail_engine.workflow.problems import Problem


def prepare_file(
    found: FoundFile,
    definition: WorkflowDefinition,
    templates: Mapping[str, RoutineTemplate],
    overrides: Mapping[str, str],
) -> PreparedWorkflow | tuple[FileProblem, ...]:
    """The definition of a file, expanded, pinned and compiled; or everything that prevents it."""
    prepared = prepare(definition, templates, overrides)
    return prepared if isinstance(prepared, PreparedWorkflow) else _placed(found, prepared)


def judged(
    file: ReadFile, templates: Mapping[str, RoutineTemplate], workspace: Path | None
) -> ReadFile:
    """A file with everything that keeps it from being started; as it is when nothing does.

    Args:
        file: as it was read by itself.
        templates: all routines it may call, by template id.
        workspace: whose bindings count; None: nobody's.
    """
    reading = file.reading
    match reading:
        case Usable(definition, id_line):
            workflow_id, about_steps = definition.id, True
            problems = _of_usable(file.found, definition, templates, workspace)
        case Broken(workflow_id, _, about_steps, id_line):
            problems = _of_broken(file.found, reading, templates, workspace)
    if workflow_id is not None and is_reserved(workflow_id, file.found.source.name):
        problems = (*problems, FileProblem(id_line, "/id", RESERVED_MESSAGE))
    if not problems:
        return file
    ordered = sorted(dict.fromkeys(problems), key=lambda problem: problem.line or 0)
    return ReadFile(file.found, Broken(workflow_id, tuple(ordered), about_steps, id_line))


def _of_usable(
    found: FoundFile,
    definition: WorkflowDefinition,
    templates: Mapping[str, RoutineTemplate],
    workspace: Path | None,
) -> tuple[FileProblem, ...]:
    try:
        overrides = bindings_of(definition, workspace)
    except InvalidDefinitionError as error:
        return (_whole(error), *_placed(found, obstacles(definition, Surroundings(templates))))
    prepared = prepare_file(found, definition, templates, overrides)
    return () if isinstance(prepared, PreparedWorkflow) else prepared


def _of_broken(
    found: FoundFile,
    reading: Broken,
    templates: Mapping[str, RoutineTemplate],
    workspace: Path | None,
) -> tuple[FileProblem, ...]:
    sure = all(problem.pointer != "/id" for problem in reading.problems)
    faults: tuple[FileProblem, ...] = ()
    overrides = None
    if reading.slots:
        try:
            overrides = known_overrides(reading.workflow_id if sure else None, workspace)
        except InvalidDefinitionError as error:
            faults = (_whole(error),)
    again = broken_again(found, Surroundings(templates, overrides)) or reading
    return (*faults, *again.problems)


def _whole(error: InvalidDefinitionError) -> FileProblem:
    return FileProblem(None, "", str(error))


def uses_templates(definition: WorkflowDefinition) -> bool:
    """Whether any step calls a routine."""
    for step in definition.steps:
        body = step.body if isinstance(step, LoopStep) and not isinstance(step.body, str) else ()
        for each in (step, *body):
            if isinstance(each, StandardStep) and each.template_call is not None:
                return True
    return False


def invalid(workflow_id: str, path: str, problems: Iterable[FileProblem]) -> InvalidDefinitionError:
    """The failure that names every problem of a workflow's file, one a line."""
    lines = "\n".join(problem.located(path) for problem in problems)
    return InvalidDefinitionError(
        f'Workflow "{workflow_id}" cannot be used until its file is mended:\n{lines}'
    )


def _placed(found: FoundFile, problems: tuple[Problem, ...]) -> tuple[FileProblem, ...]:
    document = document_of(found)
    if document is not None:
        return file_problems(located(problems, document, found.path))
    return tuple(
        FileProblem(None, each.pointer, each.message, each.expected, each.suggestion)
        for each in problems
    )
