"""The crash benchmark runs, finds what is broken, and its kept report tells of a real run."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from workrail_engine.engine import StartRequest, Submission, open_engine
from workrail_engine.outcomes import StepReady
from workrail_engine.store.database import open_for_writing
from workrail_engine.system import Locations

ROOT = Path(__file__).parents[1]
BENCH = ROOT / "bench"
KEPT = ROOT / "docs" / "benchmarks"
BOUND = 240
INSPECT = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from crash_agent import Agent, Told, inspect_store

told = Told("Survive", ["Did one.", "Did two."], int(sys.argv[2]))
print(json.dumps(asdict(inspect_store(Path(sys.argv[1]), [Agent("one", sessions=[told])]))))
"""


def report(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "store-crash.json").read_text("utf-8"))


@pytest.mark.crash
def test_a_quick_run_kills_breaks_disks_and_finds_nothing_lost(tmp_path: Path) -> None:
    command = [sys.executable, str(BENCH / "crash_store.py"), "--quick", "--into", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=BOUND, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    told = report(tmp_path)
    assert told["quick"] is True
    assert told["sound"] is True
    assert [kills["killed"] for kills in told["kills"]] == [
        "at every statement, 1 on a store",
        "at every statement, 4 on a store",
        "at random, 1 on a store",
        "at random, 4 on a store",
    ]
    assert all(kills["kills"] > 1 for kills in told["kills"])
    assert all(kills["acknowledged"] > kills["kills"] for kills in told["kills"])
    assert told["together"]["errors"] == []
    page = (tmp_path / "store-crash.md").read_text("utf-8")
    assert "| **all** |" in page
    assert str(tmp_path) not in page


@pytest.mark.rule("STORE-68")
def test_the_kept_report_is_of_a_whole_run_that_lost_nothing() -> None:
    told = report(KEPT)

    assert (told["quick"], told["sound"]) == (False, True)
    at_random = [kills for kills in told["kills"] if kills["killed"].startswith("at random")]
    assert sum(kills["kills"] for kills in at_random) >= 1_000
    for kills in told["kills"]:
        assert (kills["lost"], kills["repeated"], kills["unreadable"]) == (0, 0, 0)
    for fault in told["faults"]:
        assert (fault["unclear"], fault["refused"]) == (0, fault["recovered"])
    page = (KEPT / "store-crash.md").read_text("utf-8")
    for kills in told["kills"]:
        assert f"| {kills['killed']} | {kills['kills']:,} | {kills['acknowledged']:,} |" in page


@pytest.mark.parametrize(
    ("damage", "acknowledged", "found"),
    [
        ("SELECT 1", 2, {"lost": 0, "repeated": 0, "unreadable": 0, "sessions": 1}),
        ("SELECT 1", 1, {"lost": 0, "repeated": 0, "unreadable": 0, "unacknowledged": 1}),
        ("UPDATE sessions SET tip = 1", 2, {"unreadable": 1}),
        ("UPDATE sessions SET goal = 'Nobody''s'", 2, {"lost": 1}),
    ],
)
def test_what_the_benchmark_counts_is_what_a_store_holds(
    tmp_path: Path, damage: str, acknowledged: int, found: dict[str, int]
) -> None:
    places = Locations.under(tmp_path / "home")
    places.user_workflows.mkdir(parents=True)
    steps = [{"id": f"step-{n}", "title": f"Step {n}", "prompt": "Go on."} for n in range(4)]
    workflow = {"id": "bench-test", "name": "x", "description": "x", "version": "1.0.0"}
    (places.user_workflows / "w.json").write_text(json.dumps({**workflow, "steps": steps}))
    with open_engine(places) as engine:
        outcome = engine.start(StartRequest("bench-test", "Survive"))
        for notes in ("Did one.", "Did two."):
            assert isinstance(outcome, StepReady)
            outcome = engine.advance(outcome.token, Submission(notes=notes))
    database = open_for_writing(places.database)
    with database.writing() as connection:
        connection.exec_driver_sql(damage)
    database.close()

    done = subprocess.run(
        [sys.executable, "-c", INSPECT, str(places.home), str(acknowledged)],
        cwd=BENCH,
        capture_output=True,
        text=True,
        timeout=BOUND,
        check=True,
    )

    counted = json.loads(done.stdout)
    assert {name: counted[name] for name in found} == found, counted
