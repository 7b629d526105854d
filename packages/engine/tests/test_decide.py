"""What a command comes to, without a disk."""

from dataclasses import replace

import pytest

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.errors import InvalidSubmissionError, MissingContextError
from workrail_engine.ids import (
    Handle,
    LoopId,
    NodeId,
    SessionId,
    StepId,
    WorkflowHash,
    WorkflowId,
)
from workrail_engine.outcomes import BlockerCode
from workrail_engine.session.commands import Advance, Checkpoint, Start, Submission
from workrail_engine.session.decide import decide
from workrail_engine.session.events import (
    AssessmentRecorded,
    AttemptBlocked,
    BranchStarted,
    CheckpointTaken,
    RunCompleted,
    SessionStarted,
    StepCompleted,
    StepReached,
    Workspace,
)
from workrail_engine.session.state import SessionState, fold
from workrail_engine.workflow.compiled import (
    ArtifactDecides,
    Assessment,
    CompiledLoop,
    CompiledStep,
    CompiledWorkflow,
    Consequence,
    Dimension,
    ForEach,
    OutputContract,
    TopLevel,
)
from workrail_engine.workflow.conditions import parse_condition

HANDLE = Handle(b"0123456789ab")
STARTED = SessionStarted(
    session_id=SessionId("sess_a"),
    workflow_id=WorkflowId("w"),
    workflow_hash=WorkflowHash("sha256:0"),
    goal="Try it.",
    origin="test",
    workspace=Workspace(),
    parent_session_id=None,
    context={},
)
STOP: JsonObject = {"kind": "wr.loop_control", "decision": "stop"}
READINESS = Assessment(
    "ready", "Is it ready?", (Dimension("confidence", "How sure?", ("low", "high"), required=True),)
)


def step(step_id: str, **changes: object) -> CompiledStep:
    return replace(CompiledStep(StepId(step_id), step_id, "Do it."), **changes)


def loop_step(step_id: str) -> CompiledStep:
    contract = OutputContract("wr.contracts.loop_control", required=True)
    return step(step_id, output_contract=contract, notes_required=False)


def workflow(*steps: TopLevel) -> CompiledWorkflow:
    return CompiledWorkflow(WorkflowHash("sha256:0"), WorkflowId("w"), "W", "w", "1.0.0", steps)


class Session:
    """A session driven through `decide` and `fold` alone."""

    def __init__(self, *steps: TopLevel, context: JsonObject | None = None) -> None:
        self.workflow = workflow(*steps)
        decision = decide(SessionState(), Start(STARTED), self.workflow, context or {})
        self.state = fold(decision.events)
        self.contexts: dict[NodeId, JsonObject] = {NodeId(1): decision.context}
        self.contents: dict[str, JsonObject] = {}

    @property
    def tip(self) -> NodeId:
        assert self.state.tip is not None
        return self.state.tip

    def advance(
        self,
        notes: str | None = "Done.",
        *artifacts: JsonObject,
        at: NodeId | None = None,
        **context: JsonValue,
    ) -> tuple[object, ...]:
        """Advance from a node (the tip, unless said); the events."""
        where = self.tip if at is None else at
        kept = tuple(self.contents[ref.digest] for ref in self.state.nodes[where].artifacts)
        command = Advance(where, HANDLE, Submission(notes, artifacts, context), kept)
        decision = decide(self.state, command, self.workflow, self.contexts[where])
        self.state = fold(decision.events, self.state)
        self.contexts[self.state.last_node] = decision.context
        for (ref, _), artifact in zip(decision.artifacts, artifacts, strict=True):
            self.contents[ref.digest] = artifact
        return decision.events

    def codes(self) -> list[BlockerCode]:
        return [blocker.code for blocker in self.state.nodes[self.tip].blockers]


def test_the_last_step_completes_the_run():
    session = Session(step("only"))
    events = session.advance()
    assert [type(event) for event in events] == [StepCompleted, RunCompleted]
    assert session.state.status == "completed"


@pytest.mark.rule("RUN-5")
def test_a_session_whose_steps_are_all_passed_over_is_complete_at_once_and_says_so():
    from_condition = Session(step("never", run_condition=parse_condition({"var": "x"})))
    node = from_condition.state.nodes[NodeId(1)]
    assert (node.kind, node.position.skipped) == ("end", (0,))


