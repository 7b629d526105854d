"""Are the functions that steps use defined where they can see them, and called as defined?"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Final

from pydantic import JsonValue

from workrail_engine.canonical import canonical_bytes
from workrail_engine.workflow.definition import WorkflowDefinition
from workrail_engine.workflow.definition_parts import (
    FunctionCall,
    FunctionDefinition,
    FunctionParameter,
    ParameterType,
)
from workrail_engine.workflow.definition_steps import LoopStep, ParallelStep, StandardStep, Step
from workrail_engine.workflow.placed_steps import PlacedStep
from workrail_engine.workflow.pointers import child, parent
from workrail_engine.workflow.problems import Problem, one_of, shown, unknown_name

_ADVICE: Final = "change or remove one of the two"


def function_problems(
    definition: WorkflowDefinition, placed: Sequence[PlacedStep]
) -> Iterator[Problem]:
    """What is wrong with function definitions, calls and references anywhere."""
    yield from _repeated(definition.function_definitions, "")
    lenders = tuple(_lenders(definition.steps))
    for place in placed:
        step = place.step
        if isinstance(step, LoopStep | StandardStep):
            yield from _repeated(step.function_definitions, place.pointer)
        if isinstance(step, StandardStep) and (step.function_references or step.function_calls):
            loop, owner = _lender(place, definition.steps)
            visible = chain(
                definition.function_definitions,
                loop.function_definitions if loop else (),
                step.function_definitions,
            )
            known = {function.name: function for function in visible}
            scopes = _scopes(place, owner, lenders)
            yield from _uses(step, place.pointer, known, scopes)


def _lender(place: PlacedStep, steps: Sequence[Step]) -> tuple[LoopStep | None, str]:
    """The loop whose functions a step sees because it repeats the step, and its pointer."""
    if place.loop is not None:
        return place.loop, parent(parent(place.pointer))
    for index, step in enumerate(steps):
        if isinstance(step, LoopStep) and step.body == place.step.id:
            return step, child("/steps", index)
    return None, ""


def _scopes(place: PlacedStep, loop: str, lenders: tuple[str, ...]) -> tuple[str, ...]:
    """The places that decide which functions a step sees; what those say is further down."""
    own = [child(owner, "functionDefinitions") for owner in ("", place.pointer, loop)]
    if place.loop is not None:
        return tuple(own)
    return (child(place.pointer, "id"), *own, *lenders)


def _lenders(steps: Sequence[Step]) -> Iterator[str]:
    """The places that decide which functions loops lend to the steps they name."""
    yield "/steps/*/type"
    for index, step in enumerate(steps):
        pointer = child("/steps", index)
        if isinstance(step, LoopStep):
            yield child(pointer, "functionDefinitions")
        if not isinstance(step, ParallelStep) and step.function_definitions:
            yield child(pointer, "body")
            yield child(pointer, "type")


def _fields_in(scopes: tuple[str, ...], *fields: str) -> tuple[str, ...]:
    """The places that decide what these fields of the functions of some scopes hold."""
    lists = [scope for scope in scopes if scope.endswith("/functionDefinitions")]
    others = [scope for scope in scopes if scope not in lists]
    return (*others, *(f"{each}/*/{field}" for each in lists for field in fields))


def _repeated(functions: Sequence[FunctionDefinition], owner: str) -> Iterator[Problem]:
    names: set[str] = set()
    for index, function in enumerate(functions):
        pointer = f"{owner}/functionDefinitions/{index}"
        if function.name in names:
            message = f"repeats the function {shown(function.name)} of the same list"
            yield Problem(f"{pointer}/name", message, suggestion=_ADVICE, rests_on=())
        names.add(function.name)
        parameters: set[str] = set()
        for place, parameter in enumerate(function.parameters):
            if parameter.name in parameters:
                message = f"repeats the parameter {shown(parameter.name)}"
                where = f"{pointer}/parameters/{place}/name"
                yield Problem(where, message, suggestion=_ADVICE, rests_on=())
            parameters.add(parameter.name)


def _uses(
    step: StandardStep,
    pointer: str,
    known: Mapping[str, FunctionDefinition],
    scopes: tuple[str, ...],
) -> Iterator[Problem]:
    names = _fields_in(scopes, "name")
    declared = _fields_in(scopes, "name", "parameters")
    for index, reference in enumerate(step.function_references):
        name = reference.removesuffix("()")
        if name not in known:
            place = f"{pointer}/functionReferences/{index}"
            yield unknown_name("function", place, name, known, rests_on=names)
    for index, call in enumerate(step.function_calls):
        place = f"{pointer}/functionCalls/{index}"
        function = known.get(call.name)
        if function is None:
            yield unknown_name("function", f"{place}/name", call.name, known, rests_on=names)
        else:
            grounds = (*declared, f"{place}/name")
            yield from _call(call, function, f"{place}/args", grounds)


def _call(
    call: FunctionCall, function: FunctionDefinition, pointer: str, scopes: tuple[str, ...]
) -> Iterator[Problem]:
    parameters = {parameter.name: parameter for parameter in function.parameters}
    for name, parameter in parameters.items():
        has_default = "default" in parameter.model_fields_set
        if parameter.required and not has_default and name not in call.args:
            message = f"is required by {function.name}() and missing"
            place = child(pointer, name)
            yield Problem(place, message, _kind(parameter), rests_on=scopes)
    for name, value in call.args.items():
        place = child(pointer, name)
        parameter = parameters.get(name)
        if parameter is not None:
            yield from _argument(value, parameter, place, scopes)
        elif parameters:
            what = f"parameter of {function.name}() named"
            yield unknown_name(what, place, name, parameters, rests_on=scopes)


def _argument(
    value: JsonValue, parameter: FunctionParameter, pointer: str, scopes: tuple[str, ...]
) -> Iterator[Problem]:
    if not _fits(value, parameter.type):
        kind = _kind(parameter)
        message = f"must be {kind}, not {shown(value)}"
        yield Problem(pointer, message, kind, rests_on=scopes)
        return
    allowed = parameter.enum
    if allowed is None:
        return
    if canonical_bytes(value) not in {canonical_bytes(each) for each in allowed}:
        expected = one_of(shown(each) for each in allowed)
        yield Problem(pointer, f"cannot be {shown(value)}", expected, rests_on=scopes)


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
