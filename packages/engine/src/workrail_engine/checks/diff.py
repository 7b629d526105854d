"""Does what changed since the session's base revision stay within bounds?"""

from collections.abc import Iterator

from workrail_engine.checks.changes import Changed, base_of, changes_since
from workrail_engine.checks.findings import CannotCheckError, Finding, bounded, counted
from workrail_engine.checks.paths import matches_any, shown_path
from workrail_engine.checks.tree import View
from workrail_engine.workflow.checks import DiffCheck


def check_diff(check: DiffCheck, view: View | None, base: str | None) -> Finding:
    """Hold the changes since the base against the bounds.

    Raises:
        CannotCheckError: there is nothing to compare, or nothing to compare with.
    """
    if view is None:
        message = "changes can only be told in a git repository; there is none here"
        raise CannotCheckError(message)
    changed = changes_since(view, base_of(view.aside, base))
    added, removed = sum(each.added for each in changed), sum(each.removed for each in changed)
    summary = f"{counted(len(changed), 'file')} changed since the base revision, +{added} -{removed} lines"
    problems = tuple(_problems(check, changed, added + removed))
    return Finding("failed" if problems else "passed", summary, bounded(problems))


def _problems(check: DiffCheck, changed: tuple[Changed, ...], lines: int) -> Iterator[str]:
    if check.must_change and not changed:
        yield "nothing changed since the base revision, and something must"
    if check.max_files is not None and len(changed) > check.max_files:
        yield f"{counted(len(changed), 'file')} changed, and {check.max_files} may"
    if check.max_lines is not None and lines > check.max_lines:
        yield f"{counted(lines, 'line')} changed, and {check.max_lines} may"
    for each in changed:
        if matches_any(each.path, check.protected):
            yield f"{shown_path(each.path)}: protected, and {each.kind}"
        elif check.allowed and not matches_any(each.path, check.allowed):
            yield f"{shown_path(each.path)}: {each.kind}, and no allowed glob names it"