@pytest.mark.rule("BLOCK-1")
def test_everything_that_is_missing_is_reported_together():
    session = Session(
        step(
            "s",
            assessments=(READINESS,),
            output_contract=OutputContract("wr.contracts.coding_handoff", required=True),
        ),
        step("t"),
    )
    session.advance(None)
    assert session.codes() == [
        BlockerCode.MISSING_ARTIFACT,
        BlockerCode.MISSING_ASSESSMENT,
        BlockerCode.MISSING_NOTES,
    ]
    assert session.state.status == "blocked"


@pytest.mark.rule("BLOCK-2")
def test_a_retry_sends_only_what_was_missing():
    session = Session(step("s", assessments=(READINESS,)), step("t"))
    session.advance("All my notes.", found=3)
    assert session.codes() == [BlockerCode.MISSING_ASSESSMENT]
    events = session.advance(None, {"kind": "wr.assessment", "dimensions": {"confidence": "high"}})
    completed = next(event for event in events if isinstance(event, StepCompleted))
    assert completed.notes == "All my notes."
    assert session.contexts[session.tip] == {"found": 3}
    assert [type(event) for event in events] == [StepCompleted, AssessmentRecorded, StepReached]


@pytest.mark.rule("BLOCK-2")
def test_a_resent_artifact_replaces_the_kept_one_of_its_kind_and_no_other():
    session = Session(step("s", assessments=(READINESS,)), step("t"))
    low: JsonObject = {"kind": "wr.assessment", "dimensions": {"confidence": "lowest"}}
    high: JsonObject = {"kind": "wr.assessment", "dimensions": {"confidence": "high"}}
    extra: JsonObject = {"kind": "finding", "text": "kept"}
    session.advance("N.", low, extra)
    assert session.codes() == [BlockerCode.INVALID_ASSESSMENT]
    events = session.advance(None, high)
    completed = next(event for event in events if isinstance(event, StepCompleted))
    assert [ref.kind for ref in completed.artifacts] == ["wr.assessment", "finding"]


@pytest.mark.rule("BLOCK-3")
def test_a_consequence_blocks_until_the_level_changes_and_never_becomes_a_dead_end():
    consequence = Consequence("low", None, "Look again.")
    session = Session(step("s", assessments=(READINESS,), consequences=(consequence,)))
    low: JsonObject = {"kind": "wr.assessment", "dimensions": {"confidence": "low"}}
    for _ in range(15):
        session.advance("N.", low)
        assert session.codes() == [BlockerCode.ASSESSMENT_FOLLOWUP]
    session.advance(None, {"kind": "wr.assessment", "dimensions": {"confidence": "high"}})
    assert session.state.status == "completed"


@pytest.mark.rule("LOOP-3")
def test_loop_control_that_names_another_loop_is_blocked():
    loop = CompiledLoop(LoopId("mine"), "L", ArtifactDecides("declared"), 3, (loop_step("d"),))
    session = Session(loop, step("after"))
    session.advance(None, {**STOP, "loopId": "other"})
    assert session.codes() == [BlockerCode.WRONG_LOOP]
    session.advance(None, {**STOP, "loopId": "declared"})
    assert session.state.nodes[session.tip].step_id == "after"


@pytest.mark.rule("LOOP-3")
def test_a_stop_sent_with_the_step_before_a_loop_does_not_keep_the_loop_from_starting():
    loop = CompiledLoop(LoopId("mine"), "L", ArtifactDecides("mine"), 3, (loop_step("d"),))
    session = Session(loop_step("before"), loop, step("after"))
    session.advance(None, STOP)
    assert session.state.nodes[session.tip].step_id == "d"


def test_a_missing_loop_variable_blocks_the_step_before_and_keeps_its_notes():
    loop = CompiledLoop(LoopId("each"), "L", ForEach("files"), 3, (step("one"),))
    session = Session(step("find"), loop)
    session.advance("Found some.")
    assert session.codes() == [BlockerCode.MISSING_CONTEXT]
    session.advance(None, files=["a"])
    assert session.state.nodes[session.tip].step_id == "one"


def test_a_missing_loop_variable_at_the_start_is_a_refusal():
    loop = CompiledLoop(LoopId("each"), "L", ForEach("files"), 3, (step("one"),))
    with pytest.raises(MissingContextError):
        Session(loop)


