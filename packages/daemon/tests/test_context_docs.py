"""Do the documents say what the code does?"""

import re
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

from workrail_daemon.agent.stuck_rules import RULES, Reason, StuckSettings
from workrail_daemon.context.changed_files import CHANGED_BYTES
from workrail_daemon.context.prior_sessions import PRIOR_BYTES
from workrail_daemon.context.rule_files import PATTERNS, RULE_BYTES

DOCS = Path(__file__).parents[3] / "docs"


def rows(name: str, heading: str) -> dict[str, list[str]]:
    """The rows of the first table after a heading, by their first cell."""
    text = (DOCS / name).read_text(encoding="utf-8")
    after = text[text.index(f"\n{heading}\n") :]
    table = after[after.index("\n|---") :].split("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    return {row[0].strip("`"): row[1:] for row in cells}


def test_every_reason_to_call_a_run_stuck_is_written_down_in_its_order() -> None:
    assert list(rows("stuck.md", "## What is held against a run")) == list(get_args(Reason))
    assert [rule.__name__ for rule in RULES] == list(get_args(Reason))


def test_every_threshold_is_written_down_with_its_default() -> None:
    written = rows("stuck.md", "## Settings")
    assert list(written) == [each.name for each in fields(StuckSettings)]
    usual = StuckSettings()
    for name, (said, _) in written.items():
        if name == "may_fail":
            assert tuple(re.findall(r'"(\w+)"', said)) == usual.may_fail
        else:
            assert float(said) == getattr(usual, name)


def test_the_rule_files_are_written_down_in_their_order() -> None:
    text = (DOCS / "agent-context.md").read_text(encoding="utf-8")
    block = text[text.index("### Rule files") :].split("```")[1]
    assert block.split() == list(PATTERNS)


@pytest.mark.parametrize(
    ("part", "limit"),
    [
        ("rules:PATH", f"{RULE_BYTES // 1024} KiB together"),
        ("prior_sessions", f"{PRIOR_BYTES:,} bytes each"),
        ("changed_files", f"{CHANGED_BYTES // 1024} KiB"),
    ],
)
def test_the_limits_of_parts_are_written_down(part: str, limit: str) -> None:
    assert rows("agent-context.md", "## The system prompt")[part][-1] == limit
