"""What earlier releases left behind is opened, told, checked and finished by this one."""

import hashlib
import json
import shutil
from itertools import zip_longest
from pathlib import Path
from typing import cast

import pytest

from workrail_engine.agent_events import AGENT_EVENTS, contents_of
from workrail_engine.engine import Answered, ResumeRequest, Submission, open_engine
from workrail_engine.ids import SessionId
from workrail_engine.outcomes import Completed, Found, StepReady
from workrail_engine.projections.runs import RunOrder
from workrail_engine.reader import Reader, open_reader
from workrail_engine.store.schema import SCHEMA_VERSION
from workrail_engine.system import Locations
from workrail_engine.testing.driven import TTL, WORKER, Driven
from workrail_engine.testing.told import told
from workrail_engine.workflow.compile import compile_pinned

GOLDEN = Path(__file__).parent / "golden"
DIGESTS = {
    "schema-1.db": "602d8c4bac069c97800b0403cc7d21fa869f418e197aecbbed468d9fbfb50262",
    "schema-2.db": "07b214fc73603a51d206750c171d5c9d23ee62a628cae78333e13b2d5250ffb7",
    "schema-3.db": "b1eb9e083637dbeb95ea4cea598c994afbe2b50cccdc6e043b3478cca321023f",
    "schema-4.db": "a19b399574c0191e2cd05ade15c812223a4160240c27373b1d55e1547097f20d",
    "schema-5.db": "28cc28861522b4ba7ac8356fc4ffd8916f508eff1ec19d4bbedb29036391374c",
}
"""A golden file is never edited: these are their SHA-256."""
STORES = sorted(DIGESTS)
PINNED = sorted(path.name for path in (GOLDEN / "pinned").glob("*.json"))
GOALS = {
    "A completed heron trip": ("completed", 6),
    "A blocked ibis trip": ("blocked", 1),
    "A lynx trip in its second round": ("running", 4),
    "A branching otter trip": ("running", 2),
}
GATED = {"A waiting crane trip": ("waiting", 0), "A gated wren trip": ("completed", 2)}
"""What stores hold besides, since sessions can wait for a person."""
DRIVEN = {"A driven finch trip": ("running", 1)}
"""And since sessions can be driven without one."""


def goals_of(reader: Reader) -> dict[str, tuple[str, int]]:
    """What the sessions of a store should be."""
    names = {session.goal for session in reader.sessions().sessions}
    later = [some for some in (GATED, DRIVEN) if names & set(some)]
    return {**GOALS, **{goal: stands for some in later for goal, stands in some.items()}}


@pytest.fixture
def home(tmp_path: Path, request: pytest.FixtureRequest) -> Locations:
    """A copy of a golden store, as if this release were installed over the one that made it."""
    where = Locations.under(tmp_path / "home")
    where.home.mkdir()
    store = GOLDEN / "stores" / str(request.param)
    shutil.copy(store, where.database)
    where.keys.mkdir()
    for public in (GOLDEN / "stores").glob(f"{store.stem}.pub"):
        shutil.copy(public, where.keys)
    return where


def test_every_golden_store_is_named_here_and_was_never_edited():
    kept = {path.name: path.read_bytes() for path in (GOLDEN / "stores").glob("*.db")}

    assert {name: hashlib.sha256(data).hexdigest() for name, data in kept.items()} == DIGESTS
    assert set(kept) == {f"schema-{number}.db" for number in range(1, SCHEMA_VERSION + 1)}


@pytest.mark.rule("STORE-47")
@pytest.mark.parametrize("home", STORES, indirect=True)
def test_every_session_of_an_earlier_release_verifies_and_is_told(home: Locations):
    with open_engine(home):
        pass

    with open_reader(home) as reader:
        sessions = {one.goal: one for one in reader.sessions().sessions}
        assert {goal: (one.status, one.steps_completed) for goal, one in sessions.items()} == (
            goals_of(reader)
        )
        for one in sessions.values():
            assert reader.verify(one.session_id).problems == ()
        heron = reader.session(sessions["A completed heron trip"].session_id)
        assert [node.notes for node in heron.nodes if node.kind == "step"] == [
            *(f"Heron notes {number}" for number in range(5)),
            "The summary of it.",
        ]
        photos = [artifact for node in heron.nodes for artifact in node.artifacts]
        assert json.loads(reader.artifact(photos[2].digest)) == {
            "kind": "golden.photo",
            "of": "heron 2",
        }
        otter = reader.session(sessions["A branching otter trip"].session_id)
        assert "checkpoint" in {node.kind for node in otter.nodes}
        assert not all(node.on_tip_branch for node in otter.nodes if node.kind == "step")


