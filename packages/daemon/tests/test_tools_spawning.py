"""Agents that an agent spawned are bounded by it, found again, and tell what they came to."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from workrail_daemon.options import Limits, RunOptions, ToolsAllowed
from workrail_daemon.testing.tool_run import ToolRun, order_run
from workrail_daemon.tools.contract import Answered, Call, ToolAnswer, Waits
from workrail_engine.agent_events import RunOutcome
from workrail_engine.canonical import JsonObject
from workrail_engine.engine import Engine, Submission, open_engine
from workrail_engine.ids import NodeId, SessionId
from workrail_engine.projections.runs import RunOrder, RunView
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations

ONE: JsonObject = {"workflowId": "flow", "goal": "Help."}


@pytest.fixture(scope="module")
def locations(tmp_path_factory: pytest.TempPathFactory) -> Locations:
    """A new installation, which all these tests share: each has a run of its own."""
    return Locations.under(tmp_path_factory.mktemp("installation") / "home")


@pytest.fixture(scope="module")
def engine(locations: Locations) -> Iterator[Engine]:
    """An engine on a new store."""
    with open_engine(locations) as opened:
        yield opened


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A project with a folder in it."""
    folder = tmp_path.resolve() / "project"
    (folder / "src" / "api").mkdir(parents=True)
    return folder


@pytest.fixture
def run(engine: Engine, locations: Locations, workspace: Path) -> ToolRun:
    """A run that may spawn others."""
    return ToolRun(engine, locations, order_run(engine, workspace), workspace)


def a_run(run: ToolRun, locations: Locations, workspace: Path, **more: Any) -> ToolRun:
    """Another one, ordered with more."""
    order = RunOrder(SessionId(""), **more)
    return ToolRun(run.engine, locations, order_run(run.engine, workspace, order), workspace)


def waits(answer: ToolAnswer) -> Waits:
    assert isinstance(answer, Waits), answer
    return answer


def said(answer: ToolAnswer, outcome: str) -> str:
    assert isinstance(answer, Answered), answer
    assert answer.outcome == outcome, answer.text
    return answer.text


def ordered(engine: Engine, child: SessionId) -> tuple[RunView, RunOptions]:
    view = engine.runs.view(child)
    assert view is not None
    return view, RunOptions.model_validate_json(json.dumps(view.options))


def finish(run: ToolRun, child: SessionId, outcome: RunOutcome, notes: str | None = None) -> None:
    """Have a child come to its end."""
    claim = run.engine.runs.claim_this(child, "there:2", 60)
    assert claim is not None
    if notes is not None:
        token = run.engine.place(child).token
        sent = Submission(notes, ({"kind": "finding", "file": "a.py"},))
        run.engine.advance(token or "", sent, None, claim.lease)
    run.engine.runs.end(claim.lease, outcome, f"It is {outcome}.")


def sessions(locations: Locations) -> int:
    with open_reader(locations) as reader:
        return reader.sessions().total


@pytest.mark.rule("TOOL-8")
def test_one_agent_is_spawned_waited_for_and_tells_what_it_came_to(
    run: ToolRun, engine: Engine, locations: Locations
) -> None:
    parked = waits(run.use("spawn_agent", **ONE, context={"issue": 12}))
    still = waits(run.again())
    (child,) = parked.children
    finish(run, child, "completed", "All of it was done, and looked at twice to be sure of it.")
    result = json.loads(said(run.again(), "ok"))

    assert (parked.rest, still.children) == ("child", parked.children)
    assert result == {
        "kind": "single",
        "results": [
            {
                "sessionId": child,
                "outcome": "completed",
                "said": "It is completed.",
                "notes": "All of it was done, and looked at twice to be sure of it.",
                "artifacts": [{"kind": "finding", "content": {"file": "a.py", "kind": "finding"}}],
            }
        ],
    }
    view, options = ordered(engine, child)
    assert (view.parent, view.depth, options.role) == (run.lease.session_id, 1, "child")
    with open_reader(locations) as reader:
        detail = reader.session(child)
    assert detail.context["issue"] == 12
    assert detail.summary.goal == "Help."
    assert detail.summary.parent_session_id == run.lease.session_id
    assert len(run.noticed("child_spawned")) == len(run.noticed("child_ended")) == 1


