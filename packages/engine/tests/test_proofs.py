"""What a workflow says was checked can be proved to someone who was not there."""

import base64
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from shutil import copytree
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workrail_engine.agent_events import Noticed
from workrail_engine.canonical import JsonObject, canonical_bytes
from workrail_engine.clearing import ClearRequest, clear
from workrail_engine.engine import (
    Engine,
    StartRequest,
    Submission,
    move_store,
)
from workrail_engine.errors import InvalidProofError, SigningKeyError
from workrail_engine.ids import NodeId, SessionId
from workrail_engine.outcomes import Blocked, Completed, StepReady, Waiting
from workrail_engine.projections.link import NO_HASH, Link, spelled
from workrail_engine.projections.proofs import ProofAsk
from workrail_engine.proofs.keys import KeyRing
from workrail_engine.proofs.public_key import PublicKey
from workrail_engine.proving import Gate, check_file, open_keys, read_key, rerun_checks
from workrail_engine.reader import open_reader
from workrail_engine.store.database import open_for_writing
from workrail_engine.store.proofs import asked_for
from workrail_engine.store.schema_version import create_schema
from workrail_engine.system import Locations
from workrail_engine.testing.approving import answer
from workrail_engine.testing.user_git import begin_repository, commit_all, git

HEAD: JsonObject = {"id": "flow", "name": "Flow", "description": "A flow.", "version": "1.0.0"}
FLOW: JsonObject = {
    **HEAD,
    "assessments": [
        {
            "id": "confidence",
            "purpose": "How sure are you?",
            "dimensions": [{"id": "evidence", "purpose": "Seen?", "levels": ["low", "high"]}],
        }
    ],
    "steps": [
        {
            "id": "build",
            "title": "Build",
            "prompt": "Build.",
            "checks": [
                {"id": "there", "kind": "files", "files": [{"path": "made.txt"}]},
                {"id": "same", "kind": "command", "run": ["git", "--version"]},
            ],
        },
        {
            "id": "judge",
            "title": "Judge",
            "prompt": "Judge.",
            "assessmentRefs": ["confidence"],
            "assessmentConsequences": [
                {
                    "when": {"anyEqualsLevel": "low"},
                    "effect": {"kind": "require_followup", "guidance": "Look again."},
                }
            ],
        },
        {
            "id": "release",
            "title": "Release",
            "prompt": "Release.",
            "requireConfirmation": {"kind": "human_approval"},
        },
    ],
}

LITERAL = {"literal_binds": True}
Record: TypeAlias = dict[str, Any]
"""A line of a file, or a statement, as JSON reads it."""


@pytest.fixture(name="project")
def repository_with_a_workflow(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    workflows = project / ".workrail" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "flow.json").write_text(json.dumps(FLOW))
    (project / "read.txt").write_text("read me\n")
    return begin_repository(project)


def assessed(level: str) -> Submission:
    artifact = {
        "kind": "wr.assessment",
        "assessmentId": "confidence",
        "dimensions": {"evidence": {"level": level, "rationale": "I looked."}},
    }
    return Submission(notes="Judged.", artifacts=(artifact,))


def run_to_the_end(
    engine: Engine, project: Path, between: Callable[[str], object] = len
) -> SessionId:
    """A check that fails, checks that pass, an assessment sent back and one taken, an approval.

    Something else may be done between them, told the session.
    """
    begun = engine.start(StartRequest("flow", "Make it", project))
    assert isinstance(begun, StepReady)
    between(begun.session_id)
    failed = engine.advance(begun.token, Submission(notes="Built."))
    assert isinstance(failed, Blocked)
    (project / "made.txt").write_text("made\n")
    built = engine.advance(failed.token, Submission(notes="Built now."))
    assert isinstance(built, StepReady), built
    between(begun.session_id)
    doubtful = engine.advance(built.token, assessed("low"))
    assert isinstance(doubtful, Blocked)
    judged = engine.advance(doubtful.token, assessed("high"))
    assert isinstance(judged, StepReady), judged
    asked = engine.advance(judged.token, Submission(notes="Release it?"))
    assert isinstance(asked, Waiting)
    between(begun.session_id)
    assert isinstance(answer(engine, asked, "Good."), Completed)
    between(begun.session_id)
    return SessionId(begun.session_id)


