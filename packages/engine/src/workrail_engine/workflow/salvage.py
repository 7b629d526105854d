"""What can still be checked in a document that the schema refuses?

Each value the schema refuses is taken out, or replaced where something has to stand. What is then
inconsistent, or cannot be put in place, is told as well, unless it could go away by putting a better
value into these places.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Final, Literal, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from workrail_engine.canonical import JsonValue, canonical_bytes
from workrail_engine.workflow.definition import WorkflowDefinition
from workrail_engine.workflow.definition_values import AUTHORED, UNKNOWN_FIELD
from workrail_engine.workflow.expand import Surroundings, obstacles
from workrail_engine.workflow.lenient import plain as writable
from workrail_engine.workflow.model_fields import (
    authored_fields,
    is_union,
    kind_at,
    may_take,
    model_at,
    plain,
)
from workrail_engine.workflow.pointers import child, keys_of, parent, upwards, with_any_items
from workrail_engine.workflow.problems import Problem, is_near
from workrail_engine.workflow.schema_problems import is_echo, place_of
from workrail_engine.workflow.structure import check_structure

_ROUNDS: Final = 32
"""A replacement may be refused too; what holds it is then replaced, in the next round."""
_VERSION: Final = "0.0.0"
_EMPTY: Final[tuple[object, ...]] = ([], {})
"""What says nothing wherever it stands, so that only a name can show what it was meant as."""


def other_problems(
    document: JsonValue, surroundings: Surroundings, doubted: Collection[str] = ()
) -> tuple[Problem, ...]:
    """What else is wrong with a document, no matter how its schema problems are put right.

    Args:
        document: a value within `json_limits`, which the schema may refuse.
        surroundings: what the document may refer to outside itself.
        doubted: places where something else may be meant than what stands there.

    Returns:
        Structural problems, then what cannot be put in place; none when too little of the document
        can be read.
    """
    repair = _Repair(document, doubted)
    for _ in range(_ROUNDS):
        try:
            definition = WorkflowDefinition.model_validate(
                repair.document, context=AUTHORED, by_alias=True, by_name=False
            )
        except ValidationError as error:
            repair.mend(error)
        else:
            found = (*check_structure(definition), *obstacles(definition, surroundings))
            return tuple(repair.unmoved(found))
    return ()


class _Repair:
    """A copy of a document whose refused values are replaced, and which places that touched."""

    def __init__(self, document: JsonValue, doubted: Collection[str]) -> None:
        self.document = cast("JsonValue", writable(document))
        self._text = _text_not_in(document)
        self._texts = 0
        self._replaced: set[str] = set()
        self._touched: set[str] = set(doubted)

    def mend(self, error: ValidationError) -> None:
        """Replace every value that a failed validation is about."""
        for detail in error.errors(include_url=False):
            if not is_echo(detail):
                self._mend(detail)

    def unmoved(self, problems: Iterable[Problem]) -> Iterator[Problem]:
        """Those of the problems that are there whatever is put into the touched places."""
        touched = {place for each in self._touched for place in with_any_items(each)}
        around = {outer for place in touched for outer in upwards(place)}
        for problem in problems:
            words = f"{problem.message} {problem.expected} {problem.suggestion}"
            places = (problem.pointer, *problem.rests_on)
            if (
                self._text not in words
                and around.isdisjoint(problem.rests_on)
                and all(touched.isdisjoint(upwards(place)) for place in places)
            ):
                yield problem

    def _mend(self, detail: ErrorDetails) -> None:
        """Replace the value at a location; the one that holds it, when that was done before."""
        loc = detail["loc"]
        for end in range(len(loc), 0, -1):
            pointer = place_of(loc[:end], self.document)[0]
            if pointer and pointer not in self._replaced:
                self._replaced.add(pointer)
                self._touched.add(pointer)
                unknown = detail["type"] in ("extra_forbidden", UNKNOWN_FIELD)
                if unknown and end == len(loc):
                    self._remove_unknown(pointer, loc)
                else:
                    self._replace(pointer, loc[:end])
                return

    def _remove_unknown(self, pointer: str, loc: tuple[int | str, ...]) -> None:
        """Take a field out; it may have been meant as one of those its object lacks."""
        holder = _value_at(self.document, parent(pointer))
        model = model_at(WorkflowDefinition, loc[:-1])
        if isinstance(holder, dict):
            fields = cast("dict[str, object]", holder)
            name = keys_of(pointer)[-1]
            value = fields.pop(name, None)
            kinds = {} if model is None else authored_fields(model)
            self._touched.update(
                child(parent(pointer), known)
                for known, kind in kinds.items()
                if known not in fields
                and ((value not in _EMPTY and may_take(kind, value)) or is_near(name, known))
            )

    def _replace(self, pointer: str, loc: tuple[int | str, ...]) -> None:
        """Put something else where it is needed, in lists for the indices' sake; else remove."""
        holder = _value_at(self.document, parent(pointer))
        key = keys_of(pointer)[-1]
        kind = kind_at(WorkflowDefinition, loc)
        if isinstance(holder, list):
            items = cast("list[object]", holder)
            items[int(key) : int(key) + 1] = [self._stand_in(kind)]
        elif isinstance(holder, dict):
            fields = cast("dict[str, object]", holder)
            if self._is_required(key, pointer, loc):
                fields[key] = _VERSION if pointer == "/version" else self._stand_in(kind)
            else:
                fields.pop(key, None)

    def _is_required(self, key: str, pointer: str, loc: tuple[int | str, ...]) -> bool:
        end = len(loc)
        while place_of(loc[: end - 1], self.document)[0] == pointer:
            end -= 1
        model = model_at(WorkflowDefinition, loc[: end - 1])
        fields = {} if model is None else model.model_fields
        return any(
            (field.alias or name) == key and field.is_required() for name, field in fields.items()
        )

    def _stand_in(self, wanted: object) -> object:
        """Some value of a type, with texts that stand nowhere else."""
        kind = plain(wanted)
        if is_union(kind):
            return self._stand_in(get_args(kind)[0])
        if get_origin(kind) is Literal:
            return get_args(kind)[0]
        if get_origin(kind) is tuple:
            return [self._stand_in(get_args(kind)[0]) for _ in range(2)]
        if get_origin(kind) is dict:
            return {}
        if kind is bool:
            return True
        if kind is int:
            return 1
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return {
                field.alias or name: self._stand_in(field.annotation)
                for name, field in kind.model_fields.items()
                if field.is_required()
            }
        self._texts += 1
        return self._text + "".join(chr(ord("a") + int(digit)) for digit in str(self._texts))


def _text_not_in(document: JsonValue) -> str:
    """A text of letters, which most patterns accept, that the document does not hold."""
    held = canonical_bytes(document)
    text = "zzstandin"
    while text.encode() in held:
        text += "x"
    return text


def _value_at(document: object, pointer: str) -> object:
    """The value at a place; None when there is none."""
    for key in keys_of(pointer):
        if isinstance(document, dict):
            document = cast("dict[str, object]", document).get(key)
        elif isinstance(document, list) and key.isdecimal():
            items = cast("list[object]", document)
            document = items[int(key)] if int(key) < len(items) else None
        else:
            return None
    return document
