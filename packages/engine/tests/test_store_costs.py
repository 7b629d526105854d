"""What a step costs does not depend on how long its session is."""

from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from workrail_engine.engine import open_engine
from workrail_engine.ids import NodeId
from workrail_engine.projections.resume_ranking import ResumeAsk
from workrail_engine.reader import open_reader
from workrail_engine.store.database import open_for_reading
from workrail_engine.store.sql_store import open_store
from workrail_engine.system import Locations
from workrail_engine.testing.driven import a_tool, a_turn, driven, with_a_workflow
from workrail_engine.testing.session_script import Sent, SessionScript
from workrail_engine.testing.world import SeededEntropy


@pytest.mark.rule("STORE-8")
def test_a_step_costs_the_same_statements_however_long_the_session_is(tmp_path: Path):
    script = SessionScript()
    with open_store(tmp_path / "sessions.db", SeededEntropy()) as store:
        store.commit(script.start())

        def cost(notes: str) -> list[str]:
            statements: list[str] = []

            def seen(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
                statements.append(statement)

            change = script.complete(Sent(notes=notes))
            event.listen(Engine, "before_cursor_execute", seen)
            store.commit(change)
            store.standing(script.handle(change.nodes[0].node_id))
            event.remove(Engine, "before_cursor_execute", seen)
            return statements

        early = cost("The first step.")
        for _ in range(150):
            store.commit(script.complete())
        late = cost("The last step.")

    assert early == late
    assert len(early) <= 13


@pytest.mark.rule("STORE-8")
def test_no_question_about_a_position_reads_a_whole_table(tmp_path: Path):
    script = SessionScript()
    asked: list[tuple[str, object]] = []

    def seen(
        _connection: object, _cursor: object, statement: str, parameters: object, *_rest: object
    ) -> None:
        asked.append((statement, parameters))

    with open_store(tmp_path / "sessions.db", SeededEntropy()) as store:
        store.commit(script.start())
        event.listen(Engine, "before_cursor_execute", seen)
        store.commit(script.complete(Sent(artifacts=({"kind": "test.log"},))))
        store.standing(script.handle(2))
        store.node(script.session_id, NodeId(2))
        store.head(script.session_id)
        store.open_attempt(script.session_id, NodeId(2))
        store.notes_before(script.session_id, NodeId(2), 1000)
        event.remove(Engine, "before_cursor_execute", seen)

    opened = open_for_reading(tmp_path / "sessions.db")
    with opened.reading() as connection:
        plans = [
            str(step[3])
            for statement, parameters in asked
            if statement.startswith(("SELECT", "UPDATE", "\n    WITH"))
            for step in connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {statement}",
                parameters,  # pyright: ignore[reportArgumentType] (as the driver was given them)
            )
        ]
    opened.close()
    tables = ("sessions", "events", "nodes", "attempts", "blobs", "artifacts", "workflows")
    assert plans
    assert [plan for plan in plans if plan in {f"SCAN {table}" for table in tables}] == []


@pytest.mark.rule("STORE-69")
@pytest.mark.parametrize("query", ["walrus", "walrus heron", "epai", "repair", "zz"])
def test_no_question_by_words_looks_at_every_session(tmp_path: Path, query: str):
    path = tmp_path / "sessions.db"
    asked: list[tuple[str, object]] = []

    def seen(
        _connection: object, _cursor: object, statement: str, parameters: object, *_rest: object
    ) -> None:
        asked.append((statement, parameters))

    with open_store(path, SeededEntropy()) as store, open_reader(path) as reader:
        store.commit(SessionScript("one", "Repair the fence").start())
        event.listen(Engine, "before_cursor_execute", seen)
        store.sightings(ResumeAsk(query=query))
        reader.sessions(query=query)
        event.remove(Engine, "before_cursor_execute", seen)

    opened = open_for_reading(path)
    with opened.reading() as connection:
        plans = [
            str(step[3])
            for statement, parameters in asked
            if statement.startswith("SELECT") and "count(*)" not in statement
            for step in connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {statement}",
                parameters,  # pyright: ignore[reportArgumentType] (as the driver was given them)
            )
        ]
    opened.close()
    assert any("search" in plan for plan in plans)
    through_all = ("SCAN sessions", "SCAN events", "SCAN nodes")
    assert [plan for plan in plans if plan in through_all] == []


@pytest.mark.rule("STORE-90")
def test_a_fact_costs_the_same_statements_however_much_was_said_before(tmp_path: Path):
    with open_engine(Locations.under(tmp_path / "home")) as engine:
        run = driven(engine, with_a_workflow(tmp_path / "project"))

        def cost(turn: int) -> list[str]:
            statements: list[str] = []

            def seen(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
                statements.append(statement)

            done, answer = a_tool(NodeId(1), turn)
            event.listen(Engine, "before_cursor_execute", seen)
            run.append(done, contents=(answer,))
            event.remove(Engine, "before_cursor_execute", seen)
            return statements

        early = cost(1)
        for turn in range(2, 152):
            taken, blocks = a_turn(NodeId(1), turn)
            run.append(taken, contents=(blocks,))
        late = cost(152)

    assert early == late
    assert len(early) <= 10
