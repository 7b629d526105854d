"""Which checks does a step run, as the engine carries them out?"""

from typing import assert_never

from workrail_engine.workflow.checks import (
    ApprovalCheck,
    ArtifactCheck,
    Check,
    CommandCheck,
    DiffCheck,
    FileRule,
    FilesCheck,
    ProjectCheck,
    Report,
)
from workrail_engine.workflow.command_line import arguments
from workrail_engine.workflow.definition_checks import (
    ApprovalCheckDefinition,
    ArtifactCheckDefinition,
    CheckDefinition,
    CommandCheckDefinition,
    CommandDefinition,
    DiffCheckDefinition,
    FileRuleDefinition,
    FilesCheckDefinition,
    ProjectCheckDefinition,
    ReportDefinition,
)


def compile_check(check: CheckDefinition) -> Check:
    """The check that a definition describes.

    Raises:
        CommandLineError: its command cannot be split; `structure` has refused that before.
    """
    match check:
        case CommandCheckDefinition():
            return command_check(check.id, check.purpose, check)
        case ProjectCheckDefinition():
            return ProjectCheck(check.id, check.purpose, check.command, check.optional)
        case FilesCheckDefinition():
            return FilesCheck(check.id, check.purpose, tuple(_rule(each) for each in check.files))
        case DiffCheckDefinition():
            return DiffCheck(
                check_id=check.id,
                purpose=check.purpose,
                allowed=check.allowed,
                protected=check.protected,
                max_files=check.max_files,
                max_lines=check.max_lines,
                must_change=check.must_change,
            )
        case ArtifactCheckDefinition():
            return ArtifactCheck(check.id, check.purpose, check.artifact_kind, check.schema_)
        case ApprovalCheckDefinition():
            return ApprovalCheck(check.id, check.purpose, check.show)
        case _:
            assert_never(check)


def command_check(check_id: str, purpose: str | None, command: CommandDefinition) -> CommandCheck:
    """The check that carries out a command.

    Raises:
        CommandLineError: the command cannot be split; `structure` has refused that before.
    """
    exits = command.exits
    return CommandCheck(
        check_id=check_id,
        purpose=purpose,
        argv=arguments(command.run),
        folder=command.in_,
        exit_codes=(exits,) if isinstance(exits, int) else exits,
        time_limit=command.time_limit,
        environment=command.pass_,
        report=None if command.report is None else _report(command.report),
        protect=command.protect,
        isolate=command.isolate,
    )


def _report(report: ReportDefinition) -> Report:
    return Report(report.format, report.path, report.expected, report.at_least)


def _rule(rule: FileRuleDefinition) -> FileRule:
    return FileRule(
        path=rule.path,
        absent=rule.absent,
        matches=rule.matches,
        lacks=rule.lacks,
        parses=rule.parses,
        schema=rule.schema_,
    )
