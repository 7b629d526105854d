"""Several servers at once: one wins, the others are told and go on; no agent sees an error."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from workrail_engine.projections.session_summary import SessionSummary
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations

WORKFLOW = {
    "id": "race-test",
    "name": "Race test",
    "description": "Six plain steps.",
    "version": "1.0.0",
    "steps": [{"id": f"step-{n}", "title": f"Step {n}", "prompt": "Go on."} for n in range(1, 7)],
}
WORKRAIL = Path(sys.executable).with_name("workrail")
TOKEN = re.compile(r"ct_[A-Za-z0-9_-]{24}")
SERVERS = 16
BOUND = 120


class Server:
    """One `workrail start`, asked one thing after another."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self._number = 0

    def open(self) -> None:
        client = {"name": "test", "version": "0"}
        hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client}
        assert "result" in self._ask("initialize", hello)

    def call(self, tool: str, **arguments: object) -> str:
        """The text an agent reads; an error is a failure of the test."""
        result = self._ask("tools/call", {"name": tool, "arguments": arguments})["result"]
        text: str = result["content"][0]["text"]
        assert not result.get("isError"), text
        return text

    def _ask(self, method: str, params: Mapping[str, object]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._number += 1
        frame = {"jsonrpc": "2.0", "id": self._number, "method": method, "params": params}
        self._process.stdin.write(json.dumps(frame).encode() + b"\n")
        self._process.stdin.flush()
        while line := self._process.stdout.readline():
            answer = json.loads(line)
            if answer.get("id") == self._number:
                return answer
        raise AssertionError("the server went away")


@pytest.fixture(name="places")
def a_home_without_a_store(tmp_path: Path) -> Locations:
    places = Locations.under(tmp_path / "home")
    places.user_workflows.mkdir(parents=True)
    (places.user_workflows / "race-test.json").write_text(json.dumps(WORKFLOW))
    return places


@contextmanager
def server(places: Locations) -> Generator[Server]:
    with subprocess.Popen(
        [WORKRAIL, "start"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=places.home,
        env={**os.environ, "WORKRAIL_HOME": str(places.home)},
    ) as process:
        watchdog = threading.Timer(BOUND, process.kill)
        watchdog.start()
        try:
            running = Server(process)
            running.open()
            yield running
        finally:
            watchdog.cancel()
            process.kill()


def token_in(text: str) -> str:
    found = TOKEN.search(text)
    assert found is not None, text
    return found[0]


def together(jobs: Sequence[tuple[Server, str, Mapping[str, object]]]) -> list[str]:
    """What each call answered, all of them made at one moment."""
    gate = threading.Barrier(len(jobs))
    answers = [""] * len(jobs)

    def make(place: int) -> None:
        asked, tool, arguments = jobs[place]
        gate.wait(BOUND)
        answers[place] = asked.call(tool, **arguments)

    threads = [threading.Thread(target=make, args=(place,)) for place in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(BOUND)
    return answers


def sessions_of(places: Locations) -> dict[str, tuple[SessionSummary, list[str]]]:
    """Each session by its goal, with the notes of its steps; all of them whole."""
    with open_reader(places) as reader:
        found = {
            session.goal: (
                session,
                [node.notes for node in reader.session(session.session_id).nodes if node.notes],
            )
            for session in reader.sessions(limit=500).sessions
        }
        for session, _ in found.values():
            assert reader.verify(session.session_id).problems == ()
    return found


@pytest.mark.crash
@pytest.mark.rule("STORE-66")
def test_of_two_servers_at_one_step_one_wins_and_the_other_goes_on_from_the_winner(
    places: Locations,
) -> None:
    winners: list[str] = []
    with server(places) as one, server(places) as other:
        token = token_in(one.call("start_workflow", workflowId="race-test", goal="Race"))
        for number in range(1, 6):
            calls = [
                (one, "complete_step", {"token": token, "notes": f"One did {number}."}),
                (other, "complete_step", {"token": token, "notes": f"Other did {number}."}),
            ]
            answers = together(calls)

            told = ["used before, with other content" in answer for answer in answers]
            assert sorted(told) == [False, True], answers
            assert token_in(answers[0]) == token_in(answers[1])
            assert all(f"# Step {number + 1}" in answer for answer in answers)
            winners.append(("One", "Other")[told.index(False)] + f" did {number}.")
            token = token_in(answers[told.index(True)])
        done = other.call("complete_step", token=token, notes="Done by the other.")
        assert "Workflow complete" in done

    session, notes = sessions_of(places)["Race"]
    assert session.status == "completed"
    assert notes == [*winners, "Done by the other."]


@pytest.mark.crash
@pytest.mark.rule("STORE-66")
def test_the_same_call_made_to_two_servers_at_once_is_recorded_once(places: Locations) -> None:
    with server(places) as one, server(places) as other:
        token = token_in(one.call("start_workflow", workflowId="race-test", goal="Twice"))
        for number in range(1, 6):
            sent: dict[str, object] = {"token": token, "notes": f"Did {number}."}
            answers = together([(one, "complete_step", sent), (other, "complete_step", sent)])

            before = ["This call was made before" in answer for answer in answers]
            assert sorted(before) == [False, True], answers
            assert token_in(answers[0]) == token_in(answers[1])
            token = token_in(answers[0])

    _, notes = sessions_of(places)["Twice"]
    assert notes == [f"Did {number}." for number in range(1, 6)]


@pytest.mark.crash
@pytest.mark.rule("STORE-67")
def test_sixteen_servers_begin_on_an_empty_home_at_once_and_no_agent_sees_an_error(
    places: Locations,
) -> None:
    with ExitStack() as stack:
        servers = [stack.enter_context(server(places)) for _ in range(SERVERS)]
        assert not places.database.exists()
        goals = [f"Session {number}" for number in range(SERVERS)]
        answers = together(
            [
                (one, "start_workflow", {"workflowId": "race-test", "goal": goal})
                for one, goal in zip(servers, goals, strict=True)
            ]
        )
        for step in range(1, 4):
            answers = together(
                [
                    (one, "complete_step", {"token": token_in(answer), "notes": f"Step {step}."})
                    for one, answer in zip(servers, answers, strict=True)
                ]
            )

    found = sessions_of(places)
    assert sorted(found) == sorted(goals)
    assert {tuple(notes) for _, notes in found.values()} == {("Step 1.", "Step 2.", "Step 3.")}
    assert not list(places.home.glob(".new-*"))
