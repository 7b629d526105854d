"""What can be wrong with a text before anyone asks what it means?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from workrail_engine.canonical import JsonValue


@dataclass(frozen=True)
class TextFault:
    """One place where a text is not the JSON or YAML it should be."""

    line: int
    """1-based."""
    message: str
    pointer: str = ""
    suggestion: str | None = None


@dataclass(frozen=True)
class Rest:
    """What a faulty text holds all the same."""

    value: JsonValue
    lines: Callable[[], Mapping[str, int]]
    """The 1-based line of every key and value, by JSON pointer; found when first asked for."""
    doubted: frozenset[str] = frozenset()
    """Pointers of the places where something else may be meant than what is read there."""


@dataclass(frozen=True)
class Unreadable:
    """A text that is not what it should be, with every fault found in it (at least one)."""

    faults: tuple[TextFault, ...]
    rest: Rest | None = None
    """None where reading could not go on to the end of the document."""


class FaultyTextError(Exception):
    """Reading cannot go on after this fault. Never leaves the readers of texts."""

    def __init__(self, fault: TextFault) -> None:
        super().__init__(fault.message)
        self.fault = fault
