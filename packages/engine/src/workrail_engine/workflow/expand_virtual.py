"""Which steps follow from a step's `audit`, `verification` or `synthesis`?

They become ordinary steps of the expanded definition: `<id>__verification`, then `<id>__audit`, and
`<id>__synthesis` after parallel work. They run when the step they belong to runs, and
its bounds on tools are theirs.
"""

from collections.abc import Iterator

from workrail_engine.workflow.definition import (
    Audit,
    ParallelStep,
    StandardStep,
    Synthesis,
    Verification,
)
from workrail_engine.workflow.definition_changes import changed
from workrail_engine.workflow.definition_checks import CommandCheckDefinition


def steps_after(step: StandardStep) -> Iterator[StandardStep]:
    """The steps to insert after an ordinary step, and after all that a template made of it."""
    if step.verification is not None:
        prompt = _verification_prompt(step.verification)
        verify = _virtual(step, "verification", "Verify", prompt)
        yield changed(verify, checks=_checks(step.verification, step.id))
    if step.audit is not None:
        yield _virtual(step, "audit", "Audit", _audit_prompt(step.audit))


def synthesis_after(step: ParallelStep) -> Iterator[StandardStep]:
    """The step to insert after parallel work."""
    if step.synthesis is not None:
        prompt = _synthesis_prompt(step.synthesis)
        yield _virtual(step, "synthesis", "Bring together", prompt, step.synthesis.output_contract)


def verification_check_id(step_id: str) -> str:
    """What the check is called that runs the command of a step's verification."""
    return f"{step_id}-verification"


def _checks(verification: Verification, step_id: str) -> tuple[CommandCheckDefinition, ...] | None:
    if verification.command is None:
        return None
    fields = {"kind": "command", "run": verification.command}
    name = verification_check_id(step_id)
    return (CommandCheckDefinition.model_construct(None, id=name, **fields),)


def _virtual(
    step: StandardStep | ParallelStep, kind: str, verb: str, prompt: str, contract: object = None
) -> StandardStep:
    fields: dict[str, object] = {
        "id": f"{step.id}__{kind}",
        "title": f"{verb}: {step.title}",
        "prompt": prompt,
        "run_condition": step.run_condition,
        "tools": step.tools,
        "output_contract": contract,
        "notes_optional": True,
        "step_kind": kind,
    }
    given = {name: value for name, value in fields.items() if value is not None}
    return StandardStep.model_construct(None, **given)


def _verification_prompt(verification: Verification) -> str:
    parts = ["Verify the work of the step before this one by observation, not by memory."]
    if verification.command is not None:
        parts.append(
            "Run this command now and read all of its output:\n\n"
            f"```\n{verification.command}\n```\n\n"
            "If it fails, mend the cause and run it again. Report the command, how it ended, and the "
            "lines that show it. If it cannot be run here, say so and why; do not report success."
        )
    if verification.prompt is not None:
        parts.append(verification.prompt)
    return "\n\n".join(parts)


def _audit_prompt(audit: Audit) -> str:
    parts = [
        "Audit the work of the step before this one as if someone else had done it. Open what it "
        "produced; do not judge from memory."
    ]
    if audit.prompt is not None:
        parts.append(audit.prompt)
    if audit.rubric:
        points = "\n".join(f"{number}. {point}" for number, point in enumerate(audit.rubric, 1))
        parts.append(
            f"Judge each of these points, and give the evidence for each verdict:\n\n{points}"
        )
    parts.append("Mend what falls short before you go on, or say plainly what is left and why.")
    return "\n\n".join(parts)


def _synthesis_prompt(synthesis: Synthesis) -> str:
    own = synthesis.prompt or (
        "Say what the results share, where they contradict each other and which side the evidence "
        "supports, and what none of them covers. Then state the conclusion."
    )
    return f"Bring the results of the parallel work together. Read every result in full first.\n\n{own}"
