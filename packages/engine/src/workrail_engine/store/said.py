"""What did one change say that people may look for?"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Said:
    """The text of one change, by where it stands."""

    goal: str | None = None
    title: str | None = None
    notes: str | None = None
    artifacts: str | None = None
    parts: str | None = None
    """Parts of words (`store/parts.py`); then nothing else is said."""
