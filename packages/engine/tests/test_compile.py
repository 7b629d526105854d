"""Compiled workflows have everything resolved"""

import json

import pytest

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.errors import InvalidDefinitionError
from workrail_engine.workflow.compile import compile_pinned, prepare
from workrail_engine.workflow.compiled import (
    Assessment,
    CompiledLoop,
    CompiledStep,
    CompiledWorkflow,
    Confirmation,
    Consequence,
    Delegation,
    Dimension,
    Fragment,
    Function,
    OutputContract,
    Reference,
)
from workrail_engine.workflow.conditions import Truthy
from workrail_engine.workflow.criteria import Contains, Rule, Rules
from workrail_engine.workflow.definition import WorkflowDefinition, parse_definition
from workrail_engine.workflow.prepared import PreparedWorkflow


def _step(step_id: str, **more: JsonValue) -> JsonObject:
    return {"id": step_id, "title": step_id, "prompt": "Do it.", **more}


def _loop(loop: JsonObject, *body: JsonObject, **more: JsonValue) -> JsonObject:
    return {
        "id": "again",
        "type": "loop",
        "title": "Again",
        "loop": {"maxIterations": 7, **loop},
        "body": list(body) or [_step("inner")],
        **more,
    }


def _definition(*steps: JsonObject, **more: JsonValue) -> WorkflowDefinition:
    definition = parse_definition(
        {
            "id": "test-flow",
            "name": "n",
            "description": "d",
            "version": "1.2.3",
            "steps": steps,
            **more,
        }
    )
    assert isinstance(definition, WorkflowDefinition), definition
    return definition


def _compiled(*steps: JsonObject, **more: JsonValue) -> CompiledWorkflow:
    prepared = prepare(_definition(*steps, **more), {}, {})
    assert isinstance(prepared, PreparedWorkflow), prepared
    return prepared.compiled


def _compiled_step(step: JsonObject, **more: JsonValue) -> CompiledStep:
    (compiled,) = _compiled(step, **more).steps
    assert isinstance(compiled, CompiledStep)
    return compiled


def _compiled_loop(loop: JsonObject, **more: JsonValue) -> CompiledLoop:
    (compiled,) = _compiled(loop, **more).steps
    assert isinstance(compiled, CompiledLoop)
    return compiled


def test_a_step_keeps_all_its_author_said() -> None:
    step = _step(
        "one",
        agentRole="A careful reader.",
        guidance=["slowly"],
        modelTier="heavy",
        runCondition={"var": "a"},
        promptFragments=[
            {"id": "f", "text": "more", "when": {"var": "b"}},
            {"id": "g", "text": "t"},
        ],
        validationCriteria=[{"type": "contains", "value": "x", "message": "m"}],
    )
    assert _compiled_step(step) == CompiledStep(
        step_id=_compiled_step(step).step_id,
        title="one",
        prompt="Do it.",
        fragments=(Fragment("f", "more", Truthy("b")), Fragment("g", "t", None)),
        agent_role="A careful reader.",
        guidance=("slowly",),
        model_tier="heavy",
        run_condition=Truthy("a"),
        criteria=Rules((Rule(Contains("x"), "m", None),)),
        notes_required=True,
    )
    assert _compiled_step(step).step_id == "one"


def test_a_workflow_keeps_all_its_author_said() -> None:
    reference: JsonObject = {
        "id": "spec",
        "title": "Spec",
        "source": "docs/spec.md",
        "purpose": "p",
        "authoritative": True,
    }
    workflow = _compiled(
        _step("one"),
        modelTier="mid",
        metricsProfile="coding",
        metaGuidance=["a"],
        preconditions=["b"],
        clarificationPrompts=["c"],
        references=[reference],
    )
    assert (workflow.workflow_id, workflow.version) == ("test-flow", "1.2.3")
    assert (workflow.model_tier, workflow.metrics_profile) == ("mid", "coding")
    assert (workflow.meta_guidance, workflow.preconditions) == (("a",), ("b",))
    assert workflow.clarification_prompts == ("c",)
    assert workflow.references == (
        Reference(
            "spec", "Spec", "docs/spec.md", "p", authoritative=True, resolve_from="workspace"
        ),
    )


_CONFIRMATIONS: list[tuple[JsonValue, Confirmation | None]] = [
    (False, None),
    (True, Confirmation("coordinator_eval", None)),
    ({"var": "a"}, Confirmation("coordinator_eval", Truthy("a"))),
    ({"kind": "human_approval"}, Confirmation("human_approval", None)),
    (
        {"kind": "coordinator_eval", "condition": {"var": "a"}},
        Confirmation("coordinator_eval", Truthy("a")),
    ),
]


@pytest.mark.parametrize(("authored", "confirmation"), _CONFIRMATIONS)
def test_confirmation_has_four_forms(
    authored: JsonValue, confirmation: Confirmation | None
) -> None:
    assert _compiled_step(_step("one", requireConfirmation=authored)).confirmation == confirmation


@pytest.mark.rule("LANG-33")
def test_notes_are_required_unless_something_else_stands_for_them() -> None:
    assert _compiled_step(_step("one")).notes_required
    assert not _compiled_step(_step("one", notesOptional=True)).notes_required
    contract: JsonObject = {"contractRef": "wr.contracts.gate_verdict", "required": False}
    step = _compiled_step(_step("one", outputContract=contract))
    assert not step.notes_required
    assert step.output_contract == OutputContract("wr.contracts.gate_verdict", required=False)
    _, verification, audit = _compiled(
        _step("one", verification={"command": "c"}, audit={"rubric": ["r"]})
    ).steps
    for virtual, kind in ((verification, "verification"), (audit, "audit")):
        assert isinstance(virtual, CompiledStep)
        assert virtual.kind == kind
        assert not virtual.notes_required


