"""Is this definition ready to run, and if not, which lines of its file say why?"""

from collections.abc import Iterable, Mapping

from workrail_engine.errors import InvalidDefinitionError
from workrail_engine.projections.catalog import FileProblem
from workrail_engine.registry.discovery import FoundFile
from workrail_engine.registry.documents import located
from workrail_engine.registry.reading import document_of, file_problems
from workrail_engine.workflow.compile import prepare
from workrail_engine.workflow.definition import LoopStep, StandardStep, WorkflowDefinition
from workrail_engine.workflow.expand import RoutineTemplate
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