def exported(locations: Locations, session_id: SessionId, to: Path) -> Path:
    with open_reader(locations) as reader:
        lines = list(reader.proof_lines(session_id))
    file = to / "proofs.jsonl"
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return file


def key_of(locations: Locations) -> str:
    current = open_keys(locations).current()
    assert current is not None
    return current.text


@pytest.fixture(name="session")
def a_whole_run(engine: Engine, project: Path) -> SessionId:
    return run_to_the_end(engine, project)


@pytest.fixture(name="file")
def file_of_its_proofs(locations: Locations, session: SessionId, tmp_path: Path) -> Path:
    return exported(locations, session, tmp_path)


def statements(file: Path) -> list[Record]:
    records: list[Record] = [json.loads(line) for line in file.read_text().splitlines()]
    envelopes: list[Record] = [
        json.loads(one["envelope"]) for one in records if one["record"] == "proof"
    ]
    return [json.loads(base64.b64decode(envelope["payload"])) for envelope in envelopes]


def problems(file: Path, locations: Locations) -> tuple[str, ...]:
    return check_file(file, [read_key(key_of(locations))]).verdict.problems


def rewritten(file: Path, change: Callable[[list[Record]], Sequence[Record]]) -> None:
    """The file as a clever forger writes it: whole lines, and counts that fit."""
    records = list(change([json.loads(line) for line in file.read_text().splitlines()]))
    kinds = [record["record"] for record in records]
    counts = {"events": kinds.count("event"), "proofs": kinds.count("proof")}
    lines = [canonical_bytes(one) for one in ({**records[0], **counts}, *records[1:])]
    file.write_bytes(b"".join(line + b"\n" for line in lines))


@pytest.mark.rule("PROOF-1")
def test_every_check_approval_assessment_and_end_is_proved(session: SessionId, file: Path):
    said = [statement["predicate"] for statement in statements(file)]
    told = [(one["kind"], one["outcome"], one["step"], one["log"]["event"]) for one in said]
    assert told == [
        ("check", "fail", "build", 3),
        ("check", "pass", "build", 4),
        ("check", "pass", "build", 6),
        ("check", "pass", "build", 7),
        ("assessment", "fail", "judge", 10),
        ("assessment", "pass", "judge", 12),
        ("approval", "pass", "release", 15),
        ("completion", "pass", None, 17),
    ]
    assert said[3]["detail"]["argv"] == ["git", "--version"]
    assert said[3]["detail"]["exitCode"] == 0
    assert said[6]["detail"]["by"] == "ada"
    assert said[7]["detail"]["events"] == 17
    assert said[7]["files"]["changed"] == ["made.txt"]
    assert {one["session"] for one in said} == {session}


@pytest.mark.rule("PROOF-2")
def test_a_statement_names_the_files_by_the_tree_of_git(file: Path, project: Path):
    commit_all(project)
    last = statements(file)[-1]
    assert last["_type"] == "https://in-toto.io/Statement/v1"
    tree = git(project, "rev-parse", "HEAD^{tree}")
    assert last["subject"][0] == {"name": "workspace", "digest": {"gitTree": tree}}


@pytest.mark.rule("PROOF-3")
def test_a_sound_file_says_what_is_proved_and_what_is_not(file: Path, locations: Locations):
    found = check_file(file, [read_key(key_of(locations))]).verdict
    assert found.problems == ()
    assert any("came to its end" in line for line in found.proved)
    assert any(line.startswith("Check there passed") for line in found.proved)
    assert any("the agent's words" in line for line in found.not_proved)


