"""Conditions read contexts leniently, and every part of them counts."""

from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.workflow.conditions import (
    Never,
    describe,
    holds,
    parse_condition,
    variables,
)

_scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.sampled_from(["", "a", "A ", "yes", "no", "2"])
)
_names = st.sampled_from(["a", "b", "c.d"])
_tests = st.one_of(
    st.fixed_dictionaries({"var": _names}),
    st.fixed_dictionaries({"var": _names, "equals": _scalars}),
    st.fixed_dictionaries({"var": _names, "not_equals": _scalars}),
    st.fixed_dictionaries({"var": _names, "gt": st.integers(-5, 5), "lte": st.integers(-5, 5)}),
    st.fixed_dictionaries({"var": _names, "contains": st.sampled_from(["a", "2"])}),
    st.fixed_dictionaries({"var": _names, "in": st.lists(_scalars, max_size=3)}),
)


def _wider(inner: st.SearchStrategy[JsonObject]) -> st.SearchStrategy[JsonObject]:
    return st.one_of(
        st.fixed_dictionaries({"and": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"or": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"not": inner}),
    )


_conditions = st.recursive(cast("st.SearchStrategy[JsonObject]", _tests), _wider, max_leaves=6)
_HOLLOW: list[JsonObject] = [
    {"and": [{}]},
    {"or": [{"var": "x"}, {}]},
    {"not": {}},
    {"not": {"and": [{"var": "x"}, {"not": {}}]}},
    {"equals": 3},
]
_contexts = st.dictionaries(_names, _scalars)


def _holds(raw: JsonObject, context: JsonObject) -> bool:
    return holds(parse_condition(raw), context)


@pytest.mark.parametrize("raw", [None, {}])
def test_an_absent_or_empty_condition_always_holds(raw: JsonObject | None) -> None:
    assert parse_condition(raw) is None
    assert holds(parse_condition(raw), {})


@pytest.mark.rule("LANG-20")
@pytest.mark.parametrize(
    ("value", "given_value"),
    [
        ("Small", " small "),
        (5, "5"),
        ("5.0", 5),
        (True, "yes"),
        (True, "1"),
        (False, " No"),
        (None, None),
        ([1, "a"], [1, "a"]),
    ],
)
def test_equality_forgives_how_a_value_was_written(
    value: JsonValue, given_value: JsonValue
) -> None:
    assert _holds({"var": "x", "equals": value}, {"x": given_value})
    assert _holds({"var": "x", "in": [value, "other"]}, {"x": given_value})
    assert not _holds({"var": "x", "not_equals": value}, {"x": given_value})


@pytest.mark.parametrize(
    ("value", "given_value"),
    [("Small", "Smaller"), (5, "5 apples"), (0, ""), (True, "true!"), ("", None), (1, [1]), (5, 6)],
)
def test_equality_does_not_forgive_another_meaning(
    value: JsonValue, given_value: JsonValue
) -> None:
    assert not _holds({"var": "x", "equals": value}, {"x": given_value})


def test_not_equals_holds_for_a_variable_that_was_never_set() -> None:
    assert _holds({"var": "x", "not_equals": "Low"}, {})
    assert not _holds({"var": "x", "not_equals": None}, {})


@pytest.mark.parametrize("given_value", ["7", True, None, [7]])
def test_order_is_known_for_numbers_only(given_value: JsonValue) -> None:
    assert not _holds({"var": "x", "gt": 0}, {"x": given_value})
    assert not _holds({"var": "x", "lte": 9}, {"x": given_value})


@pytest.mark.parametrize(
    ("operator", "at", "below", "above"),
    [
        ("gt", False, False, True),
        ("gte", True, False, True),
        ("lt", False, True, False),
        ("lte", True, True, False),
    ],
)
def test_order_treats_the_bound_itself_as_named(
    operator: str, at: bool, below: bool, above: bool
) -> None:
    outcomes = [_holds({"var": "x", operator: 3}, {"x": value}) for value in (3, 2.5, 4)]
    assert outcomes == [at, below, above]


