"""The made-up sessions have every shape that the console has a page for."""

import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from workrail_engine.demonstration.filling import fill, opened
from workrail_engine.demonstration.ground import Ground, offer
from workrail_engine.demonstration.landmarks import landmarks
from workrail_engine.demonstration.living import live
from workrail_engine.demonstration.tale import cast
from workrail_engine.demonstration.telling import Teller
from workrail_engine.projections.proofs import ProofAsk
from workrail_engine.projections.session_detail import NodeLine, SessionDetail
from workrail_engine.projections.session_summary import SessionSummary
from workrail_engine.reader import Reader, open_reader
from workrail_engine.system import Locations, SystemClock

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="no git on this machine")


@pytest.fixture(name="where", scope="module")
def store_of_the_last_days(tmp_path_factory: pytest.TempPathFactory) -> Locations:
    folder = tmp_path_factory.mktemp("demonstration")
    where = Locations.under(folder / "home")
    left = fill(where, Ground(folder / "work"), SystemClock().now(), nobody)
    assert left == ()
    return where


@pytest.fixture(name="reader")
def reader_of_it(where: Locations) -> Iterator[Reader]:
    with open_reader(where) as opened_reader:
        yield opened_reader


def nobody(_done: int, _of: int, _goal: str) -> None:
    """Who is told how far it is."""


def all_of(reader: Reader) -> tuple[SessionSummary, ...]:
    return reader.sessions(limit=200).sessions


def with_goal(reader: Reader, words: str) -> SessionDetail:
    (one,) = [line for line in all_of(reader) if words in line.goal]
    return reader.session(one.session_id)


def steps(detail: SessionDetail) -> list[NodeLine]:
    return [node for node in detail.nodes if node.kind == "step"]


@pytest.mark.rule("CON-180")
def test_sessions_run_wait_are_blocked_and_are_complete_in_several_repositories(
    reader: Reader,
) -> None:
    lines = all_of(reader)

    assert {line.status for line in lines} == {"running", "blocked", "waiting", "completed"}
    assert len({line.repository for line in lines if line.repository}) == 4
    assert len({line.branch for line in lines if line.branch}) > 12
    assert {line.origin for line in lines} == {"mcp", "daemon"}
    assert None in {line.repository for line in lines}


@pytest.mark.rule("CON-180")
def test_runs_work_rest_ask_fail_and_are_done_in_a_tree_of_three_levels(reader: Reader) -> None:
    marks = landmarks(reader)
    found = {view.session_id: view for view in reader.runs.views()}
    healed = reader.overview.run(marks.healed)

    driven = found[marks.driven]
    assert driven.doing is not None
    assert (driven.state, driven.doing.what, driven.overdue) == ("running", "in Bash", False)
    assert found[marks.stuck].outcome == "stuck"
    assert found[marks.incomplete].outcome == "incomplete"
    assert found[marks.spent].rest == "budget"
    assert found[marks.asking].rest == "operator"
    assert healed is not None
    assert [mark.what for mark in healed.marks] == ["self_heal_succeeded"]
    assert healed.view.outcome == "completed"
    unit = reader.inspection.unit(marks.crew)
    assert [line.depth for line in unit.lines] == [0, 1, 2]
    costs = [line.spent.cost for line in unit.lines if line.spent is not None]
    assert costs == sorted(set(costs), reverse=True)
    assert len(costs) == 3


@pytest.mark.rule("CON-180")
def test_exactly_the_two_records_that_were_harmed_are_damaged(reader: Reader) -> None:
    found = {line.goal: reader.verify(line.session_id).problems for line in all_of(reader)}

    damaged = {goal for goal, problems in found.items() if problems}
    assert damaged == {"Reconcile the invoices of October", "Archive the mails of closed tickets"}


@pytest.mark.rule("CON-180")
def test_a_tree_has_three_levels_and_children_side_by_side(reader: Reader) -> None:
    root = with_goal(reader, "Move the checkout")

    ledger = with_goal(reader, "The ledger knows")
    assert len(root.children) == 3
    assert {child.status for child in root.children} == {"completed", "blocked", "waiting"}
    assert len(ledger.children) == 2


@pytest.mark.rule("CON-180")
def test_one_session_has_three_hundred_steps_and_one_a_branch_that_was_left(reader: Reader) -> None:
    long, forked = with_goal(reader, "old warehouse"), with_goal(reader, "price list")

    assert len(steps(long)) == 300
    assert not all(node.on_tip_branch for node in forked.nodes)
    assert any(node.kind == "checkpoint" for node in forked.nodes)


@pytest.mark.rule("CON-180")
def test_a_bug_was_mended_in_two_passes_with_checks_that_failed_at_first(reader: Reader) -> None:
    mended = with_goal(reader, "charged twice")

    outcomes = {check.outcome for node in mended.nodes for check in node.checks}
    assert outcomes == {"failed", "passed"}
    assert {node.iteration for node in mended.nodes} >= {0, 1}
    assert any("Skipped bisect" in one for node in mended.nodes for one in node.notices)
    assert {line.kind for line in reader.proofs(ProofAsk())} >= {"check", "completion"}


def test_what_waits_has_a_diff_to_show(where: Locations) -> None:
    with opened(where, SystemClock(), "test") as engine:
        waiting = engine.approvals.pending()

    diffs = [one.diff for one in waiting if one.approver == "human_approval"]
    assert len(diffs) == 1
    assert diffs[0] is not None
    assert "+## 4.2" in diffs[0]


def test_two_forms_of_one_workflow_were_run(reader: Reader) -> None:
    hashes = {
        reader.session(line.session_id).workflow_hash
        for line in all_of(reader)
        if line.workflow_id == "acme.mend-a-bug"
    }

    assert len(hashes) == 2


@pytest.mark.rule("CON-181")
def test_sessions_go_on_and_begin_anew_when_they_have_ended(tmp_path: Path) -> None:
    where, ground = Locations.under(tmp_path / "home"), Ground(tmp_path / "work")
    ground.lay_out(cast())
    offer(where, earlier=False)
    turns = count(1)
    with opened(where, SystemClock(), "now") as engine:
        live(Teller(engine, ground), None, lambda: next(turns) == 34)

    with open_reader(where) as reader:
        lines = all_of(reader)[:4]
    assert [line.status for line in lines].count("completed") == 2
    assert [line.status for line in lines].count("running") == 2
    assert any(line.goal.endswith(", part 2") for line in lines)


def test_without_git_every_session_is_told_as_far_as_it_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    where = Locations.under(tmp_path / "home")

    left = fill(where, Ground(tmp_path / "work"), SystemClock().now(), nobody)

    with open_reader(where) as other:
        assert len(all_of(other)) == 36
    assert 0 < len(left) < 10


def test_every_landmark_is_found(reader: Reader) -> None:
    found = landmarks(reader)

    assert len(set(found.hashes)) == 2
    assert reader.session(found.waiting).summary.status == "waiting"
    assert reader.session(found.blocked).summary.status == "blocked"
    assert reader.proof(found.proof).line.digest == found.proof


def test_a_session_has_the_same_id_in_every_store_that_is_made(
    reader: Reader, tmp_path: Path
) -> None:
    where = Locations.under(tmp_path / "home")
    fill(where, Ground(tmp_path / "work"), SystemClock().now(), nobody)

    with open_reader(where) as other:
        assert {one.session_id for one in all_of(other)} == {
            one.session_id for one in all_of(reader)
        }
