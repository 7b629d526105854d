from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workrail_engine.workflow.definition import (
    ConditionDefinition,
    ConfirmationRule,
    LoopStep,
    ParallelStep,
    StandardStep,
    WorkflowDefinition,
    parse_definition,
)
from workrail_engine.workflow.json_limits import MAX_DEPTH, MAX_VALUES
from workrail_engine.workflow.pointers import keys_of
from workrail_engine.workflow.problems import Problem

Document = dict[str, Any]
Change = Callable[[Document], None]


def a_workflow() -> Document:
    """Every kind of step, with most of what each may hold."""
    return {
        "id": "team.release",
        "name": "Release",
        "description": "Brings a version out.",
        "version": "1.2.0",
        "metaGuidance": ["Keep the change log true."],
        "assessments": [
            {
                "id": "risk",
                "purpose": "How risky it is",
                "dimensions": [
                    {"id": "reach", "purpose": "Who sees it", "levels": ["low", "high"]}
                ],
            }
        ],
        "steps": [
            {
                "id": "prepare",
                "title": "Prepare",
                "promptBlocks": {
                    "goal": "Find what changed.",
                    "constraints": [[{"kind": "text", "text": "Read only"}]],
                    "outputRequired": {"changes": "a list"},
                },
                "requireConfirmation": {"kind": "human_approval", "condition": {"var": "risky"}},
                "runCondition": {"var": "size", "in": ["Small", 3]},
                "validationCriteria": [{"type": "contains", "value": "x", "message": "Say x."}],
            },
            {
                "id": "fix-loop",
                "type": "loop",
                "title": "Fix",
                "loop": {"type": "for", "count": 3, "maxIterations": 5},
                "body": [{"id": "fix", "title": "Fix one", "prompt": "Fix it."}],
            },
            {
                "id": "review",
                "type": "parallel",
                "title": "Review",
                "parallelDelegations": [{"workflowId": "team.review", "args": {"part": "api"}}],
            },
        ],
    }


def parsed(document: Document) -> WorkflowDefinition:
    definition = parse_definition(document)
    assert isinstance(definition, WorkflowDefinition), definition
    return definition


def problems(document: Any, *, pinned: bool = False) -> tuple[Problem, ...]:
    result = parse_definition(document, pinned=pinned)
    assert not isinstance(result, WorkflowDefinition)
    return result


def changed(change: Change) -> Document:
    document = a_workflow()
    change(document)
    return document


def put(*path: str | int, value: object) -> Change:
    def change(document: Any) -> None:
        for part in path[:-1]:
            document = document[part]
        document[path[-1]] = value

    return change


def drop(*path: str | int) -> Change:
    def change(document: Any) -> None:
        for part in path[:-1]:
            document = document[part]
        del document[path[-1]]

    return change


def test_each_kind_of_step_becomes_its_own_model():
    prepare, loop, review = parsed(a_workflow()).steps

    assert isinstance(prepare, StandardStep)
    assert isinstance(loop, LoopStep)
    assert isinstance(loop.body, tuple)
    assert isinstance(review, ParallelStep)


def test_the_json_form_of_a_definition_is_the_document_it_came_from():
    assert parsed(a_workflow()).as_json() == a_workflow()


def test_what_is_left_out_has_the_default_of_the_language():
    definition = parsed(a_workflow())
    loop = definition.steps[1]

    assert isinstance(loop, LoopStep)
    assert (loop.loop.iteration_var, loop.loop.item_var, loop.loop.index_var) == (
        "currentIteration",
        "currentItem",
        "currentIndex",
    )
    assert definition.assessments[0].dimensions[0].required is True
    assert definition.metrics_profile == "none"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (False, False),
        (True, True),
        ({"var": "risky"}, ConditionDefinition(var="risky")),
        ({"kind": "human_approval"}, ConfirmationRule(kind="human_approval")),
    ],
)
def test_a_confirmation_is_a_flag_a_condition_or_a_rule(written: object, meant: object):
    definition = parsed(changed(put("steps", 0, "requireConfirmation", value=written)))

    assert isinstance(definition.steps[0], StandardStep)
    assert definition.steps[0].require_confirmation == meant