@pytest.mark.rule("STORE-47")
@pytest.mark.parametrize("home", STORES, indirect=True)
@pytest.mark.parametrize("word", ["ibis", "lynx", "otter"])
def test_a_session_of_an_earlier_release_is_found_and_finished(home: Locations, word: str):
    with open_engine(home) as engine:
        found = engine.resume(ResumeRequest(query=word))
        assert isinstance(found, Found)
        (one,) = found.candidates
        outcome = engine.rehydrate(one.token)
        for _ in range(10):
            if isinstance(outcome, Completed):
                break
            assert outcome.token is not None
            outcome = engine.advance(outcome.token, Submission(notes="The summary at last."))
            assert isinstance(outcome, StepReady | Completed)
        assert isinstance(outcome, Completed)
        assert outcome.steps_completed == 6

    with open_reader(home) as reader:
        assert reader.verify(SessionId(one.session_id)).problems == ()


@pytest.mark.rule("STORE-47")
@pytest.mark.parametrize("home", STORES, indirect=True)
def test_the_middle_of_a_word_of_an_earlier_release_is_found(home: Locations):
    with open_engine(home) as engine:
        found = engine.resume(ResumeRequest(query="ranchi"))

    assert isinstance(found, Found)
    assert [one.goal for one in found.candidates] == ["A branching otter trip"]


@pytest.mark.rule("RUN-81")
@pytest.mark.parametrize("name", PINNED)
def test_what_was_pinned_by_an_earlier_release_compiles_to_the_same(name: str):
    document = GOLDEN / "pinned" / name
    expected: object = json.loads(document.with_suffix(".compiled").read_text("utf-8"))

    compiled: object = json.loads(json.dumps(told(compile_pinned(document.read_bytes()))))

    assert shared(expected, compiled) == expected


def shared(expected: object, found: object) -> object:
    """What was found, without fields that came after what is expected was written."""
    if isinstance(expected, dict) and isinstance(found, dict):
        known = cast("dict[str, object]", expected)
        now = cast("dict[str, object]", found)
        return {key: shared(value, now.get(key)) for key, value in known.items()}
    if isinstance(expected, list) and isinstance(found, list):
        pairs = zip_longest(cast("list[object]", expected), cast("list[object]", found))
        return [shared(one, other) for one, other in pairs]
    return found


@pytest.mark.rule("STORE-47")
@pytest.mark.parametrize("home", [name for name in STORES if name > "schema-3.db"], indirect=True)
def test_an_approval_an_earlier_release_asked_for_is_given_by_this_one(home: Locations):
    with open_engine(home) as engine:
        [pending] = engine.approvals.pending()
        assert pending.goal == "A waiting crane trip"
        given = Answered("approved", pending.digest, "ada", "terminal")
        outcome = engine.approvals.answer(pending.approval_id, given)
        assert isinstance(outcome, StepReady)
        assert isinstance(engine.advance(outcome.token, Submission(notes="Done.")), Completed)

    with open_reader(home) as reader:
        assert reader.verify(pending.session_id).problems == ()


@pytest.mark.rule("STORE-47")
@pytest.mark.parametrize("home", [name for name in STORES if name > "schema-4.db"], indirect=True)
def test_a_run_an_earlier_release_left_is_taken_up_again_by_this_one(home: Locations):
    with open_engine(home) as engine:
        (view,) = engine.runs.views()
        assert (view.state, view.outcome, view.lane) == ("ended", "incomplete", "birds")
        assert (view.spent.turns, view.spent.cost) == (2, 500)
        assert view.options == {"model": "scripted"}
        entries = engine.journal.read(view.session_id)
        assert {type(entry.event) for entry in entries} == {*AGENT_EVENTS}
        for entry in entries:
            for content in contents_of(entry.event):
                assert len(engine.journal.content(content)) == content.size
        (steer,) = engine.mail.waiting(view.session_id)
        (question,) = engine.mail.waiting(None)
        assert (steer.body["text"], question.body["text"]) == ("Look up.", "Which finch?")

        assert engine.runs.order(RunOrder(view.session_id))
        claim = engine.runs.claim_this(view.session_id, WORKER, TTL)
        assert claim is not None
        run = Driven(engine, view.session_id, claim.lease, turns=2)
        run.work()
        assert isinstance([run.step("The summary at last.") for _ in range(5)][-1], Completed)
        run.end()
        assert engine.mail.send(view.session_id, "operator", steer.body) == steer.number

    with open_reader(home) as reader:
        assert reader.verify(view.session_id).problems == ()
