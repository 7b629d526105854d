"""Every shape of reply, whole, as an agent reads it.

Each scene is a conversation with the server; the transcripts under `golden/replies` are compared byte
for byte in both eras. Clock and randomness stand still, so ids and tokens are the same in every run;
only the folder the test runs in is written `/stage`. A line of more than 600 characters is written with
its length and digest in its middle. `make golden-replies` writes the transcripts anew: read the
difference as an agent would before you keep it.
"""

import json
import re
import shutil
from collections.abc import Awaitable, Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import anyio
import mcp_types as types
import pytest
from mcp.client import Client

from workrail_engine.canonical import JsonObject, digest, digest_bytes
from workrail_engine.engine import Answered, Engine
from workrail_engine.errors import (
    ConflictError,
    CorruptSessionError,
    StoreDamagedError,
    StoreUnavailableError,
)
from workrail_engine.library import open_trust
from workrail_engine.outcomes import BlockerCode
from workrail_engine.registry.registry import Registry
from workrail_engine.store.sql_store import open_store
from workrail_engine.system import Locations
from workrail_engine.testing.world import FixedClock, SeededEntropy
from workrail_mcp_server.failures import FAILURE_LIMIT
from workrail_mcp_server.server import Tools, build_server
from workrail_mcp_server.testing import token_in
from workrail_mcp_server.tools.desk import Desk
from workrail_mcp_server.tools.listing import TOOLS

GOLDEN = Path(__file__).parent / "golden"
REPLIES = GOLDEN / "replies"
LONG_LINE = 600
STOP: JsonObject = {"kind": "wr.loop_control", "decision": "stop"}
ONWARD: JsonObject = {"kind": "wr.loop_control", "decision": "continue"}
NOTES = "## Why\nDone, with what was found and decided."


@dataclass
class Stage:
    """A server that stands still in time, and what was said to it."""

    root: Path
    locations: Locations
    clock: FixedClock
    client: Client
    desk: "StillDesk"
    lines: list[str] = field(default_factory=list[str])
    failures: list[str] = field(default_factory=list[str])

    async def say(self, tool: str, *, use_id: str | None = None, **arguments: Any) -> str:
        """Make a call and write it down."""
        meta: Any = None if use_id is None else {"claudecode/toolUseId": use_id}
        result = await self.client.call_tool(tool, arguments, meta=meta)
        (block,) = result.content
        assert isinstance(block, types.TextContent)
        text = block.text
        self.clock.advance(60)
        if result.is_error:
            self.failures.append(text)
        sign = "!" if result.is_error else "<"
        mark = f" ({use_id})" if use_id else ""
        self._write(f"> {tool} {json.dumps(arguments, ensure_ascii=False)}{mark}")
        for line in text.split("\n"):
            self._write(f"{sign} {line}".rstrip())
        self.lines.append("")
        return text

    def note(self, text: str) -> None:
        """Say in the transcript what happens between calls."""
        self.lines.extend((f"# {text}", ""))

    def decide(self, verdict: Literal["approved", "rejected"], note: str | None) -> None:
        """A person decides on the one approval that waits."""
        (pending,) = self.desk.engine.approvals.pending()
        given = Answered(verdict=verdict, shown=pending.digest, by="Ada", channel="cli", note=note)
        self.desk.engine.approvals.answer(pending.approval_id, given)
        self.clock.advance(60)

    def transcript(self) -> str:
        return "\n".join(self.lines)

    def _write(self, line: str) -> None:
        shown = line.replace(str(self.root), "/stage")
        if len(shown) > LONG_LINE:
            said = f" ⟨{len(shown):,} characters, {digest_bytes(shown.encode())}⟩ "
            shown = shown[:80] + said + shown[-80:]
        self.lines.append(shown)


class StillDesk(Desk):
    """A desk with an engine of the test's making, which can be made to fail."""

    engine: Engine
    failing: BaseException | None = None

    def _open(self) -> Engine:
        if self.failing is not None:
            raise self.failing
        return self.engine


class StillTools(Tools):
    """Tools that answer at the desk they are given."""

    desk: StillDesk

    def _desk_for_calls(self) -> Desk:
        return self.desk


@contextmanager
def still_server(root: Path) -> Generator[tuple[Locations, FixedClock, StillTools]]:
    shutil.copytree(GOLDEN / "project", root / "project")
    shutil.copytree(GOLDEN / "flows", root / "flows")
    (root / "bundled").mkdir()
    locations = Locations.under(root / "home", root / "bundled")
    clock, entropy = FixedClock(), SeededEntropy("golden")
    with open_store(locations.store, entropy) as store:
        # A relative path: the names of a repeated start come from the workspace too.
        tools = StillTools(Path("project"), locations, "conversation")
        tools.desk = StillDesk(Path("project"), locations)
        tools.desk.engine = Engine(store, Registry(locations), clock, entropy)
        yield locations, clock, tools


