"""What came of a session: what it handed over, which gates it passed, what it left open?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from workrail_console.artifact_shapes import ArtifactView, Fields, Findings, Levels, ShownArtifact
from workrail_console.attempts import RefusedAttempt
from workrail_console.story import Entry
from workrail_engine.ids import Digest, NodeId
from workrail_engine.outcomes import BlockerCode
from workrail_engine.projections.session_detail import ArtifactLine

RESULT_KINDS: Final = (
    "wr.coding_handoff",
    "wr.review_verdict",
    "wr.shaping_handoff",
    "wr.discovery_handoff",
    "wr.differentiation_handoff",
    "wr.gate_verdict",
)
"""Artifacts that say what came of the work, the most telling first."""
_LEFT_OPEN: Final = "Known limitations"
GateWord: TypeAlias = Literal[
    "passed", "failed", "error", "unchecked", "approved", "rejected", "waits", "assessed"
]


@dataclass(frozen=True)
class Gate:
    """Something other than the agent's own word that a step had to pass, or an assessment it made."""

    node_id: NodeId
    step_title: str
    kind: Literal["check", "approval", "assessment"]
    name: str
    word: GateWord
    said: str
    refused_before: int
    """How many attempts at the step it refused before."""


@dataclass(frozen=True)
class Result:
    """An artifact that says what came of the work, and the step that sent it."""

    node_id: NodeId
    step_title: str
    shown: ShownArtifact


@dataclass(frozen=True)
class Outcome:
    """What a session came to, as far as the part of it that is looked at tells."""

    results: tuple[Result, ...]
    gates: tuple[Gate, ...]
    gaps: tuple[str, ...]
    """What is left open, in the agent's words."""
    passed_over: int
    """Steps that were skipped."""
    refused: int
    """Attempts that were not accepted."""
    last_notes: tuple[NodeId, str, str] | None
    """Node, title and notes of the last step that has notes; told where there is no result."""


def result_lines(entries: Sequence[Entry]) -> tuple[tuple[Entry, ArtifactLine], ...]:
    """The newest accepted artifact of each kind that tells of a result, of the tip's branch."""
    newest: dict[str, tuple[Entry, ArtifactLine]] = {}
    for entry in entries:
        for line in entry.artifacts if entry.on_tip_branch else ():
            if line.accepted and line.kind in RESULT_KINDS:
                newest[line.kind] = (entry, line)
    return tuple(newest[kind] for kind in RESULT_KINDS if kind in newest)


def outcome(entries: Sequence[Entry], views: Mapping[Digest, ArtifactView]) -> Outcome:
    """The outcome of these entries.

    Args:
        entries: of the story.
        views: what their artifacts hold, as far as it was read.
    """
    own = [entry for entry in entries if entry.on_tip_branch]
    results = tuple(
        Result(entry.nodes[0], entry.title, ShownArtifact(line, views[line.digest]))
        for entry, line in result_lines(own)
        if line.digest in views
    )
    return Outcome(
        results=results,
        gates=tuple(gate for entry in own for gate in gates_of(entry, views)),
        gaps=tuple(gap for result in results for gap in _gaps(result.shown.view)),
        passed_over=sum(len(entry.passed_over) for entry in own),
        refused=sum(len(entry.refused) for entry in own),
        last_notes=None if results else _last_notes(own),
    )


def gates_of(entry: Entry, views: Mapping[Digest, ArtifactView]) -> Iterable[Gate]:
    """The gates of one step, each as it stands last."""
    last = {check.check_id: check for check in entry.checks}
    for check in last.values():
        yield Gate(
            entry.nodes[0],
            entry.title,
            "check",
            check.check_id,
            check.outcome,
            check.summary,
            sum(_refused_it(attempt, check.check_id) for attempt in entry.refused),
        )
    for place, approval in enumerate(entry.approvals):
        if not approval.replaced:
            answer = approval.answer
            word: GateWord = "waits" if answer is None else answer.verdict
            by = "not answered yet" if answer is None else f"by {answer.by}, {answer.channel}"
            note = f": {answer.note}" if answer is not None and answer.note else ""
            before = [one.answer for one in entry.approvals[:place]]
            sent_back = sum(one is not None and one.verdict == "rejected" for one in before)
            yield Gate(
                entry.nodes[0], entry.title, "approval", "approval", word, f"{by}{note}", sent_back
            )
    for line in entry.artifacts:
        view = views.get(line.digest)
        if line.accepted and isinstance(view, Levels):
            levels = ", ".join(f"{row.dimension} {row.level}" for row in view.rows)
            name = view.assessment or "assessment"
            again = sum(_followed_up(attempt) for attempt in entry.refused)
            yield Gate(entry.nodes[0], entry.title, "assessment", name, "assessed", levels, again)


def _refused_it(attempt: RefusedAttempt, check_id: str) -> bool:
    return any(
        check.check_id == check_id and check.outcome in ("failed", "error")
        for check in attempt.checks
    )


def _followed_up(attempt: RefusedAttempt) -> bool:
    return any(one.code is BlockerCode.ASSESSMENT_FOLLOWUP for one in attempt.blockers)


def _last_notes(entries: Sequence[Entry]) -> tuple[NodeId, str, str] | None:
    told = [(entry.nodes[0], entry.title, entry.notes) for entry in entries if entry.notes]
    return (told[-1][0], told[-1][1], told[-1][2] or "") if told else None


def _gaps(view: ArtifactView) -> Iterable[str]:
    match view:
        case Findings():
            grave = [row for row in view.rows if row.severity in ("critical", "major")]
            yield from (f"{row.severity}: {row.summary}" for row in grave)
        case Fields():
            for field in view.fields:
                if field.label == _LEFT_OPEN:
                    yield from field.items
        case _:
            return
