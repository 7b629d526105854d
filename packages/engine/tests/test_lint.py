"""What a valid workflow leaves open is told, and nothing else."""

import pytest

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.testing.definitions import a_call, a_definition, a_loop, a_step, a_template
from workrail_engine.workflow.lint import lint

DIFF: JsonObject = {"id": "d", "kind": "diff", "mustChange": True}

LONG: JsonObject = {"type": "length", "min": 5, "message": "Say more."}
MAKE: JsonObject = {"id": "c", "kind": "command", "run": "make"}


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
        "fresh": ["inside-diff"],
        "checks": [{"id": "t", "kind": "command", "run": "make test", "protect": ["tests/**"]}],
    },
]


@pytest.mark.rule("CHECK-45")
def test_nothing_is_told_of_a_workflow_that_leaves_nothing_open() -> None:
    assert told(*SOUND) == []


@pytest.mark.rule("CHECK-45")
def test_steps_with_the_agents_word_alone_are_told_together_or_each() -> None:
    steps = [a_step("one"), a_step("two", validationCriteria=[LONG]), a_step("three")]
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


@pytest.mark.rule("CHECK-45")
def test_a_step_that_may_go_unchecked_has_the_agents_word_alone() -> None:
    check: JsonObject = {"id": "p", "kind": "project", "command": "test"}
    assert told(a_step("one", checks=[check])) == []
    optional = a_step("one", checks=[{**check, "optional": True}])
    assert told(optional) == [("agent-word-only", "/steps/0")]


def stale(*steps: JsonObject) -> list[str]:
    code = "check-not-kept-fresh"
    return [place for found, place in told(*steps) if found == code]


@pytest.mark.rule("CHECK-47")
@pytest.mark.parametrize(
    "check",
    [
        MAKE,
        {**MAKE, "exits": [1, 0]},
        {"id": "c", "kind": "project", "command": "test"},
        {"id": "c", "kind": "files", "files": [{"path": "a.txt"}]},
        {"id": "c", "kind": "diff", "mustChange": True},
    ],
)
def test_a_check_that_no_later_step_keeps_fresh_is_told_once(check: JsonObject) -> None:
    one = a_step("one", checks=[check])
    assert stale(one, a_step("two"), a_step("three")) == ["/steps/0/checks/0"]
    assert stale(one, a_step("two"), a_step("three", fresh=["c"])) == []
    assert stale(one, a_step("two", checks=[{**check, "id": "d"}])) == []
    assert stale(a_step("two"), one) == []


@pytest.mark.rule("CHECK-47")
@pytest.mark.parametrize(
    "check",
    [
        {**MAKE, "exits": 1},
        {"id": "c", "kind": "artifact", "artifactKind": "k", "schema": {}},
        {"id": "c", "kind": "approval"},
    ],
)
def test_a_check_that_speaks_of_its_moment_need_not_be_kept_fresh(check: JsonObject) -> None:
    assert stale(a_step("one", checks=[check]), a_step("two")) == []


@pytest.mark.rule("CHECK-47")
def test_the_command_of_a_verification_is_kept_fresh_like_any_other() -> None:
    one = a_step("one", verification={"command": "make"})
    assert stale(one, a_step("two")) == ["/steps/0/verification/command"]
    assert stale(one, a_step("two", fresh=["one-verification"])) == []
    assert stale(one, a_step("two", verification={"command": "make"})) == []


@pytest.mark.rule("CHECK-47")
def test_a_step_that_a_loop_repeats_comes_where_the_loop_is() -> None:
    counted: JsonObject = {"type": "for", "count": 2, "maxIterations": 3}
    loop: JsonObject = {**a_loop(counted), "body": "repeated"}
    again = a_step("repeated", checks=[MAKE])
    assert stale(loop, again) == []
    assert stale(loop, a_step("after"), again) == ["/steps/2/checks/0"]
    assert stale(again, loop, a_step("after", fresh=["c"])) == []
    inline = a_loop(counted, a_step("repeated", checks=[MAKE]), a_step("then"))
    assert stale(inline) == ["/steps/0/body/0/checks/0"]