@pytest.mark.rule("PROOF-3")
def test_what_is_noted_between_proofs_leaves_them_as_sound(
    engine: Engine, project: Path, locations: Locations, tmp_path: Path
):
    def note(session: str) -> None:
        engine.journal.noted(SessionId(session), Noticed(NodeId(1), "stuck", "Slow.", {}))

    session = run_to_the_end(engine, project, note)

    with open_reader(locations) as reader:
        assert reader.verify(session).problems == ()
    file = exported(locations, session, tmp_path)
    found = check_file(file, [read_key(key_of(locations))], Gate(completed=True))
    assert (found.verdict.problems, found.missing) == ((), ())
    assert found.verdict.events == 21


@pytest.mark.rule("PROOF-3")
def test_an_unfinished_run_is_not_said_to_be_at_its_end(
    engine: Engine, project: Path, locations: Locations, tmp_path: Path
):
    begun = engine.start(StartRequest("flow", "Make it", project))
    assert isinstance(begun, StepReady)
    engine.advance(begun.token, Submission(notes="Built."))
    file = exported(locations, SessionId(begun.session_id), tmp_path)
    checked = check_file(file, [read_key(key_of(locations))], Gate(completed=True))
    assert checked.verdict.problems == ()
    assert any("no proof says so" in line for line in checked.verdict.not_proved)
    assert any("check there holds" in line for line in checked.verdict.not_proved)
    assert checked.missing == ("there is no proof that the run came to its end",)


@pytest.mark.rule("PROOF-4")
@pytest.mark.parametrize("place", range(8))
def test_a_dropped_proof_shows(file: Path, locations: Locations, place: int):
    rewritten(file, lambda records: [*records[: 19 + place], *records[20 + place :]])
    found = problems(file, locations)
    named = f"proof {place + 1} " if place < 7 else "event 17 (run_completed)"
    assert any(named in problem for problem in found), found


@pytest.mark.rule("PROOF-4")
def test_moved_repeated_and_foreign_proofs_show(
    engine: Engine, project: Path, file: Path, locations: Locations, tmp_path: Path
):
    whole = file.read_bytes()

    def moved(records: list[Record]) -> Sequence[Record]:
        return [*records[:19], records[20], records[19], *records[21:]]

    rewritten(file, moved)
    assert any("proof 2 (check" in one and "place 1" in one for one in problems(file, locations))

    file.write_bytes(whole)
    rewritten(file, lambda records: [*records[:20], records[19], *records[20:]])
    assert any("event 3 has more than one proof" in one for one in problems(file, locations))

    file.write_bytes(whole)
    other = tmp_path / "other"
    other.mkdir()
    (project / "made.txt").unlink()
    stranger = exported(locations, run_to_the_end(engine, project), other)
    theirs: Record = json.loads(stranger.read_text().splitlines()[21])
    rewritten(file, lambda records: [*records[:21], theirs, *records[22:]])
    assert any(
        "proof 3 (check" in one and "another session" in one for one in problems(file, locations)
    )


@pytest.mark.rule("PROOF-5")
def test_an_edited_event_shows_even_where_the_hashes_were_made_anew(
    file: Path, locations: Locations
):
    whole = file.read_bytes()

    def edited(records: list[Record]) -> Sequence[Record]:
        lied = str(records[4]["payload"]).replace('"failed"', '"passed"')
        return [*records[:4], {**records[4], "payload": lied}, *records[5:]]

    rewritten(file, edited)
    assert any(one.startswith("event 3 was changed") for one in problems(file, locations))

    def consistent(records: list[Record]) -> Sequence[Record]:
        out, before = list(edited(records)), NO_HASH
        for place, record in enumerate(out):
            if record["record"] == "event":
                fields = {key: record[key] for key in ("seq", "kind", "node", "at", "payload")}
                out[place] = {**record, "prev": before.hex()}
                before = Link(prev_hash=before, **fields).hash()
        return [{**out[0], "head": spelled(before)}, *out[1:]]

    file.write_bytes(whole)
    rewritten(file, consistent)
    found = problems(file, locations)
    assert any(one.startswith("proof 1 (check") and "signed over" in one for one in found), found