def test_a_condition_can_compare_with_null():
    definition = parsed(
        changed(put("steps", 0, "runCondition", value={"var": "a", "equals": None}))
    )

    assert isinstance(definition.steps[0], StandardStep)
    condition = definition.steps[0].run_condition
    assert condition is not None
    assert condition.as_json() == {"var": "a", "equals": None}


def test_a_number_stays_what_was_written():
    definition = parsed(changed(put("steps", 0, "runCondition", value={"var": "a", "gt": 5})))

    assert isinstance(definition.steps[0], StandardStep)
    condition = definition.steps[0].run_condition
    assert condition is not None
    assert repr(condition.gt) == "5"


CONSEQUENCE: Document = {
    "when": {"anyEqualsLevel": "high"},
    "effect": {"kind": "require_followup", "guidance": "Look again."},
}

BAD: list[tuple[Change, str, str]] = [
    (put("id", value="Release"), "/id", "wrong form"),
    (put("id", value="a.b.c"), "/id", "wrong form"),
    (put("id", value="ab"), "/id", "2 characters long"),
    (put("name", value=""), "/name", "is empty"),
    (put("name", value=5), "/name", "must be text, not 5"),
    (put("description", value="x" * 513), "/description", "513 characters long"),
    (put("version", value="1.0"), "/version", "wrong form"),
    (put("version", value="01.0.0"), "/version", "wrong form"),
    (drop("steps"), "/steps", "required and missing"),
    (put("steps", value=[]), "/steps", "is empty"),
    (put("steps", value={}), "/steps", "must be a list"),
    (put("about", value="x" * 4097), "/about", "4097 characters long"),
    (put("examples", value=["too short"]), "/examples/0", "9 characters long"),
    (put("examples", value=["x" * 20] * 7), "/examples", "has 7 entries"),
    (put("metaGuidance", value="one"), "/metaGuidance", "must be a list"),
    (put("metaGuidance", value=["x" * 257]), "/metaGuidance/0", "257 characters"),
    (put("preconditions", value=None), "/preconditions", "has no value"),
    (put("about", value=None), "/about", "has no value"),
    (put("metricsProfile", value="codng"), "/metricsProfile", 'cannot be "codng"'),
    (put("validatedAgainstSpecVersion", value=0), "/validatedAgainstSpecVersion", "at least 1"),
    (
        put("validatedAgainstSpecVersion", value=True),
        "/validatedAgainstSpecVersion",
        "must be a whole number, not true",
    ),
    (put("clarification_prompts", value=[]), "/clarification_prompts", "not a field here"),
    (
        put("recommendedPreferences", value={"recommendedAutonomy": "full"}),
        "/recommendedPreferences/recommendedAutonomy",
        'cannot be "full"',
    ),
    (
        put("extensionPoints", value=[{"slotId": "X", "purpose": "p", "default": "d"}]),
        "/extensionPoints/0/slotId",
        "1 character long",
    ),
    (
        put("references", value=[{"id": "r", "title": "t", "source": "s", "purpose": "p"}]),
        "/references/0/authoritative",
        "required and missing",
    ),
    (
        put("assessments", 0, "dimensions", 0, "levels", value=["low"]),
        "/assessments/0/dimensions/0/levels",
        "has only 1 entry",
    ),
    (
        put("functionDefinitions", value=[{"name": "a b", "definition": "d"}]),
        "/functionDefinitions/0/name",
        "wrong form",
    ),
    (put("steps", 0, value="prepare"), "/steps/0", "must be an object"),
    (put("steps", 0, "id", value="has_underscore"), "/steps/0/id", "wrong form"),
    (put("steps", 0, "id", value="expanded.step"), "/steps/0/id", "wrong form"),
    (put("steps", 0, "id", value="x" * 65), "/steps/0/id", "65 characters"),
    (put("steps", 0, "id", value="new\n"), "/steps/0/id", "wrong form"),
    (put("steps", 0, "title", value="x" * 129), "/steps/0/title", "129 characters"),
    (put("steps", 0, "prompt", value="x" * 8193), "/steps/0/prompt", "8193 characters"),
    (put("steps", 0, "promt", value="x"), "/steps/0/promt", "not a field here"),
    (put("steps", 0, "type", value="standard"), "/steps/0/type", "not a field here"),
    (put("steps", 0, "stepKind", value="audit"), "/steps/0/stepKind", "not a field here"),
    (put("steps", 0, "agentRole", value="short"), "/steps/0/agentRole", "5 characters"),
    (put("steps", 0, "modelTier", value="huge"), "/steps/0/modelTier", 'cannot be "huge"'),
    (put("steps", 0, "notesOptional", value="yes"), "/steps/0/notesOptional", "true or false"),
    (put("steps", 0, "promptFragments", value=[]), "/steps/0/promptFragments", "is empty"),
    (
        put("steps", 0, "promptFragments", value=[{"id": "f", "text": "x" * 4097}]),
        "/steps/0/promptFragments/0/text",
        "4097 characters",
    ),
    (
        put("steps", 0, "promptBlocks", "goal", value=5),
        "/steps/0/promptBlocks/goal",
        "must be text, or a list of parts",
    ),
    (
        put("steps", 0, "promptBlocks", "goal", value=[{"kind": "link", "refId": "x"}]),
        "/steps/0/promptBlocks/goal/0/kind",
        'cannot be "link"',
    ),
    (
        put("steps", 0, "promptBlocks", "goal", value=[{"text": "x"}]),
        "/steps/0/promptBlocks/goal/0/kind",
        "required and missing",
    ),
    (
        put("steps", 0, "promptBlocks", "goal", value=["x"]),
        "/steps/0/promptBlocks/goal/0",
        "must be an object",
    ),
    (
        put("steps", 0, "promptBlocks", "outputRequired", value={"a/b": 5}),
        "/steps/0/promptBlocks/outputRequired/a~1b",
        "must be text",
    ),
    (
        put("steps", 0, "runCondition", value={"var": "x", "matches": "y"}),
        "/steps/0/runCondition/matches",
        "not a field here",
    ),
    (
        put("steps", 0, "runCondition", value={"and": [{"not": {"var": "x", "gt": "5"}}]}),
        "/steps/0/runCondition/and/0/not/gt",
        'must be a number, not "5"',
    ),
    (
        put("steps", 0, "runCondition", value={"var": "x", "gt": True}),
        "/steps/0/runCondition/gt",
        "must be a number, not true",
    ),
    (
        put("steps", 0, "runCondition", value={"var": "x", "gt": None}),
        "/steps/0/runCondition/gt",
        "has no value",
    ),
    (
        put("steps", 0, "requireConfirmation", value="yes"),
        "/steps/0/requireConfirmation",
        "must be true, false, a condition",
    ),
    (
        put("steps", 0, "requireConfirmation", value={"kind": "human"}),
        "/steps/0/requireConfirmation/kind",
        'cannot be "human"',
    ),
    (
        put("steps", 0, "requireConfirmation", value={"condition": {"var": "x"}}),
        "/steps/0/requireConfirmation/kind",
        "required and missing",
    ),
    (
        put("steps", 0, "validationCriteria", value="long"),
        "/steps/0/validationCriteria",
        "must be a list of rules",
    ),
    (
        put("steps", 0, "validationCriteria", value={"and": [{"or": [{"type": "contains"}]}]}),
        "/steps/0/validationCriteria/and/0/or/0/message",
        "required and missing",
    ),
    (
        put(
            "steps",
            0,
            "validationCriteria",
            value=[{"type": "regex", "pattern": "x", "flags": "ix", "message": "m"}],
        ),
        "/steps/0/validationCriteria/0/flags",
        "wrong form",
    ),
    (
        put("steps", 0, "assessmentConsequences", value=[CONSEQUENCE] * 11),
        "/steps/0/assessmentConsequences",
        "has 11 entries",
    ),
    (
        put("steps", 0, "functionReferences", value=["count"]),
        "/steps/0/functionReferences/0",
        "wrong form",
    ),
    (
        put("steps", 0, "verification", value={"command": "x" * 1025}),
        "/steps/0/verification/command",
        "1025 characters",
    ),
    (drop("steps", 1, "loop", "maxIterations"), "/steps/1/loop/maxIterations", "required"),
    (
        put("steps", 1, "loop", "maxIterations", value=1001),
        "/steps/1/loop/maxIterations",
        "must be at most 1000",
    ),
    (put("steps", 1, "loop", "count", value=True), "/steps/1/loop/count", "a whole number, or"),
    (put("steps", 1, "loop", "count", value=1001), "/steps/1/loop/count", "at most 1000"),
    (put("steps", 1, "loop", "count", value="a b"), "/steps/1/loop/count", "wrong form"),
    (put("steps", 1, "loop", "itemVar", value="1st"), "/steps/1/loop/itemVar", "wrong form"),
    (
        put("steps", 1, "loop", "conditionSource", value={"kind": "artifact"}),
        "/steps/1/loop/conditionSource/kind",
        'cannot be "artifact"',
    ),
    (
        put("steps", 1, "loop", "conditionSource", value={"kind": "artifact_contract"}),
        "/steps/1/loop/conditionSource/loopId",
        "required and missing",
    ),
    (put("steps", 1, "body", value=[]), "/steps/1/body", "is empty"),
    (put("steps", 1, "body", value=5), "/steps/1/body", "a list of steps, or the id"),
    (drop("steps", 1, "type"), "/steps/1/type", "required and missing"),
    (put("steps", 1, "type", value="lop"), "/steps/1/type", 'cannot be "lop"'),
    (
        put("steps", 1, "body", 0, value={"id": "inner", "type": "loop"}),
        "/steps/1/body/0",
        "a loop inside a loop",
    ),
    (put("steps", 2, "prompt", value="x"), "/steps/2/prompt", "not a field here"),
    (
        put("steps", 2, "parallelDelegations", 0, "args", value={"n": 5}),
        "/steps/2/parallelDelegations/0/args/n",
        "must be text, not 5",
    ),
    (
        put("steps", 2, "parallelDelegations", 0, "allowedTools", value=["Bash(git)"]),
        "/steps/2/parallelDelegations/0/allowedTools/0",
        "wrong form",
    ),
]


