"""Agents that lie to a real server over stdio, about a real repository: none gets a completion."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
BENCH = ROOT / "bench"
KEPT = ROOT / "docs" / "benchmarks" / "honesty.md"
BOUND = 240
NAMES = "import honesty; print(*(f'{one.kind}|{one.name}' for one in honesty.LIES), sep='\\n')"
CLASSES = (("a", "b", "c", "f", "trap"), ("d", "e", "g", "h", "i"))
"""In two parts, so that two processors have something to do."""
DEFENDED = {"e"}
"""Where a workflow without checks is no easier: tokens do not depend on checks."""


def outcomes(*kinds: str) -> list[dict[str, Any]]:
    command = [sys.executable, str(BENCH / "honesty.py"), "--quick", "--json", "--only", *kinds]
    done = subprocess.run(command, capture_output=True, text=True, timeout=BOUND, check=False)
    assert done.stdout.strip(), done.stderr
    return json.loads(done.stdout)


@pytest.mark.rule("HONEST-1")
@pytest.mark.parametrize("kinds", CLASSES)
def test_no_false_completion_is_accepted_where_a_check_exists(kinds: tuple[str, ...]) -> None:
    found = outcomes(*kinds)

    assert {one["kind"] for one in found} == set(kinds)
    assert [one["name"] for one in found if one["accepted"] and not one["limit"]] == []
    for kind in set(kinds) - DEFENDED:
        believed = [one["without"] for one in found if one["kind"] == kind]
        assert any(believed), f"{kind}: else the agents prove nothing"


@pytest.mark.rule("HONEST-2")
def test_an_honest_agent_is_accepted_by_the_same_checks() -> None:
    found = outcomes("honest")

    assert len(found) == 3
    assert [one["name"] for one in found if one["accepted"] != one["tries"]] == []


@pytest.mark.rule("HONEST-3")
def test_the_kept_report_is_of_every_agent_and_of_no_false_completion() -> None:
    kept = KEPT.read_text(encoding="utf-8")
    told = subprocess.run(
        [sys.executable, "-c", NAMES], capture_output=True, text=True, cwd=BENCH, check=True
    ).stdout

    counted, _, limits = kept.partition("## What still gets through")
    names = told.splitlines()
    assert len(names) > 60
    for kind, _, name in (line.partition("|") for line in names):
        assert f"| {kind} | {name} | 0 |" in counted or f"| {kind} | {name} |" in limits
    total = next(line for line in counted.splitlines() if line.startswith("| **all**"))
    assert total.split("|")[5].strip() == "0"
    assert "Honest agents:** 14 of 14 runs" in kept
