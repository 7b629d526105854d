"""Who waits too long for a session that another connection holds is told so, and goes on later."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from workrail_engine.engine import Engine, StartRequest, Submission, open_engine
from workrail_engine.errors import StoreUnavailableError
from workrail_engine.outcomes import Recorded, StepReady
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations
from workrail_engine.testing.postgres import PostgresServer

WAIT = "options=-c%20lock_timeout%3D300ms"
"""In an address: how long to wait for a row, instead of five seconds."""


@pytest.fixture
def where(tmp_path: Path, postgres: PostgresServer) -> Locations:
    return replace(Locations.under(tmp_path), database_url=f"{postgres.new_database()}&{WAIT}")


@pytest.fixture
def engine(where: Locations) -> Iterator[Engine]:
    with open_engine(where) as opened:
        yield opened


def started(engine: Engine, goal: str) -> StepReady:
    outcome = engine.start(StartRequest("wr.bug-investigation", goal, None))
    assert isinstance(outcome, StepReady)
    return outcome


@pytest.mark.rule("STORE-71")
def test_a_session_whose_row_is_held_is_refused_for_now_and_goes_on_when_it_is_let_go(
    where: Locations, engine: Engine
):
    held, free = started(engine, "The held one"), started(engine, "The free one")
    assert where.database_url is not None
    sent = Submission(notes="What was found out, at some length, so that it is enough. " * 5)

    with psycopg.connect(where.database_url) as other:
        other.execute(b"SELECT 1 FROM sessions WHERE goal = 'The held one' FOR UPDATE")
        with pytest.raises(StoreUnavailableError) as refused:
            engine.advance(held.token, sent)
        beside = engine.advance(free.token, sent)
        other.rollback()
    after = engine.advance(held.token, sent)

    assert "is locked: another process has held the same session" in str(refused.value)
    assert "Nothing was recorded. Make the same call again" in str(refused.value)
    assert "pg_stat_activity" in str(refused.value)
    assert "hidden" not in str(refused.value)
    assert isinstance(after, StepReady)
    assert isinstance(beside, StepReady)
    assert after.recorded is Recorded.NOW
    with open_reader(where) as reader:
        for one in reader.sessions().sessions:
            events = reader.events(one.session_id)
            assert [event.kind for event in events].count("step_completed") == 1
            assert reader.verify(one.session_id).problems == ()