@pytest.mark.rule("PROOF-6")
def test_a_file_signed_by_another_key_proves_nothing(
    file: Path, locations: Locations, tmp_path: Path
):
    stranger = open_keys(Locations.under(tmp_path / "elsewhere"))
    found = check_file(file, [stranger.signer().public]).verdict
    assert len([one for one in found.problems if "signed by another key" in one]) == 8
    assert found.proved == ()


@pytest.mark.rule("PROOF-4")
def test_no_bit_of_a_file_can_be_flipped_unseen(file: Path, locations: Locations):
    """Every class of places: every line, and in each the first, the last and some between."""
    whole = file.read_bytes()
    keys = [read_key(key_of(locations))]
    ends = [place for place, byte in enumerate(whole) if byte == ord("\n")]

    @settings(
        max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(st.one_of(st.sampled_from(ends), st.integers(0, len(whole) - 1)), st.integers(0, 7))
    def flipped(place: int, bit: int) -> None:
        file.write_bytes(whole[:place] + bytes([whole[place] ^ (1 << bit)]) + whole[place + 1 :])
        try:
            found = check_file(file, keys).verdict.problems
        except InvalidProofError:
            return
        assert found, (place, bit)

    flipped()


@pytest.mark.rule("PROOF-4")
@pytest.mark.parametrize("bit", [0, 1, 5])
def test_no_bit_of_the_first_line_and_of_a_hash_can_be_flipped_unseen(
    file: Path, locations: Locations, bit: int
):
    whole = file.read_bytes()
    keys = [read_key(key_of(locations))]
    start = whole.index(b'"prev":', whole.index(b'"seq":4') - 150)
    for place in (*range(whole.index(b"\n") + 1), *range(start, start + 76)):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ (1 << bit)]) + whole[place + 1 :])
        try:
            found = check_file(file, keys).verdict.problems
        except InvalidProofError:
            continue
        assert found, (place, bit, whole[place - 8 : place + 8])


@pytest.mark.rule("PROOF-4")
@pytest.mark.parametrize("which", range(8))
def test_a_changed_proof_is_named(file: Path, locations: Locations, which: int):
    whole = file.read_text().splitlines()
    keys = [read_key(key_of(locations))]
    line = whole[19 + which]
    start, end = line.index("payload") + 12, line.index("payloadType") - 6
    for place in (start, (start + end) // 2, end - 8, line.index('sig\\":') + 12):
        letter = "A" if line[place] != "A" else "B"
        changed = [*whole]
        changed[19 + which] = line[:place] + letter + line[place + 1 :]
        file.write_text("".join(f"{one}\n" for one in changed))
        found = check_file(file, keys).verdict.problems
        assert any(one.startswith(f"proof {which + 1} (") for one in found), (place, found)


@pytest.mark.rule("PROOF-7")
@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM proofs WHERE kind = 'completion'", "event 17 (run_completed) has no proof"),
        ("DELETE FROM proofs WHERE seq = 4", "proof 2 ("),
        ("DELETE FROM proofs", "event 3 (check_recorded) has no proof"),
        ("UPDATE proofs SET envelope = replace(envelope, 'payload', 'paylord')", "proof 1 ("),
    ],
)
def test_session_verify_checks_the_stored_proofs(
    session: SessionId, locations: Locations, statement: str, said: str
):
    with open_reader(locations) as reader:
        assert reader.verify(session).problems == ()
    database = open_for_writing(locations.store)
    with database.writing() as connection:
        connection.exec_driver_sql(statement)
    database.close()
    with open_reader(locations) as reader:
        found = reader.verify(session).problems
    assert any(said in problem for problem in found), found