Scene = Callable[[Stage], Awaitable[None]]
SCENES: dict[str, Scene] = {}


def scene(name: str) -> Callable[[Scene], Scene]:
    """Register a scene under the name of its transcript."""

    def registered(perform: Scene) -> Scene:
        SCENES[name] = perform
        return perform

    return registered


async def begun(stage: Stage, workflow: str = "demo.tour", **more: Any) -> str:
    goal = {"goal": "Find why login fails"} | more
    return token_in(await stage.say("start_workflow", workflowId=workflow, **goal))


async def step(stage: Stage, token: str, **sent: Any) -> str:
    return token_in(await stage.say("complete_step", token=token, **sent))


@scene("listing")
async def listing(stage: Stage) -> None:
    await stage.say("list_workflows")
    await stage.say("list_workflows", query="change verdict")
    await stage.say("list_workflows", limit=2)
    await stage.say("list_workflows", tags=["routine"])
    await stage.say("list_workflows", query="zebra")
    await stage.say("list_workflows", tags=["no-such-tag"])
    (stage.root / "empty").mkdir()
    await stage.say("list_workflows", workspace=str(stage.root / "empty"))
    await stage.say("list_workflows", limit=0)


@scene("looking")
async def looking(stage: Stage) -> None:
    await stage.say("inspect_workflow", workflowId="demo.tour")
    await stage.say("inspect_workflow", workflowId="demo.tour", step="report")
    await stage.say("inspect_workflow", workflowId="demo.tour", step="polish")
    await stage.say("inspect_workflow", workflowId="demo.tour", step="judge")
    await stage.say("inspect_workflow", workflowId="demo.tour", step="jugde")
    await stage.say("inspect_workflow", workflowId="demo.tour", step="zzz")
    await stage.say("inspect_workflow", workflowId="demo.tor")
    await stage.say("inspect_workflow", workflowId="demo.broken")


@scene("whole-run")
async def whole_run(stage: Stage) -> None:
    token = await begun(stage)
    token = await step(
        stage, token, notes="Sized.", context={"risk": "High", "slices": ["one", "two"]}
    )
    token = await step(stage, token, notes="Looked closer.")
    for number in (1, 2):
        token = await step(stage, token, notes=f"Mended {number}.")
        token = await step(stage, token, artifacts=[ONWARD])
    token = await step(stage, token, notes="Did one.")
    token = await step(stage, token, notes="Did two.")
    levels = {"kind": "wr.assessment", "assessmentId": "readiness"}
    token = await step(
        stage, token, notes="Rated.", artifacts=[{**levels, "dimensions": {"coverage": "full"}}]
    )
    token = await step(stage, token, notes=NOTES, context={"reader": "the team"})
    last = await stage.say("complete_step", token=token)
    assert last.startswith("# Workflow complete")
    stage.note("The last call again, and a look at where its token stands.")
    await stage.say("complete_step", token=token)
    await stage.say("continue_workflow", continueToken=token)


@scene("skipped-steps")
async def skipped_steps(stage: Stage) -> None:
    token = await begun(stage)
    token = await step(stage, token, notes="Sized.", context={"risk": "Low", "slices": []})
    token = await step(stage, token, notes="Mended.")
    await step(stage, token, artifacts=[STOP])


@scene("blocked")
async def blocked(stage: Stage) -> None:
    token = await begun(stage)
    token = await step(stage, token, notes=" ")
    token = await step(stage, token, notes="Sized.", context={"metrics_outcome": "fine"})
    token = await step(stage, token, context={"metrics_outcome": None})
    token = await step(stage, token, notes="Mended.")
    token = await step(stage, token, notes="No artifact.")
    token = await step(stage, token, artifacts=[{"kind": "wr.loop_control", "decision": "maybe"}])
    token = await step(stage, token, artifacts=[{**STOP, "loopId": "elsewhere"}])
    token = await step(stage, token, artifacts=[STOP])
    stage.note("The loop over slices has no slices yet.")
    token = await step(stage, token, context={"slices": "one"})
    token = await step(stage, token, context={"slices": ["one"]})
    token = await step(stage, token, notes="Did one.")
    levels = {"kind": "wr.assessment", "assessmentId": "readiness"}
    token = await step(stage, token, notes="Rated.")
    token = await step(stage, token, artifacts=[{**levels, "dimensions": {"coverage": "good"}}])
    token = await step(stage, token, artifacts=[{**levels, "dimensions": {"coverage": "thin"}}])
    token = await step(stage, token, artifacts=[{**levels, "dimensions": {"coverage": "full"}}])
    token = await step(stage, token)
    token = await step(stage, token, notes="Short.")
    stage.note("Coming back to a blocked step shows the step again.")
    await stage.say("continue_workflow", continueToken=token)
    stage.note("A check that cannot be carried out.")
    token = await begun(stage, "demo.uncheckable")
    await step(stage, token, notes='{"a": 1}')


