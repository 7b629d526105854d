"""Does docs/cli.md show what the commands really say?"""

import json
import re
from pathlib import Path
from typing import cast

import click
import pytest
from click.testing import CliRunner

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.ids import Digest, NodeId, SessionId
from workrail_engine.outcomes import Blocker, BlockerCode, ReferenceView
from workrail_engine.projections.bundle import Bundle, lines_of, read_bundle
from workrail_engine.projections.catalog import (
    BrokenFile,
    FileProblem,
    FileReport,
    StepOutline,
    WorkflowEntry,
    WorkflowOutline,
)
from workrail_engine.projections.forking import Fork, SnapshotLine
from workrail_engine.projections.managed import FileChanges, ManagedSource, SourceSynced
from workrail_engine.projections.proofs import ProofLine, ShownProof
from workrail_engine.projections.repair import Repair
from workrail_engine.projections.retention import Removed
from workrail_engine.projections.session_detail import (
    AnswerLine,
    ApprovalLine,
    ArtifactLine,
    CheckLine,
    NodeLine,
    SessionDetail,
)
from workrail_engine.projections.session_summary import SessionSummary
from workrail_engine.projections.store_status import StoreStatus
from workrail_engine.projections.verification import Verification
from workrail_engine.proving import Checked, Verdict
from workrail_engine.reader import EventRecord
from workrail_engine.rehearsal.course import Course
from workrail_engine.rehearsal.simulation import (
    SimulatedLoop,
    SimulatedPass,
    SimulatedStep,
    Simulation,
    SkippedStep,
)
from workrail_engine.rehearsal.testing_run import CaseResult, FileResult, Stand
from workrail_engine.workflow.checks import Counts
from workrail_mcp_server.catalog_json import broken_json, entry_json, outline_json, report_json
from workrail_mcp_server.cli import SUMMARIES, load_command, main
from workrail_mcp_server.commands.db_status import status_json
from workrail_mcp_server.diagnosis.finding import findings_json, problem
from workrail_mcp_server.proof_json import checked_json, proof_json, shown_proof_json
from workrail_mcp_server.rehearsal_json import rehearsed_json, simulation_json
from workrail_mcp_server.session_json import (
    detail_json,
    event_json,
    fork_json,
    removed_json,
    repair_json,
    snapshots_json,
    summary_json,
    verification_json,
)
from workrail_mcp_server.source_json import source_json, sync_json

PAGE = (Path(__file__).parents[3] / "docs" / "cli.md").read_text("utf-8")

PROBLEM = FileProblem(1, "/id", "is missing")
ENTRY = WorkflowEntry(
    id="team.build",
    name="Build",
    description="Builds.",
    version="1.0.0",
    about=None,
    source="project",
    path="/a.yaml",
    tags=("team",),
    steps=1,
    routine=False,
    shadows=("/b.yaml",),
)
STEP = StepOutline("make", "Make", "step", "Do.", None, None, ("notes",), None)
OUTLINE = WorkflowOutline(
    entry=ENTRY,
    workflow_hash="sha256:0",
    model_tier=None,
    meta_guidance=("Be brief.",),
    preconditions=(),
    clarification_prompts=(),
    examples=(),
    references=(ReferenceView("Guide", "How", "g.md", authoritative=True, path=None),),
    bindings=(),
    context_variables=("needed",),
    steps=(STEP,),
)
SUMMARY = SessionSummary(
    session_id=SessionId("sess_a"),
    workflow_id="team.build",
    workflow_name="Build",
    goal="Build",
    status="running",
    step_title=None,
    steps_completed=0,
    event_count=1,
    origin="mcp",
    parent_session_id=None,
    repository=None,
    branch=None,
    created_at="2026",
    updated_at="2026",
)
NODE = NodeLine(
    node_id=NodeId(1),
    parent=None,
    kind="blocked",
    step_id="make",
    title="Make",
    iteration=None,
    reached_at="2026",
    completed_at=None,
    notes=None,
    artifacts=(ArtifactLine(Digest("sha256:0"), "x", 1, accepted=True),),
    blockers=(Blocker(BlockerCode.MISSING_NOTES, "notes", "Missing.", "Send them."),),
    notices=("Said.",),
    on_tip_branch=True,
    checks=(
        CheckLine(
            check_id="tests",
            kind="command",
            outcome="failed",
            summary="Failed.",
            problems=("One.",),
            tree=None,
            reused=False,
            argv=("pytest",),
            exit_code=1,
            counts=Counts(1, 1, 0),
            output=None,
            at="2026",
            led_to=NodeId(2),
        ),
    ),
    approval=ApprovalLine(
        approval_id="sess_a.1",
        approver="human_approval",
        reason=None,
        shown=Digest("sha256:0"),
        tree=None,
        diff=None,
        answer=AnswerLine("rejected", "ada", "terminal", None, "2026"),
        replaced=False,
    ),
)
SOURCE = ManagedSource(
    name="acme",
    kind="git",
    location="https://example.org/acme.git",
    path="/acme",
    ref=None,
    commit="3f2a",
    added_by="person",
    added_at="2026",
    synced_at="2026",
    trust="changed",
    digest="sha256:0",
    files=1,
    since_trusted=FileChanges(("a.yaml",), ("b.yaml",), ("c.yaml",)),
)
PROOF = ProofLine(
    Digest("sha256:0"), SessionId("sess_a"), "team.build", "Build", "check", "pass", 1, 1, "2026"
)
BUNDLE = Bundle("sess_a", "sha256:0", (), None, (), ())
DETAIL = SessionDetail(SUMMARY, "sha256:0", (NODE,), {}, ())

