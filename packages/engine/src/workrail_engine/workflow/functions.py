"""Which functions does a step refer to?"""

import re
from collections.abc import Sequence

from workrail_engine.workflow.definition import FunctionDefinition, StandardStep


def functions_of(
    step: StandardStep, scopes: Sequence[Sequence[FunctionDefinition]]
) -> tuple[FunctionDefinition, ...]:
    """The functions a step needs, in the order they are declared.

    These are the ones it lists in `functionReferences` and `functionCalls`, those whose `name(`
    stands in its prompt or fragments, and those that their definitions mention in turn.

    Args:
        step: the step.
        scopes: the declarations it can see, nearest first; the nearest of a name counts.
    """
    visible: dict[str, FunctionDefinition] = {}
    for scope in scopes:
        for function in scope:
            visible.setdefault(function.name, function)
    waiting = [name for name in visible if name in _listed(step) or _is_called(name, step)]
    needed: set[str] = set()
    while waiting:
        name = waiting.pop()
        needed.add(name)
        text = visible[name].definition
        waiting += [other for other in visible if other not in needed and _mentions(text, other)]
    return tuple(function for name, function in visible.items() if name in needed)


def _listed(step: StandardStep) -> set[str]:
    references = {reference.removesuffix("()") for reference in step.function_references}
    return references | {call.name for call in step.function_calls}


def _is_called(name: str, step: StandardStep) -> bool:
    texts = (step.prompt or "", *(fragment.text for fragment in step.prompt_fragments or ()))
    return any(re.search(rf"\b{re.escape(name)}\(", text) for text in texts)


def _mentions(text: str, name: str) -> bool:
    return re.search(rf"\b{re.escape(name)}\b", text) is not None
