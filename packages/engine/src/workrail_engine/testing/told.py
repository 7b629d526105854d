"""What does a value of frozen dataclasses look like as JSON, for a test to compare?"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import cast


def told(value: object) -> object:
    """A value as JSON; each dataclass with the name of its type under an empty key."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {
            field.name: told(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
        return {"": type(value).__name__, **fields}
    if isinstance(value, tuple | list):
        return [told(item) for item in cast("Sequence[object]", value)]
    if isinstance(value, Mapping):
        entries = cast("Mapping[str, object]", value)
        return {key: told(item) for key, item in entries.items()}
    return value
