"""How does a definition become another one? Models are frozen; these make changed copies."""

from typing import TypeVar

from workrail_engine.workflow.definition import (
    Authored,
    ConditionDefinition,
    ToolsDefinition,
)

A = TypeVar("A", bound=Authored)


def changed(model: A, **updates: object) -> A:
    """A copy with some fields set, or left out where the update is None.

    Fields nobody set stay unset, so that the pinned form holds no defaults.
    """
    given = {name: getattr(model, name) for name in model.model_fields_set}
    kept = {name: value for name, value in {**given, **updates}.items() if value is not None}
    return type(model).model_construct(set(kept), **kept)


def both(
    first: ConditionDefinition | None, second: ConditionDefinition | None
) -> ConditionDefinition | None:
    """The condition that holds when both do; an absent or empty one always holds."""
    stated = tuple(each for each in (first, second) if each is not None and each.model_fields_set)
    if len(stated) < 2:
        return stated[0] if stated else None
    return ConditionDefinition.model_construct(and_=stated)


def both_tools(
    outer: ToolsDefinition | None, inner: ToolsDefinition | None
) -> ToolsDefinition | None:
    """What both let an agent do; an absent one takes nothing away."""
    if outer is None or inner is None:
        return inner if outer is None else outer
    lists = [each.allowed for each in (outer, inner) if each.allowed is not None]
    allowed = tuple(name for name in lists[-1] if name in lists[0]) if lists else None
    globs = dict.fromkeys((*writable_lists(outer), *writable_lists(inner)))
    *within, writable = [*globs] or [None]
    network = False if False in (outer.network, inner.network) else inner.network or outer.network
    fields = {
        "allowed": allowed,
        "writable": writable,
        "network": network,
        "within": tuple(within) or None,
    }
    given = {name: value for name, value in fields.items() if value is not None}
    return ToolsDefinition.model_construct(set(given), **given)


def writable_lists(tools: ToolsDefinition) -> tuple[tuple[str, ...], ...]:
    """Lists of globs, each of which names every file that may be changed; none: any file may."""
    own = () if tools.writable is None else (tools.writable,)
    return (*(tools.within or ()), *own)
