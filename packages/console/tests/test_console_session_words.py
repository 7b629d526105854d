"""What an event says in a few words, and what the log says of variables."""

import re
from dataclasses import replace

import pytest

from workrail_console.context_history import history
from workrail_console.event_words import event_words
from workrail_console.rich_text import RICH
from workrail_engine.canonical import JsonObject
from workrail_engine.ids import NodeId
from workrail_engine.projections.event_page import EventLine
from workrail_engine.projections.session_window import OutlineLine

LINE = EventLine(1, "step_completed", 1, "2026-11-22T10:00:00Z", {}, None, "sha256:1")


def said(kind: str, payload: JsonObject) -> str:
    return event_words(replace(LINE, kind=kind, payload=payload))


@pytest.mark.parametrize(
    ("kind", "payload", "words"),
    [
        ("session_started", {"workflow_id": "look", "origin": "mcp"}, "look started by mcp"),
        (
            "step_completed",
            {
                "step_id": "look",
                "notes": "abc",
                "artifacts": [{"kind": "wr.x"}],
                "context_delta": {"a": 1},
            },
            "look completed with 3 characters of notes, wr.x, 1 variable",
        ),
        ("step_reached", {"step_id": "look", "iteration": 1}, "look (pass 2) became pending"),
        (
            "check_recorded",
            {"check_id": "suite", "outcome": "passed", "reused": True, "summary": "12 tests"},
            "Check suite passed, not run again: 12 tests",
        ),
        (
            "assessment_recorded",
            {"assessment_id": "design", "dimensions": [{"dimension_id": "risk", "level": "low"}]},
            "Assessment design: risk low",
        ),
        ("loop_repeated", {"loop_id": "audit", "iteration": 2}, "Loop audit, pass 3"),
        (
            "loop_exited",
            {"loop_id": "audit", "passes": 2, "cause": "limit"},
            "Loop audit left after 2 passes by its limit",
        ),
        (
            "attempt_blocked",
            {"step_id": "look", "blockers": [{"code": "MISSING_NOTES"}]},
            "look blocked: MISSING_NOTES",
        ),
        ("approval_asked", {"step_id": "ship"}, "ship waits for approval"),
        (
            "approval_answered",
            {"verdict": "approved", "by": "ada", "channel": "terminal"},
            "approved by ada (terminal)",
        ),
        ("branch_started", {"node": 3}, "A new branch began at node 3"),
        ("run_completed", {"skipped": ["a", "b"]}, "Run complete, 2 steps never ran"),
        ("something_new", {}, "something new"),
    ],
)
def test_each_kind_of_event_says_what_happened(kind: str, payload: JsonObject, words: str) -> None:
    assert said(kind, payload) == words


@pytest.mark.parametrize(
    "kind",
    [
        *("session_started", "step_completed", "check_recorded", "assessment_recorded"),
        *("step_skipped", "loop_entered", "loop_repeated", "loop_exited", "step_reached"),
        *("attempt_blocked", "approval_asked", "approval_answered", "checkpoint_taken"),
        *("branch_started", "run_completed"),
    ],
)
@pytest.mark.parametrize(
    "payload", [{}, {"iteration": "x", "blockers": "x", "dimensions": [1], "context_delta": 5}]
)
def test_a_payload_of_an_odd_shape_still_says_something(kind: str, payload: JsonObject) -> None:
    assert said(kind, payload)


def test_an_event_that_cannot_be_read_says_why() -> None:
    assert event_words(replace(LINE, payload=None, problem="it is missing")) == "it is missing"


def test_a_variable_tells_repeats_removals_and_changes_of_other_branches() -> None:
    def change(seq: int, node: int, value: JsonObject) -> EventLine:
        return replace(LINE, seq=seq, node=node, payload={"context_delta": value})

    outline = [
        OutlineLine(NodeId(1), "step", "Look", None, on_tip_branch=True),
        OutlineLine(NodeId(2), "step", "Left", None, on_tip_branch=False),
    ]
    events = [
        change(5, 1, {"a": 2, "gone": None}),
        change(4, 2, {"a": 9}),
        change(3, 1, {"a": 2, "gone": 1}),
        replace(LINE, seq=1, kind="session_started", payload={"context": {"a": 1}}),
    ]

    a, gone, engine = history(events, outline, {"a": 2, "of the engine": True})

    assert (a.name, a.value) == ("a", 2)
    assert [(one.seq, one.value, one.same, one.on_tip_branch) for one in a.changes] == [
        (1, 1, False, True),
        (3, 2, False, True),
        (4, 9, False, False),
        (5, 2, True, True),
    ]
    assert (gone.name, gone.present) == ("gone", False)
    assert [one.removed for one in gone.changes] == [False, True]
    assert (engine.name, engine.changes) == ("of the engine", ())


@pytest.mark.rule("CON-69")
def test_a_secret_is_hidden_although_colours_would_take_it_apart() -> None:
    secret = "sk-" + "aB3-" * 8
    coloured = [
        RICH.code(f'key = "{secret}"', "python").text,
        RICH.terminal(f"\x1b[31m{secret}\x1b[0m").text,
        RICH.notes(f"```sh\nexport KEY={secret}\n```").html.text,
    ]

    for html in coloured:
        assert "[hidden secret]" in re.sub("<[^>]*>", "", html)
        assert "aB3" not in html
