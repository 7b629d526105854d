"""Criteria say everything the notes lack, and a broken check is reported, never raised."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.workflow.criteria import (
    CriteriaResult,
    check_notes,
    describe_requirements,
    parse_criteria,
)

_HAS_SCOPE: JsonObject = {"type": "contains", "value": "SCOPE", "message": "Name the scope"}
_HAS_RISK: JsonObject = {"type": "contains", "value": "RISK", "message": "Name the risk"}
_IS_LONG: JsonObject = {"type": "length", "min": 20, "max": 40, "message": "Be brief but clear"}
_SCHEMA: JsonObject = {
    "type": "object",
    "required": ["size"],
    "properties": {"size": {"enum": ["S", "M"]}, "tag": {"type": "string", "pattern": "^[a-z]+$"}},
}


def _check(raw: JsonValue, notes: str, context: JsonObject | None = None) -> CriteriaResult:
    return check_notes(parse_criteria(raw), notes, context or {})


def _accepted(raw: JsonValue, notes: str, context: JsonObject | None = None) -> bool:
    return _check(raw, notes, context) == CriteriaResult((), ())


def _schema_rule(schema: JsonObject) -> list[JsonObject]:
    return [{"type": "schema", "schema": schema, "message": "Give the size"}]


@pytest.mark.rule("LANG-23")
def test_every_failing_rule_of_a_list_is_reported() -> None:
    result = _check([_HAS_SCOPE, _HAS_RISK, _IS_LONG], "RISK is low")
    assert result.errors == ()
    assert result.issues == (
        'Name the scope (the notes do not contain "SCOPE")',
        "Be brief but clear (the notes have 11 characters)",
    )
    assert _accepted([_HAS_SCOPE, _HAS_RISK, _IS_LONG], "SCOPE a to b, the RISK is c")


def test_contains_minds_the_case() -> None:
    assert not _accepted([_HAS_SCOPE], "scope")


@pytest.mark.parametrize(("size", "accepted"), [(19, False), (20, True), (40, True), (41, False)])
def test_length_bounds_include_their_ends(size: int, accepted: bool) -> None:
    assert _accepted([_IS_LONG], "x" * size) is accepted


@pytest.mark.parametrize(
    ("pattern", "flags", "notes", "accepted"),
    [
        ("^b$", "", "a\nb", False),
        ("^b$", "m", "a\nb", True),
        ("AB", "", "xab", False),
        ("AB", "gi", "xab", True),
        ("a.b", "", "a\nb", False),
        ("a.b", "s", "a\nb", True),
        ("b", "y", "ab", False),
        ("a", "yu", "ab", True),
        (r"(?<year>\d{4})\/", "", "in 2024/05", True),
    ],
)
def test_patterns_follow_their_flags(pattern: str, flags: str, notes: str, accepted: bool) -> None:
    rule: JsonObject = {"type": "regex", "pattern": pattern, "flags": flags, "message": "m"}
    assert _accepted([rule], notes) is accepted


@pytest.mark.rule("LANG-24")
@pytest.mark.parametrize(
    ("pattern", "flags", "said"),
    [
        ("(", "", "not a valid regular expression"),
        ("a", "q", "unknown flag 'q'"),
        (r"(a|aa)+$", "", "took longer"),
    ],
)
def test_a_pattern_that_cannot_be_checked_is_an_error_and_no_issue(
    pattern: str, flags: str, said: str
) -> None:
    rule: JsonObject = {"type": "regex", "pattern": pattern, "flags": flags, "message": "Match"}
    result = _check([rule, _HAS_SCOPE], "a" * 60 + "b")
    assert result.issues == ('Name the scope (the notes do not contain "SCOPE")',)
    assert [said in error and "Match" in error for error in result.errors] == [True]


@pytest.mark.parametrize(
    "notes", ['{"size": "S"}', 'All done.\n\n```json\n{"size": "M", "tag": "x"}\n```\nBye.']
)
def test_a_schema_accepts_bare_json_and_one_fenced_block(notes: str) -> None:
    assert _accepted(_schema_rule(_SCHEMA), notes)


@pytest.mark.parametrize(
    ("notes", "said"),
    [
        ("no json", "have 0 ```json blocks"),
        ('```json\n{"size": "S"}\n```\n```json\n{"size": "S"}\n```', "have 2 ```json blocks"),
        ("```json\n{size}\n```", "not valid JSON"),
        ("{}", "'size' is a required property"),
        ('{"size": "L"}', "at size: 'L' is not one of"),
        ('{"size": "S", "tag": "A1"}', "at tag: 'A1' does not match /"),
        ("[" * 100_000, "have 0 ```json blocks"),
    ],
)
def test_a_schema_says_what_does_not_fit(notes: str, said: str) -> None:
    result = _check(_schema_rule(_SCHEMA), notes)
    assert result.errors == ()
    assert len(result.issues) == 1
    assert said in result.issues[0]


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "nonsense"}, "the schema is not valid"),
        ({"$ref": "http://127.0.0.1:9/other.json"}, "which is not in it"),
        ({"$ref": "#"}, "nested without end"),
        ({"type": "object", "properties": {"a": {"pattern": "("}}}, "the schema is not valid"),
    ],
)
def test_a_schema_that_cannot_be_used_is_an_error(schema: JsonObject, said: str) -> None:
    result = _check(_schema_rule(schema), '{"a": "b"}')
    assert result.issues == ()
    assert [said in error for error in result.errors] == [True]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_schema_cannot_fetch_another_one(tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text('{"type": "object"}', encoding="utf-8")
    result = _check(_schema_rule({"$ref": other.as_uri()}), "{}")
    assert [other.as_uri() in error for error in result.errors] == [True]


def test_a_rule_whose_condition_does_not_hold_is_left_out() -> None:
    rule: JsonObject = {**_HAS_RISK, "condition": {"var": "risky", "equals": True}}
    assert _accepted([rule], "nothing", {"risky": "no"})
    assert not _accepted([rule], "nothing", {"risky": "yes"})
    assert _accepted({"not": rule}, "RISK", {})
    assert _accepted({"or": [rule]}, "nothing", {})


def test_an_empty_list_demands_notes_that_are_not_blank() -> None:
    assert _check([], " \n").issues == ("The notes must not be blank",)
    assert _accepted([], "x")


def test_empty_groups_are_satisfied() -> None:
    assert _accepted({"and": []}, "")
    assert _accepted({"or": []}, "")


@pytest.mark.rule("LANG-23")
def test_compositions_report_the_messages_of_their_failing_members() -> None:
    both = _check({"and": [_HAS_SCOPE, {"and": [_HAS_RISK]}]}, "x")
    assert [issue.partition(" (")[0] for issue in both.issues] == [
        "Name the scope",
        "Name the risk",
    ]
    (either,) = _check({"or": [_HAS_SCOPE, _HAS_RISK]}, "x").issues
    assert either.startswith("At least one of these must hold: Name the scope")
    assert "Name the risk" in either
    assert _accepted({"or": [_HAS_SCOPE, _HAS_RISK]}, "RISK")
    (negated,) = _check({"not": _HAS_RISK}, "RISK").issues
    assert negated.startswith("This must not hold: Name the risk")
    assert _accepted({"not": _HAS_RISK}, "x")


def test_an_error_inside_a_negation_stays_an_error() -> None:
    broken: JsonObject = {"type": "regex", "pattern": "(", "message": "m"}
    result = _check({"not": broken}, "x")
    assert result.issues == ()
    assert len(result.errors) == 1


def test_an_alternative_that_passes_outweighs_one_that_cannot_be_checked() -> None:
    broken: JsonObject = {"type": "regex", "pattern": "(", "message": "m"}
    assert _accepted({"or": [broken, _HAS_RISK]}, "RISK")
    assert _check({"or": [broken, _HAS_RISK]}, "x").errors


def test_all_demands_are_said_in_words() -> None:
    raw: JsonObject = {
        "and": [
            {**_HAS_SCOPE, "condition": {"var": "a"}},
            {"or": [_HAS_RISK, _IS_LONG]},
            {"not": {"type": "regex", "pattern": "x+", "flags": "i", "message": "No x"}},
            [{"type": "length", "min": 5, "message": "Long"}],
            [{"type": "length", "max": 9, "message": "Short"}],
            _schema_rule({"type": "object"})[0],
        ]
    }
    assert describe_requirements(parse_criteria(raw)) == (
        'When a is truthy: Name the scope (the notes must contain "SCOPE")',
        'At least one of these must hold: Name the risk (the notes must contain "RISK")'
        " OR Be brief but clear (the notes must have 20 to 40 characters)",
        "This must not hold: No x (the notes must match /x+/i)",
        "Long (the notes must have at least 5 characters)",
        "Short (the notes must have at most 9 characters)",
        "Give the size (the notes must be JSON, or hold one ```json block)",
    )
    assert describe_requirements(parse_criteria([])) == ("The notes must not be blank",)


def test_a_demand_that_is_a_sentence_ends_after_its_note() -> None:
    raw: JsonValue = [{**_HAS_RISK, "message": "Name it."}]
    assert describe_requirements(parse_criteria(raw)) == (
        'Name it (the notes must contain "RISK").',
    )
    assert describe_requirements(parse_criteria({"not": {"and": raw}})) == (
        'This must not hold: Name it (the notes must contain "RISK")',
    )
    assert _check(raw, "x").issues == ('Name it (the notes do not contain "RISK").',)


@pytest.mark.parametrize(
    ("pattern", "demand"),
    [("x" * 60, f"Say it (the notes must match /{'x' * 60}/)."), ("x" * 61, "Say it.")],
)
def test_a_pattern_is_shown_as_long_as_it_is_short(pattern: str, demand: str) -> None:
    raw: JsonValue = [{"type": "regex", "pattern": pattern, "message": "Say it."}]
    assert describe_requirements(parse_criteria(raw)) == (demand,)


def test_that_notes_must_hold_json_is_said_once_with_the_last_schema() -> None:
    def rule(message: str, size: str) -> JsonObject:
        return {"type": "schema", "schema": {"const": size}, "message": message}

    raw: JsonValue = {"and": [rule("One.", "S"), {"or": [rule("Two.", "M"), rule("Three.", "L")]}]}
    assert describe_requirements(parse_criteria({"and": [raw, _HAS_RISK]})) == (
        "One.",
        "At least one of these must hold: Two"
        " OR Three (the notes must be JSON, or hold one ```json block)",
        'Name the risk (the notes must contain "RISK")',
    )


@given(st.text(max_size=60))
def test_a_list_is_accepted_exactly_when_each_of_its_rules_is(notes: str) -> None:
    apart = _accepted([_HAS_SCOPE], notes) and _accepted([_IS_LONG], notes)
    assert _accepted([_HAS_SCOPE, _IS_LONG], notes) is apart
    assert _accepted({"and": [_HAS_SCOPE, _IS_LONG]}, notes) is apart