@pytest.mark.rule("PROOF-8")
def test_proofs_are_found_by_what_they_speak_of(
    session: SessionId, locations: Locations, project: Path
):
    with open_reader(locations) as reader:

        def found(**asked: object) -> list[int]:
            return [line.seq for line in reader.proofs(replace(ProofAsk(), **asked))]

        assert found() == [17, 15, 12, 10, 7, 6, 4, 3]
        assert found(session_id=session, limit=2) == [17, 15]
        assert found(kind="check", outcome="fail") == [3]
        assert found(module="made.txt") == [17, 7, 6]
        assert found(module="m*.txt", kind="check") == [7, 6]
        assert found(module="**/made.*") == [17, 7, 6]
        assert found(module=str(project)) == [17, 15, 12, 10, 7, 6, 4, 3]
        assert found(module="mad") == []
        shown = reader.proof(reader.proofs(ProofAsk())[0].digest[:20])
    assert shown.problem is None
    assert shown.statement["predicateType"] == "urn:workrail:proof:v1"


@pytest.mark.rule("PROOF-9")
def test_a_replaced_key_signs_no_more_and_still_verifies(
    engine: Engine, project: Path, locations: Locations, tmp_path: Path
):
    before = exported(locations, run_to_the_end(engine, project), tmp_path)
    old = key_of(locations)
    new = open_keys(locations).rotate().text
    assert new != old
    (tmp_path / "later").mkdir()
    (project / "made.txt").unlink()
    later = run_to_the_end(engine, project)
    after = exported(locations, later, tmp_path / "later")
    assert check_file(before, [read_key(old)]).verdict.problems == ()
    assert check_file(after, [read_key(new)]).verdict.problems == ()
    assert check_file(after, [read_key(old)]).verdict.problems != ()
    assert {key.text for key in open_keys(locations).known()} == {old, new}
    with open_reader(locations) as reader:
        assert reader.verify(later).problems == ()
    names = sorted(path.name for path in (locations.keys).iterdir())
    assert [name for name in names if name.startswith("signing")] == ["signing-2.pem"]


@pytest.mark.rule("PROOF-10")
def test_only_the_owner_can_read_the_key(engine: Engine, project: Path, locations: Locations):
    run_to_the_end(engine, project)
    private = locations.keys / "signing-1.pem"
    assert locations.keys.stat().st_mode & 0o777 == 0o700
    assert private.stat().st_mode & 0o777 == 0o600
    private.chmod(0o644)
    with pytest.raises(SigningKeyError, match="can be read by others"):
        open_keys(locations).signer()


def signing_key(ring: KeyRing) -> PublicKey:
    return ring.signer().public


@pytest.mark.rule("PROOF-10")
def test_processes_that_make_the_first_key_at_once_use_the_same(tmp_path: Path):
    rings = [open_keys(Locations.under(tmp_path)) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(signing_key, rings))
    assert len(keys) == 1
    assert {key.text for key in rings[0].known()} == {next(iter(keys)).text}


@pytest.mark.rule("PROOF-10")
def test_what_must_be_proved_is_not_recorded_without_a_key(
    engine: Engine, project: Path, locations: Locations
):
    begun = engine.start(StartRequest("flow", "Make it", project))
    assert isinstance(begun, StepReady)
    locations.keys.parent.mkdir(parents=True, exist_ok=True)
    locations.keys.write_text("a file in the way")
    with pytest.raises(SigningKeyError, match="nothing was recorded"):
        engine.advance(begun.token, Submission(notes="Built."))
    with open_reader(locations) as reader:
        kinds = [event.kind for event in reader.events(SessionId(begun.session_id))]
    assert kinds == ["session_started", "step_reached"]


@pytest.mark.rule("PROOF-11")
def test_a_step_without_checks_and_end_signs_nothing(
    engine: Engine, tmp_path: Path, locations: Locations
):
    folder = tmp_path / "plain" / ".workrail" / "workflows"
    folder.mkdir(parents=True)
    steps = [{"id": name, "title": name, "prompt": "Go."} for name in ("one", "two", "three")]
    (folder / "flow.json").write_text(json.dumps({**HEAD, "steps": steps}))
    begun = engine.start(StartRequest("flow", "Make it", tmp_path / "plain"))
    assert isinstance(begun, StepReady)
    second = engine.advance(begun.token, Submission(notes="One."))
    assert isinstance(second, StepReady)
    engine.advance(second.token, Submission(notes="Two."))
    assert not locations.keys.exists()
    with open_reader(locations) as reader:
        assert reader.proofs(ProofAsk()) == ()


