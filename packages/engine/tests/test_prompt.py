"""The pending step as text."""

import pytest

from workrail_engine.canonical import JsonObject
from workrail_engine.ids import LoopId, SessionId, StepId, WorkflowHash, WorkflowId
from workrail_engine.session.context_tokens import replace_tokens
from workrail_engine.session.events import LoopFrame, Position
from workrail_engine.session.progress import progress
from workrail_engine.session.prompt import step_text
from workrail_engine.session.requirements import confirmation, requirements
from workrail_engine.workflow.compiled import (
    Assessment,
    CompiledLoop,
    CompiledStep,
    CompiledWorkflow,
    Confirmation,
    Counted,
    Delegation,
    Dimension,
    Fragment,
    Function,
    OutputContract,
    TopLevel,
)
from workrail_engine.workflow.conditions import parse_condition

SESSION = SessionId("sess_x")


def workflow(*steps: TopLevel, profile: str = "none") -> CompiledWorkflow:
    return CompiledWorkflow(
        WorkflowHash("sha256:0"),
        WorkflowId("w"),
        "W",
        "w",
        "1.0.0",
        steps,
        metrics_profile=profile,
    )


def text_of(step: CompiledStep, context: JsonObject | None = None) -> str:
    return step_text(workflow(step), step, context or {}, SESSION)


@pytest.mark.rule("RUN-8")
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{{name}}", "Ada"),
        ("{{user.address.city}}", "Paris"),
        ("{{items}}", '["a", "b"]'),
        ("{{items.length}}", "2"),
        ("{{flag}} {{count}}", "true 3"),
        ("{{nobody}}", "[unset: nobody]"),
        ("{{user.age}}", "[unset: user.age]"),
        ("{{name.first}}", '[unset: name.first; name is the text "Ada"]'),
        ("{{ name }}", "{{ name }}"),
        ("{{index + 1}}", "{{index + 1}}"),
        ("{{wr.bindings.x}}", "{{wr.bindings.x}}"),
        ("{name}", "{name}"),
    ],
)
def test_context_tokens_are_replaced_and_a_missing_value_leaves_a_mark(text: str, shown: str):
    context: JsonObject = {
        "name": "Ada",
        "user": {"address": {"city": "Paris"}},
        "items": ["a", "b"],
        "flag": True,
        "count": 3,
    }
    assert replace_tokens(text, context) == shown


@pytest.mark.rule("RUN-9")
def test_role_guidance_and_functions_reach_the_agent():
    step = CompiledStep(
        StepId("s"),
        "S",
        "Check it with review().",
        agent_role="You are a careful reviewer.",
        guidance=("Look twice.", "Name {{thing}}."),
        functions=(Function("review", "read every line", ("file", "depth?")),),
        fragments=(
            Fragment("always", "Always.", None),
            Fragment("risky", "Mind the risk.", parse_condition({"var": "risk", "equals": "High"})),
        ),
    )
    assert text_of(step, {"thing": "bugs"}) == (
        "Role: You are a careful reviewer.\n\n"
        "Check it with review().\n\n"
        "Guidance:\n- Look twice.\n- Name bugs.\n\n"
        "Functions named above:\n- review(file, depth?): read every line\n\n"
        "Always."
    )
    assert text_of(step, {"risk": "high"}).endswith("Always.\n\nMind the risk.")


def test_a_parallel_step_names_each_delegation_that_applies_and_the_parent_to_pass():
    step = CompiledStep(
        StepId("p"),
        "P",
        "",
        kind="parallel",
        delegations=(
            Delegation(
                workflow_id="wr.review",
                goal="Review {{what}}.",
                run_condition=None,
                context_mapping=(("what", "subject"), ("absent", "nothing")),
                args=(("depth", "deep"),),
                model_tier="heavy",
                allowed_tools=("Read", "Grep"),
            ),
            Delegation("wr.other", None, parse_condition({"var": "never"}), (), (), None, ()),
        ),
    )
    assert text_of(step, {"what": "the parser"}) == (
        "1. wr.review\n"
        "   Goal: Review the parser.\n"
        "   Model tier: heavy\n"
        "   Tools it should keep to: Read, Grep\n"
        "   Context subject: the parser\n"
        "   Context depth: deep\n\n"
        '1. Start it in an agent of its own (start_workflow), with parentSessionId "sess_x", so that '
        "the work shows as one tree.\n"
        "2. Wait until it is complete.\n"
        "3. Complete this step; your notes bring the results together."
    )