def test_contains_looks_into_texts_and_lists_whatever_the_case() -> None:
    raw: JsonObject = {"var": "x", "contains": "UI"}
    assert _holds(raw, {"x": "a gui"})
    assert _holds(raw, {"x": ["api", "ui"]})
    assert not _holds(raw, {"x": "api"})
    assert not _holds(raw, {})


@pytest.mark.parametrize("value", [0, "", False, None])
def test_a_bare_variable_is_false_when_nothing_is_in_it(value: JsonValue) -> None:
    assert not _holds({"var": "x"}, {"x": value})


@pytest.mark.parametrize("value", [1, "no", True, [], {}])
def test_a_bare_variable_is_true_when_something_is_in_it(value: JsonValue) -> None:
    assert _holds({"var": "x"}, {"x": value})


@pytest.mark.rule("LANG-21")
def test_several_operators_on_one_variable_must_all_hold() -> None:
    assert _holds({"var": "x", "gt": 1, "lt": 3}, {"x": 2})
    assert not _holds({"var": "x", "gt": 1, "lt": 3}, {"x": 5})


@pytest.mark.rule("LANG-21")
def test_a_test_and_the_groups_beside_it_must_all_hold() -> None:
    raw: JsonObject = {
        "var": "a",
        "and": [{"var": "b"}],
        "or": [{"var": "c"}, {"var": "d"}],
        "not": {"var": "e"},
    }
    full: JsonObject = {"a": 1, "b": 1, "c": 1}
    assert _holds(raw, full)
    for name in full:
        assert not _holds(raw, {key: value for key, value in full.items() if key != name})
    assert not _holds(raw, {**full, "e": 1})


@pytest.mark.rule("LANG-22")
@pytest.mark.parametrize("raw", _HOLLOW)
def test_an_empty_part_makes_the_whole_condition_false(raw: JsonObject) -> None:
    assert parse_condition(raw) == Never()
    assert not _holds(raw, {"x": 1})


def test_a_name_with_a_dot_is_one_name() -> None:
    assert _holds({"var": "a.b", "equals": 1}, {"a.b": 1})
    assert not _holds({"var": "a.b", "equals": 1}, {"a": {"b": 1}})


@given(_conditions, _contexts)
def test_not_turns_every_condition_around(raw: JsonObject, context: JsonObject) -> None:
    assert _holds({"not": raw}, context) is not _holds(raw, context)


@given(_conditions, _conditions, _contexts)
def test_groups_follow_the_laws_of_and_and_or(
    left: JsonObject, right: JsonObject, context: JsonObject
) -> None:
    both = _holds(left, context) and _holds(right, context)
    either = _holds(left, context) or _holds(right, context)
    assert _holds({"and": [left, right]}, context) is both
    assert _holds({"or": [left, right]}, context) is either


@given(_conditions, _contexts)
def test_only_the_variables_named_matter(raw: JsonObject, context: JsonObject) -> None:
    read = set(variables(parse_condition(raw)))
    seen = {key: value for key, value in context.items() if key in read}
    assert _holds(raw, context) is _holds(raw, {**seen, "unrelated": "yes"})


@given(_conditions)
def test_every_condition_can_be_said_in_words_that_name_its_variables(raw: JsonObject) -> None:
    condition = parse_condition(raw)
    assert all(name in describe(condition) for name in variables(condition))


def test_words_say_what_the_condition_says() -> None:
    raw: JsonObject = {
        "and": [
            {"var": "retriageNeeded", "equals": True},
            {"or": [{"var": "riskLevel", "not_equals": "Low"}, {"var": "files", "gte": 3}]},
            {"not": {"var": "kind", "in": ["docs", 2]}},
            {"var": "force"},
        ]
    }
    assert describe(parse_condition(raw)) == (
        'retriageNeeded equals true and (riskLevel is not "Low" or files is at least 3)'
        ' and not (kind is one of "docs", 2) and force is truthy'
    )
    assert variables(parse_condition(raw)) == (
        "retriageNeeded",
        "riskLevel",
        "files",
        "kind",
        "force",
    )
