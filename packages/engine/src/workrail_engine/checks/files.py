"""Are files there, or not, and are they as they should be?"""

from collections.abc import Iterator
from pathlib import Path

from workrail_engine.checks.file_places import matching, read_text
from workrail_engine.checks.findings import CannotCheckError, Finding, bounded, counted
from workrail_engine.checks.parsing import NotParsedError, parse
from workrail_engine.checks.paths import shown_path, shown_paths
from workrail_engine.workflow.checks import FileRule, FilesCheck
from workrail_engine.workflow.notes_checks import UncheckableError, matches, schema_problems


def check_files(check: FilesCheck, workspace: Path) -> Finding:
    """Look at the files every rule names.

    Raises:
        CannotCheckError: there is no rule, or one cannot be checked; problems found before are told.
    """
    if not check.rules:
        message = "the check names no files; give it at least one rule"
        raise CannotCheckError(message)
    problems: list[str] = []
    seen = 0
    for rule in check.rules:
        try:
            found = matching(workspace, rule.path)
            seen += len(found)
            for problem in _problems(rule, found, workspace):
                problems.append(problem)  # noqa: PERF402 (those before an error are told too)
        except (CannotCheckError, UncheckableError) as error:
            raise CannotCheckError(str(error), bounded((str(error), *problems))) from error
    if problems:
        return Finding(
            "failed", f"{counted(len(problems), 'problem')} with files", bounded(problems)
        )
    return Finding("passed", f"{counted(len(check.rules), 'rule')} kept by {counted(seen, 'file')}")


def _problems(rule: FileRule, found: list[str], workspace: Path) -> Iterator[str]:
    if rule.absent:
        if found:
            yield f"{shown_paths(found)}: there, and must not be"
        return
    if not found:
        yield f"{shown_path(rule.path)}: not there"
        return
    if rule.matches is None and rule.lacks is None and rule.parses is None and rule.schema is None:
        for path in found:
            if not (workspace / path).exists():
                yield f"{shown_path(path)}: a link that leads nowhere"
        return
    for path in found:
        for problem in _of_text(rule, read_text(workspace, path)):
            yield f"{shown_path(path)}: {problem}"


def _of_text(rule: FileRule, text: str) -> Iterator[str]:
    if rule.matches is not None and not matches(rule.matches, "m", text):
        yield f"does not match /{rule.matches}/"
    if rule.lacks is not None and matches(rule.lacks, "m", text):
        yield f"matches /{rule.lacks}/, and must not"
    if rule.parses is None and rule.schema is None:
        return
    try:
        value = parse(text, rule.parses or "json")
    except NotParsedError as error:
        yield str(error)
        return
    if rule.schema is not None:
        yield from schema_problems(rule.schema, value)
