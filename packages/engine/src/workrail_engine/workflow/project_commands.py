"""Which commands does a project name for workflows that cannot know them, and which one is meant?

The file lies in the project, at `.workrail/checks.yaml`. What a workflow calls `test` is there the
command that tests this project.
"""

from dataclasses import replace
from typing import Annotated, Final, TypeAlias

from pydantic import Field, Tag, ValidationError

from workrail_engine.canonical import JsonValue
from workrail_engine.workflow.checks import CommandCheck, ProjectCheck
from workrail_engine.workflow.compile_checks import command_check
from workrail_engine.workflow.definition_checks import CommandDefinition
from workrail_engine.workflow.definition_values import (
    AUTHORED,
    Authored,
    CheckId,
    Many,
    by_shape,
)
from workrail_engine.workflow.pointers import child
from workrail_engine.workflow.problems import Problem, in_document_order
from workrail_engine.workflow.schema_problems import problems_from
from workrail_engine.workflow.structure_command import command_problems

PROJECT_FILE: Final = ".workrail/checks.yaml"


def _form(value: object) -> str | None:
    if isinstance(value, dict):
        return "=object"
    if isinstance(value, str):
        return "=text"
    return "=arguments" if isinstance(value, list | tuple) else None


Entry: TypeAlias = Annotated[
    Annotated[str, Field(max_length=4096), Tag("=text")]
    | Annotated[Many[str], Field(min_length=1), Tag("=arguments")]
    | Annotated[CommandDefinition, Tag("=object")],
    by_shape(_form, "a command: a text, a list of arguments, or an object with run"),
]


class ProjectCommands(Authored):
    """The commands of a project, by the names that workflows know them by."""

    commands: dict[CheckId, Entry]

    def named(self, check: ProjectCheck) -> CommandCheck | None:
        """What carries out a check; None where the project names no such command."""
        entry = self.commands.get(check.command)
        return (
            None if entry is None else command_check(check.check_id, check.purpose, _whole(entry))
        )


def read_project_commands(document: JsonValue) -> ProjectCommands | tuple[Problem, ...]:
    """The commands in the file of a project, or every problem with it.

    Args:
        document: what the file holds, as plain values.
    """
    if document is None:
        return (Problem("", "is empty", "`commands:`, and below it names with their commands"),)
    try:
        read = ProjectCommands.model_validate(
            document, context=AUTHORED, by_alias=True, by_name=False
        )
    except ValidationError as error:
        return problems_from(error, ProjectCommands, document)
    found: list[Problem] = []
    for name, entry in read.commands.items():
        place = child("/commands", name)
        short = not isinstance(entry, CommandDefinition)
        problems = command_problems(_whole(entry), place)
        # A short form has no field `run` to point at.
        found += (replace(each, pointer=place) if short else each for each in problems)
    return in_document_order(found, document) or read


def _whole(entry: str | tuple[str, ...] | CommandDefinition) -> CommandDefinition:
    return entry if isinstance(entry, CommandDefinition) else CommandDefinition(run=entry)