@pytest.mark.rule("PROOF-12")
def test_a_gate_wants_the_files_of_a_commit(file: Path, locations: Locations, project: Path):
    keys = [read_key(key_of(locations))]
    commit_all(project)
    assert check_file(file, keys, Gate(project, "HEAD", "flow", ("there", "same"))).missing == ()
    other = check_file(file, keys, Gate(project, "HEAD~1", "else", ("lint",))).missing
    assert [one.split()[0] for one in other] == ["it", "the", "check"]


@pytest.mark.rule("PROOF-13")
def test_checks_are_run_again_in_a_clean_checkout(file: Path, locations: Locations, project: Path):
    commit_all(project)
    checked = check_file(file, [read_key(key_of(locations))])
    told: list[str] = []
    results = rerun_checks(checked, project, told.append)
    assert [(one.check_id, one.outcome) for one in results] == [("same", "passed")]
    assert results[0].tree == statements(file)[-1]["predicate"]["files"]["tree"]


@pytest.mark.rule("PROOF-14")
def test_a_repaired_copy_claims_no_proofs_it_does_not_have(
    engine: Engine, session: SessionId, locations: Locations, tmp_path: Path
):
    database = open_for_writing(locations.store)
    with database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM nodes WHERE node = 7")
    database.close()
    copy = engine.repair(session).copy_id
    assert copy is not None
    with open_reader(locations) as reader:
        assert reader.verify(copy).problems == ()
    file = exported(locations, copy, tmp_path)
    found = check_file(file, [read_key(key_of(locations))]).verdict.problems
    assert any("has no proof" in problem for problem in found)


@pytest.mark.rule("PROOF-15")
def test_proofs_leave_the_store_with_their_session(
    engine: Engine, session: SessionId, locations: Locations
):
    database = open_for_writing(locations.store)
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE sessions SET updated_at = 0")
    database.close()
    clear(ClearRequest(timedelta(days=1)), lambda _done, _all: None, locations)
    with open_reader(locations) as reader:
        assert reader.proofs(ProofAsk()) == ()


@pytest.mark.rule("PROOF-15")
def test_proofs_move_with_their_store(
    session: SessionId, file: Path, locations: Locations, tmp_path: Path
):
    elsewhere = tmp_path / "elsewhere"
    move_store(elsewhere, lambda _what, _done, _all: None, locations)
    moved = replace(locations, database_url=None, home=elsewhere)
    copytree(locations.keys, moved.keys)
    (tmp_path / "again").mkdir()
    assert exported(moved, session, tmp_path / "again").read_bytes() == file.read_bytes()
    with open_reader(moved) as reader:
        assert reader.verify(session).problems == ()
        assert len(reader.proofs(ProofAsk(module="made.txt"))) == 3


ASKS = {
    "all": ProofAsk(),
    "kind": ProofAsk(kind="check", outcome="fail"),
    "outcome": ProofAsk(outcome="fail"),
    "session": ProofAsk(session_id=SessionId("sess_a")),
}


@pytest.mark.rule("PROOF-8")
@pytest.mark.parametrize("asked", ASKS)
def test_no_list_of_proofs_reads_a_table_without_its_index(tmp_path: Path, asked: str):
    database = open_for_writing(tmp_path / "sessions.db")
    with database.writing() as connection:
        create_schema(connection)
        statement = asked_for(ASKS[asked]).compile(connection, compile_kwargs=LITERAL)
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")
        plan = [str(row[3]) for row in rows]
    database.close()
    assert plan
    assert [line for line in plan if line.startswith("SCAN") and "USING" not in line] == []