@scene("repeated")
async def repeated(stage: Stage) -> None:
    goal = {"workflowId": "demo.review", "goal": "PR 7"}
    first = await stage.say("start_workflow", use_id="toolu_1", **goal)
    stage.note("The client sends the same call again: the answer was lost.")
    await stage.say("start_workflow", use_id="toolu_1", **goal)
    token = token_in(first)
    await stage.say("complete_step", token=token, notes="Read.")
    await stage.say("complete_step", token=token, notes="Read.")
    blocked_token = token_in(await stage.say("complete_step", token=token, notes="Other."))
    stage.note("A blocked answer is repeated like any other.")
    await stage.say("complete_step", token=blocked_token, notes="Fine.")
    await stage.say("complete_step", token=blocked_token, notes="Fine.")
    await stage.say("complete_step", token=blocked_token, notes="Better.")


@scene("approvals")
async def approvals(stage: Stage) -> None:
    token = await begun(stage, "demo.release")
    await stage.say("complete_step", token=token, notes="Ship at noon.")
    await stage.say("complete_step", token=token, notes="Ship at noon.")
    await stage.say("complete_step", token=token, notes="Ship at dawn.")
    waiting = token_in(await stage.say("continue_workflow", continueToken=token))
    await stage.say("complete_step", token=waiting, notes="Ship at nine.")
    await stage.say("resume_session")
    stage.note("A person rejects it, with a word for the agent.")
    stage.decide("rejected", "Not on a Friday.")
    blocked_token = token_in(await stage.say("continue_workflow", continueToken=waiting))
    await stage.say("complete_step", token=blocked_token, notes="Ship on Monday.")
    stage.note("A person approves it.")
    stage.decide("approved", None)
    await stage.say("continue_workflow", continueToken=blocked_token)


@scene("branches")
async def branches(stage: Stage) -> None:
    first = await begun(stage, "demo.review")
    await step(stage, first, notes="Read once.")
    stage.note("Back to the first step, and done over.")
    back = token_in(await stage.say("continue_workflow", continueToken=first))
    await stage.say("complete_step", token=back, notes="Read again.")


@scene("returning")
async def returning(stage: Stage) -> None:
    await stage.say("resume_session")
    token = await begun(stage, "demo.review")
    await stage.say("resume_session")
    await step(stage, token, notes="Read the parser.")
    other = await begun(stage, goal="Find why the upload fails")
    await step(stage, other, notes="Sized.", context={"risk": "High", "big": "x" * 9_000})
    await stage.say("resume_session")
    await stage.say("resume_session", limit=1)
    found = await stage.say("resume_session", query="parser")
    await stage.say("resume_session", query="zebra")
    await stage.say("resume_session", sessionId="sess_aaaaaaaaaaaaaaaaaaaaaaaaaa")
    await stage.say("continue_workflow", continueToken=token_in(found))
    await stage.say("continue_workflow", continueToken=other)


@scene("checkpoints")
async def checkpoints(stage: Stage) -> None:
    token = await begun(stage, "demo.review")
    kept = await stage.say("checkpoint_workflow", token=token, notes="Half of it.")
    await stage.say("checkpoint_workflow", token=token, notes="Half of it.")
    await stage.say("continue_workflow", continueToken=token_in(kept))


@scene("artifacts")
async def artifacts(stage: Stage) -> None:
    token = await begun(stage, "demo.review")
    small: JsonObject = {"kind": "plan", "steps": ["é", "b"]}
    large: JsonObject = {"kind": "log", "text": "line " * 12_000}
    await step(stage, token, notes="Read.", artifacts=[small, large])
    await stage.say("read_artifact", digest=digest(small))
    await stage.say("read_artifact", digest=digest(large))
    await stage.say("read_artifact", digest=digest(large), offset=40_000)
    await stage.say("read_artifact", digest=digest(large), offset=99_000)
    await stage.say("read_artifact", digest="sha256:00")
    await stage.say("read_artifact", digest="sha256:00", offset=-1)