@pytest.mark.rule("RUN-6")
def test_advancing_from_an_old_node_starts_a_branch_with_the_context_of_that_node():
    session = Session(step("a"), step("b"), step("c"))
    session.advance(seen="first")
    events = session.advance("Other way.", at=NodeId(1))
    assert BranchStarted(NodeId(1)) in events
    assert session.contexts[session.tip] == {}
    assert session.state.nodes[session.tip].parent == NodeId(1)


def test_a_checkpoint_is_never_the_tip_and_the_next_advance_is_no_branch():
    session = Session(step("a"), step("b"))
    command = Checkpoint(NodeId(1), Submission(notes="Half way."))
    decision = decide(session.state, command, session.workflow, {})
    assert [type(event) for event in decision.events] == [CheckpointTaken]
    session.state = fold(decision.events, session.state)
    assert session.tip == NodeId(1)
    events = session.advance()
    assert not any(isinstance(event, BranchStarted) for event in events)


def test_continuing_from_a_checkpoint_of_the_newest_step_is_no_branch():
    session = Session(step("a"), step("b"))
    command = Checkpoint(NodeId(1), Submission(notes="Half way."))
    decision = decide(session.state, command, session.workflow, {})
    session.state = fold(decision.events, session.state)
    session.contexts[NodeId(2)] = decision.context
    events = session.advance(at=NodeId(2))
    assert not any(isinstance(event, BranchStarted) for event in events)


def test_a_null_in_the_context_deletes_its_key():
    session = Session(step("a"), step("b"), step("c"))
    session.advance(one=1, two=2)
    session.advance(one=None)
    assert session.contexts[session.tip] == {"two": 2}


@pytest.mark.rule("RUN-7")
@pytest.mark.parametrize(
    ("submission", "field"),
    [
        (Submission(notes="x" * 32_769), "notes"),
        (Submission(notes="é" * 16_385), "notes"),
        (Submission(notes="a\ud800b"), "notes"),
        (Submission(artifacts=({"kind": "big", "text": "x" * 1_048_577},)), "artifacts[0]"),
        (Submission(artifacts=({"text": "no kind"},)), "artifacts[0].kind"),
        (Submission(artifacts=({"kind": 3},)), "artifacts[0].kind"),
        (Submission(artifacts=({"kind": "k"},) * 101), "artifacts"),
        (Submission(context={"big": "x" * 262_145}), "context"),
        (Submission(context={"nan": float("nan")}), "context"),
    ],
)
def test_what_is_over_a_limit_is_refused_whole_with_the_limit_named(
    submission: Submission, field: str
):
    session = Session(step("a"))
    with pytest.raises(InvalidSubmissionError) as caught:
        decide(session.state, Advance(NodeId(1), HANDLE, submission), session.workflow, {})
    assert caught.value.field == field
    assert "Nothing was recorded" in str(caught.value)


def test_notes_of_exactly_the_limit_are_kept_whole():
    session = Session(step("a"))
    events = session.advance("x" * 32_768)
    assert isinstance(events[0], StepCompleted)
    assert events[0].notes == "x" * 32_768


def test_a_context_nested_too_deep_is_refused():
    deep: JsonValue = 1
    for _ in range(70):
        deep = [deep]
    session = Session(step("a"))
    with pytest.raises(InvalidSubmissionError, match="64 levels"):
        session.advance(deep=deep)


def test_a_metrics_outcome_that_is_none_of_the_known_ones_is_blocked():
    session = Session(step("a"))
    session.advance(metrics_outcome="splendid")
    assert session.codes() == [BlockerCode.INVALID_CONTEXT]


def test_artifacts_of_unknown_kind_are_kept():
    session = Session(step("a"))
    events = session.advance("N.", {"kind": "my.own", "x": [1, 2]})
    assert isinstance(events[0], StepCompleted)
    assert [ref.kind for ref in events[0].artifacts] == ["my.own"]


def test_a_blocked_attempt_records_why_as_a_node_of_its_own():
    session = Session(step("a"))
    events = session.advance(None)
    assert [type(event) for event in events] == [AttemptBlocked]
    assert session.state.nodes[session.tip].kind == "blocked"
