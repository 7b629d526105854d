"""Which workflows are there, and what does each look like from outside?

Plain values the registry fills and the programs present. Paths are absolute texts; lines count
from 1; a line is None where the file could not be read far enough to have one.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from workrail_engine.outcomes import ReferenceView

SourceName: TypeAlias = Literal["bundled", "user", "managed", "git", "project"]
OutlineKind: TypeAlias = Literal["step", "loop", "parallel", "audit", "verification", "synthesis"]


@dataclass(frozen=True)
class FileProblem:
    """One thing that is wrong in a workflow file."""

    line: int | None
    pointer: str
    """RFC 6901 JSON pointer; empty for the document as a whole."""
    message: str
    expected: str | None = None
    suggestion: str | None = None

    def located(self, path: str) -> str:
        """The problem on one line: `path:line: /pointer: message (expected …; …)`."""
        place = path if self.line is None else f"{path}:{self.line}"
        where = f"{place}: {self.pointer}" if self.pointer else place
        news = self.expected is not None and self.expected not in self.message
        hints = (f"expected {self.expected}" if news else "", self.suggestion or "")
        hint = "; ".join(filter(None, hints))
        return f"{where}: {self.message}{f' ({hint})' if hint else ''}"


@dataclass(frozen=True)
class FileReport:
    """What checking one file came to."""

    path: str
    workflow_id: str | None
    """The id the file declares, where it could be read that far."""
    problems: tuple[FileProblem, ...]
    """In the order they stand in the file; empty when all is well."""


@dataclass(frozen=True)
class FileWarning:
    """One thing in a sound workflow file that is likely not what its author wants."""

    code: str
    line: int | None
    pointer: str
    message: str
    why: str
    """What comes of it."""
    advice: str


@dataclass(frozen=True)
class LintReport:
    """What is told about one file that may be better than it is."""

    path: str
    workflow_id: str | None
    """The id the file declares, where it could be read that far."""
    warnings: tuple[FileWarning, ...]
    """In the order they stand in the file; empty when there is nothing to say."""


@dataclass(frozen=True)
class BrokenFile:
    """A file in a source that cannot be used, and why."""

    path: str
    source: SourceName
    workflow_id: str | None
    """The id it declares, where it could be read that far."""
    problems: tuple[FileProblem, ...]


@dataclass(frozen=True)
class WorkflowEntry:
    """A workflow as lists show it."""

    id: str
    name: str
    description: str
    version: str
    about: str | None
    source: SourceName
    path: str
    tags: tuple[str, ...]
    steps: int
    """Steps an author wrote, those inside loops counted once."""
    routine: bool
    """Whether other workflows may take its steps in as a template."""
    shadows: tuple[str, ...] = ()
    """Paths of files with the same id that this one replaces, nearest first."""
    managed: str | None = None
    """The name of the added source it comes from."""
    untrusted: bool = False
    """It cannot be started before a person trusts that source as it is now."""


@dataclass(frozen=True)
class Catalog:
    """Every workflow one workspace sees, by id, and every file that could not be used, by path."""

    entries: tuple[WorkflowEntry, ...]
    broken: tuple[BrokenFile, ...]


@dataclass(frozen=True)
class StepOutline:
    """A step, a loop or a parallel step, without running anything."""

    step_id: str
    title: str
    kind: OutlineKind
    text: str
    """Authored text, context tokens not replaced; empty for loops and parallel steps."""
    runs_when: str | None
    """Its run condition in words; None: always."""
    repeats: str | None
    """How a loop repeats, in words; None for anything else."""
    requirements: tuple[str, ...]
    """What completing it demands, in words."""
    confirmation: str | None
    """When a person is to confirm, in words."""
    model_tier: str | None = None
    delegates: tuple[str, ...] = ()
    """Workflows a parallel step asks the agent to start."""
    steps: tuple["StepOutline", ...] = ()
    """Body of a loop."""


@dataclass(frozen=True)
class WorkflowOutline:
    """A workflow as it would run, seen whole."""

    entry: WorkflowEntry
    workflow_hash: str
    model_tier: str | None
    meta_guidance: tuple[str, ...]
    preconditions: tuple[str, ...]
    clarification_prompts: tuple[str, ...]
    examples: tuple[str, ...]
    references: tuple[ReferenceView, ...]
    bindings: tuple[tuple[str, str], ...]
    """(slot, bound id) pairs."""
    context_variables: tuple[str, ...]
    """Variables its conditions and loops read, in order of first use."""
    steps: tuple[StepOutline, ...]
