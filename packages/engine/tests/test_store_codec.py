"""What is written of an event is what is read back, and nothing else is accepted."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workrail_engine.canonical import JsonValue
from workrail_engine.ids import Digest, LoopId, NodeId, SessionId, StepId, WorkflowHash, WorkflowId
from workrail_engine.outcomes import Blocker, BlockerCode
from workrail_engine.session.events import (
    ApprovalAnswered,
    ApprovalAsked,
    ArtifactRef,
    Ask,
    AssessmentRecorded,
    AttemptBlocked,
    BranchStarted,
    CheckpointTaken,
    CheckRecorded,
    DimensionReading,
    Event,
    LoopEntered,
    LoopExited,
    LoopFrame,
    LoopRepeated,
    Position,
    RunCompleted,
    SessionStarted,
    StepCompleted,
    StepReached,
    StepSkipped,
    Workspace,
)
from workrail_engine.session.state import Node
from workrail_engine.store.codec import decode, encode, kind_of, node_of
from workrail_engine.store.record import DamagedRecordError
from workrail_engine.store.rows import node_of as node_of_row
from workrail_engine.store.rows import node_values
from workrail_engine.workflow.checks import Counts

texts = st.text(max_size=20)
numbers = st.integers(min_value=0, max_value=2**53)
node_ids = numbers.map(NodeId)
maybe_numbers = st.none() | numbers
maybe_texts = st.none() | texts
maybe_nodes = st.none() | node_ids
digests = st.binary(min_size=32, max_size=32).map(lambda raw: Digest(f"sha256:{raw.hex()}"))
steps = texts.map(StepId)
loops = texts.map(LoopId)
scalars: st.SearchStrategy[JsonValue] = (
    st.none() | st.booleans() | numbers | st.floats(allow_nan=False, allow_infinity=False) | texts
)


def _deeper(inner: st.SearchStrategy[JsonValue]) -> st.SearchStrategy[JsonValue]:
    return st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)


json_values: st.SearchStrategy[JsonValue] = st.recursive(scalars, _deeper, max_leaves=8)
objects = st.dictionaries(texts, json_values, max_size=3)
frames = st.builds(
    LoopFrame,
    index=numbers,
    iteration=numbers,
    body_index=numbers,
    stop=st.none() | st.booleans(),
)
positions = st.builds(
    Position,
    frontier=numbers,
    skipped=st.lists(numbers, max_size=3).map(tuple),
    at=maybe_numbers,
    frame=st.none() | frames,
    completed=numbers,
    passed=st.none() | st.lists(st.tuples(texts, texts), min_size=1, max_size=2).map(tuple),
)
artifact_refs = st.builds(
    ArtifactRef, digest=digests, kind=texts, size=numbers, assessment_id=maybe_texts
)
artifact_lists = st.lists(artifact_refs, max_size=2).map(tuple)
blockers = st.builds(
    Blocker,
    code=st.sampled_from(BlockerCode),
    subject=texts,
    message=texts,
    remedy=texts,
    example=json_values,
)
blocker_lists = st.lists(blockers, max_size=2).map(tuple)
readings = st.builds(
    DimensionReading,
    dimension_id=texts,
    level=texts,
    rationale=maybe_texts,
    normalized=st.booleans(),
)
workspaces = st.builds(
    Workspace, path=maybe_texts, repository=maybe_texts, branch=maybe_texts, head=maybe_texts
)
skips = st.builds(
    StepSkipped,
    node=node_ids,
    step_id=texts,
    iteration=maybe_numbers,
    condition=texts,
    seen=st.lists(st.tuples(texts, json_values), max_size=2).map(tuple),
    unset=st.lists(texts, max_size=2).map(tuple),
)
exits = st.builds(
    LoopExited,
    node=node_ids,
    loop_id=loops,
    passes=numbers,
    cause=st.sampled_from(["condition", "stopped", "count", "limit"]),
)
branches = st.builds(BranchStarted, node=node_ids)
asks = st.builds(
    Ask,
    approver=st.sampled_from(["human_approval", "coordinator_eval"]),
    title=texts,
    reason=maybe_texts,
    shown=digests,
    tree=maybe_texts,
    diff=st.none() | artifact_refs,
)
tried: dict[str, st.SearchStrategy[Any]] = {
    "attempt": texts,
    "payload_digest": digests,
    "step_id": steps,
    "iteration": maybe_numbers,
    "notes": maybe_texts,
    "artifacts": artifact_lists,
    "context_delta": objects,
}
events: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        ApprovalAsked,
        node=node_ids,
        parent=node_ids,
        ask=asks,
        position=positions,
        context_ref=digests,
        **tried,
    ),
    st.builds(
        CheckRecorded,
        node=node_ids,
        step_id=steps,
        check_id=texts,
        kind=st.sampled_from(["command", "files", "diff", "artifact"]),
        outcome=st.sampled_from(["passed", "failed", "error"]),
        summary=texts,
        problems=st.lists(texts, max_size=2).map(tuple),
        tree=maybe_texts,
        reused=st.booleans(),
        argv=st.lists(texts, max_size=2).map(tuple),
        exit_code=maybe_numbers,
        counts=st.none() | st.builds(Counts, passed=numbers, failed=numbers, skipped=numbers),
        output=st.none() | artifact_refs,
    ),
    st.builds(
        ApprovalAnswered,
        node=node_ids,
        verdict=st.sampled_from(["approved", "rejected"]),
        shown=digests,
        by=texts,
        channel=texts,
        note=maybe_texts,
    ),
    st.builds(
        SessionStarted,
        session_id=texts.map(SessionId),
        workflow_id=texts.map(WorkflowId),
        workflow_hash=digests.map(WorkflowHash),
        goal=texts,
        origin=texts,
        workspace=workspaces,
        parent_session_id=st.none() | texts.map(SessionId),
        context=objects,
    ),
    st.builds(
        StepCompleted,
        node=node_ids,
        **tried,
    ),
    st.builds(
        AssessmentRecorded,
        node=node_ids,
        assessment_id=texts,
        dimensions=st.lists(readings, max_size=2).map(tuple),
        summary=maybe_texts,
    ),
    skips,
    st.builds(LoopEntered, node=node_ids, loop_id=loops),
    st.builds(LoopRepeated, node=node_ids, loop_id=loops, iteration=numbers),
    exits,
    st.builds(
        StepReached,
        node=node_ids,
        parent=maybe_nodes,
        step_id=steps,
        iteration=maybe_numbers,
        position=positions,
        context_ref=digests,
    ),
    st.builds(
        AttemptBlocked,
        node=node_ids,
        parent=node_ids,
        blockers=blocker_lists,
        position=positions,
        context_ref=digests,
        **tried,
    ),
    st.builds(
        CheckpointTaken,
        node=node_ids,
        parent=node_ids,
        payload_digest=digests,
        notes=maybe_texts,
        context_delta=objects,
        context_ref=digests,
    ),
    branches,
    st.builds(
        RunCompleted,
        node=node_ids,
        parent=maybe_nodes,
        position=positions,
        context_ref=digests,
        skipped=st.lists(texts, max_size=2).map(tuple),
    ),
)
nodes = st.builds(
    Node,
    node_id=node_ids,
    parent=maybe_nodes,
    kind=st.sampled_from(["step", "blocked", "waiting", "checkpoint", "end"]),
    step_id=st.none() | steps,
    iteration=maybe_numbers,
    position=positions,
    context_ref=digests,
    blockers=blocker_lists,
    notes=maybe_texts,
    artifacts=artifact_lists,
    ask=st.none() | asks,
    trace=st.lists(skips | exits | branches, max_size=2).map(tuple),
    children=numbers,
)


class Columns:
    """A node's columns as a row gives them."""

    def __init__(self, values: dict[str, object]) -> None:
        vars(self).update(values)


