"""What can be checked without asking the agent, and what comes of a check?

Paths are relative to the workspace and use `/`. Globs are matched against whole relative paths: `*`
stays within a name, `**` crosses folders.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from workrail_engine.canonical import JsonObject

ReportFormat: TypeAlias = Literal["junit", "pytest"]
ParsedAs: TypeAlias = Literal["json", "yaml", "toml", "xml", "python"]
Part: TypeAlias = Literal["diff"]
"""What an approver can be shown besides notes and artifacts."""
CheckOutcome: TypeAlias = Literal["passed", "failed", "error", "unchecked"]
"""`failed`: it was checked and does not hold. `error`: it could not be checked. `unchecked`: there was
nothing to carry out, and the author lets the step pass without. None of these is a pass.
"""


@dataclass(frozen=True)
class Report:
    """The results a command leaves, read test by test."""

    format: ReportFormat
    path: str | None
    """Where a `junit` report lies; a `pytest` report is put aside by the runner itself."""
    expected: tuple[str, ...]
    """Ids of tests that must have run and passed."""
    least: int
    """How many tests must have run at least; skipped ones did not run."""


@dataclass(frozen=True)
class CommandCheck:
    """A command exits as expected, within its time."""

    check_id: str
    purpose: str | None
    """What it shows, in the author's words."""
    argv: tuple[str, ...]
    folder: str
    """Where it runs; `.` is the workspace."""
    exit_codes: tuple[int, ...]
    time_limit: int
    """Seconds."""
    environment: tuple[str, ...]
    """Names of variables it is given besides the usual few."""
    report: Report | None
    protect: tuple[str, ...]
    """Globs of files that count as they were at the session's base revision."""
    isolate: bool
    """Whether it runs in a clean checkout of its own, with the protected files put back."""


@dataclass(frozen=True)
class ProjectCheck:
    """A command that the project itself names passes; which one, the session's base revision says."""

    check_id: str
    purpose: str | None
    command: str
    """The name it goes by in the project's file."""
    optional: bool
    """Whether a project that names no such command passes unchecked."""


@dataclass(frozen=True)
class FileRule:
    """What must hold for the files a glob or a path names."""

    path: str
    absent: bool
    """No file may match; nothing else is looked at then."""
    matches: str | None
    """A pattern that must be found in the text of each."""
    lacks: str | None
    """A pattern that must not be found in any."""
    parses: ParsedAs | None
    schema: JsonObject | None
    """JSON Schema for what is parsed."""


@dataclass(frozen=True)
class FilesCheck:
    """Files are there, or not, and are as they should be."""

    check_id: str
    purpose: str | None
    rules: tuple[FileRule, ...]


@dataclass(frozen=True)
class DiffCheck:
    """What changed since the session's base revision stays within bounds."""

    check_id: str
    purpose: str | None
    allowed: tuple[str, ...]
    """Every changed path must match one of these; none: every path may change."""
    protected: tuple[str, ...]
    """No changed path may match one of these."""
    max_files: int | None
    max_lines: int | None
    """Added and removed lines together."""
    must_change: bool
    """Whether no change at all is a failure."""


@dataclass(frozen=True)
class ArtifactCheck:
    """A submitted artifact of a kind satisfies a JSON Schema."""

    check_id: str
    purpose: str | None
    artifact_kind: str
    schema: JsonObject


@dataclass(frozen=True)
class ApprovalCheck:
    """A person approves what they are shown; it comes after every other check has passed."""

    check_id: str
    purpose: str | None
    show: tuple[Part, ...]


RunnableKind: TypeAlias = Literal["command", "files", "diff", "artifact"]
RunnableCheck: TypeAlias = CommandCheck | ProjectCheck | FilesCheck | DiffCheck | ArtifactCheck
Check: TypeAlias = RunnableCheck | ApprovalCheck


@dataclass(frozen=True)
class Counts:
    """Tests of a report by how they ended."""

    passed: int
    failed: int
    skipped: int


@dataclass(frozen=True)
class CheckResult:
    """What came of one check."""

    check_id: str
    kind: RunnableKind
    outcome: CheckOutcome
    summary: str
    """One line: what was found."""
    problems: tuple[str, ...]
    """What does not hold, each with where; bounded."""
    tree: str | None
    """The files it speaks of: `git:` and a tree id, or `files:` and a digest; None: none could be told."""
    reused: bool
    """Whether it was found before, for the same files, and not looked at again."""
    seconds: float
    argv: tuple[str, ...]
    """Of a command, as it was run."""
    exit_code: int | None
    counts: Counts | None
    output: JsonObject | None
    """The whole output, as an artifact; None where there is none."""


def kind_of(check: RunnableCheck) -> RunnableKind:
    """What kind of thing a check looks at; a project's command is a command."""
    match check:
        case CommandCheck() | ProjectCheck():
            return "command"
        case FilesCheck():
            return "files"
        case DiffCheck():
            return "diff"
        case ArtifactCheck():
            return "artifact"
