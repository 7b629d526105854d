"""Compiled loops know what they repeat, and by which rule."""

import pytest

from workrail_engine.canonical import JsonObject
from workrail_engine.testing.definitions import a_loop, a_step, compile_fully, compiled_loop
from workrail_engine.workflow.compiled import (
    ArtifactDecides,
    CompiledLoop,
    CompiledStep,
    Counted,
    ForEach,
    LoopRule,
    WhileCondition,
)
from workrail_engine.workflow.conditions import Compare, Truthy

_CONTROL: JsonObject = {"contractRef": "wr.contracts.loop_control"}


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
    loop = compiled_loop(a_loop(authored, runCondition={"var": "a"}))
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
    body = a_step("decide", outputContract=_CONTROL)
    loop = compiled_loop(a_loop({"type": kind, "condition": {"var": "n"}}, a_step("work"), body))
    assert loop.rule == ArtifactDecides("again")
    explicit: JsonObject = {"kind": "context_variable", "condition": {"var": "n"}}
    loop = compiled_loop(a_loop({"type": kind, "conditionSource": explicit}, body))
    assert loop.rule == WhileCondition(Truthy("n"), until=kind == "until")


def test_loop_variables_have_the_names_the_author_chose() -> None:
    loop = compiled_loop(
        a_loop(
            {"type": "forEach", "items": "xs", "itemVar": "x", "indexVar": "i", "iterationVar": "n"}
        )
    )
    assert (loop.item_var, loop.index_var, loop.iteration_var) == ("x", "i", "n")


def test_a_named_body_is_compiled_into_its_loop() -> None:
    named = {**a_loop({"type": "for", "count": 1}), "body": "work"}
    loop, last = compile_fully(a_step("work"), named, a_step("last")).steps
    assert isinstance(loop, CompiledLoop)
    assert isinstance(last, CompiledStep)
    assert [step.step_id for step in loop.body] == ["work"]