@scene("sources")
async def sources(stage: Stage) -> None:
    manage = "manage_workflow_source"
    await stage.say(manage, action="list")
    await stage.say(manage, action="sync")
    await stage.say(manage, action="add", address="../flows")
    await stage.say(manage, action="add", address="../flows")
    await stage.say(manage, action="list")
    await stage.say("list_workflows", query="build")
    await stage.say("inspect_workflow", workflowId="team.build")
    await stage.say("inspect_workflow", workflowId="team.build", step="only")
    await stage.say("start_workflow", workflowId="team.build", goal="Build it")
    stage.note("A person runs `workrail trust flows`.")
    open_trust(stage.locations).trust("flows")
    await stage.say(manage, action="list")
    await stage.say("list_workflows", query="build")
    await stage.say("start_workflow", workflowId="team.build", goal="Build it")
    await stage.say(manage, action="sync", name="flows")
    await stage.say(manage, action="remove", name="flows")
    await stage.say(manage, action="remove", name="flows")


@scene("refused-sources")
async def refused_sources(stage: Stage) -> None:
    manage = "manage_workflow_source"
    await stage.say(manage, action="add")
    await stage.say(manage, action="remove")
    await stage.say(manage, action="drop")
    await stage.say(manage, action="add", address=str(stage.root / "nowhere"))
    await stage.say(manage, action="add", address="-x")
    await stage.say(manage, action="add", address="ext::sh -c id")
    await stage.say(manage, action="add", address="https://ada:secret@example.org/flows.git")
    await stage.say(manage, action="add", address="https://example.org/flows.git", ref="--x")
    await stage.say(manage, action="add", address="../flows", name="Bad Name")
    await stage.say(manage, action="sync", name="flow")
    await stage.say(manage, action="add", address="../flows", name="flows")
    await stage.say(manage, action="add", address="../project", name="flows")
    await stage.say(manage, action="sync", name="flow")


@scene("refused-starts")
async def refused_starts(stage: Stage) -> None:
    start = "start_workflow"
    review = {"workflowId": "demo.review", "goal": "g"}
    await stage.say(start)
    await stage.say(start, workflowId="demo.revew", goal="g")
    await stage.say(start, workflowId="zzz", goal="g")
    await stage.say(start, workflowId="demo.review", goal=" ")
    await stage.say(start, workflowId="demo.review", goal="g" * 70_000)
    await stage.say(start, workflowId="demo.broken", goal="g")
    await stage.say(start, **review, workspace="/no/such/folder")
    await stage.say(start, **review, parentSessionId="sess_aaaaaaaaaaaaaaaaaaaaaaaaaa")
    await stage.say(start, **review, context={"big": "x" * 300_000})
    await stage.say(start, **review, context=[1])
    await stage.say(start, **review, workspacePath=".", workspace=".")
    await stage.say(start, workflow_id="demo.review", goal="g")
    await stage.say(start, workflowId="demo.slices", goal="g")
    await stage.say(start, workflowId="demo.slices", goal="g", context={"slices": 3})
    await stage.say(start, workflowId="demo.slices", goal="g", context={"slices": ["a"]})
    await stage.say(start, workflowId="demo.never", goal="g")
    await stage.say("start_workflows")
    await stage.say("do_it")


@scene("refused-steps")
async def refused_steps(stage: Stage) -> None:
    token = await begun(stage, "demo.review")
    complete = "complete_step"
    for wrong in ("", "ct_short", token + token, f"{token} and more", "step 1", f"rs{token[2:]}"):
        await stage.say(complete, token=wrong, notes="n")
    changed = token[:12] + ("A" if token[12] != "A" else "B") + token[13:]
    await stage.say(complete, token=changed, notes="n")
    await stage.say(complete, token="ct_" + "A" * 24, notes="n")
    resumed = token_in(await stage.say("resume_session"))
    await stage.say(complete, token=resumed, notes="n")
    await stage.say(complete, token=token, notes="n" * 40_000)
    await stage.say(complete, token=token, notes="n", artifacts=[{"a": 1}])
    await stage.say(complete, token=token, notes="n", artifacts=[{"kind": "d"}] * 80)
    await stage.say(complete, token=token, notes="n", artifacts=[{"kind": "d", "t": "x" * 2**20}])
    await stage.say(
        complete, token=token, notes="n", context={"a": json.loads("[" * 90 + "]" * 90)}
    )
    await stage.say(complete, token=token, notes="n", context={"n": 2**60})
    await stage.say(complete, token=token, note="n")
    await stage.say(complete, token=token, notes=["n"], artifacts="none", zzz=1)
    await stage.say("checkpoint_workflow", token=token, notes="n", artifacts=[])
    await stage.say("continue_workflow", continueToken=token, intent="go")
    await stage.say("continue_workflow", continueToken=token, intent="rehydrate", notes="n")
    await stage.say(
        "continue_workflow", continueToken=token, notes="n", output={"notesMarkdown": "n"}
    )