@pytest.mark.rule("LANG-1")
@pytest.mark.parametrize(("change", "pointer", "message"), BAD)
def test_what_the_language_does_not_allow_is_refused_at_its_place(
    change: Change, pointer: str, message: str
):
    found = problems(changed(change))

    assert any(each.pointer == pointer and message in each.message for each in found), found


@pytest.mark.rule("LANG-2")
def test_one_mistake_is_one_problem_and_not_one_for_each_form_a_value_could_have():
    single = [
        put("steps", 0, "requireConfirmation", value={"var": "x", "gt": "5"}),
        put("steps", 0, "promptBlocks", "goal", value=[{"kind": "ref"}]),
        put("steps", 1, "body", 0, "title", value=5),
        put("steps", 1, "loop", "count", value=-1),
        put("steps", 0, "validationCriteria", 0, "value", value=5),
    ]

    assert [len(problems(changed(change))) for change in single] == [1, 1, 1, 1, 1]


@pytest.mark.rule("LANG-3")
def test_all_problems_of_a_document_are_told_at_once_in_document_order():
    document = a_workflow()
    document["name"] = ""
    document["steps"][0]["titel"] = "x"
    document["steps"][2]["parallelDelegations"][0]["workflowId"] = 5
    document["version"] = "one"

    assert [each.pointer for each in problems(document)] == [
        "/name",
        "/version",
        "/steps/0/titel",
        "/steps/2/parallelDelegations/0/workflowId",
    ]


