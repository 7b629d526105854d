"""Does a run finish what it starts, or say exactly why not?"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from workrail_daemon.models.protocol import ModelRequest, Reply, Retried
from workrail_daemon.models.scripted import ScriptedClient
from workrail_daemon.options import RunOptions
from workrail_daemon.stopping import Stop
from workrail_daemon.testing.worksite import Worksite, call, complete, step, worksite
from workrail_engine.agent_events import (
    MessageGiven,
    RunBegun,
    RunEnded,
    ToolBegun,
    ToolFinished,
    TurnTaken,
)
from workrail_engine.engine import Answered
from workrail_engine.ids import SessionId
from workrail_engine.reader import EventRecord, open_reader

CHECKED = step(
    "fix",
    checks=[
        {
            "id": "two",
            "kind": "command",
            "run": ["python3", "-c", "import a; assert a.x == 2"],
        }
    ],
)


@pytest.fixture(name="site")
def site_with_a_new_store(tmp_path: Path) -> Iterator[Worksite]:
    with worksite(tmp_path) as opened:
        yield opened


@pytest.mark.rule("AGENT-1")
def test_a_run_is_complete_only_once_the_log_says_so(site: Worksite) -> None:
    view = site.run(
        [CHECKED, step("tell")],
        [
            complete(),
            call("Read", file_path="a.py"),
            call("Edit", file_path="a.py", old_string="x = 1", new_string="x = 2"),
            complete(),
            complete(),
        ],
    )
    assert view.outcome == "completed"
    first, second, third = site.answers(view.session_id, "complete_step")
    assert "CHECK_FAILED (two)" in first
    assert "# Tell" in second
    assert "complete" in third
    kinds = [event.kind for event in _log(site, view.session_id)]
    assert kinds.index("run_completed") < kinds.index("run_ended")


@pytest.mark.rule("AGENT-2")
def test_a_model_that_ends_its_turn_early_is_nudged_and_then_incomplete(site: Worksite) -> None:
    view = site.run([step("one")], [{"say": "All is well.", "times": 5}])
    assert view.outcome == "incomplete"
    events = site.events(view.session_id)
    assert sum(isinstance(event, TurnTaken) for event in events) == 3
    nudges = [e for e in events if isinstance(e, MessageGiven) and e.source == "nudge"]
    assert len(nudges) == 2
    assert "run_completed" not in {event.kind for event in _log(site, view.session_id)}


@pytest.mark.rule("AGENT-3")
def test_the_text_of_a_step_is_given_once(site: Worksite) -> None:
    view = site.run([step("one"), step("two")], [complete(), complete()])
    said = [e.text for e in site.events(view.session_id) if isinstance(e, MessageGiven)]
    said += site.answers(view.session_id, "complete_step")
    assert sum(text.count("Do what one asks.") for text in said) == 1
    assert sum(text.count("Do what two asks.") for text in said) == 1


@pytest.mark.rule("AGENT-4")
def test_the_loop_stops_when_the_workflow_is_complete(site: Worksite) -> None:
    view = site.run([step("one")], [complete(), {"say": "One more word.", "times": 3}])
    assert view.outcome == "completed"
    assert view.spent.turns == 1


@pytest.mark.rule("AGENT-5")
def test_no_token_reaches_the_model(site: Worksite) -> None:
    view = site.run([step("one"), step("two")], [complete(), complete()])
    log = " ".join(str(event.payload) for event in _log(site, view.session_id))
    contents = " ".join(
        site.text(event.answer)
        for event in site.events(view.session_id)
        if isinstance(event, ToolFinished)
    )
    assert "ct_" not in contents
    assert "ct_" not in log


@pytest.mark.rule("AGENT-6")
def test_a_crash_after_any_fact_repeats_nothing_and_loses_nothing(site: Worksite) -> None:
    turns = [
        call("Bash", command="echo once >> counted; echo said"),
        call("Read", file_path="a.py"),
        complete(),
        call("Bash", command="echo twice >> counted"),
        complete(),
    ]
    whole = site.run([step("one"), step("two")], turns, sandbox="off")
    count = len(site.events(whole.session_id))
    for place in range(1, count):
        (site.workspace / "counted").unlink()
        session_id = site.ordered([step("one"), step("two")], turns, sandbox="off")
        told = len(site.told)

        def crash(_session: str, _event: object, told: int = told, place: int = place) -> None:
            if len(site.told) - told == place:
                raise CrashError

        site.watch = crash
        with site.working():
            view = site.until(session_id, lambda each: each.state == "ended")
        site.watch = None
        assert view.outcome == "completed", place
        events = site.events(session_id)
        over = place >= count - 1  # the last two facts are recorded at once
        assert sum(isinstance(event, RunBegun) for event in events) == (1 if over else 2), place
        assert [event.turn for event in events if isinstance(event, TurnTaken)] == [1, 2, 3, 4, 5]
        lines = (site.workspace / "counted").read_text().split()
        interrupted = [
            event.tool
            for event in events
            if isinstance(event, ToolFinished) and event.outcome == "interrupted"
        ]
        assert len(lines) + interrupted.count("Bash") == 2, place
        assert lines in (["once", "twice"], ["once"], ["twice"]), place
        assert sum(isinstance(event, RunEnded) for event in events) == 1, place


@pytest.mark.rule("AGENT-13")
def test_children_share_the_slots_and_what_their_parent_has_left(site: Worksite) -> None:
    child = site.workflow([step("small")])
    script = {
        "scenes": [
            {"when": {"step": "Small"}, "turns": [complete()], "repeat": True},
            {
                "turns": [
                    call(
                        "spawn_agent",
                        agents=[{"workflowId": child, "goal": f"Part {n}"} for n in (1, 2, 3)],
                    ),
                    complete(),
                ]
            },
        ]
    }
    session_id = site.ordered([step("big")], script, limits={"turns": 20, "minutes": 5})
    with site.working(slots=1):
        view = site.settled(session_id, "ended")
    assert view.outcome == "completed"
    children = site.engine.runs.below(session_id)
    assert [child.outcome for child in children] == ["completed"] * 3
    assert all(child.depth == 1 and child.parent == session_id for child in children)
    limits = [RunOptions.model_validate(child.options).limits for child in children]
    assert all(each is not None and each.turns < 20 for each in limits)
    (answer,) = site.answers(session_id, "spawn_agent")
    assert answer.count('"completed"') == 3
    assert site.engine.runs.tree_spent(session_id).turns == 5


@pytest.mark.rule("AGENT-14")
def test_a_child_ends_with_its_parent(site: Worksite) -> None:
    child = site.workflow([step("small")])
    script = {
        "scenes": [
            {"when": {"step": "Small"}, "turns": [call("Bash", command="sleep 60"), complete()]},
            {"turns": [call("spawn_agent", workflowId=child, goal="A part"), complete()]},
        ]
    }
    session_id = site.ordered([step("big")], script)
    with site.working():
        site.until(session_id, lambda view: view.rest == "child")
        (small,) = site.engine.runs.below(session_id)
        site.until(
            small.session_id, lambda view: (view.doing is not None) and "Bash" in view.doing.what
        )
        site.engine.runs.wish(session_id, "cancel")
        assert site.settled(session_id, "ended").outcome == "cancelled"
        assert site.settled(small.session_id, "ended").outcome == "cancelled"


@pytest.mark.rule("AGENT-15")
def test_a_run_that_rests_while_the_daemon_stops_goes_on_with_the_next(site: Worksite) -> None:
    turns = [call("Bash", command="sleep 60"), call("Read", file_path="a.py"), complete()]
    session_id = site.ordered([step("one")], turns)
    with site.working() as dispatch:
        site.until(session_id, lambda view: (view.doing is not None) and "Bash" in view.doing.what)
        dispatch.hurry()
    view = site.settled(session_id)
    assert (view.state, view.rest) == ("parked", "drained")
    with site.working():
        view = site.settled(session_id, "ended")
    assert view.outcome == "completed"
    assert site.answers(session_id, "Bash") == (
        "It was ended before it was done: the run was told to stop. Some of it may be done.",
    )
    assert view.spent.turns == 3


@pytest.mark.rule("AGENT-16")
def test_an_error_in_one_run_ends_no_other(site: Worksite) -> None:
    bad = site.ordered([step("one")], [complete()])
    (site.locations.home / "gone").mkdir()
    good = site.ordered([step("one")], [complete()], soul=str(site.locations.home / "gone"))

    def fail(session_id: str, _event: object) -> None:
        if session_id == bad:
            raise CrashError

    site.watch = fail
    with site.working():
        assert site.settled(good, "ended").outcome == "error"
        view = site.settled(bad, "ended")
    assert view.outcome == "error"
    assert "crash" in (view.said or "").lower() or view.crashes >= 3


class CrashError(Exception):
    """What stands for the end of the process."""


@pytest.mark.rule("AGENT-22")
def test_what_a_turn_read_is_recorded_at_once(site: Worksite) -> None:
    reads = [{"tool": "Read", "input": {"file_path": name}} for name in ("a.py", "a.py", "none")]
    view = site.run([step("one")], [{"calls": reads}, complete()])
    assert view.outcome == "completed"
    found = [
        (entry.event.tool, entry.at)
        for entry in site.entries(view.session_id)
        if isinstance(entry.event, ToolFinished)
    ]
    assert [tool for tool, _at in found] == ["Read", "Read", "Read", "complete_step"]
    assert len({at for _tool, at in found[:3]}) == 1


@pytest.mark.rule("AGENT-22")
def test_what_was_read_and_not_recorded_before_a_crash_is_read_again(
    site: Worksite, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[ModelRequest] = []
    ask = ScriptedClient.ask

    def crash(
        client: ScriptedClient,
        request: ModelRequest,
        stop: Stop,
        told: Callable[[Retried], None],
        meanwhile: Callable[[], None],
    ) -> Reply:
        heard.append(request)
        if len(heard) == 2:
            raise CrashError
        return ask(client, request, stop, told, meanwhile)

    monkeypatch.setattr(ScriptedClient, "ask", crash)
    view = site.run([step("one")], [call("Read", file_path="a.py"), complete()])
    assert view.outcome == "completed"
    assert heard[1].messages == heard[2].messages, "it is asked the same again"
    assert len(site.answers(view.session_id, "Read")) == 1
    turns = [e.turn for e in site.events(view.session_id) if isinstance(e, TurnTaken)]
    assert turns == [1, 2]


@pytest.mark.rule("AGENT-7")
def test_a_call_whose_end_nobody_knows_is_shown_as_interrupted(site: Worksite) -> None:
    turns = [call("Bash", command="echo x >> counted"), complete()]
    session_id = site.ordered([step("one")], turns)

    def crash(_session: str, event: object) -> None:
        if isinstance(event, ToolBegun) and event.tool == "Bash":
            site.watch = None
            raise CrashError

    site.watch = crash
    with site.working():
        site.until(session_id, lambda each: each.state == "ended")
    assert not (site.workspace / "counted").exists()
    assert "not known" in site.answers(session_id, "Bash")[0]


@pytest.mark.rule("AGENT-8")
def test_a_long_answer_is_cut_and_all_of_it_can_be_read(site: Worksite) -> None:
    view = site.run(
        [step("one")],
        [
            call("Bash", command="yes abcdefghi | head -c 5000000; echo THE END"),
            call("read_artifact", name="output:1:1", offset=4_999_900),
            complete(),
        ],
    )
    assert view.outcome == "completed"
    (shown,) = site.answers(view.session_id, "Bash")
    assert len(shown) <= 30 * 1024
    assert "THE END" in shown
    (page,) = site.answers(view.session_id, "read_artifact")
    assert "THE END" in page


@pytest.mark.rule("AGENT-9")
def test_a_limit_parks_the_run_and_raising_it_goes_on(site: Worksite) -> None:
    turns = [call("Read", file_path="a.py"), call("Glob", pattern="*"), complete()]
    session_id = site.ordered([step("one")], turns, limits={"turns": 2, "minutes": 5})
    with site.working():
        view = site.settled(session_id)
        assert (view.state, view.rest) == ("parked", "budget")
        assert "session raise" in (view.said or "")
        site.engine.mail.send(session_id, "operator", {"kind": "raise", "turns": 3})
        site.engine.runs.wake(session_id)
        view = site.settled(session_id, "ended")
    assert view.outcome == "completed"


@pytest.mark.rule("AGENT-10")
def test_words_of_the_operator_reach_the_model_after_the_turn(site: Worksite) -> None:
    script = {
        "scenes": [
            {"when": {"heard": "the blue one"}, "turns": [complete()]},
            {"turns": [call("Glob", pattern="*")], "repeat": True},
        ]
    }
    session_id = site.ordered([step("one")], script)
    site.engine.mail.send(session_id, "operator", {"kind": "steer", "text": "Take the blue one."})
    with site.working():
        view = site.settled(session_id)
    assert view.outcome == "completed"
    assert not site.engine.mail.waiting(session_id)


@pytest.mark.rule("AGENT-11")
def test_a_run_that_goes_in_circles_is_warned_and_ended(site: Worksite) -> None:
    script = {"scenes": [{"turns": [call("Glob", pattern="*")], "repeat": True}]}
    view = site.run([step("one")], script)
    assert view.outcome == "stuck"
    texts = [e.text for e in site.events(view.session_id) if isinstance(e, MessageGiven)]
    assert any("stuck" in text for text in texts)


@pytest.mark.rule("AGENT-12")
def test_a_step_that_waits_for_approval_gives_its_slot_back_and_goes_on(site: Worksite) -> None:
    asked = step(
        "asked", checks=[{"id": "ok", "kind": "approval", "purpose": "A person looks at it"}]
    )
    session_id = site.ordered([asked, step("after")], [complete(), complete()])
    with site.working(slots=1):
        view = site.settled(session_id)
        assert (view.state, view.rest) == ("parked", "approval")
        other = site.ordered([step("one")], [complete()])
        assert site.settled(other, "ended").outcome == "completed"
        (pending,) = site.engine.approvals.pending()
        given = Answered("approved", pending.digest, "someone", "terminal")
        site.engine.approvals.answer(pending.approval_id, given)
        assert site.settled(session_id, "ended").outcome == "completed"


def _log(site: Worksite, session_id: SessionId) -> Sequence[EventRecord]:
    with open_reader(site.locations) as reader:
        return list(reader.events(session_id))
