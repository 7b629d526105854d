"""What does the model read of where its session stands?

The text of a step is given once: with the first message, or with the answer to the call that led to
it. Tokens stay with the daemon.
"""

import json
from collections.abc import Iterable
from typing import assert_never

from workrail_engine.outcomes import (
    AdvanceOutcome,
    Blocked,
    Blocker,
    Completed,
    Preamble,
    Recap,
    Requirement,
    StepReady,
    StepView,
    Waiting,
)

_FINISH = "When all of it is done, call complete_step. Nothing else counts as done."


def present(outcome: AdvanceOutcome) -> str:
    """The text of an outcome; background comes first where the engine gave it."""
    match outcome:
        case StepReady():
            return _paragraphs(
                _background(outcome.preamble, outcome.recap),
                f"# {outcome.step.title}\n{_where(outcome.step)}",
                _list(outcome.notices),
                outcome.step.text,
                _asked(outcome.step),
                _FINISH,
            )
        case Blocked():
            returning = outcome.preamble is not None or outcome.recap is not None
            return _paragraphs(
                _background(outcome.preamble, outcome.recap),
                f"# Not complete yet: {outcome.step.title}\n{_where(outcome.step)}",
                outcome.step.text if returning else "",
                _blockers(outcome.blockers),
                f"Kept, so it need not be sent again: {', '.join(outcome.kept)}."
                if outcome.kept
                else "",
                "Mend this, then call complete_step again with what is missing.",
            )
        case Waiting():
            return _paragraphs(
                f"# Waiting for approval: {outcome.step_title}",
                "What you sent is complete and waits for approval. There is nothing to do until it "
                "is answered.",
            )
        case Completed():
            return "The workflow is complete. Nothing is left to do."
        case _:
            assert_never(outcome)


def _background(preamble: Preamble | None, recap: Recap | None) -> str:
    parts: list[str] = []
    if preamble is not None:
        parts += [f"Workflow: {preamble.workflow_name}\nGoal: {preamble.goal}"]
        parts += [_section("Guidance for the whole workflow", preamble.meta_guidance)]
        parts += [_section("Before it begins", preamble.preconditions)]
        parts += [_section("Settle these yourself, by looking", preamble.clarification_prompts)]
        references = (
            f"{each.title}: {each.purpose} ({each.path or each.source})"
            for each in preamble.references
        )
        parts += [_section("Documents", references)]
    if recap is not None:
        older = f"\n({recap.omitted} older notes are left out.)" if recap.omitted else ""
        parts += [f"## What was done so far\n{recap.text}{older}" if recap.text else ""]
        parts += [recap.branch_note or ""]
    return _paragraphs(*parts)


def _section(title: str, lines: Iterable[str]) -> str:
    said = _list(lines)
    return f"## {title}\n{said}" if said else ""


def _where(step: StepView) -> str:
    place = f"Step {step.number} of about {step.total}"
    if step.loop is None:
        return place
    loop = step.loop
    return f'{place}; pass {loop.number} of at most {loop.limit} of "{loop.title}"'


def _asked(step: StepView) -> str:
    bounds = [item for item in step.requirements if item.kind == "tools"]
    demands = [item for item in step.requirements if item.kind != "tools"]
    wanted = _paragraphs(
        _section("What you may do in this step", map(_requirement, bounds)),
        _section("What completes the step", map(_requirement, demands)),
    )
    if step.confirmation is None:
        return wanted
    confirm = f"{step.confirmation} Ask the operator with ask_operator, and wait for the answer."
    return _paragraphs(wanted, confirm)


def _requirement(item: Requirement) -> str:
    text = item.text if item.required else f"optional: {item.text}"
    return text if item.example is None else f"{text}, in this form: {_json(item.example)}"


def _blockers(blockers: Iterable[Blocker]) -> str:
    lines: list[str] = []
    for number, blocker in enumerate(blockers, start=1):
        lines.append(f"{number}. {blocker.code} ({blocker.subject}): {blocker.message}")
        lines.append(f"   {blocker.remedy}")
        if blocker.example is not None:
            lines.append(f"   For example: {_json(blocker.example)}")
    return "\n".join(lines)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=dict)


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _paragraphs(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)
