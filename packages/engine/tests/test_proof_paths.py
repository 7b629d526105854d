"""Proofs are found by the paths they speak of, whatever the glob begins with."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select

from workrail_engine.ids import SessionId
from workrail_engine.projections.proofs import ProofAsk, fits
from workrail_engine.store import schema
from workrail_engine.store.database import open_for_writing
from workrail_engine.store.proof_paths import how_many, paths_from, stretch_of, those_asked_for
from workrail_engine.store.proofs import asked_for, found
from workrail_engine.store.rows import microseconds
from workrail_engine.store.sql_store import SqlStore
from workrail_engine.testing.session_script import SessionScript
from workrail_engine.testing.world import MORNING

PATHS = [f"{top}/{name}" for top in ("src", "src/auth", "docs") for name in ("a.py", "b.md", "c")]
GLOBS = (
    "src",
    "src/auth/a.py",
    "src/*",
    "**/*.py",
    "*.py",
    "**/auth/*",
    "d*/?",
    "**",
    "none",
    "**/x",
)


@dataclass(frozen=True)
class Proof:
    """What a list asks about."""

    number: int
    session: SessionId
    kind: str
    outcome: str
    minutes: int
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Shelf:
    """Proofs, and the store that holds them."""

    proofs: Sequence[Proof]
    connection: Connection

    def expected(self, ask: ProofAsk) -> list[str]:
        """The digests of what is asked for, found without an index."""
        least = None if ask.since is None else (ask.since - MORNING) // timedelta(minutes=1)
        kept = [
            proof
            for proof in self.proofs
            if ask.session_id in (None, proof.session)
            and ask.kind in (None, proof.kind)
            and ask.outcome in (None, proof.outcome)
            and (least is None or proof.minutes >= least)
            and (ask.module is None or any(fits(path, ask.module) for path in proof.paths))
        ]
        kept.sort(key=lambda proof: (-proof.minutes, -proof.number))
        return [digest_of(proof.number).hex() for proof in kept[: ask.limit]]

    def told(self, ask: ProofAsk) -> list[str]:
        return [line.digest.removeprefix("sha256:") for line in found(self.connection, ask)]


def digest_of(number: int) -> bytes:
    return sha256(str(number).encode()).digest()


def drawn(count: int, sessions: Sequence[SessionId]) -> list[Proof]:
    """Proofs of all sorts, always the same ones; three at a time have the same age."""
    return [
        Proof(
            number,
            sessions[lots[0] % 2],
            "completion" if lots[1] < 3 else "approval" if lots[1] < 30 else "check",
            "fail" if lots[2] < 50 else "pass",
            number // 3,
            tuple(sorted({PATHS[lot % len(PATHS)] for lot in lots[4 : 4 + lots[3] % 4]})),
        )
        for number in range(1, count + 1)
        for lots in [digest_of(number)]
    ]


@pytest.fixture(name="shelf")
def many_proofs(store: SqlStore, place: Path | str) -> Iterator[Shelf]:
    """More proofs of each common kind than are gone through one by one."""
    scripts = [SessionScript(name, "Work") for name in ("one", "two")]
    for script in scripts:
        store.commit(script.start())
    proofs = drawn(6_000, [script.session_id for script in scripts])
    database = open_for_writing(place)
    with database.writing() as connection:
        numbers: dict[str, int] = {
            row.session_id: row.number
            for row in connection.execute(
                select(schema.sessions.c.session_id, schema.sessions.c.number)
            )
        }
        connection.execute(insert(schema.proofs), [_row(proof, numbers) for proof in proofs])
        modules = [
            {"module": path, "at": _at(proof), "proof": proof.number}
            for proof in proofs
            for path in proof.paths
        ]
        connection.execute(insert(schema.proof_modules), modules)
        yield Shelf(proofs, connection)
    database.close()


def _at(proof: Proof) -> int:
    return microseconds(MORNING + timedelta(minutes=proof.minutes))


def _row(proof: Proof, sessions: dict[str, int]) -> dict[str, object]:
    return {
        "number": proof.number,
        "session": sessions[proof.session],
        "seq": proof.number,
        "node": 1,
        "kind": proof.kind,
        "outcome": proof.outcome,
        "at": _at(proof),
        "digest": digest_of(proof.number),
        "envelope": "{}",
    }


def asks(shelf: Shelf) -> Iterator[ProofAsk]:
    late = MORNING + timedelta(minutes=1_900)
    for glob in GLOBS:
        yield ProofAsk(module=glob)
        yield ProofAsk(module=glob, limit=3)
        yield ProofAsk(module=glob, limit=2_500)
        yield ProofAsk(module=glob, kind="check", limit=70)
        yield ProofAsk(module=glob, kind="check", outcome="fail", limit=2_000)
        yield ProofAsk(module=glob, kind="completion")
        yield ProofAsk(module=glob, outcome="pass", limit=1_500)
        yield ProofAsk(module=glob, session_id=shelf.proofs[0].session, since=late)
        yield ProofAsk(module=glob, since=late, limit=700)


@pytest.mark.rule("PROOF-8")
def test_a_glob_finds_what_looking_at_every_proof_would_find(shelf: Shelf):
    wrong = [ask for ask in asks(shelf) if shelf.told(ask) != shelf.expected(ask)]
    assert wrong == []
    assert len(shelf.expected(ProofAsk(module="**/*.py", limit=5_000))) > 2_000


@pytest.mark.rule("PROOF-8")
@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_no_statement_goes_through_a_table_without_its_index(shelf: Shelf):
    ask = ProofAsk(module="**/a.py", kind="check")
    every = [
        paths_from(""),
        stretch_of(["src/a.py", "docs/c"], 5, (9, 9)),
        those_asked_for(ask),
        those_asked_for(ProofAsk(session_id=SessionId("sess_a"))),
        how_many(ask),
        how_many(ProofAsk(outcome="fail")),
        asked_for(ProofAsk()).where(schema.proofs.c.number.in_([1, 2])),
    ]
    for statement in every:
        text = statement.compile(shelf.connection, compile_kwargs={"literal_binds": True})
        plan = [
            str(row[3]) for row in shelf.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")
        ]
        assert plan
        tables = (
            "SCAN proofs",
            "SCAN proof_modules",
            "SCAN sessions",
            "SCAN further",
            "SCAN times",
        )
        assert [line for line in plan if line.startswith(tables)] == [], text
