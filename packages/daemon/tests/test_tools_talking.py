"""Tools by which a run keeps things, and speaks with those above it, on a real store."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from workrail_daemon.options import RunOptions
from workrail_daemon.testing.tool_run import ToolRun, order_run
from workrail_daemon.tools.bounded import MOST_SHOWN
from workrail_daemon.tools.contract import Answered, Ends, ToolAnswer, Waits
from workrail_engine.canonical import JsonValue
from workrail_engine.engine import Engine, StartRequest, open_engine
from workrail_engine.ids import SessionId
from workrail_engine.projections.runs import Message, RunOrder
from workrail_engine.system import Locations


@pytest.fixture(scope="module")
def locations(tmp_path_factory: pytest.TempPathFactory) -> Locations:
    """A new installation, which all these tests share: each has a run of its own."""
    return Locations.under(tmp_path_factory.mktemp("installation") / "home")


@pytest.fixture(scope="module")
def engine(locations: Locations) -> Iterator[Engine]:
    """An engine on a new store."""
    with open_engine(locations) as opened:
        yield opened


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A project."""
    folder = tmp_path.resolve() / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def run(engine: Engine, locations: Locations, workspace: Path) -> ToolRun:
    """A run without one above it."""
    return ToolRun(engine, locations, order_run(engine, workspace), workspace)


def text(answer: ToolAnswer) -> str:
    assert isinstance(answer, Answered), answer
    return answer.text


def told(run: ToolRun) -> tuple[Message, ...]:
    """What the operators heard of a run, and did not deal with."""
    waiting = run.engine.mail.waiting(None)
    return tuple(message for message in waiting if message.sender == run.lease.session_id)


def test_what_is_saved_is_read_again_and_a_name_holds_the_newest(run: ToolRun) -> None:
    run.use("save_artifact", name="plans/first.md", content="old")
    run.use("save_artifact", name="plans/first.md", content="new ä\n")

    assert text(run.use("read_artifact", name="plans/first.md")).endswith("its end]\nnew ä\n")
    missing = run.use("read_artifact", name="plans/second.md")
    assert 'Nothing is kept under "plans/second.md". There is: plans/first.md.' in text(missing)


def test_a_file_of_the_workspace_is_saved_as_it_is(run: ToolRun, workspace: Path) -> None:
    (workspace / "log.bin").write_bytes(b"\0\1\2")

    run.use("save_artifact", name="log", file_path="log.bin", media_type="application/x-log")

    assert "binary data, 3 bytes" in text(run.use("read_artifact", name="log"))
    both = text(run.use("save_artifact", name="log", file_path="log.bin", content="x"))
    assert "either content or file_path" in both
    assert "name" in text(run.use("save_artifact", name="output:1:1", content="x"))


@pytest.mark.rule("TOOL-5")
def test_every_byte_of_an_answer_that_was_cut_can_be_paged_through(run: ToolRun) -> None:
    whole = text(run.use("Bash", command="seq -f 'Zeile ä %09.0f' 12000; printf %0100000d 7"))

    found, offset = "", 0
    while True:
        page = text(run.use("read_artifact", name="output:1:1", offset=offset))
        header, _, body = page.partition("\n")
        assert len(page.encode()) <= MOST_SHOWN
        found += body
        if "this is its end" in header:
            break
        offset = int(header.partition("offset ")[2].partition(" ")[0])
    assert found == whole
    assert len(whole) > 300_000


def test_a_text_is_found_in_an_answer_that_was_cut(run: ToolRun) -> None:
    run.use("Bash", command="seq 100000")

    page = text(run.use("read_artifact", name="output:1:1", find="77777", limit=100))
    beyond = text(run.use("read_artifact", name="output:1:1", offset=10**9))

    assert page.splitlines()[1] == "77777"
    assert "is not there" in text(run.use("read_artifact", name="output:1:1", find="no such"))
    assert "there is nothing at 1,000,000,000" in beyond


def test_an_answer_that_was_not_cut_can_be_read_too(run: ToolRun) -> None:
    run.use("Bash", command="echo hello")

    assert "hello\n[exit code 0]" in text(run.use("read_artifact", name="output:1:1"))


def test_what_others_keep_stays_theirs(
    run: ToolRun, engine: Engine, locations: Locations, workspace: Path
) -> None:
    other = ToolRun(engine, locations, order_run(engine, workspace), workspace)
    other.use("save_artifact", name="x", content="theirs")

    answer = run.use("read_artifact", name="x", session_id=other.lease.session_id)

    assert isinstance(answer, Answered)
    assert answer.outcome == "refused"
    assert "theirs" not in answer.text


