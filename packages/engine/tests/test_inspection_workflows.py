"""What the sessions of a store say of the workflows they run."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from workrail_engine.canonical import canonical_bytes, digest_bytes
from workrail_engine.ids import WorkflowHash
from workrail_engine.projections.workflow_use import RetriedStep, UsedDefinition
from workrail_engine.reader import Reader, open_reader
from workrail_engine.store import workflow_use
from workrail_engine.store.database import open_for_writing
from workrail_engine.store.sql_store import SqlStore, open_store
from workrail_engine.system import Locations
from workrail_engine.testing.definitions import a_definition, a_loop, a_step, expand_fully
from workrail_engine.testing.session_script import PINNED, PINNED_HASH, Sent, SessionScript
from workrail_engine.testing.world import MORNING, SeededEntropy
from workrail_engine.workflow.pin import pin

NEWER = canonical_bytes(
    {"schemaVersion": 1, "workflow": {"id": "test.linear", "name": "Linear again"}, "bindings": {}}
)


@pytest.fixture
def store(locations: Locations) -> Iterator[SqlStore]:
    with open_store(locations.store, SeededEntropy()) as opened:
        opened.pin(PINNED_HASH, PINNED)
        yield opened


@pytest.fixture
def reader(locations: Locations, store: SqlStore) -> Iterator[Reader]:
    with open_reader(locations) as opened:
        yield opened


def add(store: SqlStore, name: str, hours: int = 0) -> SessionScript:
    script = SessionScript(name, name, began=MORNING + timedelta(hours=hours))
    store.commit(script.start())
    return script


def runs_instead(
    locations: Locations, script: SessionScript, workflow_id: str, document: bytes
) -> None:
    """A session that ran another workflow all along."""
    opened = open_for_writing(locations.store)
    with opened.writing() as connection:
        mark = "%s" if connection.dialect.name == "postgresql" else "?"
        connection.exec_driver_sql(
            "UPDATE sessions SET workflow_id = ?, workflow_hash = ? WHERE session_id = ?".replace(
                "?", mark
            ),
            (workflow_id, bytes.fromhex(hash_of(document)[7:]), script.session_id),
        )
    opened.close()


def hash_of(document: bytes) -> str:
    return digest_bytes(document)


def finished(store: SqlStore, name: str, minutes: int, hours: int = 0) -> SessionScript:
    script = add(store, name, hours)
    script.at += timedelta(minutes=minutes - 1)
    store.commit(script.finish())
    return script


def test_every_workflow_that_was_run_is_listed_most_used_first(
    locations: Locations, store: SqlStore, reader: Reader
):
    other = add(store, "other", hours=5)
    runs_instead(locations, other, "test.other", b"{}")
    finished(store, "done", minutes=4)
    stuck = add(store, "stuck", hours=1)
    store.commit(stuck.block())

    first, second = reader.inspection.workflows()

    assert (first.workflow_id, first.name, first.sessions) == ("test.linear", "Linear", 2)
    assert first.by_status == {"completed": 1, "blocked": 1}
    assert first.last_at == "2026-03-02T10:02:00.000000Z"
    assert first.median_seconds == 240
    assert (second.workflow_id, second.name, second.sessions) == ("test.other", "test.other", 1)
    assert second.median_seconds is None


def test_the_median_is_that_of_the_newest_complete_runs(
    store: SqlStore, reader: Reader, monkeypatch: pytest.MonkeyPatch
):
    for number, minutes in enumerate((50, 2, 4, 9)):
        finished(store, f"run {number}", minutes, hours=number)
    every = reader.inspection.workflows()[0].median_seconds
    monkeypatch.setattr(workflow_use, "NEWEST", 3)

    assert every == (4 + 9) / 2 * 60
    assert reader.inspection.workflows()[0].median_seconds == 4 * 60


def test_a_median_is_the_same_when_the_last_runs_were_all_of_another_workflow(
    locations: Locations, store: SqlStore, reader: Reader, monkeypatch: pytest.MonkeyPatch
):
    for number, minutes in enumerate((50, 2, 4)):
        rare = finished(store, f"rare {number}", minutes, hours=number)
        runs_instead(locations, rare, "test.rare", b"{}")
    for number, minutes in enumerate((3, 5, 9)):
        finished(store, f"run {number}", minutes, hours=10 + number)
    every = reader.inspection.workflows()
    monkeypatch.setattr(workflow_use, "LOOKED_AT", 4)

    assert {one.workflow_id: one.median_seconds for one in every} == {
        "test.linear": 5 * 60,
        "test.rare": 4 * 60,
    }
    assert reader.inspection.workflows() == every


def test_a_workflow_has_the_name_its_newest_run_knows_it_by(
    locations: Locations, store: SqlStore, reader: Reader
):
    store.pin(WorkflowHash(hash_of(NEWER)), NEWER)
    old = add(store, "old", hours=3)
    store.commit(old.complete())
    runs_instead(locations, add(store, "new"), "test.linear", NEWER)

    story = reader.inspection.workflow("test.linear")

    assert story is not None
    assert story.use.name == "Linear again"
    assert story.use == reader.inspection.workflows()[0]
    assert story.definitions == (
        UsedDefinition(
            PINNED_HASH, "Linear", 1, "2026-03-02T12:01:00.000000Z", "2026-03-02T12:02:00.000000Z"
        ),
        UsedDefinition(
            hash_of(NEWER),
            "Linear again",
            1,
            "2026-03-02T09:01:00.000000Z",
            "2026-03-02T09:01:00.000000Z",
        ),
    )


def test_the_steps_whose_attempts_were_refused_are_told_most_refused_first(
    store: SqlStore, reader: Reader
):
    one, two = add(store, "one"), add(store, "two")
    for script, times in ((one, 1), (two, 2)):
        store.commit(script.complete())
        for _ in range(times):
            store.commit(script.block())
    store.commit(one.complete())
    store.commit(one.block())

    story = reader.inspection.workflow("test.linear")

    assert story is not None
    assert story.retried == (
        RetriedStep("step-2", "Step 2", 3, 2),
        RetriedStep("step-3", "Step 3", 1, 1),
    )


def test_the_newest_runs_of_a_workflow_are_listed(
    locations: Locations, store: SqlStore, reader: Reader
):
    for number in range(12):
        add(store, f"run {number}", hours=number)
    runs_instead(locations, add(store, "other", hours=99), "test.other", PINNED)

    story = reader.inspection.workflow("test.linear")

    assert story is not None
    assert [one.goal for one in story.recent] == [f"run {number}" for number in range(11, 1, -1)]


def test_a_workflow_nobody_ran_has_no_story(store: SqlStore, reader: Reader):
    add(store, "one")

    assert reader.inspection.workflow("test.unknown") is None


@pytest.mark.rule("CON-97")
def test_a_definition_is_shown_as_it_is_pinned_with_its_outline(store: SqlStore, reader: Reader):
    condition = {"var": "size", "equals": "large"}
    expanded = expand_fully(
        a_definition(
            a_step("first", runCondition=condition),
            a_loop({"type": "for", "count": 3}, a_step("inner")),
        )
    )
    document = pin(expanded)
    store.pin(WorkflowHash(hash_of(document)), document)

    shown = reader.inspection.definition(hash_of(document))

    assert shown is not None
    assert (shown.workflow_hash, shown.problem) == (hash_of(document), None)
    assert shown.document.startswith('{\n  "bindings": {},\n  "schemaVersion": 1,\n')
    first, loop = shown.steps
    assert (first.step_id, first.runs_when) == ("first", 'size equals "large"')
    assert (loop.kind, loop.repeats) == ("loop", "3 times, at most 7 times")
    assert [step.step_id for step in loop.steps] == ["inner"]


@pytest.mark.rule("CON-97")
@pytest.mark.parametrize(
    ("document", "shown", "problem"),
    [
        (PINNED, '"name": "Linear"', "The pinned workflow is not valid"),
        (b'{"name": "Other"}', '"name": "Other"', "pinned workflow"),
    ],
)
def test_a_definition_that_cannot_be_compiled_is_shown_with_the_reason(
    store: SqlStore, reader: Reader, document: bytes, shown: str, problem: str
):
    store.pin(WorkflowHash(hash_of(document)), document)

    told = reader.inspection.definition(hash_of(document))

    assert told is not None
    assert shown in told.document
    assert told.steps == ()
    assert problem in (told.problem or "")


@pytest.mark.rule("CON-97")
@pytest.mark.parametrize(
    ("packed", "stored", "shown"), [(0, b"\xffnot JSON", "\ufffdnot JSON"), (1, b"no zip", "")]
)
def test_a_damaged_definition_is_shown_as_far_as_it_can_be(
    locations: Locations, store: SqlStore, reader: Reader, packed: int, stored: bytes, shown: str
):
    add(store, "one")
    opened = open_for_writing(locations.store)
    with opened.writing() as connection:
        mark = "%s" if connection.dialect.name == "postgresql" else "?"
        statement = f"UPDATE workflows SET packed = {mark}, document = {mark}"  # noqa: S608 (marks only)
        connection.exec_driver_sql(statement, (packed, stored))
    opened.close()

    told = reader.inspection.definition(PINNED_HASH)

    assert told is not None
    assert (told.document, told.steps) == (shown, ())
    assert told.problem is not None


@pytest.mark.parametrize("text", ["", "sha256:", "sha256:zz", f"sha256:{'0' * 64}", "x" * 5_000])
def test_what_no_run_has_pinned_is_not_there(store: SqlStore, reader: Reader, text: str):
    assert reader.inspection.definition(text) is None


def test_where_nothing_was_stored_no_workflow_was_run(tmp_path: Path):
    with open_reader(tmp_path / "none.db") as reader:
        assert reader.inspection.workflows() == ()
        assert reader.inspection.workflow("test.linear") is None
        assert reader.inspection.definition(PINNED_HASH) is None


def test_only_refusals_count_as_refused(store: SqlStore, reader: Reader):
    script = add(store, "one")
    store.commit(script.wait(Sent()))
    store.commit(script.approve())
    store.commit(script.checkpoint())

    story = reader.inspection.workflow("test.linear")

    assert story is not None
    assert story.retried == ()
