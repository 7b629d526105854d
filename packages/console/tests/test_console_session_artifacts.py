"""Artifacts are read in the shape of their kind; whatever does not fit is shown all the same."""

import json

import pytest

from workrail_console.artifact_shapes import (
    Decision,
    Difference,
    Fields,
    Findings,
    Json,
    Levels,
    NotShown,
    Output,
)
from workrail_console.artifact_views import artifact_view


def view_of(value: object) -> object:
    return artifact_view(json.dumps(value).encode())


def test_a_review_verdict_is_a_table_of_findings_with_fields_of_their_own() -> None:
    view = view_of(
        {
            "kind": "wr.review_verdict",
            "verdict": "minor",
            "confidence": "high",
            "summary": "One gap.",
            "findings": [
                {"severity": "minor", "summary": "No bound", "fileLine": "retry.py:3", "seen": 2}
            ],
        }
    )

    assert isinstance(view, Findings)
    assert (view.verdict, view.confidence, view.summary) == ("minor", "high", "One gap.")
    (row,) = view.rows
    assert (row.severity, row.category, row.summary) == ("minor", None, "No bound")
    assert row.rest == (("File line", "retry.py:3"), ("Seen", "2"))


def test_levels_of_an_assessment_may_be_bare_or_explained() -> None:
    view = view_of(
        {
            "kind": "wr.assessment",
            "assessmentId": "design",
            "dimensions": {
                "risk": "low",
                "reach": {"level": "high", "rationale": "three services"},
            },
        }
    )

    assert isinstance(view, Levels)
    assert [(row.dimension, row.level, row.rationale) for row in view.rows] == [
        ("risk", "low", None),
        ("reach", "high", "three services"),
    ]


def test_the_decision_of_a_loop_comes_with_its_reason() -> None:
    view = view_of(
        {
            "kind": "wr.loop_control",
            "decision": "stop",
            "loopId": "audit",
            "metadata": {"reason": "nothing new", "issuesFound": 0},
        }
    )

    assert view == Decision("stop", "nothing new", (("Loop", "audit"), ("Issues found", "0")))


def test_a_handoff_is_labels_with_texts_and_lists() -> None:
    view = view_of(
        {
            "kind": "wr.coding_handoff",
            "version": 1,
            "branchName": "fix",
            "keyDecisions": ["one", "two"],
        }
    )

    assert isinstance(view, Fields)
    assert [(field.label, field.items, field.listed) for field in view.fields] == [
        ("Branch name", ("fix",), False),
        ("Key decisions", ("one", "two"), True),
    ]


def test_what_the_engine_keeps_is_read_as_output_and_as_a_change() -> None:
    output = view_of(
        {"kind": "wr.check_output", "argv": ["pytest", "-q"], "exitCode": 1, "text": "1 failed"}
    )
    change = view_of({"kind": "wr.diff", "tree": "git:1", "diff": "+a"})

    assert output == Output(("pytest", "-q"), 1, complete=True, text="1 failed")
    assert change == Difference("+a")


@pytest.mark.parametrize(
    "value",
    [
        [1, 2],
        "text",
        None,
        {"kind": "wr.assessment", "dimensions": ["none"]},
        {"kind": "wr.loop_control", "decision": 7, "metadata": {"deep": {}}},
        {"kind": "x.other", "deep": {"deeper": 1}},
        {"kind": "wr.check_output", "text": ["not", "a", "text"], "more": {}},
        {"kind": "wr.diff", "diff": {}},
    ],
)
def test_what_fits_no_shape_is_json(value: object) -> None:
    view = view_of(value)

    assert isinstance(view, Json)
    assert json.loads(view.text) == value


def test_content_that_is_no_json_is_said_to_be_none() -> None:
    assert isinstance(artifact_view(b"{"), NotShown)
