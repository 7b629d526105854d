"""Which shapes can an artifact be read in? Each says its own name, for the template that shows it."""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from workrail_engine.projections.session_detail import ArtifactLine

SHOWN_BYTES: Final = 200_000
"""Larger artifacts are only offered as a file."""


@dataclass(frozen=True)
class FindingRow:
    """One finding of a review."""

    severity: str
    category: str | None
    summary: str
    rest: tuple[tuple[str, str], ...]
    """Further fields, as label and text."""


@dataclass(frozen=True)
class Findings:
    """What a review came to."""

    verdict: str
    confidence: str
    summary: str
    rows: tuple[FindingRow, ...]
    shape: Literal["findings"] = "findings"


@dataclass(frozen=True)
class LevelRow:
    """One dimension of an assessment."""

    dimension: str
    level: str
    rationale: str | None


@dataclass(frozen=True)
class Levels:
    """A self-assessment."""

    assessment: str | None
    rows: tuple[LevelRow, ...]
    summary: str | None
    shape: Literal["levels"] = "levels"


@dataclass(frozen=True)
class Decision:
    """Whether a loop goes on, or whether gated work may."""

    decision: str
    reason: str | None
    facts: tuple[tuple[str, str], ...]
    shape: Literal["decision"] = "decision"


@dataclass(frozen=True)
class Field:
    """A label, and a text or a list of texts."""

    label: str
    items: tuple[str, ...]
    listed: bool


@dataclass(frozen=True)
class Fields:
    """A handoff, or anything else that is an object of texts and lists."""

    fields: tuple[Field, ...]
    shape: Literal["fields"] = "fields"


@dataclass(frozen=True)
class Output:
    """What a command wrote."""

    argv: tuple[str, ...]
    exit_code: int | None
    complete: bool
    text: str
    shape: Literal["output"] = "output"


@dataclass(frozen=True)
class Difference:
    """A change of files."""

    text: str
    shape: Literal["diff"] = "diff"


@dataclass(frozen=True)
class Json:
    """Anything, indented."""

    text: str
    shape: Literal["json"] = "json"


@dataclass(frozen=True)
class NotShown:
    """Too large for a page, or not to be found."""

    why: str
    shape: Literal["none"] = "none"


ArtifactView: TypeAlias = (
    Findings | Levels | Decision | Fields | Output | Difference | Json | NotShown
)


@dataclass(frozen=True)
class ShownArtifact:
    """An artifact of a step, and how it is read."""

    line: ArtifactLine
    view: ArtifactView
