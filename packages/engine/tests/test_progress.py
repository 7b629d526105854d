"""How far a branch has come is what counting every step ahead would say."""

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from hypothesis import given
from hypothesis import strategies as st

from workrail_engine.canonical import JsonObject
from workrail_engine.ids import LoopId, StepId, WorkflowHash, WorkflowId
from workrail_engine.session.events import LoopFrame, Position
from workrail_engine.session.progress import progress
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
from workrail_engine.workflow.conditions import Truthy, holds

WANTED = Truthy("wanted")


def workflow(*steps: TopLevel) -> CompiledWorkflow:
    return CompiledWorkflow(
        WorkflowHash("sha256:" + "0" * 64), WorkflowId("test.any"), "Any", "", "1.0.0", steps
    )


def step(*, conditional: bool = False) -> CompiledStep:
    return CompiledStep(
        StepId("one"), "One", "Do it.", run_condition=WANTED if conditional else None
    )


def loop(rule: LoopRule, body: int = 2, *, conditional: bool = False) -> CompiledLoop:
    return CompiledLoop(
        LoopId("again"),
        "Again",
        rule,
        max_iterations=50,
        body=(step(),) * body,
        run_condition=WANTED if conditional else None,
    )


RULES = (
    Counted(3),
    Counted(80),
    Counted("times"),
    ForEach("items"),
    ArtifactDecides("again"),
    WhileCondition(None, until=False),
)


@st.composite
def entries_of(draw: st.DrawFn) -> TopLevel:
    conditional = draw(st.booleans())
    if draw(st.booleans()):
        return step(conditional=conditional)
    return loop(draw(st.sampled_from(RULES)), draw(st.integers(1, 3)), conditional=conditional)


CONTEXTS = st.fixed_dictionaries(
    {},
    optional={
        "wanted": st.booleans(),
        "times": st.integers(0, 60),
        "items": st.lists(st.just("x"), max_size=5),
    },
)


def counted(entry: TopLevel, context: JsonObject) -> int:
    """How many steps an entry stands for, told in the plainest way."""
    condition = entry.run_condition
    if condition is not None and "wanted" in context and not holds(condition, context):
        return 0
    if not isinstance(entry, CompiledLoop):
        return 1
    known: object = None
    match entry.rule:
        case Counted(count):
            known = context.get(count) if isinstance(count, str) else count
        case ForEach(items):
            listed = context.get(items)
            known = len(listed) if isinstance(listed, list) else None
        case _:
            pass
    passes = min(known, entry.max_iterations) if isinstance(known, int) else 1
    return passes * len(entry.body)


@given(entries=st.lists(entries_of(), min_size=1, max_size=12), context=CONTEXTS, data=st.data())
def test_the_total_is_what_counting_each_entry_ahead_says(
    entries: list[TopLevel], context: JsonObject, data: st.DataObject
):
    made = workflow(*entries)
    frontier = data.draw(st.integers(0, len(entries)))
    position = Position(frontier=frontier, completed=4)

    number, total = progress(made, position, context)

    assert number == 5
    assert total == 5 + sum(counted(entry, context) for entry in entries[frontier:])


def test_what_is_left_of_the_present_loop_counts():
    made = workflow(loop(Counted(3), body=2), step(), step(conditional=True))
    frame = LoopFrame(index=0, iteration=1, body_index=0)
    position = Position(frontier=1, at=0, frame=frame, completed=2)

    assert progress(made, position, {}) == (3, 8)
    assert progress(made, position, {"wanted": False}) == (3, 7)


def test_two_workflows_that_share_a_hash_are_not_taken_for_each_other():
    short = workflow(step())
    long = replace(short, steps=(step(),) * 9)

    assert progress(short, Position(), {}) == (1, 2)
    assert progress(long, Position(), {}) == (1, 10)


class Walked(tuple[TopLevel, ...]):
    """Steps that know how often someone went through all of them."""

    __slots__ = ()
    walks: ClassVar[int] = 0

    def __iter__(self) -> Iterator[TopLevel]:
        Walked.walks += 1
        return super().__iter__()


def test_a_long_workflow_is_walked_once_and_not_at_each_step():
    made = replace(workflow(), steps=Walked([step()] * 500))

    totals = [progress(made, Position(frontier=done), {})[1] for done in (0, 1, 400)]

    assert totals == [501, 500, 101]
    assert Walked.walks == 1
