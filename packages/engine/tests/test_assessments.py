"""Assessments are found by id, read leniently, and every problem of them is said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.workflow.assessments import (
    AssessmentProblem,
    AssessmentReading,
    DimensionLevel,
    Triggered,
    example,
    read_assessments,
    triggered,
)
from workrail_engine.workflow.compiled import Assessment, Consequence, Dimension
from workrail_engine.workflow.contracts import check_artifact

_RISK = Assessment(
    "risk",
    "How dangerous is it?",
    (
        Dimension("impact", "Who is hurt?", ("Low", "High"), required=True),
        Dimension("confidence", "How sure?", ("weak", "strong"), required=False),
    ),
)
_FIT = Assessment("fit", "Does it fit?", (Dimension("scope", "s", ("in", "out"), required=True),))


def _artifact(dimensions: JsonValue, **more: JsonValue) -> JsonObject:
    return {"kind": "wr.assessment", "dimensions": dimensions, **more}


def _messages(*required: Assessment, artifacts: list[JsonObject]) -> list[str]:
    results = read_assessments(required, artifacts)
    assert all(isinstance(result, AssessmentProblem) for result in results)
    return [result.message for result in results if isinstance(result, AssessmentProblem)]


def test_a_single_assessment_need_not_be_named() -> None:
    sent: list[JsonObject] = [
        {"kind": "other"},
        _artifact({"impact": "Low", "confidence": {"level": "weak", "rationale": "thin"}}),
        _artifact({"impact": "High"}),
    ]
    assert read_assessments((_RISK,), sent) == (
        AssessmentReading(
            "risk",
            (
                DimensionLevel("impact", "Low", None, normalized=False),
                DimensionLevel("confidence", "weak", "thin", normalized=False),
            ),
            None,
        ),
    )


def test_levels_match_after_trimming_and_lower_casing_and_it_is_noted() -> None:
    (reading,) = read_assessments((_RISK,), [_artifact({"impact": " hIGH "}, summary="s")])
    assert isinstance(reading, AssessmentReading)
    assert reading.dimensions == (DimensionLevel("impact", "High", None, normalized=True),)
    assert reading.summary == "s"


def test_an_exact_level_wins_over_one_that_differs_in_case() -> None:
    twins = Assessment("a", "p", (Dimension("d", "p", ("LOW", "low"), required=True),))
    (reading,) = read_assessments((twins,), [_artifact({"d": "low"})])
    assert isinstance(reading, AssessmentReading)
    assert reading.dimensions == (DimensionLevel("d", "low", None, normalized=False),)


def test_a_single_assessment_that_names_another_is_refused() -> None:
    (message,) = _messages(_RISK, artifacts=[_artifact({"impact": "Low"}, assessmentId="fit")])
    assert message == 'The assessment sent is for "fit", but this step needs "risk"'


def test_several_assessments_are_matched_by_their_id() -> None:
    sent = [
        _artifact({"scope": "in"}, assessmentId="fit"),
        _artifact({"impact": "Low"}, assessmentId="risk"),
    ]
    results = read_assessments((_RISK, _FIT), sent)
    assert [getattr(result, "assessment_id", None) for result in results] == ["risk", "fit"]
    assert all(isinstance(result, AssessmentReading) for result in results)


def test_several_assessments_without_an_id_are_missing_and_the_reason_is_said() -> None:
    results = read_assessments((_RISK, _FIT), [_artifact({"impact": "Low"})])
    problems = [result for result in results if isinstance(result, AssessmentProblem)]
    assert [problem.missing for problem in problems] == [True, True]
    assert "without assessmentId" in problems[0].message


def test_an_absent_artifact_is_missing_not_invalid() -> None:
    (problem,) = read_assessments((_RISK,), [{"kind": "wr.other"}])
    assert isinstance(problem, AssessmentProblem)
    assert problem.missing
    assert 'for the assessment "risk"' in problem.message


@pytest.mark.rule("BLOCK-23")
def test_every_problem_of_an_assessment_is_said_at_once() -> None:
    sent = [_artifact({"confidnce": "weak", "confidence": "sure", "zzz": "x"})]
    assert _messages(_RISK, artifacts=sent) == [
        'The assessment "risk" has no dimension "confidnce"; did you mean "confidence"?',
        '"sure" is not a level of the dimension "confidence" of "risk"; its levels are: '
        "weak | strong",
        'The assessment "risk" has no dimension "zzz"; it has: impact, confidence',
        'The assessment "risk" lacks the dimension "impact" (one of: Low | High)',
    ]


@pytest.mark.parametrize(
    ("artifact", "said"),
    [
        ({"kind": "wr.assessment"}, '"dimensions" is missing'),
        (_artifact({"impact": 3}), '"dimensions.impact" must be a level, or an object'),
        (_artifact({"impact": "Low"}, extra=1), '"extra" is not a field'),
        (
            _artifact({"impact": {"level": "Low", "rationale": "r" * 513}}),
            '"dimensions.impact.rationale" has 513 characters; at most 512',
        ),
    ],
)
def test_a_malformed_artifact_is_refused_with_the_place(artifact: JsonObject, said: str) -> None:
    (message,) = _messages(_RISK, artifacts=[artifact])
    assert said in message


@pytest.mark.rule("BLOCK-24")
def test_a_consequence_is_triggered_by_its_level_in_the_assessments_it_is_for() -> None:
    readings = [
        AssessmentReading(
            "risk", (DimensionLevel("impact", "High", None, normalized=False),), None
        ),
        AssessmentReading("fit", (DimensionLevel("scope", "High", None, normalized=False),), None),
    ]
    anyone = Consequence("High", None, "look again")
    fit_only = Consequence("High", "fit", "widen")
    never = Consequence("Low", None, "nothing")
    assert triggered([anyone, fit_only, never], readings) == (
        Triggered("risk", "impact", "High", "look again"),
        Triggered("fit", "scope", "High", "look again"),
        Triggered("fit", "scope", "High", "widen"),
    )


def test_the_example_is_accepted_and_does_not_lead_with_the_first_level() -> None:
    (reading,) = read_assessments((_RISK,), [example(_RISK)])
    assert isinstance(reading, AssessmentReading)
    assert [dimension.level for dimension in reading.dimensions] == ["High", "strong"]
    assert [dimension.rationale for dimension in reading.dimensions] == ["why this level"] * 2


_ids = st.text("abcd", min_size=1, max_size=64)


@given(
    st.dictionaries(_ids, st.lists(st.text(min_size=1, max_size=64), min_size=2, unique=True)),
    _ids,
)
def test_the_example_of_any_assessment_is_accepted(levels: dict[str, list[str]], name: str) -> None:
    dimensions = tuple(
        Dimension(dimension_id, "p", tuple(scale), required=True)
        for dimension_id, scale in levels.items()
    )
    assessment = Assessment(name, "p", dimensions or _FIT.dimensions)
    assert check_artifact("wr.contracts.assessment", example(assessment)) == ()
    (reading,) = read_assessments((assessment,), [example(assessment)])
    assert isinstance(reading, AssessmentReading)