def test_a_loop_whose_notes_are_optional_says_so_for_its_body() -> None:
    loop: JsonObject = {"type": "for", "count": 1}
    assert _compiled_loop(_loop(loop)).body[0].notes_required
    assert not _compiled_loop(_loop(loop, notesOptional=True)).body[0].notes_required


def test_assessments_and_consequences_are_the_declared_objects() -> None:
    risk: JsonObject = {
        "id": "risk",
        "purpose": "p",
        "dimensions": [
            {"id": "d", "purpose": "q", "levels": ["low", "high"]},
            {"id": "e", "purpose": "q", "levels": ["a", "b"], "required": False},
        ],
    }
    consequence: JsonObject = {
        "when": {"anyEqualsLevel": "high", "forAssessment": "risk"},
        "effect": {"kind": "require_followup", "guidance": "look again"},
    }
    step = _compiled_step(
        _step("one", assessmentRefs=["risk"], assessmentConsequences=[consequence]),
        assessments=[risk],
    )
    assert step.assessments == (
        Assessment(
            "risk",
            "p",
            (
                Dimension("d", "q", ("low", "high"), required=True),
                Dimension("e", "q", ("a", "b"), required=False),
            ),
        ),
    )
    assert step.consequences == (Consequence("high", "risk", "look again"),)


def _function(name: str, definition: str = "x", **more: JsonValue) -> JsonObject:
    return {"name": name, "definition": definition, "scope": "workflow", **more}


@pytest.mark.rule("LANG-35")
def test_functions_reach_the_steps_that_name_them() -> None:
    parameters: list[JsonObject] = [
        {"name": "a", "type": "string", "required": True},
        {"name": "b", "type": "number"},
    ]
    declared = [
        _function("referenced"),
        _function("called", parameters=parameters),
        _function("prompted", "see inner"),
        _function("inner"),
        _function("bare"),
        _function("unused"),
    ]
    step = _compiled_step(
        _step(
            "one",
            prompt="Use prompted() but bare is only a word, and reunused() is nothing.",
            functionReferences=["referenced()"],
            functionCalls=[{"name": "called", "args": {"a": "x"}}],
        ),
        functionDefinitions=declared,
    )
    assert [function.name for function in step.functions] == [
        "referenced",
        "called",
        "prompted",
        "inner",
    ]
    assert step.functions[1] == Function("called", "x", ("a", "b?"))


def test_the_nearest_function_of_a_name_counts() -> None:
    body = _step(
        "inner", prompt="near() middle() far()", functionDefinitions=[_function("near", "step")]
    )
    loop = _compiled_loop(
        _loop(
            {"type": "for", "count": 1},
            body,
            functionDefinitions=[_function("near", "loop"), _function("middle", "loop")],
        ),
        functionDefinitions=[_function(name, "flow") for name in ("near", "middle", "far")],
    )
    assert [(each.name, each.definition) for each in loop.body[0].functions] == [
        ("near", "step"),
        ("middle", "loop"),
        ("far", "flow"),
    ]


def test_a_parallel_step_delegates_and_its_synthesis_follows() -> None:
    parallel: JsonObject = {
        "id": "fan",
        "type": "parallel",
        "title": "Fan",
        "parallelDelegations": [
            {
                "workflowId": "wr.research",
                "goal": "Find out",
                "runCondition": {"var": "deep"},
                "contextMapping": {"topic": "subject"},
                "args": {"familyName": "a"},
                "modelTier": "lightweight",
                "allowedTools": ["Read"],
            },
            {"workflowId": "wr.other"},
        ],
        "synthesis": {"prompt": "Join."},
    }
    fan, synthesis = _compiled(parallel).steps
    assert isinstance(fan, CompiledStep)
    assert isinstance(synthesis, CompiledStep)
    assert (fan.kind, fan.prompt, fan.notes_required) == ("parallel", "", True)
    assert fan.delegations == (
        Delegation(
            workflow_id="wr.research",
            goal="Find out",
            run_condition=Truthy("deep"),
            context_mapping=(("topic", "subject"),),
            args=(("familyName", "a"),),
            model_tier="lightweight",
            allowed_tools=("Read",),
        ),
        Delegation("wr.other", None, None, (), (), None, ()),
    )
    assert synthesis.kind == "synthesis"
    assert synthesis.prompt.endswith("Join.")


@pytest.mark.rule("LANG-36")
def test_a_session_runs_what_its_pinned_document_says() -> None:
    prepared = prepare(_definition(_step("one", audit={"rubric": ["r"]})), {}, {})
    assert isinstance(prepared, PreparedWorkflow)
    assert compile_pinned(prepared.document) == prepared.compiled


def test_a_pinned_loop_that_names_its_body_is_refused() -> None:
    named = {**_loop({"type": "for", "count": 1}), "body": "work"}
    workflow = _definition(_step("work"), named).as_json()
    document = json.dumps({"schemaVersion": 1, "workflow": workflow, "bindings": {}}).encode()
    with pytest.raises(InvalidDefinitionError, match="Start a new session"):
        compile_pinned(document)


def test_preparing_reports_structure_and_expansion_together() -> None:
    definition = _definition(
        _step("one", assessmentRefs=["nowhere"]),
        {**_loop({"type": "for", "count": 1}), "body": "wrok"},
        _step("work", templateCall={"templateId": "t"}),
        features=["wr.features.none"],
    )
    problems = prepare(definition, {}, {})
    assert not isinstance(problems, PreparedWorkflow)
    assert [problem.pointer for problem in problems] == [
        "/features/0",
        "/steps/0/assessmentRefs/0",
        "/steps/1/body",
        "/steps/2/templateCall",
        "/steps/2/templateCall/templateId",
    ]
