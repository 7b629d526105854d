"""Are the functions that steps use defined where they can see them, and called as defined?"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from pydantic import JsonValue

from workrail_engine.canonical import canonical_bytes
from workrail_engine.workflow.definition import WorkflowDefinition
from workrail_engine.workflow.definition_parts import (
    FunctionCall,
    FunctionDefinition,
    FunctionParameter,
    ParameterType,
)
from workrail_engine.workflow.definition_steps import LoopStep, StandardStep, Step
from workrail_engine.workflow.placed_steps import PlacedStep
from workrail_engine.workflow.pointers import child
from workrail_engine.workflow.problems import Problem, one_of, shown, unknown_name


def function_problems(
    definition: WorkflowDefinition, placed: Sequence[PlacedStep]
) -> Iterator[Problem]:
    """What is wrong with function definitions, calls and references anywhere."""
    yield from _repeated(definition.function_definitions, "")
    for place in placed:
        step = place.step
        if isinstance(step, LoopStep | StandardStep):
            yield from _repeated(step.function_definitions, place.pointer)
        if isinstance(step, StandardStep):
            loop = place.loop or _loop_naming(step.id, definition.steps)
            visible = chain(
                definition.function_definitions,
                loop.function_definitions if loop else (),
                step.function_definitions,
            )
            known = {function.name: function for function in visible}
            yield from _uses(step, place.pointer, known)


def _loop_naming(step_id: str, steps: Sequence[Step]) -> LoopStep | None:
    return next((s for s in steps if isinstance(s, LoopStep) and s.body == step_id), None)


def _repeated(functions: Sequence[FunctionDefinition], owner: str) -> Iterator[Problem]:
    names: set[str] = set()
    for index, function in enumerate(functions):
        pointer = f"{owner}/functionDefinitions/{index}"
        if function.name in names:
            message = f"repeats the function {shown(function.name)} of the same list"
            yield Problem(f"{pointer}/name", message, suggestion="change or remove one of the two")
        names.add(function.name)
        parameters: set[str] = set()
        for place, parameter in enumerate(function.parameters):
            if parameter.name in parameters:
                message = f"repeats the parameter {shown(parameter.name)}"
                where = f"{pointer}/parameters/{place}/name"
                yield Problem(where, message, suggestion="change or remove one of the two")
            parameters.add(parameter.name)


def _uses(
    step: StandardStep, pointer: str, known: Mapping[str, FunctionDefinition]
) -> Iterator[Problem]:
    for index, reference in enumerate(step.function_references):
        name = reference.removesuffix("()")
        if name not in known:
            yield unknown_name("function", f"{pointer}/functionReferences/{index}", name, known)
    for index, call in enumerate(step.function_calls):
        place = f"{pointer}/functionCalls/{index}"
        function = known.get(call.name)
        if function is None:
            yield unknown_name("function", f"{place}/name", call.name, known)
        else:
            yield from _call(call, function, f"{place}/args")


def _call(call: FunctionCall, function: FunctionDefinition, pointer: str) -> Iterator[Problem]:
    parameters = {parameter.name: parameter for parameter in function.parameters}
    for name, parameter in parameters.items():
        has_default = "default" in parameter.model_fields_set
        if parameter.required and not has_default and name not in call.args:
            message = f"is required by {function.name}() and missing"
            yield Problem(child(pointer, name), message, _kind(parameter))
    for name, value in call.args.items():
        place = child(pointer, name)
        parameter = parameters.get(name)
        if parameter is not None:
            yield from _argument(value, parameter, place)
        elif parameters:
            yield unknown_name(f"parameter of {function.name}() named", place, name, parameters)


def _argument(value: JsonValue, parameter: FunctionParameter, pointer: str) -> Iterator[Problem]:
    if not _fits(value, parameter.type):
        kind = _kind(parameter)
        yield Problem(pointer, f"must be {kind}, not {shown(value)}", kind)
        return
    allowed = parameter.enum
    if allowed is None:
        return
    if canonical_bytes(value) not in {canonical_bytes(each) for each in allowed}:
        yield Problem(pointer, f"cannot be {shown(value)}", one_of(shown(each) for each in allowed))


def _kind(parameter: FunctionParameter) -> str:
    article = "an" if parameter.type in ("array", "object") else "a"
    return f"{article} {parameter.type}"


def _fits(value: JsonValue, kind: ParameterType) -> bool:
    match kind:
        case "string":
            return isinstance(value, str)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "array":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)