@pytest.mark.rule("LANG-4")
@pytest.mark.parametrize(
    ("change", "suggestion"),
    [
        (put("steps", 0, "promt", value="x"), 'did you mean "prompt"?'),
        (put("metricProfile", value="none"), 'did you mean "metricsProfile"?'),
        (put("metricsProfile", value="codng"), 'did you mean "coding"?'),
        (put("steps", 0, "runCondition", value={"var": "x", "equal": 1}), 'did you mean "equals"?'),
        (put("steps", 1, "loop", "maxIteration", value=1), 'did you mean "maxIterations"?'),
        (
            put("steps", 0, "requireConfirmation", value={"kind": "human"}),
            'did you mean "human_approval"?',
        ),
        (put("version", value=1), 'write it in quotes: "1"'),
        (put("metaGuidance", value="one"), "put it into a list of one"),
    ],
)
def test_a_near_miss_is_answered_with_what_was_meant(change: Change, suggestion: str):
    assert problems(changed(change))[0].suggestion == suggestion


def test_an_unknown_field_without_a_near_miss_is_answered_with_the_fields_there_are():
    (problem,) = problems(changed(put("steps", 1, "loop", "zzz", value=1)))

    assert problem.expected is not None
    assert "maxIterations" in problem.expected


def test_a_field_only_the_engine_sets_is_never_offered_to_an_author():
    (problem,) = problems(changed(put("steps", 0, "stepKinds", value="audit")))

    assert "stepKind" not in f"{problem.suggestion} {problem.expected}"