def test_a_parallel_step_with_nothing_to_delegate_says_so():
    delegation = Delegation("wr.other", None, parse_condition({"var": "x"}), (), (), None, ())
    step = CompiledStep(StepId("p"), "P", "", kind="parallel", delegations=(delegation,))
    assert "None of this step's delegations applies" in text_of(step)


def test_the_final_step_of_a_profile_asks_for_its_figures():
    first, last = CompiledStep(StepId("a"), "A", "A."), CompiledStep(StepId("b"), "B", "B.")
    flow = workflow(first, last, profile="research")
    assert "metrics_outcome" not in step_text(flow, first, {}, SESSION)
    assert "metrics_outcome" in step_text(flow, last, {}, SESSION)


def test_requirements_name_the_contract_the_assessment_and_the_notes():
    scale = Dimension("confidence", "How sure are you?", ("low", "high"), required=True)
    step = CompiledStep(
        StepId("s"),
        "S",
        "S.",
        output_contract=OutputContract("wr.contracts.loop_control", required=True),
        assessments=(Assessment("ready", "Is it ready?", (scale,)),),
    )
    found = requirements(step)
    assert [item.kind for item in found] == ["artifact", "assessment", "notes"]
    assert found[1].text == (
        'the assessment "ready" (Is it ready?): confidence (How sure are you?): low | high'
    )


@pytest.mark.rule("RUN-10")
@pytest.mark.parametrize(
    ("rule", "context", "words"),
    [
        (None, {}, None),
        (Confirmation("coordinator_eval", None), {}, "Ask the user to confirm"),
        (Confirmation("human_approval", None), {}, "Once you complete this step, it waits"),
    ],
)
def test_the_plain_forms_of_confirmation(
    rule: Confirmation | None, context: JsonObject, words: str | None
):
    said = confirmation(rule, context)
    assert said is None if words is None else said is not None and said.startswith(words)


@pytest.mark.rule("RUN-10")
def test_a_conditional_confirmation_is_said_while_it_holds_or_may_come_to_hold():
    rule = Confirmation("coordinator_eval", parse_condition({"var": "risk", "equals": "High"}))
    asked = confirmation(rule, {"risk": "High"})
    open_still = confirmation(rule, {})
    assert asked is not None
    assert asked.startswith("Ask the user to confirm before you complete this step (")
    assert open_still is not None
    assert " if risk " in open_still
    assert confirmation(rule, {"risk": "Low"}) is None


def test_progress_counts_what_may_run_and_the_passes_that_are_known():
    flow = workflow(
        CompiledStep(StepId("a"), "A", "A."),
        CompiledStep(StepId("b"), "B", "B.", run_condition=parse_condition({"var": "more"})),
        CompiledLoop(LoopId("l"), "L", Counted(3), 10, (CompiledStep(StepId("c"), "C", "C."),) * 2),
    )
    at_first = Position(frontier=1, at=0)
    assert progress(flow, at_first, {}) == (1, 8)
    assert progress(flow, at_first, {"more": False}) == (1, 7)
    inside = Position(frontier=3, at=2, frame=LoopFrame(2, 1, 1), completed=5)
    assert progress(flow, inside, {}) == (6, 8)


def test_a_loop_that_runs_to_its_limit_counts_every_pass():
    body = (CompiledStep(StepId("c"), "C", "C."),)
    flow = workflow(CompiledLoop(LoopId("l"), "L", Counted(4), 4, body))
    assert progress(flow, Position(), {}) == (1, 5)
