"""Two writers released together: one wins, the other is told, nothing is half written."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from workrail_engine.errors import ConflictError
from workrail_engine.ids import NodeId
from workrail_engine.ports import AttemptUse
from workrail_engine.reader import open_reader
from workrail_engine.store.sql_store import open_store
from workrail_engine.testing.session_script import PINNED, PINNED_HASH, Sent, SessionScript
from workrail_engine.testing.world import SeededEntropy

BOUND = 60

# Says when it is ready, waits for a word, then tries; prints how it went.
STEP = """
import sys
from pathlib import Path
from workrail_engine.errors import ConflictError
from workrail_engine.store.sql_store import open_store
from workrail_engine.testing.session_script import Sent, SessionScript
from workrail_engine.testing.world import SeededEntropy

where, name = sys.argv[1:]
path = where if '://' in where else Path(where)
script = SessionScript()
script.start()
change = script.complete(Sent(notes=name))
with open_store(path, SeededEntropy(name)) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        store.commit(change)
        print("won")
    except ConflictError:
        print("lost")
"""

OPEN = """
import sys
from pathlib import Path
from workrail_engine.store.sql_store import open_store
from workrail_engine.testing.world import SeededEntropy

where, name = sys.argv[1:]
path = where if '://' in where else Path(where)
print("ready", flush=True)
sys.stdin.readline()
with open_store(path, SeededEntropy(name)) as store:
    print(store.token_key().secret.hex())
"""


def released_together(program: str, path: Path | str, names: list[str]) -> list[str]:
    """What each of some processes prints after all of them were ready."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(path), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in names
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return [process.communicate(timeout=BOUND)[0].strip() for process in processes]


@pytest.mark.rule("STORE-2")
def test_of_two_processes_at_one_step_exactly_one_wins(place: Path | str):
    path = place
    script = SessionScript()
    with open_store(path, SeededEntropy()) as store:
        store.pin(PINNED_HASH, PINNED)
        store.commit(script.start())

        results = released_together(STEP, path, ["left", "right"])

        assert sorted(results) == ["lost", "won"]
        winner = ["left", "right"][results.index("won")]
        standing = store.standing(script.handle(1))
        assert standing is not None
        assert standing.attempt.used == AttemptUse(Sent(notes=winner).digest(), NodeId(2))
    with open_reader(path) as reader:
        assert reader.verify(script.session_id).problems == ()


def test_processes_that_make_the_store_together_share_one_key(place: Path | str):
    keys = released_together(OPEN, place, ["a", "b", "c"])

    assert len(set(keys)) == 1
    assert len(keys[0]) == 64


@pytest.mark.rule("STORE-2")
def test_of_threads_at_one_step_on_connections_of_their_own_exactly_one_wins(place: Path | str):
    path = place
    with open_store(path, SeededEntropy()) as one, open_store(path, SeededEntropy()) as two:
        one.commit(SessionScript().start())
        gate = Barrier(4)

        def attempt(place: int) -> str:
            script = SessionScript()
            script.start()
            change = script.complete(Sent(notes=f"thread {place}"))
            gate.wait(BOUND)
            try:
                (one, two)[place % 2].commit(change)
            except ConflictError:
                return "lost"
            return "won"

        with ThreadPoolExecutor(4) as threads:
            results = list(threads.map(attempt, range(4)))

        assert sorted(results) == ["lost", "lost", "lost", "won"]
        assert one.head(SessionScript().session_id).event_count == 4


def test_threads_on_different_sessions_all_finish(place: Path | str):
    path = place
    with open_store(path, SeededEntropy()) as store:
        store.pin(PINNED_HASH, PINNED)
        gate = Barrier(8)

        def work(place: int) -> int:
            script = SessionScript(f"session {place}")
            gate.wait(BOUND)
            store.commit(script.start())
            for _ in range(10):
                store.commit(script.complete())
            return store.head(script.session_id).event_count

        with ThreadPoolExecutor(8) as threads:
            assert list(threads.map(work, range(8))) == [22] * 8
    with open_reader(path) as reader:
        assert reader.sessions().total == 8
        assert all(reader.verify(s.session_id).problems == () for s in reader.sessions().sessions)
