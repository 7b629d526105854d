"""How does a definition become another one? Models are frozen; these make changed copies."""

from typing import TypeVar

from workrail_engine.workflow.definition import Authored, ConditionDefinition

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
