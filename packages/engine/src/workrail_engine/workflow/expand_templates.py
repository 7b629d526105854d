"""Which steps does a template call stand for?

The steps of the routine take its place, as `<caller>.<step>`. `{name}` in their prompts and titles
is an argument of the call; a name that is not given is an error, except inside a fenced code block,
where braces are usually code. Double braces are context tokens and are left alone.

Of the caller, its run condition and its bounds on tools go to every step (together with the step's
own, and with the routine's bounds), and its audit and verification follow the last one. The routine's `metaGuidance` becomes guidance of each step; its
functions and assessments come along, because the steps refer to them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from workrail_engine.canonical import JsonValue
from workrail_engine.workflow.definition import (
    AssessmentDefinition,
    StandardStep,
    Step,
    TemplateCall,
    WorkflowDefinition,
)
from workrail_engine.workflow.definition_changes import both, both_tools, changed
from workrail_engine.workflow.expand_checks import prefixed
from workrail_engine.workflow.functions import functions_of
from workrail_engine.workflow.lenient import as_text
from workrail_engine.workflow.pointers import child
from workrail_engine.workflow.problems import Problem, shown, unknown_name

_ARGUMENT = re.compile(r"(?<!\{)\{([A-Za-z_][A-Za-z0-9_]*)\}(?!\})")
_FENCED = re.compile(r"(^[ \t]*```.*?^[ \t]*```[ \t]*$)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class RoutineTemplate:
    """A routine that other workflows can put in the place of a step."""

    template_id: str
    """`wr.templates.routine.<short name>`."""
    definition: WorkflowDefinition


@dataclass(frozen=True)
class CalledRoutine:
    """The steps of a call, and the assessments of the routine that they refer to."""

    steps: tuple[StandardStep, ...]
    assessments: tuple[AssessmentDefinition, ...]
    problems: tuple[Problem, ...]
    """What keeps the call from being carried out; the steps are then only fit to be checked."""


def expand_call(
    caller: StandardStep,
    call: TemplateCall,
    pointer: str,
    templates: Mapping[str, RoutineTemplate],
) -> CalledRoutine:
    """The steps a call stands for, and everything that keeps it from being carried out.

    Args:
        caller: the step that makes the call.
        call: its `templateCall`.
        pointer: where the call is written.
        templates: all there are, by template id.
    """
    template = templates.get(call.template_id)
    if template is None:
        place = child(pointer, "templateId")
        unknown = unknown_name("template", place, call.template_id, templates, rests_on=())
        return CalledRoutine((), (), (unknown,))
    arguments = call.args or {}
    routine = template.definition
    problems = [
        *_wrong_arguments(arguments, pointer),
        *_repeated_ids(routine, call.template_id, pointer),
    ]
    steps: list[StandardStep] = []
    for step in routine.steps:
        if isinstance(step, StandardStep) and step.prompt is not None:
            problems += _missing(step, step.prompt, call, pointer)
            steps.append(_placed(step, step.prompt, caller, routine, arguments))
        else:
            problems.append(_unusable(step, call.template_id, pointer))
    referred = {ref for step in steps for ref in step.assessment_refs or ()}
    assessments = tuple(each for each in routine.assessments if each.id in referred)
    return CalledRoutine(tuple(steps), assessments, tuple(dict.fromkeys(problems)))


def _placed(
    step: StandardStep,
    prompt: str,
    caller: StandardStep,
    routine: WorkflowDefinition,
    arguments: Mapping[str, JsonValue],
) -> StandardStep:
    functions = functions_of(step, (step.function_definitions, routine.function_definitions))
    return changed(
        step,
        id=f"{caller.id}.{step.id}",
        title=_filled(step.title, arguments),
        prompt=_filled(prompt, arguments),
        guidance=(*step.guidance, *routine.meta_guidance) or None,
        function_definitions=functions or None,
        run_condition=both(caller.run_condition, step.run_condition),
        tools=both_tools(caller.tools, both_tools(routine.tools, step.tools)),
        **prefixed(step, caller.id),
    )


def _filled(text: str, arguments: Mapping[str, JsonValue]) -> str:
    def value_of(match: re.Match[str]) -> str:
        return as_text(arguments[match[1]]) if match[1] in arguments else match[0]

    return _ARGUMENT.sub(value_of, text)


def _missing(
    step: StandardStep, prompt: str, call: TemplateCall, pointer: str
) -> Iterator[Problem]:
    prose = _FENCED.sub("", prompt)
    names = [*_ARGUMENT.findall(step.title), *_ARGUMENT.findall(prose)]
    for name in dict.fromkeys(names):
        if name not in (call.args or {}):
            yield Problem(
                child(child(pointer, "args"), name),
                f"is missing: the template {shown(call.template_id)} needs this argument",
                "text, a number, true or false",
                f"add {name} to args",
                (child(pointer, "templateId"),),
            )


def _wrong_arguments(arguments: Mapping[str, JsonValue], pointer: str) -> Iterator[Problem]:
    for name, value in arguments.items():
        if not isinstance(value, str | int | float):
            expected = "text, a number, true or false"
            place = child(child(pointer, "args"), name)
            yield Problem(place, f"cannot be {shown(value)}", expected, rests_on=())


def _repeated_ids(routine: WorkflowDefinition, template_id: str, pointer: str) -> Iterator[Problem]:
    ids = [step.id for step in routine.steps]
    for name in dict.fromkeys(ids):
        if ids.count(name) > 1:
            message = f"calls {shown(template_id)}, which has the step id {shown(name)} twice"
            grounds = (child(pointer, "templateId"),)
            yield Problem(pointer, message, suggestion="mend the routine", rests_on=grounds)


def _unusable(step: Step, template_id: str, pointer: str) -> Problem:
    message = f"calls {shown(template_id)}, whose step {shown(step.id)} cannot be put in here"
    expected = "a routine whose steps all have a prompt"
    grounds = (child(pointer, "templateId"),)
    return Problem(pointer, message, expected, "mend the routine", grounds)
