"""Which step is pending, with and without loops."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.errors import MissingContextError
from workrail_engine.ids import LoopId, NodeId, StepId, WorkflowHash, WorkflowId
from workrail_engine.session.events import LoopExited, Position, StepSkipped
from workrail_engine.session.next_step import Arrival, never_run, next_step, step_done
from workrail_engine.workflow.compiled import (
    ArtifactDecides,
    CompiledLoop,
    CompiledStep,
    CompiledWorkflow,
    Counted,
    ForEach,
    LoopRule,
    TopLevel,
    WhileCondition,
)
from workrail_engine.workflow.conditions import parse_condition


def step(step_id: str, when: JsonObject | None = None) -> CompiledStep:
    return CompiledStep(
        StepId(step_id), step_id.title(), "Do it.", run_condition=parse_condition(when)
    )


def loop(rule: LoopRule, *body: CompiledStep, most: int = 10) -> CompiledLoop:
    return CompiledLoop(LoopId("loop"), "Loop", rule, most, body)


def workflow(*steps: TopLevel) -> CompiledWorkflow:
    return CompiledWorkflow(WorkflowHash("sha256:0"), WorkflowId("w"), "W", "w", "1.0.0", steps)


@dataclass
class Run:
    """Drives a workflow by its pure core alone."""

    workflow: CompiledWorkflow
    context: dict[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    position: Position = field(default_factory=Position)
    path: list[str] = field(default_factory=list[str])
    exits: list[LoopExited] = field(default_factory=list[LoopExited])
    skips: list[StepSkipped] = field(default_factory=list[StepSkipped])

    def go(self, *, stop: bool | None = None, **context: JsonValue) -> str | None:
        """Complete what is pending, if anything, and move on; the id of the step arrived at."""
        self.context.update(context)
        if self.position.at is not None:
            self.position = step_done(self.position, stop=stop)
        arrival = next_step(self.workflow, self.position, self.context, NodeId(len(self.path)))
        self._note(arrival)
        return None if arrival.step is None else arrival.step.step_id

    def _note(self, arrival: Arrival) -> None:
        self.position = arrival.position
        self.exits += [event for event in arrival.happenings if isinstance(event, LoopExited)]
        self.skips += [event for event in arrival.happenings if isinstance(event, StepSkipped)]
        if arrival.step is not None:
            suffix = "" if arrival.iteration is None else f"@{arrival.iteration}"
            self.path.append(arrival.step.step_id + suffix)

    def to_the_end(self, limit: int = 100) -> list[str]:
        while self.go() is not None and len(self.path) < limit:
            pass
        return self.path


@pytest.mark.rule("RUN-1")
def test_steps_come_in_authored_order():
    assert Run(workflow(step("a"), step("b"), step("c"))).to_the_end() == ["a", "b", "c"]


@pytest.mark.rule("RUN-2")
def test_the_first_step_is_found_like_any_other():
    run = Run(workflow(step("never", {"var": "x"}), loop(Counted(2), step("body")), step("z")))
    assert run.to_the_end() == ["body@0", "body@1", "z"]


@pytest.mark.rule("RUN-3")
def test_a_skipped_step_is_said_with_the_variable_and_the_value_seen():
    run = Run(workflow(step("a", {"var": "risk", "equals": "High"}), step("b")), {"risk": "Low"})
    run.to_the_end()
    (skipped,) = run.skips
    assert (skipped.step_id, skipped.seen, skipped.unset) == ("a", (("risk", "Low"),), ())


@pytest.mark.rule("RUN-3")
def test_a_skip_for_a_variable_never_set_names_the_variable():
    run = Run(workflow(step("a", {"var": "risk", "equals": "High"}), step("b")))
    run.to_the_end()
    assert run.skips[0].unset == ("risk",)


@pytest.mark.rule("RUN-4")
def test_a_step_passed_over_runs_later_when_its_condition_comes_true():
    run = Run(workflow(step("a"), step("b", {"var": "more"}), step("c"), step("d")))
    assert run.go() == "a"
    assert run.go() == "c"
    assert run.go(more=True) == "b"
    assert run.go() == "d"
    assert run.go() is None
    assert never_run(run.workflow, run.position) == ()


def test_what_never_ran_is_known_at_the_end():
    run = Run(workflow(step("a"), step("b", {"var": "more"})))
    run.to_the_end()
    assert never_run(run.workflow, run.position) == ("b",)


@pytest.mark.rule("LOOP-1")
def test_a_while_loop_is_asked_only_at_the_boundary_of_a_pass():
    rule = WhileCondition(parse_condition({"var": "go", "equals": True}), until=False)
    run = Run(workflow(loop(rule, step("x"), step("y"), step("z")), step("after")), {"go": True})
    assert run.go() == "x"
    assert run.go(go=False) == "y"
    assert run.go() == "z"
    assert run.go() == "after"


def test_an_until_loop_runs_until_its_condition_holds():
    rule = WhileCondition(parse_condition({"var": "found", "equals": True}), until=True)
    run = Run(workflow(loop(rule, step("look")), step("after")))
    assert (run.go(), run.go()) == ("look", "look")
    assert run.go(found=True) == "after"


def test_an_until_loop_whose_condition_already_holds_is_not_entered():
    rule = WhileCondition(parse_condition({"var": "found", "equals": True}), until=True)
    run = Run(workflow(loop(rule, step("look")), step("after")), {"found": True})
    assert run.to_the_end() == ["after"]
    assert run.exits == [LoopExited(NodeId(0), LoopId("loop"), 0, "condition")]


@pytest.mark.rule("LOOP-2")
def test_an_artifact_loop_always_begins_and_ends_when_its_own_step_says_stop():
    run = Run(workflow(loop(ArtifactDecides("l"), step("work"), step("decide")), step("after")))
    assert (run.go(), run.go()) == ("work", "decide")
    assert run.go(stop=False) == "work"
    assert run.go() == "decide"
    assert run.go(stop=True) == "after"


@pytest.mark.rule("LOOP-2")
def test_a_stop_in_the_middle_of_a_pass_ends_the_loop_after_that_pass():
    run = Run(workflow(loop(ArtifactDecides("l"), step("decide"), step("tidy")), step("after")))
    assert run.go() == "decide"
    assert run.go(stop=True) == "tidy"
    assert run.go() == "after"


@pytest.mark.rule("LOOP-3")
def test_a_stop_ends_its_own_loop_and_not_the_next():
    first = loop(ArtifactDecides("one"), step("a"))
    second = CompiledLoop(LoopId("two"), "Two", ArtifactDecides("two"), 5, (step("b"),))
    run = Run(workflow(first, second, step("after")))
    assert run.go() == "a"
    assert run.go(stop=True) == "b"
    assert run.go(stop=False) == "b"


@pytest.mark.rule("LOOP-4")
def test_a_loop_that_reaches_its_limit_says_so():
    run = Run(workflow(loop(ArtifactDecides("l"), step("again"), most=3), step("after")))
    assert run.to_the_end() == ["again@0", "again@1", "again@2", "after"]
    assert [(event.passes, event.cause) for event in run.exits] == [(3, "limit")]


def test_a_counted_loop_that_ends_at_its_count_did_not_reach_a_limit():
    run = Run(workflow(loop(Counted(3), step("x"), most=3)))
    assert run.to_the_end() == ["x@0", "x@1", "x@2"]
    assert run.exits[0].cause == "count"


def test_a_count_can_come_from_the_context():
    run = Run(workflow(loop(Counted("times"), step("x"))), {"times": 2})
    assert run.to_the_end() == ["x@0", "x@1"]


@pytest.mark.parametrize("value", [None, "three", True, ["a"]])
def test_a_count_that_is_not_a_number_names_the_variable(value: JsonValue):
    run = Run(workflow(loop(Counted("times"), step("x"))), {"times": value})
    with pytest.raises(MissingContextError, match='"times" to hold a whole number'):
        run.go()


def test_a_for_each_loop_takes_each_item_once():
    run = Run(workflow(loop(ForEach("files"), step("x")), step("after")), {"files": ["a", "b"]})
    assert run.to_the_end() == ["x@0", "x@1", "after"]


def test_a_for_each_loop_over_nothing_is_not_entered():
    run = Run(workflow(loop(ForEach("files"), step("x")), step("after")), {"files": []})
    assert run.to_the_end() == ["after"]


@pytest.mark.parametrize("value", [None, "a,b", {"a": 1}, 3])
def test_items_that_are_no_array_name_the_variable(value: JsonValue):
    run = Run(workflow(loop(ForEach("files"), step("x"))), {"files": value})
    with pytest.raises(MissingContextError, match='"files" to hold an array'):
        run.go()


def test_body_conditions_see_the_loop_variables():
    body = step("second-only", {"var": "currentIteration", "equals": 2})
    run = Run(workflow(loop(Counted(3), step("each"), body)))
    assert run.to_the_end() == ["each@0", "each@1", "second-only@1", "each@2"]


def test_a_pass_whose_steps_are_all_skipped_still_counts_and_the_loop_ends():
    run = Run(workflow(loop(Counted(1000), step("no", {"var": "never"}), most=1000), step("after")))
    assert run.to_the_end() == ["after"]
    assert len(run.skips) == 1


@given(st.lists(st.sampled_from(["plain", "cond", "loop"]), max_size=8), st.booleans())
def test_a_run_always_ends_having_done_or_passed_over_every_step(kinds: list[str], flag: bool):
    entries: list[TopLevel] = []
    for index, kind in enumerate(kinds):
        if kind == "loop":
            body = (step(f"s{index}"), step(f"t{index}", {"var": "flag"}))
            entries.append(CompiledLoop(LoopId(f"l{index}"), "L", Counted(2), 5, body))
        else:
            entries.append(step(f"s{index}", {"var": "flag"} if kind == "cond" else None))
    run = Run(workflow(*entries), {"flag": flag})
    run.to_the_end()
    assert len(run.path) == len(set(run.path)) == run.position.completed
    assert run.position.frontier == len(entries)
    assert len(run.position.skipped) == (0 if flag else kinds.count("cond"))