@pytest.mark.rule("STORE-9")
@given(events)
def test_every_event_is_read_back_as_it_was_written(event: Event):
    assert decode(kind_of(event), encode(event)) == event


@pytest.mark.rule("STORE-9")
@given(nodes)
def test_every_node_is_read_back_as_it_was_written(node: Node):
    assert node_of_row(Columns(node_values(node)), "sess_x") == node  # pyright: ignore[reportArgumentType] (a row by attribute, as the reader of it sees one)


def test_all_kinds_of_events_have_different_names():
    members = getattr(Event, "__args__")  # noqa: B009 (the union's members have no other name)
    kinds = {kind_of(object.__new__(member)) for member in members}

    assert len(kinds) == len(members) == 24


def test_the_start_of_a_session_is_about_no_node_and_the_rest_is_about_one():
    started = SessionStarted(
        session_id=SessionId("sess_x"),
        workflow_id=WorkflowId("w"),
        workflow_hash=WorkflowHash("sha256:00"),
        goal="g",
        origin="mcp",
        workspace=Workspace(),
        parent_session_id=None,
        context={},
    )

    assert node_of(started) is None
    assert node_of(BranchStarted(NodeId(3))) == 3


@pytest.mark.rule("STORE-9")
@pytest.mark.parametrize(
    ("kind", "payload", "complaint"),
    [
        ("step_vanished", {"node": 1}, "no event is called 'step_vanished'"),
        ("branch_started", {}, "branch_started has no field 'node'"),
        ("branch_started", {"node": 1, "why": "x"}, "branch_started has an unknown field 'why'"),
        ("branch_started", {"node": "1"}, "branch_started.node should be a whole number, not str"),
        (
            "branch_started",
            {"node": True},
            "branch_started.node should be a whole number, not bool",
        ),
        ("branch_started", [1], "branch_started should be an object, not list"),
        ("loop_entered", {"node": 1, "loop_id": 2}, "loop_entered.loop_id should be a string"),
        (
            "loop_exited",
            {"node": 1, "loop_id": "l", "passes": 1, "cause": "bored"},
            "no loop ends by 'bored'",
        ),
        (
            "step_skipped",
            {"node": 1, "step_id": "s", "condition": "c", "seen": [["a"]], "unset": []},
            "step_skipped.seen should hold pairs",
        ),
        (
            "step_skipped",
            {"node": 1, "step_id": "s", "condition": "c", "seen": [], "unset": [1]},
            "step_skipped.unset should be a list of strings",
        ),
        (
            "run_completed",
            {"node": 1, "position": {"frontier": 0, "skipped": ["x"], "completed": 0}},
            "run_completed.position.skipped should be a list of numbers",
        ),
        (
            "assessment_recorded",
            {"node": 1, "assessment_id": "a", "dimensions": "none"},
            "assessment_recorded.dimensions should be a list, not str",
        ),
        (
            "assessment_recorded",
            {
                "node": 1,
                "assessment_id": "a",
                "dimensions": [{"dimension_id": "d", "level": "l", "normalized": 1}],
            },
            "assessment_recorded.dimensions[0].normalized should be true or false, not int",
        ),
    ],
)
def test_what_no_event_looks_like_is_refused_with_the_place(
    kind: str, payload: object, complaint: str
):
    with pytest.raises(DamagedRecordError) as refusal:
        decode(kind, json.dumps(payload))

    assert complaint in str(refusal.value)


def test_what_is_not_json_is_refused():
    with pytest.raises(DamagedRecordError, match="branch_started is not JSON"):
        decode("branch_started", '{"node": 1')
