"""Which context variables are read that no text asks for and nothing sets?

A variable counts as asked for when its name stands anywhere in a text of the workflow as a word of
its own, outside of the tokens that read it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from workrail_engine.canonical import JsonValue
from workrail_engine.workflow.conditions import parse_condition, variables
from workrail_engine.workflow.definition import WorkflowDefinition
from workrail_engine.workflow.definition_steps import LoopStep, StandardStep, Step
from workrail_engine.workflow.expand_templates import RoutineTemplate
from workrail_engine.workflow.pointers import child

_TOKEN: Final = re.compile(r"\{\{([A-Za-z_]\w*)[^{}]*\}\}", re.ASCII)
_WORD: Final = re.compile(r"[A-Za-z_][\w.]*\w|[A-Za-z_]")
_CONDITIONS: Final = ("runCondition", "when", "condition")
_NO_TEXTS: Final = frozenset({*_CONDITIONS, "id", "type", "loop", "checks", "fresh", "tools"})
_NO_PROSE: Final = frozenset({"steps", "id", "name", "extensionPoints", "version", "tools"})
_SET_BY_OTHERS: Final = frozenset({"is_autonomous"})


def unasked_variables(
    definition: WorkflowDefinition, templates: Mapping[str, RoutineTemplate]
) -> Iterator[tuple[str, str]]:
    """The place and the name of each variable that is read and never asked for; once each."""
    routines = [
        step
        for each in _called(definition)
        if each in templates
        for step in templates[each].definition.steps
    ]
    if len(_called(definition) - set(templates)):
        return
    document = definition.as_json()
    texts = [*_texts({key: document[key] for key in document if key not in _NO_PROSE})]
    for step in (*definition.steps, *routines):
        texts += texts_of(step)
    known = words_in(texts) | _SET_BY_OTHERS
    told: set[str] = set()
    for index, step in enumerate(definition.steps):
        own = _loop_variables(step, definition)
        for place, name in _read(step.as_json(), child("/steps", index)):
            if name not in known | own | told:
                told.add(name)
                yield place, name


def texts_of(step: Step) -> Iterator[str]:
    """Every text of a step that an agent may read."""
    yield from _texts(step.as_json())


def words_in(texts: Iterable[str]) -> set[str]:
    """The words of some texts, those within tokens left out; `context.x` counts as `x` too."""
    words = {word for text in texts for word in _WORD.findall(_TOKEN.sub(" ", text))}
    return words | {part for word in words for part in word.split(".")}


def _called(definition: WorkflowDefinition) -> set[str]:
    inner = [
        step
        for each in definition.steps
        for step in (each.body if isinstance(each, LoopStep) else (each,))
    ]
    return {
        step.template_call.template_id
        for step in inner
        if isinstance(step, StandardStep) and step.template_call is not None
    }


def _loop_variables(step: Step, definition: WorkflowDefinition) -> set[str]:
    """The variables of the loop that a step is, or whose body it is."""
    loops = [
        each
        for each in definition.steps
        if isinstance(each, LoopStep) and (each is step or each.body == step.id)
    ]
    return {
        name
        for each in loops
        for name in (each.loop.iteration_var, each.loop.item_var, each.loop.index_var)
    }


def _texts(value: JsonValue) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Mapping():
            for key, member in value.items():
                if key == "outputRequired" and isinstance(member, Mapping):
                    yield from member
                if key not in _NO_TEXTS:
                    yield from _texts(member)
        case None | bool() | int() | float():
            return
        case _:
            for item in value:
                yield from _texts(item)


def _read(value: JsonValue, pointer: str) -> Iterator[tuple[str, str]]:
    match value:
        case str():
            for name in _TOKEN.findall(value):
                if name != "wr":
                    yield pointer, name
        case Mapping():
            for key, member in value.items():
                yield from _read_in_field(key, member, child(pointer, key))
        case None | bool() | int() | float():
            return
        case _:
            for index, item in enumerate(value):
                yield from _read(item, child(pointer, index))


def _read_in_field(key: str, value: JsonValue, pointer: str) -> Iterator[tuple[str, str]]:
    if key in _CONDITIONS and isinstance(value, Mapping):
        yield from ((pointer, name) for name in variables(parse_condition(value)))
    elif key in ("items", "count") and isinstance(value, str):
        yield pointer, value
    elif key not in ("checks", "tools"):
        yield from _read(value, pointer)
