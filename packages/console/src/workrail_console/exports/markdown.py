"""How does a session read as a report: in a pull request, or in the context of another agent?

Notes are put in as they were written, their headings below those of the report. Texts of one line are
escaped, so that a title cannot become a heading or a link.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, assert_never

from workrail_console.artifact_shapes import (
    ArtifactView,
    Decision,
    Difference,
    Field,
    Fields,
    Findings,
    Json,
    Levels,
    NotShown,
    Output,
)
from workrail_console.attempts import RefusedAttempt
from workrail_console.exports.marked_down import escaped, listed
from workrail_console.session_views.outcome import Outcome
from workrail_console.story import Entry
from workrail_console.times import lasted, shown
from workrail_engine.ids import Digest
from workrail_engine.outcomes import Blocker
from workrail_engine.projections.session_detail import SessionDetail

_HEADING: Final = re.compile(r"^ {0,3}(#{1,6})(?=\s)", re.MULTILINE)
_FENCE: Final = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_OF_THE_ENGINE: Final = ("wr.check_output", "wr.diff")
"""Artifacts whose checks are told in a table."""
_STATES: Final = {
    "done": "done",
    "blocked": "**blocked**",
    "waiting": "**waits for approval**",
    "pending": "in progress",
    "left": "left",
    "checkpoint": "checkpoint",
    "end": "run complete",
}
_SHOWN_OUTPUT: Final = 2_000


def report(
    detail: SessionDetail,
    entries: Iterable[Entry],
    ended: Outcome | None,
    views: Mapping[Digest, ArtifactView],
    run: Iterable[str] = (),
) -> str:
    """A session as Markdown.

    Args:
        detail: its newest part.
        entries: all of its story.
        ended: what came of it; None while it runs.
        views: what artifacts hold, as far as they are small.
        run: the blocks that tell of its run.
    """
    blocks = [*_head(detail), *run, *_result(ended)]
    blocks.append("## What happened")
    for entry in entries:
        blocks.extend(_entry(entry, views))
    return "\n\n".join(blocks) + "\n"


def _head(detail: SessionDetail) -> Iterator[str]:
    summary = detail.summary
    yield f"# {escaped(summary.goal) or '(no goal given)'}"
    facts = [
        ("Status", summary.status),
        ("At", summary.step_title),
        ("Workflow", f"{summary.workflow_id} ({detail.workflow_hash[:19]})"),
        ("Repository", summary.repository),
        ("Branch", summary.branch),
        ("Started", f"{shown(summary.created_at)} by {summary.origin}"),
        ("Took", lasted(summary.created_at, summary.updated_at)),
        ("Steps done", str(summary.steps_completed)),
        ("Session", summary.session_id),
    ]
    yield "\n".join(f"- {name}: {escaped(value)}" for name, value in facts if value)


def _result(ended: Outcome | None) -> Iterator[str]:
    if ended is None:
        return
    yield "## What came of it"
    for result in ended.results:
        yield f"### {escaped(result.shown.line.kind)}"
        yield from _artifact(result.shown.view)
    if ended.gaps:
        yield "### Left open"
        yield listed(ended.gaps)
    if ended.gates:
        yield "### Gates"
        rows = [(gate.step_title, gate.name, gate.word, gate.said) for gate in ended.gates]
        yield _table(("Step", "Gate", "Result", "What was said"), rows)


def _entry(entry: Entry, views: Mapping[Digest, ArtifactView]) -> Iterator[str]:
    for skipped in entry.passed_over:
        yield f"> Skipped {escaped(skipped.step_id)}: {escaped(skipped.why)}"
    number = (
        f"{entry.number}. " if entry.number and entry.state not in ("checkpoint", "end") else ""
    )
    during = f", pass {entry.loop_pass}" if entry.loop_pass else ""
    aside = "" if entry.on_tip_branch else " (on a branch that was left)"
    yield f"### {number}{escaped(entry.title)}{during}{aside}"
    took = f", {lasted(entry.reached_at, entry.completed_at)}" if entry.completed_at else ""
    yield f"{_STATES[entry.state]}, {shown(entry.reached_at)}{took}"
    if entry.notices:
        yield listed(entry.notices)
    for place, attempt in enumerate(entry.refused, start=1):
        yield from _refused(place, attempt)
    if entry.notes:
        yield below_ours(entry.notes)
    if entry.checks:
        rows = [(check.check_id, check.outcome, check.summary) for check in entry.checks]
        yield _table(("Check", "Result", "What was found"), rows)
    for approval in entry.approvals:
        if approval.answer is not None:
            answer = approval.answer
            note = f": {escaped(answer.note)}" if answer.note else ""
            yield f"{answer.verdict} by {escaped(answer.by)}, {shown(answer.at)}{note}"
    for line in entry.artifacts:
        if line.digest in views and line.kind not in _OF_THE_ENGINE:
            yield f"#### Artifact {escaped(line.kind)}{'' if line.accepted else ' (not accepted)'}"
            yield from _artifact(views[line.digest])


def _refused(place: int, attempt: RefusedAttempt) -> Iterator[str]:
    yield f"Attempt {place} was blocked, {shown(attempt.at)}:"
    yield listed(_reason(blocker) for blocker in attempt.blockers)


def _reason(blocker: Blocker) -> str:
    """What a check wrote stays in the log: its first line says what is wrong."""
    first = blocker.message.strip().partition("\n")[0]
    return f"{blocker.code}: {first} To mend it: {blocker.remedy}"


def _artifact(view: ArtifactView) -> Iterator[str]:
    match view:
        case Findings():
            yield f"{escaped(view.verdict)} (confidence {escaped(view.confidence)}): {escaped(view.summary)}"
            if view.rows:
                rows = [(row.severity, row.category or "", row.summary) for row in view.rows]
                yield _table(("Severity", "Category", "Finding"), rows)
        case Levels():
            rows = [(row.dimension, row.level, row.rationale or "") for row in view.rows]
            yield _table(("Dimension", "Level", "Why"), rows)
        case Decision():
            yield f"{escaped(view.decision)}{f': {escaped(view.reason)}' if view.reason else ''}"
        case Fields():
            yield "\n".join(_field(field) for field in view.fields)
        case Output():
            yield _fenced(view.text[-_SHOWN_OUTPUT:], "")
        case Difference():
            yield _fenced(view.text, "diff")
        case Json():
            yield _fenced(view.text, "json")
        case NotShown():
            yield escaped(view.why)
        case _:
            assert_never(view)


def _field(field: Field) -> str:
    if len(field.items) > 1:
        items = "\n".join(f"  - {escaped(item)}" for item in field.items)
        return f"- {escaped(field.label)}:\n{items}"
    return f"- {escaped(field.label)}: {escaped(field.items[0]) if field.items else 'none'}"


def below_ours(notes: str) -> str:
    """Notes whose headings lie below those of the report; code stays as it is."""
    fence: str | None = None
    lines: list[str] = []
    for line in notes.strip().splitlines():
        found = _FENCE.match(line)
        if found is not None:
            if fence is None:
                fence = found[1]
            elif found[1].startswith(fence) and line.strip() == found[1]:
                fence = None
        kept = line if fence else _HEADING.sub(_lower, line)
        lines.append(kept)
    if fence:
        lines.append(fence)
    return "\n".join(lines)


def _lower(found: re.Match[str]) -> str:
    return "#" * min(6, len(found[1]) + 3)


def _fenced(text: str, language: str) -> str:
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def _table(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(titles)
    lines = [f"| {' | '.join(names)} |", f"|{' --- |' * len(names)}"]
    lines.extend(f"| {' | '.join(escaped(cell) for cell in row)} |" for row in rows)
    return "\n".join(lines)
