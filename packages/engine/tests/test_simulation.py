"""The way through a workflow is told for given values, without a session, as a run would go."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from workrail_engine.canonical import JsonObject
from workrail_engine.engine import Engine, StartRequest, Submission, open_engine
from workrail_engine.outcomes import Completed, StepReady
from workrail_engine.registry.registry import Registry
from workrail_engine.rehearsal.simulation import (
    Entry,
    SimulatedLoop,
    SimulatedStep,
    Simulation,
    SkippedStep,
    simulate,
)
from workrail_engine.system import Locations
from workrail_engine.testing.definitions import a_loop, a_step, compile_fully

TESTS: JsonObject = {"id": "tests", "kind": "command", "run": ["make", "test"]}
SIGN: JsonObject = {"id": "sign", "kind": "approval"}


def told(entries: Sequence[Entry]) -> list[object]:
    """The tree, names only."""
    found: list[object] = []
    for entry in entries:
        match entry:
            case SimulatedStep():
                found.append(entry.step_id)
            case SkippedStep():
                found.append(f"-{entry.step_id}")
            case SimulatedLoop():
                found.append((entry.loop_id, [told(one.entries) for one in entry.passes]))
    return found


def path_of(simulation: Simulation) -> list[str]:
    """Steps in order, as a run hands them out."""
    path: list[str] = []
    for entry in simulation.entries:
        if isinstance(entry, SimulatedStep):
            path.append(entry.step_id)
        elif isinstance(entry, SimulatedLoop):
            inside = (each for one in entry.passes for each in one.entries)
            path.extend(each.step_id for each in inside if isinstance(each, SimulatedStep))
    return path


@pytest.mark.rule("WT-8")
def test_steps_loops_and_skipped_steps_make_a_tree():
    workflow = compile_fully(
        a_step("one"),
        a_step("two", runCondition={"var": "risk", "equals": "high"}),
        a_loop(
            {"type": "forEach", "items": "parts"},
            a_step("inner"),
            a_step("rare", runCondition={"var": "currentItem", "equals": "b"}),
        ),
        a_step("three"),
    )
    simulation = simulate(workflow, {"risk": "low", "parts": ["a", "b"]}, 1)
    assert told(simulation.entries) == [
        "one",
        "-two",
        ("again", [["inner", "-rare"], ["inner", "rare"]]),
        "three",
    ]
    assert simulation.completed
    loop = simulation.entries[2]
    assert isinstance(loop, SimulatedLoop)
    assert loop.ended == "ends after 2 passes: there are no more"


@pytest.mark.rule("WT-8")
def test_a_skipped_step_says_what_it_was_decided_by():
    condition: JsonObject = {"and": [{"var": "risk", "equals": "high"}, {"var": "size", "gt": 2}]}
    workflow = compile_fully(a_step("one"), a_step("two", runCondition=condition))
    skipped = simulate(workflow, {"risk": "low"}, 1).entries[1]
    assert isinstance(skipped, SkippedStep)
    assert skipped.seen == (("risk", "low"),)
    assert skipped.unset == ("size",)


@pytest.mark.rule("WT-8")
def test_checks_and_confirmations_that_would_be_asked_are_told():
    workflow = compile_fully(
        a_step("one", checks=[TESTS, SIGN]),
        a_step("two", fresh=["tests"], requireConfirmation={"kind": "human_approval"}),
    )
    first, second = simulate(workflow, {}, 1).entries
    assert isinstance(first, SimulatedStep)
    assert isinstance(second, SimulatedStep)
    assert first.checks == (
        "tests: `make test` exits with 0",
        "sign: a person approves what is sent",
    )
    assert first.demands == ("notes",)
    assert second.fresh == ("tests",)
    assert second.confirmation is not None
    assert "waits until a person approves it" in second.confirmation


@pytest.mark.rule("WT-8")
def test_a_loop_that_asks_the_agent_is_left_in_the_pass_that_was_named():
    source: JsonObject = {
        "kind": "artifact_contract",
        "contractRef": "wr.contracts.loop_control",
        "loopId": "again",
    }
    decide = a_step("decide", outputContract={"contractRef": "wr.contracts.loop_control"})
    workflow = compile_fully(a_loop({"type": "while", "conditionSource": source}, decide))
    assert told(simulate(workflow, {}, 3).entries) == [("again", [["decide"]] * 3)]
    endless = simulate(workflow, {}, 50).entries[0]
    assert isinstance(endless, SimulatedLoop)
    assert endless.ended == "ends after 7 passes: that is its limit, and nothing else ended it"


@pytest.mark.rule("WT-8")
def test_a_loop_that_lacks_a_value_ends_the_simulation_with_what_to_give():
    workflow = compile_fully(a_step("one"), a_loop({"type": "forEach", "items": "parts"}))
    simulation = simulate(workflow, {}, 1)
    assert told(simulation.entries) == ["one"]
    assert not simulation.completed
    assert simulation.stopped is not None
    assert simulation.stopped.endswith("""Give it, such as: --set parts='["one", "two"]'""")


@pytest.mark.rule("WT-8")
@pytest.mark.parametrize("risk", ["Low", "High"])
def test_a_run_goes_the_way_that_was_simulated(tmp_path: Path, risk: str):
    folder = tmp_path / "project" / ".workrail" / "workflows"
    folder.mkdir(parents=True)
    (folder / "flow.yaml").write_text(
        """\
id: team.flow
name: Flow
description: A flow.
version: 1.0.0
steps:
  - {id: one, title: One, prompt: Do it., notesOptional: true}
  - {id: two, title: Two, prompt: Do it., notesOptional: true, runCondition: {var: risk, equals: High}}
  - id: again
    type: loop
    title: Again
    loop: {type: for, count: times, maxIterations: 9}
    body:
      - {id: inner, title: In, prompt: Do it., notesOptional: true}
      - {id: rare, title: Rare, prompt: Do it., notesOptional: true,
         runCondition: {var: currentIteration, gt: 1}}
"""
    )
    places, context = Locations.under(tmp_path / "home"), {"risk": risk, "times": 3}
    workflow = Registry(places).prepare("team.flow", tmp_path / "project").compiled
    with open_engine(places) as engine:
        assert path_of(simulate(workflow, context, 1)) == ran(engine, tmp_path, context)


def ran(engine: Engine, tmp_path: Path, context: JsonObject) -> list[str]:
    path: list[str] = []
    request = StartRequest("team.flow", "Try.", tmp_path / "project", context=context)
    outcome = engine.start(request)
    while not isinstance(outcome, Completed):
        assert isinstance(outcome, StepReady)
        path.append(outcome.step.step_id)
        following = engine.advance(outcome.token, Submission())
        assert isinstance(following, StepReady | Completed)
        outcome = following
    return path
