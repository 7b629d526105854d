"""What other people's clients and suites said of the server, and whether it was asked of all of it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
CONFORMANCE = ROOT / "e2e" / "conformance"
CLAUDE = ROOT / "e2e" / "claude" / "run.py"
KEPT = ROOT / "docs" / "benchmarks"
BOUND = 120
NAMES = "import suites; print(*(s.name for s in suites.SCENARIOS), *suites.NOT_RUN)"
JUDGE = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from verdicts import judged

expected = json.loads(sys.argv[2])
print(json.dumps(asdict(judged("it", "one", "any", checks=Path(sys.argv[1]), expected=expected))))
"""


def said_by(*command: str, cwd: Path = ROOT) -> str:
    return subprocess.run(
        (sys.executable, *command),
        capture_output=True,
        text=True,
        cwd=cwd,
        timeout=BOUND,
        check=True,
    ).stdout


def judged(folder: Path, statuses: dict[str, str], **expected: str) -> dict[str, Any]:
    """The verdict over a file of checks such as a suite leaves."""
    results = folder / "server-one"
    results.mkdir()
    checks = [
        {"id": name, "status": status, "description": f"It is {name}."}
        for name, status in statuses.items()
    ]
    (results / "checks.json").write_text(json.dumps(checks))
    verdict = said_by("-c", JUDGE, str(folder), json.dumps(expected), cwd=CONFORMANCE)
    return json.loads(verdict)


@pytest.mark.rule("MCP-70")
def test_the_suites_and_the_inspector_found_nothing_in_either_era() -> None:
    kept = (KEPT / "conformance.md").read_text(encoding="utf-8")

    assert " checks succeeded, 0 problems." in kept
    for name in said_by("-c", NAMES, cwd=CONFORMANCE).split():
        assert f"| {name} |" in kept or f"| `{name}` |" in kept
    for era in ("2025-11-25", "2026-07-28"):
        assert f"| Inspector | tools/list --strict | {era} | 1 | 0 | 0 |" in kept


@pytest.mark.rule("MCP-71")
def test_the_real_claude_code_got_through_every_scenario_in_both_eras() -> None:
    kept = (KEPT / "claude-code.md").read_text(encoding="utf-8")
    rows = {
        cells[1].strip(): [cell.strip() for cell in cells[3:5]]
        for cells in (line.split("|") for line in kept.splitlines() if line.startswith("| "))
    }

    names = said_by(str(CLAUDE), "--list").split()
    assert len(names) > 10
    for name in names:
        assert rows[name.replace("_", " ")] == ["holds", "holds"]


def test_a_check_that_fails_unforeseen_is_a_problem(tmp_path: Path) -> None:
    verdict = judged(tmp_path, {"right": "SUCCESS", "wrong": "FAILURE", "unsure": "WARNING"})

    assert verdict["succeeded"] == 1
    assert verdict["problems"] == [
        "wrong: FAILURE. It is wrong.",
        "unsure: WARNING. It is unsure.",
    ]


def test_a_check_that_fails_as_foreseen_is_none(tmp_path: Path) -> None:
    verdict = judged(
        tmp_path, {"right": "SUCCESS", "foreseen": "SKIPPED"}, foreseen="No such thing."
    )

    assert verdict["expected"] == {"foreseen": "No such thing."}
    assert verdict["problems"] == []


def test_a_foreseen_failure_that_succeeds_is_a_problem(tmp_path: Path) -> None:
    verdict = judged(tmp_path, {"stale": "SUCCESS"}, stale="It fails.")

    assert verdict["problems"] == ["stale: it no longer fails"]


def test_a_scenario_without_results_is_a_problem(tmp_path: Path) -> None:
    assert judged(tmp_path, {})["problems"] == ["No check succeeded."]
    assert said_by("-c", JUDGE, str(tmp_path / "none"), "{}", cwd=CONFORMANCE).count(
        "left no results"
    )
