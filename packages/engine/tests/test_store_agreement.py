"""Whatever happens, the stores in both databases and the one in memory agree."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workrail_engine.canonical import JsonObject
from workrail_engine.errors import ConflictError
from workrail_engine.ids import NodeId
from workrail_engine.ports import Change, NotesTrail, SessionHead, SessionStore
from workrail_engine.reader import open_reader
from workrail_engine.session.events import artifacts_of
from workrail_engine.store.codec import encode
from workrail_engine.store.sql_store import open_store
from workrail_engine.testing.memory_store import MemoryStore
from workrail_engine.testing.postgres import PostgresServer
from workrail_engine.testing.record import verified
from workrail_engine.testing.session_script import PINNED, PINNED_HASH, Sent, SessionScript
from workrail_engine.testing.world import SeededEntropy

moves = st.lists(
    st.tuples(
        st.sampled_from(
            ["complete", "block", "checkpoint", "fork", "late", "again", "wait", "answer", "check"]
        ),
        st.integers(1, 12),
        st.none() | st.text(max_size=8),
    ),
    max_size=14,
)


@contextmanager
def new_place(request: pytest.FixtureRequest, kind: str) -> Generator[Path | str]:
    if kind == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        yield server.new_database()
        return
    with TemporaryDirectory() as folder:
        yield Path(folder) / "sessions.db"


def change_for(
    script: SessionScript, told: list[Change], move: str, at: int, text: str | None
) -> Change:
    match move:
        case "complete":
            return script.complete(Sent(notes=text, artifacts=({"kind": "test.log", "n": at},)))
        case "block":
            return script.block(Sent(notes=text))
        case "checkpoint":
            return script.checkpoint(text or "")
        case "fork":
            return script.complete(Sent(notes=text), node=1)
        case "wait":
            return script.wait(Sent(notes=text, checks=(said(at),)), {"diff": f"+ line {at}"})
        case "answer":
            if script.state.status != "waiting":
                return script.wait(Sent(notes=text))
            return script.reject(text) if at % 2 else script.approve(text)
        case "check":
            checked = Sent(notes=text, checks=(said(at), said(at + 1)))
            return script.block(checked) if at % 2 else script.complete(checked)
        case "late":
            stale = told[at % len(told)]
            return replace(stale, expected_events=stale.expected_events + at)
        case _:
            return told[at % len(told)]


def said(number: int) -> JsonObject:
    """What a check printed."""
    return {"kind": "wr.check_output", "text": f"{number} passed"}


def outcome(store: SessionStore, change: Change) -> str:
    try:
        store.commit(change)
    except ConflictError:
        return "refused"
    return "kept"


def seen(store: SessionStore, script: SessionScript) -> list[object]:
    head: SessionHead = replace(store.head(script.session_id), head_hash="")
    named = {ref.digest for event in script.events for ref in artifacts_of(event)}
    view: list[object] = [head, store.blobs(sorted(named))]
    for number in range(1, head.last_node + 1):
        node = NodeId(number)
        trail: NotesTrail = store.notes_before(script.session_id, node, 12)
        view += [
            store.node(script.session_id, node),
            store.open_attempt(script.session_id, node),
            trail,
            store.standing(script.handle(node, use=1)) is None,
            None if (at := store.standing(script.handle(node))) is None else at.attempt,
        ]
    return view


@pytest.mark.rule("STORE-1")
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(course=moves)
def test_any_course_of_events_leaves_each_store_like_the_one_in_memory_and_whole(
    request: pytest.FixtureRequest, kind: str, course: list[tuple[str, int, str | None]]
):
    script, memory = SessionScript(), MemoryStore()
    with new_place(request, kind) as place:
        with open_store(place, SeededEntropy()) as disk:
            disk.pin(PINNED_HASH, PINNED)
            told = [script.start()]
            assert outcome(memory, told[0]) == outcome(disk, told[0]) == "kept"
            for move, at, text in course:
                change = change_for(script, told, move, at, text)
                assert outcome(memory, change) == outcome(disk, change)
                told.append(change)

            assert seen(disk, script) == seen(memory, script)
        assert verified(place, script.session_id).problems == ()
        with open_reader(place) as reader:
            logged = [event.payload for event in reader.events(script.session_id)]
        kept = [encode(event) for event in memory.events(script.session_id)]
        assert logged == [json.loads(text) for text in kept]
