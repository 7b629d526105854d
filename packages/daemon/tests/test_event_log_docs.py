"""The manual's table of the daemon's log is the closed list of its kinds."""

import json
from pathlib import Path

from workrail_daemon.event_log.kinds import KINDS
from workrail_daemon.event_log.lines import MOST, VERSION
from workrail_daemon.event_log.writing import MOST_BYTES

MANUAL = Path(__file__).parents[3] / "docs" / "daemon-log.md"
TEXT = MANUAL.read_text(encoding="utf-8")


def test_the_manual_lists_every_kind_in_order() -> None:
    lines = TEXT.splitlines()
    begin = lines.index("| kind | when | further fields |") + 2
    end = lines.index("", begin)
    assert [line.split("`")[1] for line in lines[begin:end]] == list(KINDS)


def test_the_figures_of_the_manual_hold() -> None:
    assert f"{MOST // 1024} KB" in TEXT
    assert f"{MOST_BYTES // 1024 // 1024} MB" in TEXT
    (example,) = (line for line in TEXT.splitlines() if line.startswith("{"))
    line = json.loads(example)
    assert line["v"] == VERSION
    assert line["kind"] in KINDS
