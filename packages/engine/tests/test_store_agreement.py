"""Whatever happens, the store on disk and the one in memory agree."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workrail_engine.errors import ConflictError
from workrail_engine.ids import NodeId
from workrail_engine.ports import Change, NotesTrail, SessionHead, SessionStore
from workrail_engine.reader import open_reader
from workrail_engine.store.sql_store import open_store
from workrail_engine.testing.memory_store import MemoryStore
from workrail_engine.testing.session_script import PINNED, PINNED_HASH, Sent, SessionScript
from workrail_engine.testing.world import SeededEntropy

moves = st.lists(
    st.tuples(
        st.sampled_from(["complete", "block", "checkpoint", "fork", "late", "again"]),
        st.integers(1, 12),
        st.none() | st.text(max_size=8),
    ),
    max_size=14,
)


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
        case "late":
            stale = told[at % len(told)]
            return replace(stale, expected_events=stale.expected_events + at)
        case _:
            return told[at % len(told)]


def outcome(store: SessionStore, change: Change) -> str:
    try:
        store.commit(change)
    except ConflictError:
        return "refused"
    return "kept"


def seen(store: SessionStore, script: SessionScript) -> list[object]:
    head: SessionHead = replace(store.head(script.session_id), head_hash="")
    view: list[object] = [head]
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
@settings(max_examples=40, deadline=None)
@given(moves)
def test_any_course_of_events_leaves_both_stores_alike_and_whole(
    course: list[tuple[str, int, str | None]],
):
    script, memory = SessionScript(), MemoryStore()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "sessions.db"
        with open_store(path, SeededEntropy()) as disk:
            disk.pin(PINNED_HASH, PINNED)
            told = [script.start()]
            assert outcome(memory, told[0]) == outcome(disk, told[0]) == "kept"
            for move, at, text in course:
                change = change_for(script, told, move, at, text)
                assert outcome(memory, change) == outcome(disk, change)
                told.append(change)

            assert seen(disk, script) == seen(memory, script)
        with open_reader(path) as reader:
            assert reader.verify(script.session_id).problems == ()