COURSE = Course(
    path=("plan",),
    skipped=("design",),
    blocks={"build": ("CHECK_FAILED",)},
    failed_checks=("tests",),
    waits=("plan",),
    completed=False,
    context={},
    ended="the agent gave up",
)
TESTED = FileResult(
    path="/a.tests.yaml",
    workflow_id="team.build",
    problems=(PROBLEM,),
    cases=(CaseResult("a liar", "lying", 3, COURSE, (PROBLEM,)),),
    stands=(Stand("build", "lying", ("check tests",)),),
    looked_at_files=True,
)
SIMULATED = Simulation(
    workflow_id="team.build",
    name="Build",
    context={"parts": ["a"]},
    entries=(
        SimulatedLoop(
            loop_id="each",
            title="Each",
            passes=(
                SimulatedPass(
                    1, (SimulatedStep("build", "Build", ("tests",), ("lint",), None, ("notes",)),)
                ),
            ),
            ended="ends",
        ),
        SkippedStep("design", "risk is truthy", (("risk", "low"),), ("size",)),
    ),
    completed=True,
    stopped=None,
)

SHAPES: dict[str, JsonValue] = {
    "workrail list --json": {
        "workflows": [entry_json(ENTRY)],
        "broken": [broken_json(BrokenFile("/a.yaml", "project", None, (PROBLEM,)))],
    },
    "workrail inspect ID --json": outline_json(OUTLINE),
    "workrail validate --json": {
        "files": [report_json(FileReport("/a.yaml", None, (PROBLEM,)))],
        "checked": 1,
        "invalid": 1,
    },
    "workrail test --json": rehearsed_json((TESTED,)),
    "workrail simulate ID --json": simulation_json(SIMULATED),
    "workrail source list --json": {"sources": [source_json(SOURCE)]},
    "workrail source add ADDRESS --json": {"source": source_json(SOURCE), "already": False},
    "workrail source sync --json": {
        "sources": [sync_json(SourceSynced(SOURCE, "9c1d", FileChanges(("a.yaml",))))]
    },
    "workrail db status --json": status_json(
        StoreStatus(
            "sqlite",
            "/a.db",
            made=True,
            schema=1,
            known_schema=1,
            size=1,
            counts=(("sessions", 1),),
        )
    ),
    "workrail doctor --json": findings_json((problem("git", "It is not there.", "Install it."),)),
    "workrail gc --json": removed_json(Removed(kept_damaged=(SessionId("sess_a"),)), dry_run=True),
    "workrail proof list --json": {"proofs": [proof_json(PROOF)]},
    "workrail proof show ID --json": shown_proof_json(ShownProof(PROOF, {}, "{}", None, "key")),
    "workrail proof verify FILE --json": {
        **checked_json(
            Checked(
                Verdict(SessionId("sess_a"), 1, 1, (), ("It.",), ("That.",)),
                (),
                read_bundle("\n".join([*lines_of(BUNDLE), ""]).encode()),
                (),
            )
        ),
        "rerun": [],
    },
    "workrail session list --json": {
        "sessions": [summary_json(SUMMARY)],
        "total": 1,
        "more": False,
        "nextBefore": None,
    },
    "workrail session show ID --json": detail_json(DETAIL),
    "workrail session export ID": event_json(EventRecord(1, "step_reached", None, "2026", {})),
    "workrail session repair ID --json": repair_json(
        Repair(SessionId("sess_a"), SessionId("sess_b"), 4, 2, ("event 3 was changed",))
    ),
    "workrail session fork ID --json": fork_json(
        Fork(
            session_id=SessionId("sess_b"),
            forked_from=SessionId("sess_a"),
            node=NodeId(1),
            step_id="make",
            goal="Build",
            workspace="/b",
            worktree="/b",
            snapshot="3f2a",
            token="rs_a",
        )
    ),
    "workrail session snapshots --json": snapshots_json(
        [SnapshotLine(SessionId("sess_a"), 1, known=True)], pruned=False
    ),
    "workrail session verify --json": {
        "sessions": [verification_json(Verification(SessionId("sess_a"), 1, None, ()))],
    },
}


def command_lines() -> list[tuple[str, ...]]:
    lines: list[tuple[str, ...]] = [()]
    for name in SUMMARIES:
        lines.append((name,))
        command = load_command(name)
        if isinstance(command, click.Group):
            lines.extend((name, inner) for inner in command.commands)
    return lines


def help_block(words: tuple[str, ...]) -> str:
    result = CliRunner().invoke(
        main, [*words, "--help"], prog_name="workrail", terminal_width=100, max_content_width=100
    )
    assert result.exit_code == 0
    asked = " ".join(("workrail", *words, "--help"))
    return f"```text\n$ {asked}\n{result.stdout}```\n"


@pytest.mark.rule("CLI-3")
@pytest.mark.parametrize("words", command_lines(), ids=" ".join)
def test_the_page_holds_the_help_of_every_command(words: tuple[str, ...]) -> None:
    assert help_block(words) in PAGE


def test_the_page_holds_no_help_of_commands_that_are_gone() -> None:
    shown = set(re.findall(r"^\$ (workrail.* --help)$", PAGE, re.MULTILINE))
    assert shown == {" ".join(("workrail", *words, "--help")) for words in command_lines()}


@pytest.mark.rule("CLI-3")
@pytest.mark.parametrize("command", SHAPES)
def test_the_page_holds_the_shape_of_every_json_output(command: str) -> None:
    section = PAGE.split(f"### `{command}`", 1)[1]
    sample = cast("JsonObject", json.loads(section.split("```json\n", 1)[1].split("```", 1)[0]))
    assert shape(sample) == shape(SHAPES[command])


def shape(value: JsonValue) -> object:
    """The keys of a value, all the way down; lists by their first item."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [shape(value[0])] if value else []
    return None
