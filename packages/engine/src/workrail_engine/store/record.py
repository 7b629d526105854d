"""How is a stored JSON object read back, strictly?

Every field must be there, have its type, and be asked for: what a reader does not know is damage,
not something to pass over.
"""

import json
from collections.abc import Callable
from typing import TypeVar, cast

from workrail_engine.canonical import JsonObject, JsonValue

T = TypeVar("T")


class DamagedRecordError(ValueError):
    """A stored record is not what was written; the message says where it differs."""


class Record:
    """A JSON object whose fields are taken out one by one."""

    def __init__(self, value: object, what: str) -> None:
        if not isinstance(value, dict):
            raise DamagedRecordError(_wrong(what, "an object", value))
        self._fields = dict(cast("dict[str, JsonValue]", value))
        self._what = what

    @classmethod
    def parse(cls, text: str, what: str) -> "Record":
        """A record from its stored text."""
        return cls(parse_json(text, what), what)

    def take(self, name: str) -> JsonValue:
        """A field of any type."""
        try:
            return self._fields.pop(name)
        except KeyError:
            message = f"{self._what} has no field '{name}'"
            raise DamagedRecordError(message) from None

    def text(self, name: str) -> str:
        """A string."""
        value = self.take(name)
        if isinstance(value, str):
            return value
        raise DamagedRecordError(_wrong(f"{self._what}.{name}", "a string", value))

    def number(self, name: str) -> int:
        """A whole number."""
        value = self.take(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        raise DamagedRecordError(_wrong(f"{self._what}.{name}", "a whole number", value))

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self.take(name)
        if isinstance(value, bool):
            return value
        raise DamagedRecordError(_wrong(f"{self._what}.{name}", "true or false", value))

    def object(self, name: str) -> JsonObject:
        """A JSON object."""
        value = self.take(name)
        if isinstance(value, dict):
            return cast("JsonObject", value)
        raise DamagedRecordError(_wrong(f"{self._what}.{name}", "an object", value))

    def items(self, name: str) -> tuple[JsonValue, ...]:
        """A list of anything."""
        value = self.take(name)
        if isinstance(value, list):
            return tuple(value)
        raise DamagedRecordError(_wrong(f"{self._what}.{name}", "a list", value))

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings."""
        items = self.items(name)
        texts = tuple(item for item in items if isinstance(item, str))
        if len(texts) != len(items):
            raise DamagedRecordError(_wrong(f"{self._what}.{name}", "a list of strings", items))
        return texts

    def numbers(self, name: str) -> tuple[int, ...]:
        """A list of whole numbers."""
        items = self.items(name)
        found = tuple(item for item in items if type(item) is int)
        if len(found) != len(items):
            raise DamagedRecordError(_wrong(f"{self._what}.{name}", "a list of numbers", items))
        return found

    def maybe(self, name: str, read: Callable[[str], T]) -> T | None:
        """A field that is left out when it is None, read by one of the other methods if there."""
        return read(name) if name in self._fields else None

    def each(self, name: str, read: Callable[["Record"], T]) -> tuple[T, ...]:
        """A list of records, each read to its end."""
        return tuple(
            self._nested(item, f"{self._what}.{name}[{place}]", read)
            for place, item in enumerate(self.items(name))
        )

    def one(self, name: str, read: Callable[["Record"], T]) -> T:
        """A record within this one, read to its end."""
        return self._nested(self.take(name), f"{self._what}.{name}", read)

    def end(self) -> None:
        """Nothing may be left."""
        if self._fields:
            message = f"{self._what} has an unknown field '{next(iter(self._fields))}'"
            raise DamagedRecordError(message)

    @staticmethod
    def _nested(value: JsonValue, what: str, read: Callable[["Record"], T]) -> T:
        record = Record(value, what)
        result = read(record)
        record.end()
        return result


def parse_json(text: str, what: str) -> object:
    """A stored JSON text."""
    try:
        return json.loads(text)
    except ValueError as error:
        message = f"{what} is not JSON: {error}"
        raise DamagedRecordError(message) from error


def compact(value: object) -> str:
    """The stored text of plain data and of frozen dataclasses, whose fields that are None are left out.

    Raises:
        ValueError: it holds what JSON or UTF-8 cannot.
    """
    return json.dumps(
        value, default=_fields, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )


def _fields(value: object) -> dict[str, object]:
    return {name: field for name, field in vars(value).items() if field is not None}


def _wrong(what: str, wanted: str, value: object) -> str:
    return f"{what} should be {wanted}, not {type(value).__name__}"
