"""What is written of a fact of a run is what is read back, and nothing else is accepted."""

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workrail_engine.agent_events import (
    AGENT_EVENTS,
    AgentEvent,
    ArtifactSaved,
    Content,
    Incident,
    MessageGiven,
    Noticed,
    Rest,
    RunBegun,
    RunEnded,
    RunOutcome,
    RunParked,
    Source,
    ToolBegun,
    ToolFinished,
    ToolOutcome,
    TurnTaken,
    Usage,
    contents_of,
    key_of,
)
from workrail_engine.canonical import JsonValue
from workrail_engine.ids import Digest, NodeId, SessionId
from workrail_engine.store.agent_payloads import AGENT_READERS
from workrail_engine.store.codec import decode, encode, kind_of, node_of
from workrail_engine.store.record import DamagedRecordError

texts = st.text(max_size=20)
numbers = st.integers(min_value=0, max_value=2**53)
nodes = numbers.map(NodeId)
digests = st.binary(min_size=32, max_size=32).map(lambda raw: Digest(f"sha256:{raw.hex()}"))
contents = st.builds(Content, digests, numbers)
turn = {"node": nodes, "turn": numbers}
call = {**turn, "call": numbers, "tool": texts, "said": texts}
values: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | numbers | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


def one_of(words: object) -> st.SearchStrategy[object]:
    """A word of a closed set."""
    return st.sampled_from(get_args(words))


facts: st.SearchStrategy[AgentEvent] = st.one_of(
    st.builds(
        RunBegun,
        node=nodes,
        run=numbers,
        driver=texts,
        model=texts,
        sandbox=texts,
        prompt=st.none() | contents,
    ),
    st.builds(
        TurnTaken,
        **turn,
        model=texts,
        stop=texts,
        said=st.none() | texts,
        tools=st.lists(texts, max_size=3).map(tuple),
        content=contents,
        usage=st.builds(Usage, numbers, numbers, numbers, numbers),
        cost=st.none() | numbers,
        ms=numbers,
        tries=numbers,
    ),
    st.builds(ToolBegun, **call),
    st.builds(
        ToolFinished,
        **call,
        outcome=one_of(ToolOutcome),
        answer=contents,
        whole=st.none() | contents,
        ms=numbers,
    ),
    st.builds(MessageGiven, **turn, message=numbers, source=one_of(Source), text=texts),
    st.builds(ArtifactSaved, **turn, call=numbers, name=texts, media_type=texts, content=contents),
    st.builds(
        Noticed,
        node=nodes,
        what=one_of(Incident),
        said=texts,
        facts=st.dictionaries(texts, values, max_size=3),
    ),
    st.builds(
        RunParked,
        node=nodes,
        why=one_of(Rest),
        said=texts,
        until=st.none() | texts,
        children=st.lists(texts.map(SessionId), max_size=2).map(tuple),
    ),
    st.builds(RunEnded, node=nodes, outcome=one_of(RunOutcome), said=texts),
)


@pytest.mark.rule("STORE-9")
@given(facts)
def test_every_fact_is_read_back_as_it_was_written(fact: AgentEvent):
    assert decode(kind_of(fact), encode(fact)) == fact
    assert node_of(fact) == fact.node


def test_every_kind_of_fact_has_a_reader():
    kinds = {kind_of(object.__new__(kind)) for kind in AGENT_EVENTS}

    assert kinds == AGENT_READERS.keys()
    assert len(kinds) == 9


@given(facts, facts)
def test_facts_of_different_places_never_share_a_key(one: AgentEvent, other: AgentEvent):
    places = [_place(one), _place(other)]

    assert (key_of(one) == key_of(other) is not None) == (
        places[0] == places[1] and key_of(one) is not None
    )
    assert all(content.digest in encode(one) for content in contents_of(one))


def _place(fact: AgentEvent) -> tuple[object, ...]:
    names = ("run", "turn", "call", "message")
    return type(fact), *(getattr(fact, name, None) for name in names)


@pytest.mark.rule("STORE-9")
@pytest.mark.parametrize(
    ("kind", "payload", "complaint"),
    [
        ("run_ended", {"node": 1, "outcome": "bored", "said": ""}, "no outcome of a run is called"),
        (
            "run_parked",
            {"node": 1, "why": "tea", "said": "", "children": []},
            "no rest of a run is called 'tea'",
        ),
        ("run_parked", {"node": 1, "why": "child", "said": ""}, "has no field 'children'"),
        (
            "noticed",
            {"node": 1, "what": "rain", "said": "", "facts": {}},
            "no incident is called 'rain'",
        ),
        ("noticed", {"node": 1, "what": "stuck", "said": "", "facts": []}, "should be an object"),
        (
            "message_given",
            {"node": 1, "turn": 1, "message": 1, "source": "bird", "text": ""},
            "no source of a message is called 'bird'",
        ),
        (
            "tool_finished",
            {"node": 1, "turn": 1, "call": 1, "tool": "Bash", "outcome": "maybe"},
            "no outcome of a tool is called 'maybe'",
        ),
        (
            "artifact_saved",
            {"node": 1, "turn": 1, "call": 1, "name": "", "media_type": "", "content": {}},
            "artifact_saved.content has no field 'digest'",
        ),
        (
            "tool_begun",
            {"node": 1, "turn": 1, "call": 1, "tool": "Bash", "said": "", "more": 1},
            "unknown field 'more'",
        ),
    ],
)
def test_what_no_fact_looks_like_is_refused_with_the_place(
    kind: str, payload: object, complaint: str
):
    with pytest.raises(DamagedRecordError) as refusal:
        decode(kind, json.dumps(payload))

    assert complaint in str(refusal.value)