@pytest.mark.rule("TOOL-8")
def test_several_answer_in_the_order_they_were_asked_for_when_all_have_ended(
    run: ToolRun,
) -> None:
    agents = [{**ONE, "goal": f"Part {number}."} for number in range(3)]
    first, second, third = waits(run.use("spawn_agent", agents=agents)).children

    finish(run, third, "stuck")
    finish(run, first, "completed", "Part 0 is done; there was nothing else to be seen in it.")
    assert isinstance(run.again(), Waits)
    finish(run, second, "cancelled")
    result = json.loads(said(run.again(), "ok"))

    assert result["kind"] == "parallel"
    assert [each["sessionId"] for each in result["results"]] == [first, second, third]
    assert [each["outcome"] for each in result["results"]] == ["completed", "cancelled", "stuck"]


@pytest.mark.rule("TOOL-11")
def test_nothing_is_handed_on_of_an_agent_that_did_not_complete(run: ToolRun) -> None:
    (child,) = waits(run.use("spawn_agent", **ONE)).children
    finish(run, child, "stuck", "This much was done, and it should not be built upon by anyone.")
    result = json.loads(said(run.again(), "ok"))["results"][0]
    assert (result["outcome"], result["notes"], result["artifacts"]) == ("stuck", None, [])
    assert "built upon" not in json.dumps(result)


@pytest.mark.rule("TOOL-8")
def test_a_call_made_again_after_a_crash_begins_nothing_twice(
    run: ToolRun, locations: Locations
) -> None:
    agents = [ONE, {**ONE, "goal": "Help too."}]
    recorded = waits(run.use("spawn_agent", agents=agents))
    before = sessions(locations)

    unrecorded = waits(run.again(recorded=False))

    assert unrecorded.children == recorded.children
    assert sessions(locations) == before
    assert len(recorded.children) == 2
    assert unrecorded.events == ()


@pytest.mark.rule("TOOL-8")
def test_a_crash_between_the_start_and_the_log_begins_nothing_twice(
    run: ToolRun, engine: Engine, locations: Locations
) -> None:
    call = Call(run.lease.session_id, NodeId(1), 1, 1, "spawn_agent", ONE)
    lost = waits(run.make(call))
    before = sessions(locations)
    (child,) = lost.children
    finish(run, child, "completed", "It was done before anybody wrote down that it was begun.")

    found = run.make(call)  # the log does not tell that it was ordered; it is not ordered again
    run.record(call, found)

    assert [each["sessionId"] for each in json.loads(said(found, "ok"))["results"]] == [child]
    assert len(run.noticed("child_spawned")) == len(run.noticed("child_ended")) == 1
    view, _ = ordered(engine, child)
    assert view.state == "ended"
    assert sessions(locations) == before


@pytest.mark.rule("TOOL-8")
@pytest.mark.parametrize("wrong", [{"workflowId": "floww"}, {"goal": " "}])
def test_when_one_cannot_be_begun_none_is(
    run: ToolRun, engine: Engine, locations: Locations, wrong: JsonObject
) -> None:
    before = sessions(locations)

    said(run.use("spawn_agent", agents=[ONE, {**ONE, **wrong}]), "error")

    assert engine.runs.below(run.lease.session_id) == ()
    assert sessions(locations) == before


@pytest.mark.rule("TOOL-9")
def test_agents_share_what_is_left(run: ToolRun, engine: Engine) -> None:
    run.left = Limits(minutes=30, turns=10, tokens=9000, usd=3)

    children = waits(
        run.use("spawn_agent", agents=[ONE, {**ONE, "goal": "b"}, {**ONE, "goal": "c"}])
    )

    for child in children.children:
        _, options = ordered(engine, child)
        assert options.limits == Limits(minutes=10, turns=3, tokens=3000, usd=1)


@pytest.mark.rule("TOOL-9")
def test_where_nothing_is_left_none_is_begun(run: ToolRun, engine: Engine) -> None:
    run.left = None

    assert "Nothing is left" in said(run.use("spawn_agent", **ONE), "refused")
    assert engine.runs.below(run.lease.session_id) == ()


