"""A process killed at every statement: what is acknowledged is there once, the rest is whole or absent."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from workrail_engine.engine import Submission, open_engine
from workrail_engine.outcomes import Recorded, StepReady
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations

WORKFLOW = {
    "id": "crash-test",
    "name": "Crash test",
    "description": "Five plain steps.",
    "version": "1.0.0",
    "steps": [{"id": f"step-{n}", "title": f"Step {n}", "prompt": "Go on."} for n in range(5)],
}
DRIVER = Path(__file__).parent / "crash_driver.py"


@pytest.mark.crash
@pytest.mark.rule("STORE-20")
def test_a_process_killed_at_every_statement_keeps_each_acknowledged_step_exactly_once(
    tmp_path: Path,
):
    workflows = tmp_path / "project" / ".workrail" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "crash-test.json").write_text(json.dumps(WORKFLOW))
    driven = subprocess.run(
        [sys.executable, str(DRIVER), str(tmp_path)], capture_output=True, text=True, check=True
    )
    victims = [json.loads(line) for line in driven.stdout.splitlines()]

    assert victims[-1]["finished"]
    assert len(victims) > 40, "a start and three advances run more statements than this"
    recorded_unacknowledged = sum(
        _check(Locations.under(tmp_path / str(victim["kill_at"])), victim["acknowledged"])
        for victim in victims[:-1]
    )
    assert recorded_unacknowledged > 0, "no victim died between its commit and its answer"


def _check(locations: Locations, acknowledged: list[str]) -> int:
    """Check one victim's store; 1 when it held a whole step that was never acknowledged."""
    with open_reader(locations) as reader:
        sessions = reader.sessions().sessions
        for session in sessions:
            assert reader.verify(session.session_id).problems == ()
    if not acknowledged:
        assert all(session.steps_completed == 0 for session in sessions)
        return len(sessions)
    (session,) = sessions
    session_id, token = acknowledged[-1].split()
    assert session.session_id == session_id
    done = len(acknowledged) - 1
    assert session.steps_completed in (done, done + 1)
    with open_engine(locations) as engine:
        again = engine.advance(token, Submission(notes=f"Step {done}."))
    assert isinstance(again, StepReady)
    assert again.recorded is (Recorded.BEFORE if session.steps_completed > done else Recorded.NOW)
    assert again.step.number == done + 2
    with open_reader(locations) as reader:
        after = reader.session(session.session_id)
        assert reader.verify(session.session_id).problems == ()
    notes = [node.notes for node in after.nodes if node.notes is not None]
    assert notes == [f"Step {number}." for number in range(done + 1)]
    return session.steps_completed - done