def test_a_problem_is_told_and_the_run_goes_on(run: ToolRun) -> None:
    answer = run.use(
        "report_issue",
        kind="tool_failure",
        severity="error",
        summary="Nothing builds.",
        toolName="Bash",
    )

    assert isinstance(answer, Answered)
    (noticed,) = run.noticed("issue_reported")
    assert noticed.said == "Nothing builds."
    assert noticed.facts == {
        "kind": "tool_failure",
        "severity": "error",
        "summary": "Nothing builds.",
        "toolName": "Bash",
    }


@pytest.mark.rule("TOOL-6")
def test_a_fatal_problem_ends_the_run(run: ToolRun) -> None:
    answer = run.use("report_issue", kind="blocked", severity="fatal", summary="The key is gone.")

    assert isinstance(answer, Ends)
    assert answer.outcome == "stuck"
    assert "The key is gone." in answer.said
    assert [each.said for each in run.noticed("issue_reported")] == ["The key is gone."]


def test_a_signal_reaches_the_operators_once_however_often_it_is_sent(
    run: ToolRun, engine: Engine
) -> None:
    answer = run.use("signal_coordinator", signalKind="progress", payload={"done": 3})
    run.again(recorded=False)

    (message,) = told(run)
    assert (message.sender, message.body["kind"]) == (run.lease.session_id, "note")
    assert (message.body["signal"], message.body["payload"]) == ("progress", {"done": 3})
    assert "told to the operators" in text(answer)
    assert len(run.noticed("signal_sent")) == 1


def test_a_signal_of_a_child_reaches_its_parent(
    run: ToolRun, engine: Engine, locations: Locations, workspace: Path
) -> None:
    parent = run.lease.session_id
    started = engine.start(StartRequest("flow", "Help.", workspace, parent, origin="daemon"))
    order = RunOrder(
        SessionId(started.session_id),
        parent=parent,
        depth=1,
        options=RunOptions().model_dump(mode="json"),
    )
    engine.runs.order(order)
    child = ToolRun(engine, locations, order.session_id, workspace)

    child.use("signal_coordinator", signalKind="finding", payload={"file": "a.py"})

    assert told(child) == ()
    assert [one.sender for one in engine.mail.waiting(parent)] == [order.session_id]


def test_a_signal_is_short(run: ToolRun, engine: Engine) -> None:
    answer = run.use("signal_coordinator", signalKind="progress", payload={"x": "y" * 20_000})

    assert "16,384 is the most" in text(answer)
    assert told(run) == ()


def ask(run: ToolRun, **more: JsonValue) -> Waits:
    answer = run.use("ask_operator", question="Which way?", **more)
    assert isinstance(answer, Waits)
    return answer


@pytest.mark.rule("TOOL-7")
def test_a_question_is_asked_once_and_the_run_rests_until_it_is_answered(
    run: ToolRun, engine: Engine
) -> None:
    waits = ask(run, options=["left", "right"])
    still = run.again()

    (question,) = told(run)
    assert isinstance(still, Waits)
    assert waits.rest == "operator"
    assert question.body["text"] == "Which way?"
    assert question.body["options"] == ["left", "right"]
    assert len(run.noticed("question_asked")) == 1
    body = {"kind": "answer", "question": question.number, "text": "left"}
    engine.mail.send(run.lease.session_id, "operator", body)
    lost = run.again(recorded=False)  # the daemon died before it was recorded
    assert text(run.again()) == text(lost) == "operator answers:\nleft"
    assert told(run) == engine.mail.waiting(run.lease.session_id) == ()


def test_words_of_an_operator_answer_a_question_when_they_come_after_it(
    run: ToolRun, engine: Engine
) -> None:
    session = run.lease.session_id
    before = engine.mail.send(session, "operator", {"kind": "steer", "text": "Be quick."})
    ask(run)
    engine.mail.send(session, "operator", {"kind": "steer", "text": "Leave it."})

    assert text(run.again()) == "operator answers:\nLeave it."
    assert [one.number for one in engine.mail.waiting(session)] == [before]


def test_a_late_answer_to_another_question_answers_none_and_wakes_nobody_again(
    run: ToolRun, engine: Engine
) -> None:
    session = run.lease.session_id
    engine.mail.send(session, "operator", {"kind": "answer", "question": 999, "text": "Late."})

    ask(run)

    assert engine.mail.waiting(session) == ()
    assert json.dumps("Late.") not in json.dumps(run.noticed("question_asked")[0].facts)
