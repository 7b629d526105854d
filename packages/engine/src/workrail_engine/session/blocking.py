"""Why an attempt is refused, as data: every reason at once.

Reasons come in the order an agent would mend them: output, assessments, notes, context. Each names
what is wrong, what to do, and where one can be given an example that would be accepted.
"""

from collections.abc import Iterator, Sequence

from workrail_engine.canonical import JsonObject
from workrail_engine.errors import MissingContextError
from workrail_engine.outcomes import Blocker, BlockerCode
from workrail_engine.workflow.assessments import (
    AssessmentProblem,
    AssessmentReading,
    example,
    read_assessments,
    triggered,
)
from workrail_engine.workflow.compiled import ArtifactDecides, CompiledLoop, CompiledStep
from workrail_engine.workflow.contracts import CONTRACTS, check_artifact
from workrail_engine.workflow.criteria import check_notes, describe_requirements
from workrail_engine.workflow.metrics import METRICS_OUTCOMES

LOOP_CONTROL = "wr.loop_control"
_LOOP_CONTRACT = "wr.contracts.loop_control"


def find_blockers(
    step: CompiledStep,
    loop: CompiledLoop | None,
    notes: str | None,
    artifacts: Sequence[JsonObject],
    context: JsonObject,
) -> tuple[Blocker, ...]:
    """Everything that keeps this output from completing the step.

    Args:
        step: the pending step.
        loop: the loop it is in, if any.
        notes: as they would be recorded; blank counts as absent.
        artifacts: all that would be recorded, this submission's first.
        context: with this submission's change applied.
    """
    return (
        *_contract(step, artifacts),
        *_loop_control(step, loop, artifacts),
        *_assessments(step, artifacts),
        *_notes(step, notes, context),
        *_metrics(context),
    )


def missing_context(error: MissingContextError) -> Blocker:
    """The blocker for a loop whose count or items are missing."""
    return Blocker(
        code=BlockerCode.MISSING_CONTEXT,
        subject=error.variable,
        message=str(error),
        remedy=f'Send context with "{error.variable}".',
    )


def rejection(note: str | None) -> Blocker:
    """The blocker for an attempt whose approval was refused."""
    said = f": {note.strip()}" if note is not None and note.strip() else ", without a note"
    return Blocker(
        code=BlockerCode.APPROVAL_REJECTED,
        subject="approval",
        message=f"The approver rejected this{said}",
        remedy="Mend what was rejected, then send what changed; approval will be asked again.",
    )


def readings(step: CompiledStep, artifacts: Sequence[JsonObject]) -> tuple[AssessmentReading, ...]:
    """The assessments an accepted output contains."""
    read = read_assessments(step.assessments, artifacts)
    return tuple(result for result in read if isinstance(result, AssessmentReading))


def loop_decision(loop: CompiledLoop | None, artifacts: Sequence[JsonObject]) -> bool | None:
    """Whether the last loop control artifact says stop; None when there is none that counts."""
    if loop is None or not isinstance(loop.rule, ArtifactDecides):
        return None
    for artifact in reversed(artifacts):
        if artifact.get("kind") == LOOP_CONTROL:
            return artifact.get("decision") == "stop"
    return None


def _contract(step: CompiledStep, artifacts: Sequence[JsonObject]) -> Iterator[Blocker]:
    demanded = step.output_contract
    if demanded is None:
        return
    contract = CONTRACTS[demanded.contract_ref]
    sent = next((item for item in artifacts if item.get("kind") == contract.kind), None)
    if sent is None:
        if demanded.required:
            yield Blocker(
                code=BlockerCode.MISSING_ARTIFACT,
                subject=demanded.contract_ref,
                message=f'This step needs an artifact of kind "{contract.kind}", and none was sent.',
                remedy="Send it in artifacts, in this form:",
                example=contract.example,
            )
        return
    yield from _invalid(demanded.contract_ref, sent)


