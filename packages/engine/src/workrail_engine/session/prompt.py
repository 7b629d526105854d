"""The pending step as text: everything its author wrote that applies now.

In order: role, prompt, guidance, functions the prompt names, fragments whose condition holds, the
metrics the workflow's profile asks for. What the engine itself demands is in `requirements`.
"""

from collections.abc import Iterator

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.ids import SessionId
from workrail_engine.session.context_tokens import replace_tokens
from workrail_engine.workflow.compiled import CompiledStep, CompiledWorkflow, Delegation
from workrail_engine.workflow.conditions import holds
from workrail_engine.workflow.metrics import final_step_ids, metrics_footer


def step_text(
    workflow: CompiledWorkflow, step: CompiledStep, context: JsonObject, session_id: SessionId
) -> str:
    """The authored text of a step, context tokens replaced.

    Args:
        workflow: what runs.
        step: the pending step.
        context: as the step sees it, loop variables included.
        session_id: named in a parallel step, so that delegated work can say where it belongs.
    """
    if step.kind == "parallel":
        return _parallel_text(step, context, session_id)
    is_final = step.step_id in final_step_ids(workflow)
    footer = metrics_footer(workflow.metrics_profile, is_final=is_final)
    parts = [replace_tokens(part, context) for part in _parts(step, context)]
    return "\n\n".join([*parts, footer] if footer else parts)


def _parts(step: CompiledStep, context: JsonObject) -> Iterator[str]:
    if step.agent_role:
        yield f"Role: {step.agent_role}"
    if step.prompt:
        yield step.prompt
    if step.guidance:
        yield "Guidance:\n" + "\n".join(f"- {line}" for line in step.guidance)
    if step.functions:
        yield "Functions named above:\n" + "\n".join(
            f"- {function.name}({', '.join(function.parameters)}): {function.definition}"
            for function in step.functions
        )
    for fragment in step.fragments:
        if holds(fragment.when, context):
            yield fragment.text


def _parallel_text(step: CompiledStep, context: JsonObject, session_id: SessionId) -> str:
    active = [item for item in step.delegations if holds(item.run_condition, context)]
    if not active:
        return "None of this step's delegations applies now. Complete it with a note that says so."
    blocks = [_delegation(number, item, context) for number, item in enumerate(active, start=1)]
    which = "it" if len(active) == 1 else f"these {len(active)} together, each"
    procedure = (
        f"1. Start {which} in an agent of its own (start_workflow), with parentSessionId "
        f'"{session_id}", so that the work shows as one tree.\n'
        f"2. Wait until {'it is' if len(active) == 1 else 'all of them are'} complete.\n"
        "3. Complete this step; your notes bring the results together."
    )
    return "\n\n".join([*blocks, procedure])


def _delegation(number: int, item: Delegation, context: JsonObject) -> str:
    arguments = _arguments(item, context)
    goal = item.goal or f"Carry out {dict(item.args).get('familyName') or item.workflow_id}."
    lines = [f"{number}. {item.workflow_id}", f"   Goal: {replace_tokens(goal, context)}"]
    if item.model_tier is not None:
        lines.append(f"   Model tier: {item.model_tier}")
    if item.allowed_tools:
        lines.append(f"   Tools it should keep to: {', '.join(item.allowed_tools)}")
    lines.extend(f"   Context {name}: {value}" for name, value in arguments.items())
    return "\n".join(lines)


def _arguments(item: Delegation, context: JsonObject) -> dict[str, str]:
    mapped = {
        name: _plain(context[key])
        for key, name in item.context_mapping
        if context.get(key) is not None
    }
    given = {name: replace_tokens(value, context) for name, value in item.args}
    return {**mapped, **given}


def _plain(value: JsonValue) -> str:
    return replace_tokens("{{value}}", {"value": value})
