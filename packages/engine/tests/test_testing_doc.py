"""The example of docs/testing-workflows.md is run as it stands."""

import re
from pathlib import Path

import pytest

from workrail_engine.rehearsal.agents import TRICKSTERS
from workrail_engine.rehearsal.case_definition import AGENTS
from workrail_engine.rehearsal.testing_run import run_tests
from workrail_engine.system import Locations

PAGE = (Path(__file__).parents[3] / "docs" / "testing-workflows.md").read_text("utf-8")
TEST = """\
import os, sys, unittest
sys.path.insert(0, os.getcwd())
from cart import total

class Cart(unittest.TestCase):
    def test_total(self):
        self.assertEqual(total([1, 2]), 3)
"""


@pytest.mark.rule("WT-15")
def test_the_example_passes_and_stops_what_the_page_says(tmp_path: Path):
    workflow, tests = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "release.yaml").write_text(workflow)
    (tmp_path / "release.tests.yaml").write_text(tests)
    (tmp_path / "shop" / "tests").mkdir(parents=True)
    (tmp_path / "shop" / "cart.py").write_text("def total(prices):\n    return 0\n")
    (tmp_path / "shop" / "tests" / "test_cart.py").write_text(TEST)
    path, places = tmp_path / "release.tests.yaml", Locations.under(tmp_path / "home")
    (result,) = run_tests([path], places, None, lambda _what, _done, _total: None)
    assert result.problems == ()
    assert [case.mismatches for case in result.cases] == [()] * 4
    for case in result.cases:
        assert f"  passed  {case.name}  ({case.agent})\n" in PAGE
    stopped = {stand.step_id for stand in result.stands if stand.agent == "lying" and stand.gates}
    believed = {
        stand.step_id for stand in result.stands if stand.agent in TRICKSTERS and not stand.gates
    }
    assert (stopped, believed) == ({"build"}, {"plan", "tell"})


@pytest.mark.rule("WT-15")
def test_the_page_tells_of_every_agent():
    table = PAGE.split("## The agents", 1)[1].split("## ", 1)[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(AGENTS)
