"""Compiled loops know what they repeat, and by which rule."""

import pytest

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.workflow.compile import prepare
from workrail_engine.workflow.compiled import (
    ArtifactDecides,
    CompiledLoop,
    CompiledStep,
    CompiledWorkflow,
    Counted,
    ForEach,
    LoopRule,
    WhileCondition,
)
from workrail_engine.workflow.conditions import Compare, Truthy
from workrail_engine.workflow.definition import WorkflowDefinition, parse_definition
from workrail_engine.workflow.prepared import PreparedWorkflow

_CONTROL: JsonObject = {"contractRef": "wr.contracts.loop_control"}


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


def _compiled_loop(loop: JsonObject, **more: JsonValue) -> CompiledLoop:
    (compiled,) = _compiled(loop, **more).steps
    assert isinstance(compiled, CompiledLoop)
    return compiled


_RULES: list[tuple[JsonObject, LoopRule]] = [
    (
        {"type": "while", "condition": {"var": "n", "lt": 3}},
        WhileCondition(Compare("n", "lt", 3), until=False),
    ),
    ({"type": "until", "condition": {"var": "n"}}, WhileCondition(Truthy("n"), until=True)),
    (
        {
            "type": "until",
            "conditionSource": {"kind": "context_variable", "condition": {"var": "n"}},
            "condition": {"var": "ignored"},
        },
        WhileCondition(Truthy("n"), until=True),
    ),
    (
        {
            "type": "while",
            "conditionSource": {"kind": "artifact_contract", "loopId": "mine", **_CONTROL},
        },
        ArtifactDecides("mine"),
    ),
    ({"type": "for", "count": 3}, Counted(3)),
    ({"type": "for", "count": "howMany"}, Counted("howMany")),
    ({"type": "forEach", "items": "files"}, ForEach("files")),
]


@pytest.mark.parametrize(("authored", "rule"), _RULES)
def test_a_loop_repeats_by_the_rule_its_author_gave(authored: JsonObject, rule: LoopRule) -> None:
    loop = _compiled_loop(_loop(authored, runCondition={"var": "a"}))
    assert loop.rule == rule
    assert loop.max_iterations == 7
    assert loop.run_condition == Truthy("a")
    assert (loop.iteration_var, loop.item_var, loop.index_var) == (
        "currentIteration",
        "currentItem",
        "currentIndex",
    )


@pytest.mark.rule("LANG-34")
@pytest.mark.parametrize("kind", ["while", "until"])
def test_a_body_step_that_submits_loop_control_decides_where_no_source_is_given(kind: str) -> None:
    body = _step("decide", outputContract=_CONTROL)
    loop = _compiled_loop(_loop({"type": kind, "condition": {"var": "n"}}, _step("work"), body))
    assert loop.rule == ArtifactDecides("again")
    explicit: JsonObject = {"kind": "context_variable", "condition": {"var": "n"}}
    loop = _compiled_loop(_loop({"type": kind, "conditionSource": explicit}, body))
    assert loop.rule == WhileCondition(Truthy("n"), until=kind == "until")


def test_loop_variables_have_the_names_the_author_chose() -> None:
    loop = _compiled_loop(
        _loop(
            {"type": "forEach", "items": "xs", "itemVar": "x", "indexVar": "i", "iterationVar": "n"}
        )
    )
    assert (loop.item_var, loop.index_var, loop.iteration_var) == ("x", "i", "n")


def test_a_named_body_is_compiled_into_its_loop() -> None:
    named = {**_loop({"type": "for", "count": 1}), "body": "work"}
    loop, last = _compiled(_step("work"), named, _step("last")).steps
    assert isinstance(loop, CompiledLoop)
    assert isinstance(last, CompiledStep)
    assert [step.step_id for step in loop.body] == ["work"]
