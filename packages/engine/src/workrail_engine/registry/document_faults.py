"""What can be wrong with a text before anyone asks what it means?"""

from dataclasses import dataclass


@dataclass(frozen=True)
class TextFault:
    """One place where a text is not the JSON or YAML it should be."""

    line: int
    """1-based."""
    message: str
    pointer: str = ""
    suggestion: str | None = None


@dataclass(frozen=True)
class Unreadable:
    """A text no document can be had from, with every fault found in it (at least one)."""

    faults: tuple[TextFault, ...]


class FaultyTextError(Exception):
    """Reading cannot go on after this fault. Never leaves the readers of texts."""

    def __init__(self, fault: TextFault) -> None:
        super().__init__(fault.message)
        self.fault = fault
