"""What may a step say about the checks that stand between it and what follows?"""

from collections.abc import Mapping
from typing import Annotated, Final, Literal, TypeAlias, cast

from pydantic import Discriminator, Field, JsonValue, Tag

from workrail_engine.workflow.definition_values import (
    Authored,
    CheckId,
    Identifier,
    Many,
    Maybe,
    NonEmpty,
    Purpose,
    by_shape,
    member,
)
from workrail_engine.workflow.problems import is_near

CheckKind: TypeAlias = Literal["command", "project", "files", "diff", "artifact", "approval"]
"""Every model takes every kind; which model reads a check is chosen before."""


Glob: TypeAlias = Annotated[str, Field(min_length=1, max_length=512)]
ExitCode: TypeAlias = Annotated[int, Field(ge=0, le=255)]


def _command_form(value: object) -> str | None:
    if isinstance(value, str):
        return "=text"
    return "=arguments" if isinstance(value, list | tuple) else None


def _exits_form(value: object) -> str | None:
    if isinstance(value, list | tuple):
        return "=several"
    return "=one" if isinstance(value, int) and not isinstance(value, bool) else None


CommandLine: TypeAlias = Annotated[
    Annotated[str, Field(max_length=4096), Tag("=text")]
    | Annotated[Many[str], Field(min_length=1), Tag("=arguments")],
    by_shape(_command_form, "a list of arguments, or a text that is split into them"),
]
Exits: TypeAlias = Annotated[
    Annotated[ExitCode, Tag("=one")]
    | Annotated[Many[ExitCode], Field(min_length=1), Tag("=several")],
    by_shape(_exits_form, "an exit code from 0 to 255, or a list of them"),
]


class ReportDefinition(Authored):
    """The results a command leaves, read test by test."""

    format: Literal["junit", "pytest"]
    path: Maybe[Glob] = None
    expected: Many[NonEmpty] = ()
    at_least: Annotated[int, Field(ge=1)] = 1


class CommandDefinition(Authored):
    """A command, and how it has to end."""

    run: CommandLine
    in_: Annotated[str, Field(min_length=1, max_length=512, alias="in")] = "."
    exits: Exits = 0
    time_limit: Annotated[int, Field(ge=1, le=3600)] = 600
    pass_: Many[Identifier] = Field(default=(), alias="pass")
    report: Maybe[ReportDefinition] = None
    protect: Many[Glob] = ()
    isolate: bool = False


class CommandCheckDefinition(CommandDefinition):
    """A command exits as expected."""

    id: CheckId
    kind: CheckKind
    purpose: Maybe[Purpose] = None


class ProjectCheckDefinition(Authored):
    """A command that the project itself names exits as expected."""

    id: CheckId
    kind: CheckKind
    purpose: Maybe[Purpose] = None
    command: CheckId
    optional: bool = False


class FileRuleDefinition(Authored):
    """What must hold for the files a path or glob names."""

    path: Glob
    absent: bool = False
    matches: Maybe[NonEmpty] = None
    lacks: Maybe[NonEmpty] = None
    parses: Maybe[Literal["json", "yaml", "toml", "xml", "python"]] = None
    schema_: Maybe[dict[str, JsonValue]] = Field(default=None, alias="schema")


class FilesCheckDefinition(Authored):
    """Files are there, or not, and are as they should be."""

    id: CheckId
    kind: CheckKind
    purpose: Maybe[Purpose] = None
    files: Annotated[Many[FileRuleDefinition], Field(min_length=1)]


class DiffCheckDefinition(Authored):
    """What changed stays within bounds."""

    id: CheckId
    kind: CheckKind
    purpose: Maybe[Purpose] = None
    allowed: Many[Glob] = ()
    protected: Many[Glob] = ()
    max_files: Maybe[Annotated[int, Field(ge=0)]] = None
    max_lines: Maybe[Annotated[int, Field(ge=0)]] = None
    must_change: bool = False


class ArtifactCheckDefinition(Authored):
    """A submitted artifact has a form of the author's own."""

    id: CheckId
    kind: CheckKind
    purpose: Maybe[Purpose] = None
    artifact_kind: Annotated[str, Field(min_length=1, max_length=128)]
    schema_: dict[str, JsonValue] = Field(alias="schema")


class ApprovalCheckDefinition(Authored):
    """A person approves what they are shown."""

    id: CheckId
    kind: CheckKind
    purpose: Maybe[Purpose] = None
    show: Many[Literal["diff"]] = ()


_TELLING: Final[Mapping[str, frozenset[str]]] = {
    "command": frozenset({"run", "in", "exits", "timeLimit", "pass", "report", "protect"}),
    "project": frozenset({"command", "optional"}),
    "files": frozenset({"files"}),
    "diff": frozenset({"allowed", "protected", "maxFiles", "maxLines", "mustChange"}),
    "artifact": frozenset({"artifactKind", "schema"}),
    "approval": frozenset({"show"}),
}
"""Fields that tell what is meant where the kind is missing or none there is."""


def _check_form(value: object) -> str:
    """The tag of the kind a check is of, or of the one it is most like."""
    kind = member(value, "kind")
    if isinstance(kind, str) and kind in _TELLING:
        return f"={kind}"
    fields = set(cast("Mapping[str, object]", value)) if isinstance(value, Mapping) else set[str]()
    shared = {name: len(telling & fields) for name, telling in _TELLING.items()}
    most = max(shared, key=lambda name: shared[name])
    if shared[most]:
        return f"={most}"
    near = [name for name in _TELLING if isinstance(kind, str) and is_near(kind, name)]
    return f"={near[0]}" if near else "=approval"


CheckDefinition: TypeAlias = Annotated[
    Annotated[CommandCheckDefinition, Tag("=command")]
    | Annotated[ProjectCheckDefinition, Tag("=project")]
    | Annotated[FilesCheckDefinition, Tag("=files")]
    | Annotated[DiffCheckDefinition, Tag("=diff")]
    | Annotated[ArtifactCheckDefinition, Tag("=artifact")]
    | Annotated[ApprovalCheckDefinition, Tag("=approval")],
    Discriminator(_check_form),
]
