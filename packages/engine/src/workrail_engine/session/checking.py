"""Which checks stand between an attempt and completing its step, and what do their results mean?

Nothing is run here. A result counts only for the check it names; a check without one is not passed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from workrail_engine.canonical import JsonObject, canonical_bytes, digest_bytes
from workrail_engine.ids import Digest
from workrail_engine.outcomes import Blocker, BlockerCode
from workrail_engine.session.commands import ShownChange
from workrail_engine.session.events import ArtifactRef, CheckRecorded, Position
from workrail_engine.session.state import Node
from workrail_engine.workflow.checks import (
    ApprovalCheck,
    CheckResult,
    CommandCheck,
    ProjectCheck,
    RunnableCheck,
)
from workrail_engine.workflow.compiled import (
    CompiledLoop,
    CompiledStep,
    CompiledWorkflow,
)

CHECK_OUTPUT = "wr.check_output"
DIFF = "wr.diff"
_PROBLEMS_TOLD = 10


def checks_due(workflow: CompiledWorkflow, step: CompiledStep) -> tuple[RunnableCheck, ...]:
    """The checks that must hold for a step to be completed: its own, and those it wants fresh."""
    own = tuple(check for check in step.checks if not isinstance(check, ApprovalCheck))
    if not step.fresh:
        return own
    every = {
        check.check_id: check
        for entry in workflow.steps
        for one in (entry.body if isinstance(entry, CompiledLoop) else (entry,))
        for check in one.checks
        if not isinstance(check, ApprovalCheck)
    }
    named = {check.check_id for check in own}
    return (*own, *(every[name] for name in step.fresh if name in every and name not in named))


def approval_check(step: CompiledStep) -> ApprovalCheck | None:
    """The approval a step's checks end with."""
    return next((check for check in step.checks if isinstance(check, ApprovalCheck)), None)


def passed_before(check: RunnableCheck, position: Position, tree: str | None) -> bool:
    """Whether a check need not be run again: it passed, and the files are the same.

    Only commands are spared; to look at files again costs nothing.
    """
    return (
        isinstance(check, CommandCheck | ProjectCheck)
        and tree is not None
        and (check.check_id, tree) in (position.passed or ())
    )


def reused(check: RunnableCheck, tree: str) -> CheckResult:
    """The result of a check that was spared."""
    return CheckResult(
        check_id=check.check_id,
        kind="command",
        outcome="passed",
        summary="It passed before, and no file has changed since.",
        problems=(),
        tree=tree,
        reused=True,
        seconds=0.0,
        argv=check.argv if isinstance(check, CommandCheck) else (),
        exit_code=None,
        counts=None,
        output=None,
    )


def check_blockers(
    due: Sequence[RunnableCheck], results: Sequence[CheckResult]
) -> Iterator[Blocker]:
    """A reason for every check that is due and has not passed, unless it may go unchecked."""
    found = {result.check_id: result for result in results}
    for check in due:
        result = found.get(check.check_id)
        if result is None:
            yield _unchecked(check.check_id, "It was not run.")
        elif result.outcome == "failed":
            yield Blocker(
                code=BlockerCode.CHECK_FAILED,
                subject=check.check_id,
                message=_told(result),
                remedy="Mend what it found; the check is run again when you complete the step.",
            )
        elif result.outcome == "error" or not_excused(check, result):
            yield _unchecked(check.check_id, _told(result))


def not_excused(check: RunnableCheck, result: CheckResult) -> bool:
    """Whether a check was not carried out though its author demands it."""
    excused = isinstance(check, ProjectCheck) and check.optional
    return result.outcome == "unchecked" and not excused


def unshown(step: CompiledStep, change: ShownChange | None) -> Iterator[Blocker]:
    """A reason where an approver would be asked about a change they cannot be shown."""
    asked = approval_check(step)
    if asked is not None and asked.show and change is None:
        summary = (
            "What changed cannot be shown to the approver: there is no git repository, no commit the "
            "session started from, or the change is too large to read."
        )
        yield _unchecked(asked.check_id, summary)


def with_passed(position: Position, results: Sequence[CheckResult]) -> Position:
    """A position that remembers for which files each check passed last."""
    known = dict(position.passed or ())
    for result in results:
        if result.outcome == "passed" and result.tree is not None:
            known[result.check_id] = result.tree
        else:
            known.pop(result.check_id, None)
    return replace(position, passed=tuple(sorted(known.items())) or None)


@dataclass(frozen=True)
class RecordedCheck:
    """A result as the log has it, and the output that is kept beside the log."""

    event: CheckRecorded
    output: tuple[ArtifactRef, bytes] | None


def recorded(node: Node, step: CompiledStep, result: CheckResult) -> RecordedCheck:
    """A result at a node, ready to be written."""
    output = None
    if result.output is not None:
        content = canonical_bytes(result.output)
        ref = ArtifactRef(_digest(result.output), CHECK_OUTPUT, len(content))
        output = (ref, content)
    event = CheckRecorded(
        node=node.node_id,
        step_id=step.step_id,
        check_id=result.check_id,
        kind=result.kind,
        outcome=result.outcome,
        summary=result.summary,
        problems=result.problems,
        tree=result.tree,
        reused=result.reused,
        argv=result.argv,
        exit_code=result.exit_code,
        counts=result.counts,
        output=None if output is None else output[0],
    )
    return RecordedCheck(event, output)


def shown_diff(change: ShownChange) -> tuple[ArtifactRef, bytes]:
    """What an approver is shown of the files, as an artifact."""
    content = canonical_bytes({"kind": DIFF, "tree": change.tree, "diff": change.diff})
    return ArtifactRef(Digest(digest_bytes(content)), DIFF, len(content)), content


def _unchecked(check_id: str, message: str) -> Blocker:
    return Blocker(
        code=BlockerCode.CHECK_ERROR,
        subject=check_id,
        message=message,
        remedy="It could not be checked, and that is no pass. Mend the cause, or tell the person.",
    )


def _told(result: CheckResult) -> str:
    """What a check found, and where all it said can be read."""
    told = list(result.problems[:_PROBLEMS_TOLD])
    if len(result.problems) > _PROBLEMS_TOLD:
        told.append(f"and {len(result.problems) - _PROBLEMS_TOLD} more")
    lines = [result.summary, *(f"  - {problem}" for problem in told if problem != result.summary)]
    if result.output is not None:
        lines.append(f'  Its whole output: read_artifact {{"digest": "{_digest(result.output)}"}}')
    return "\n".join(lines)


def _digest(output: JsonObject) -> Digest:
    return Digest(digest_bytes(canonical_bytes(output)))