@scene("faults")
async def faults(stage: Stage) -> None:
    stage.note("The store cannot be used, a session is damaged, others write, a fault of ours.")
    for failing in (
        StoreUnavailableError(
            "/stage/home/sessions.db: the disk is full. Nothing was recorded; free space, then call again."
        ),
        StoreDamagedError(
            "/stage/home/sessions.db: a part of it cannot be read. Restore a backup."
        ),
        CorruptSessionError("Session sess_x has no node 3. Run `workrail session verify sess_x`."),
        ConflictError(
            "Other processes kept writing to this session. Nothing was recorded; call again with the same token."
        ),
        ValueError("a detail nobody should see"),
    ):
        stage.desk.failing = failing
        await stage.say("complete_step", token="ct_x", notes="n")
    await stage.say("start_workflow", workflowId="demo.review", goal="g")
    await stage.say("resume_session")


@pytest.fixture(name="folder")
def folder_of_one_length() -> Iterator[Path]:
    """Where a scene plays: failures are cut to a size, so its name must not differ in length."""
    with TemporaryDirectory(dir="/tmp") as name:
        yield Path(name).resolve()


@pytest.mark.rule("MCP-85")
@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize("name", SCENES)
def test_every_reply_is_as_it_was_read_and_kept(
    name: str,
    mode: str,
    folder: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(folder)
    stage = performed(SCENES[name], folder, mode)

    kept = REPLIES / f"{name}.txt"
    if request.config.getoption("--update-golden", default=False) and mode == "auto":
        REPLIES.mkdir(exist_ok=True)
        kept.write_text(stage.transcript(), encoding="utf-8")
    assert stage.transcript() == kept.read_text(encoding="utf-8")
    assert [text for text in stage.failures if len(text.encode()) > FAILURE_LIMIT] == []


def performed(perform: Scene, root: Path, mode: str) -> Stage:
    stages: list[Stage] = []

    async def connected() -> None:
        with still_server(root) as (locations, clock, tools):
            async with Client(build_server(tools), mode=mode) as client:
                stage = Stage(root, locations, clock, client, tools.desk)
                await perform(stage)
                stages.append(stage)

    anyio.run(connected)
    return stages[0]


FOUND_IN_FILES = {BlockerCode.CHECK_FAILED, BlockerCode.CHECK_ERROR}
"""What checks of a workspace find; no step of the golden project has any."""
NEXT_STEPS = (
    "Next: ",
    "Example: ",
    "Did you mean ",
    "There are: ",
    "`workrail ",
    "resume_session",
    "continue_workflow",
    "list_workflows",
    "all again with the same ",
    "then call again",
    "Call again",
    "Send it exactly",
    "send only the one",
    "Restore a backup",
)


@pytest.mark.rule("MCP-86")
def test_every_failure_is_short_names_its_tool_and_says_what_to_do_next() -> None:
    failures = [
        reply
        for name in SCENES
        for reply in failures_in((REPLIES / f"{name}.txt").read_text(encoding="utf-8"))
    ]

    assert len(failures) > 60
    assert [text for text in failures if len(text.encode()) > FAILURE_LIMIT] == []
    names = tuple(f"{spec.name}: " for spec in TOOLS)
    assert [t for t in failures if not t.startswith((*names, "There is no tool "))] == []
    assert [text for text in failures if not any(words in text for words in NEXT_STEPS)] == []


@pytest.mark.rule("MCP-85")
def test_the_kept_transcripts_hold_every_tool_every_blocker_and_nothing_else() -> None:
    kept = {path.stem: path.read_text(encoding="utf-8") for path in REPLIES.iterdir()}
    told = "\n".join(kept.values())

    assert set(kept) == set(SCENES)
    assert {code for code in BlockerCode if f". {code} (" not in told} <= FOUND_IN_FILES
    for spec in TOOLS:
        answered = re.search(rf"^> {spec.name} .*\n< ", told, re.MULTILINE)
        refused = re.search(rf"^> {spec.name} .*\n! ", told, re.MULTILINE)
        assert answered, spec.name
        assert refused, spec.name


def failures_in(transcript: str) -> list[str]:
    """Each refusal as one text, without the sign before its lines."""
    said = re.findall(r"(?:^! ?.*\n)+", transcript, re.MULTILINE)
    return [re.sub(r"^! ?", "", text, flags=re.MULTILINE).strip() for text in said]
