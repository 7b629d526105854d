"""The workflows that come with the product pass the tests that lie beside them."""

from pathlib import Path

import pytest

from workrail_engine.rehearsal.testing_run import run_tests
from workrail_engine.system import Locations

BUNDLED = Path(__file__).parents[1] / "src" / "workrail_engine" / "bundled"
WORKFLOWS = sorted(path for path in BUNDLED.glob("*.yaml") if ".tests." not in path.name)


def test_there_are_workflows_to_test():
    assert len(WORKFLOWS) >= 3


@pytest.mark.rule("WT-11")
@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_each_bundled_workflow_has_tests_and_passes_them(workflow: Path, tmp_path: Path):
    tests = workflow.with_name(f"{workflow.stem}.tests.yaml")
    places = Locations.under(tmp_path / "home")
    (result,) = run_tests([tests], places, None, lambda _what, _done, _total: None)
    assert result.problems == ()
    assert {case.name: case.mismatches for case in result.cases if case.mismatches} == {}
    assert any(not case.course.completed for case in result.cases)
    lazy = [stand for stand in result.stands if stand.agent == "lazy"]
    assert any(stand.gates for stand in lazy)
    assert all(stand.gates for stand in result.stands if stand.agent == "amnesiac")