@pytest.mark.parametrize("value", [None, 5, True, "text", [], {}])
def test_what_is_not_even_an_object_of_the_right_fields_is_refused(value: Any):
    assert problems(value)


@pytest.mark.rule("LANG-5")
def test_a_pinned_definition_may_hold_what_expansion_makes():
    document = a_workflow()
    step = document["steps"][0]
    del step["promptBlocks"]
    step |= {"id": "prepare.inner__audit", "prompt": "x" * 9000, "stepKind": "audit"}

    definition = parse_definition(document, pinned=True)

    assert isinstance(definition, WorkflowDefinition)
    assert problems(document)


def test_a_pinned_definition_is_otherwise_as_strict_as_an_authored_one():
    document = changed(put("steps", 0, "promt", value="x"))

    assert [each.pointer for each in problems(document, pinned=True)] == ["/steps/0/promt"]


@pytest.mark.rule("LANG-6")
@pytest.mark.parametrize(
    ("value", "message"),
    [
        (float("nan"), "not a finite number"),
        (float("inf"), "not a finite number"),
        (2**53, "too large a number"),
        ("\ud800", "surrogate"),
        ({"\ud800": 1}, "surrogate"),
    ],
)
def test_a_value_without_a_canonical_form_is_refused(value: Any, message: str):
    (problem,) = problems(changed(put("steps", 0, "runCondition", value={"equals": value})))

    assert problem.pointer == "/steps/0/runCondition/equals"
    assert message in problem.message


def test_a_document_nested_too_deeply_is_refused_whole():
    deep: Any = {}
    for _ in range(MAX_DEPTH):
        deep = {"not": deep}

    (problem,) = problems(changed(put("steps", 0, "runCondition", value=deep)))

    assert "nested too deeply" in problem.message


def test_a_document_of_too_many_values_is_refused_whole():
    (problem,) = problems(changed(put("metaGuidance", value=["x"] * MAX_VALUES)))

    assert problem.pointer == ""
    assert "more than 200000 values" in problem.message


def test_a_long_value_is_shortened_in_the_message():
    (problem,) = problems(changed(put("steps", 0, "modelTier", value="x" * 5000)))

    assert len(problem.message) < 100


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.rule("LANG-7")
@given(json_values)
def test_any_json_value_is_answered_with_problems_and_never_with_a_crash(value: Any):
    assert problems(value)


places = st.sampled_from(
    [
        ("steps", 0, "requireConfirmation"),
        ("steps", 0, "promptBlocks"),
        ("steps", 0, "promptBlocks", "goal"),
        ("steps", 0, "runCondition"),
        ("steps", 0, "validationCriteria"),
        ("steps", 0),
        ("steps", 1),
        ("steps", 1, "body"),
        ("steps", 1, "loop"),
        ("steps", 1, "loop", "count"),
        ("steps", 2, "parallelDelegations"),
        ("steps",),
        ("assessments", 0, "dimensions"),
        ("assessments",),
    ]
)


@given(places, json_values)
def test_a_place_that_is_told_lies_within_the_document_or_right_beside_it(
    place: tuple[str | int, ...], value: Any
):
    document = changed(put(*place, value=value))

    result = parse_definition(document)

    if isinstance(result, WorkflowDefinition):
        return
    for problem in result:
        around: Any = document
        for key in keys_of(problem.pointer)[:-1]:
            around = around[int(key) if type(around) is list else key]
        assert type(around) in (dict, list)
