"""How is a check told to whoever reads a workflow?"""

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
)


def check_words(check: Check) -> str:
    """What a check looks for, in a phrase."""
    match check:
        case CommandCheck():
            codes = " or ".join(str(code) for code in check.exit_codes)
            report = ", and its report shows that the tests ran" if check.report else ""
            found = f"`{' '.join(check.argv)}` exits with {codes}{report}"
        case ProjectCheck():
            given = ", if it names one" if check.optional else ""
            found = f"the project's own command `{check.command}` passes{given}"
        case FilesCheck():
            found = "; ".join(_file_words(rule) for rule in check.rules)
        case DiffCheck():
            found = "; ".join(_diff_words(check))
        case ArtifactCheck():
            found = f"the artifact of kind {check.artifact_kind} has the demanded form"
        case ApprovalCheck():
            found = " and ".join(
                ["a person approves what is sent", *(f"the {part}" for part in check.show)]
            )
        case _:
            assert_never(check)
    return f"{check.purpose} ({found})" if check.purpose else found


def _file_words(rule: FileRule) -> str:
    if rule.absent:
        return f"{rule.path} does not exist"
    wanted = [
        *([f"matches /{rule.matches}/"] if rule.matches is not None else []),
        *([f"does not match /{rule.lacks}/"] if rule.lacks is not None else []),
        *([f"is {rule.parses.upper()}"] if rule.parses is not None else []),
        *(["has the demanded form"] if rule.schema is not None else []),
    ]
    return f"{rule.path} exists" + (f" and {', '.join(wanted)}" if wanted else "")


def _diff_words(check: DiffCheck) -> list[str]:
    return [
        *(["something changed"] if check.must_change else []),
        *([f"only {', '.join(check.allowed)} changed"] if check.allowed else []),
        *([f"nothing in {', '.join(check.protected)} changed"] if check.protected else []),
        *([f"at most {check.max_files} files changed"] if check.max_files is not None else []),
        *([f"at most {check.max_lines} lines changed"] if check.max_lines is not None else []),
    ]
