"""What a valid workflow leaves open is told, and nothing else."""

import pytest

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.testing.definitions import a_call, a_definition, a_loop, a_step, a_template
from workrail_engine.workflow.lint import lint

DIFF: JsonObject = {"id": "d", "kind": "diff", "mustChange": True}


def checked(step_id: str, **more: JsonValue) -> JsonObject:
    return {**a_step(step_id), "checks": [{**DIFF, "id": f"{step_id}-diff"}], **more}


def told(*steps: JsonObject, each: bool = False) -> list[tuple[str, str]]:
    definition = a_definition(*steps)
    routines = a_template(checked("inner", prompt="Set `found`."))
    return [(one.code, one.pointer) for one in lint(definition, routines, each=each)]


SOUND: list[JsonObject] = [
    checked("one", prompt="Set `size` and `more`."),
    checked("two", runCondition={"var": "size", "equals": "Large", "not_equals": "Small"}),
    a_step("call", templateCall={"templateId": "wr.templates.routine.draft"}),
    checked("three", prompt="Look at {{size}} and {{found}}."),
    a_loop(
        {"type": "while", "condition": {"var": "more"}, "maxIterations": 3},
        checked("inside", prompt="Set `more`, pass {{currentIteration}}."),
    ),
    {
        **a_step("tests"),
        "checks": [{"id": "t", "kind": "command", "run": "make test", "protect": ["tests/**"]}],
    },
]


@pytest.mark.rule("CHECK-45")
def test_nothing_is_told_of_a_workflow_that_leaves_nothing_open() -> None:
    assert told(*SOUND) == []


@pytest.mark.rule("CHECK-45")
def test_steps_with_the_agents_word_alone_are_told_together_or_each() -> None:
    steps = [a_step("one"), checked("two"), a_step("three")]
    assert told(*steps) == [("agent-word-only", "/steps/0")]
    assert told(*steps, each=True) == [
        ("agent-word-only", "/steps/0"),
        ("agent-word-only", "/steps/2"),
    ]


@pytest.mark.rule("CHECK-45")
@pytest.mark.parametrize(
    ("step", "code", "place"),
    [
        (checked("one", prompt="{{thing}}"), "unasked-variable", "/prompt"),
        (checked("one", runCondition={"var": "a"}), "unasked-variable", "/runCondition"),
        (
            checked("one", prompt="Set x.", runCondition={"var": "x", "gt": 5, "lt": 5}),
            "unreachable-step",
            "/runCondition",
        ),
        (
            checked(
                "one",
                prompt="Set x.",
                runCondition={"and": [{"var": "x", "equals": 1}, {"var": "x", "equals": 2}]},
            ),
            "unreachable-step",
            "/runCondition",
        ),
        (
            a_loop({"type": "for", "count": 0, "maxIterations": 3}, checked("inside")),
            "unreachable-step",
            "/loop/count",
        ),
        (
            a_loop({"type": "while", "condition": {}, "maxIterations": 3}, checked("inside")),
            "endless-loop",
            "/loop",
        ),
        (
            checked("one", checks=[{"id": "t", "kind": "command", "run": "uv run pytest -q"}]),
            "unprotected-tests",
            "/checks/0",
        ),
    ],
)
def test_what_is_left_open_is_told_at_its_place(step: JsonObject, code: str, place: str) -> None:
    assert told(step) == [(code, f"/steps/0{place}")]


def test_a_loop_is_endless_when_no_text_of_its_steps_speaks_of_what_it_waits_for() -> None:
    loop: JsonObject = {"type": "until", "condition": {"var": "done"}, "maxIterations": 3}
    asking = checked("one", prompt="Set `done`.")
    assert told(asking, a_loop(loop, checked("inside"))) == [("endless-loop", "/steps/1/loop")]
    assert told(asking, a_loop(loop, checked("inside", prompt="Set done."))) == []


def test_a_condition_that_can_hold_is_not_told() -> None:
    conditions: list[JsonObject] = [
        {"var": "x", "gte": 5, "lte": 5},
        {"var": "x", "equals": "5", "gt": 4},
        {"or": [{"var": "x", "equals": 1}, {"var": "x", "equals": 2}]},
        {"not": {"var": "x"}},
    ]
    for condition in conditions:
        assert told(checked("one", prompt="Set x.", runCondition=condition)) == []


def test_variables_are_not_judged_while_a_called_routine_is_unknown() -> None:
    unknown = a_step("call", templateCall={"templateId": "wr.templates.routine.none"})
    assert told(unknown, checked("one", prompt="{{thing}}")) == []
    assert told(a_call("call"), checked("one", prompt="{{thing}}")) != []