def _loop_control(
    step: CompiledStep, loop: CompiledLoop | None, artifacts: Sequence[JsonObject]
) -> Iterator[Blocker]:
    """Loop control speaks only for the loop its step is in."""
    if loop is None or not isinstance(loop.rule, ArtifactDecides):
        return
    accepted = dict.fromkeys((loop.loop_id, loop.rule.declared_id))
    demanded = step.output_contract is not None and (
        step.output_contract.contract_ref == _LOOP_CONTRACT
    )
    sent = [artifact for artifact in artifacts if artifact.get("kind") == LOOP_CONTROL]
    for index, artifact in enumerate(sent):
        named = artifact.get("loopId")
        if isinstance(named, str) and named not in accepted:
            yield Blocker(
                code=BlockerCode.WRONG_LOOP,
                subject=LOOP_CONTROL,
                message=f'The loop control artifact names the loop "{named}", but this step is in '
                f'the loop "{loop.loop_id}".',
                remedy=f"Leave loopId out, or set it to {' or '.join(accepted)}.",
            )
        if index > 0 or not demanded:  # the contract itself looks at the first
            yield from _invalid(_LOOP_CONTRACT, artifact)


def _invalid(contract_ref: str, artifact: JsonObject) -> Iterator[Blocker]:
    problems = check_artifact(contract_ref, artifact)
    if problems:
        contract = CONTRACTS[contract_ref]
        yield Blocker(
            code=BlockerCode.INVALID_ARTIFACT,
            subject=contract_ref,
            message=f'The artifact of kind "{contract.kind}" is not valid: {"; ".join(problems)}.',
            remedy="Send it again, corrected. This form is accepted:",
            example=contract.example,
        )


def _assessments(step: CompiledStep, artifacts: Sequence[JsonObject]) -> Iterator[Blocker]:
    declared = {assessment.assessment_id: assessment for assessment in step.assessments}
    accepted: list[AssessmentReading] = []
    for result in read_assessments(step.assessments, artifacts):
        match result:
            case AssessmentReading():
                accepted.append(result)
            case AssessmentProblem():
                yield Blocker(
                    code=BlockerCode.MISSING_ASSESSMENT
                    if result.missing
                    else BlockerCode.INVALID_ASSESSMENT,
                    subject=result.assessment_id,
                    message=result.message,
                    remedy="Send it in artifacts, with the levels you find, in this form:",
                    example=example(declared[result.assessment_id]),
                )
    for hit in triggered(step.consequences, accepted):
        yield Blocker(
            code=BlockerCode.ASSESSMENT_FOLLOWUP,
            subject=f"{hit.assessment_id}.{hit.dimension_id}",
            message=f'"{hit.dimension_id}" was assessed as "{hit.level}", which calls for follow-up '
            f"before this step can be completed: {hit.guidance}",
            remedy="Do the follow-up, then send the assessment again as it now stands.",
        )


def _notes(step: CompiledStep, notes: str | None, context: JsonObject) -> Iterator[Blocker]:
    blank = notes is None or not notes.strip()
    if blank and (step.notes_required or step.criteria is not None):
        demands = () if step.criteria is None else describe_requirements(step.criteria)
        yield Blocker(
            code=BlockerCode.MISSING_NOTES,
            subject="notes",
            message="This step needs notes, and none were sent."
            + (f" They must satisfy: {' '.join(demands)}" if demands else ""),
            remedy="Send notes: what you did, what you found, what you decided and why.",
        )
        return
    if step.criteria is None or notes is None:
        return
    result = check_notes(step.criteria, notes, context)
    for issue in result.issues:
        yield Blocker(
            code=BlockerCode.INVALID_NOTES,
            subject="notes",
            message=issue,
            remedy="Send notes that satisfy this; the new notes replace the ones kept.",
        )
    for error in result.errors:
        yield Blocker(
            code=BlockerCode.EVALUATION_ERROR,
            subject="notes",
            message=f"A check of the notes could not be carried out: {error}",
            remedy="Send shorter or simpler notes. If that does not help, the workflow's check is at "
            "fault: tell the user.",
        )


def _metrics(context: JsonObject) -> Iterator[Blocker]:
    outcome = context.get("metrics_outcome")
    if outcome is not None and outcome not in METRICS_OUTCOMES:
        yield Blocker(
            code=BlockerCode.INVALID_CONTEXT,
            subject="metrics_outcome",
            message=f'The context variable "metrics_outcome" is {outcome!r}, which is not one of '
            f"{', '.join(METRICS_OUTCOMES)}.",
            remedy="Send context with one of these values.",
            example={"metrics_outcome": METRICS_OUTCOMES[0]},
        )