@pytest.mark.rule("TOOL-9")
def test_the_fourth_run_below_each_other_is_refused(
    run: ToolRun, locations: Locations, workspace: Path
) -> None:
    last = a_run(run, locations, workspace, depth=2)
    deepest = a_run(run, locations, workspace, depth=3)

    waits(last.use("spawn_agent", **ONE))
    assert "3 is the most" in said(deepest.use("spawn_agent", **ONE), "refused")


@pytest.mark.rule("TOOL-9")
def test_an_agent_may_do_no_more_than_the_one_that_spawned_it(
    run: ToolRun, engine: Engine, locations: Locations, workspace: Path
) -> None:
    tools = ToolsAllowed(
        allowed=("Read", "Grep", "spawn_agent"), writable=("src/**", "**/*.md"), hosts=("a.org",)
    )
    options = RunOptions(model="a/b", tools=tools, sandbox="required").model_dump(mode="json")
    narrow = a_run(run, locations, workspace, options=options, priority=5)
    shutil.copytree(workspace / ".workrail", workspace / "src" / "api" / ".workrail")

    same, below = waits(
        narrow.use(
            "spawn_agent",
            agents=[
                ONE,
                {
                    **ONE,
                    "workspacePath": "src/api",
                    "allowedTools": ["Read", "report_issue"],
                    "modelTier": "heavy",
                },
            ],
        )
    ).children

    view, options_of_same = ordered(engine, same)
    _, options_below = ordered(engine, below)
    assert options_of_same.tools == tools
    assert (options_of_same.model, options_of_same.sandbox) == ("a/b", "required")
    assert view.priority == 5
    assert options_below.tools == ToolsAllowed(
        allowed=("Read", "report_issue"), writable=("**", "**/*.md"), hosts=("a.org",)
    )
    assert (options_below.model, options_below.tier) == (None, "heavy")
    with open_reader(locations) as reader:
        begun = next(reader.events(below)).payload
    assert json.dumps(str(workspace / "src" / "api")) in json.dumps(begun)
    more = narrow.use("spawn_agent", **ONE, allowedTools=["Bash"])
    assert "you may not use Bash" in said(more, "refused")


@pytest.mark.rule("TOOL-9")
@pytest.mark.parametrize("path", ["..", "/", "/etc", "out", "src/../.."])
def test_an_agent_works_inside_the_workspace_of_the_one_that_spawned_it(
    run: ToolRun, engine: Engine, workspace: Path, path: str
) -> None:
    (workspace / "out").symlink_to(workspace.parent)

    said(run.use("spawn_agent", **ONE, workspacePath=path), "refused")

    assert engine.runs.below(run.lease.session_id) == ()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "Send workflowId and goal, or agents"),
        ({"workflowId": "flow"}, "Send workflowId and goal"),
        ({"workflowId": "flow", "goal": " "}, "- goal: "),
        ({"workflowId": "", "goal": "x"}, "- workflowId: "),
        ({**ONE, "agents": [ONE]}, "there can be nothing else"),
        ({"agents": []}, "at least 1 item"),
        ({"agents": [ONE] * 11}, "at most 10 items"),
        ({"agents": [{"goal": "x"}]}, "agents.0.workflowId: Field required"),
        ({**ONE, "allowedTools": ["Bush"]}, "there is no Bush"),
        ({**ONE, "workspacePath": "nothing"}, "no folder of the workspace"),
    ],
)
def test_a_call_that_cannot_be_understood_says_why(
    run: ToolRun, arguments: dict[str, Any], words: str
) -> None:
    assert words in said(run.use("spawn_agent", **arguments), "error")


def test_what_a_child_kept_its_parent_can_read(
    run: ToolRun, locations: Locations, workspace: Path
) -> None:
    (child,) = waits(run.use("spawn_agent", **ONE)).children
    ToolRun(run.engine, locations, child, workspace).use(
        "save_artifact", name="plan", content="First this."
    )

    answer = run.use("read_artifact", name="plan", session_id=child)

    assert "First this." in said(answer, "ok")
