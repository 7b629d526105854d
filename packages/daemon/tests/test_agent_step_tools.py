"""A step takes away from what a run may do, and the daemon holds it to that."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workrail_daemon.agent.held_checks import HeldChecks
from workrail_daemon.options import RunOptions, ToolsAllowed
from workrail_daemon.sandbox.choosing import possible
from workrail_daemon.sandbox.contract import SandboxPolicy
from workrail_daemon.testing.model_messages import Answer
from workrail_daemon.testing.model_server import serving
from workrail_daemon.testing.worksite import NOTES, Worksite, call, complete, step, worksite
from workrail_daemon.tools.contract import ToolPolicy
from workrail_daemon.tools.globs import matches_any
from workrail_daemon.tools.policy import NAMES, STEERING, allows, in_step, options_of, policy_of
from workrail_engine.agent_events import MessageGiven, ToolFinished
from workrail_engine.canonical import JsonObject
from workrail_engine.ids import SessionId
from workrail_engine.outcomes import StepTools
from workrail_engine.ports import CheckCommand
from workrail_engine.workflow.lint_tools import KNOWN_TOOLS

DOCS: JsonObject = {"writable": ["docs/**"]}
held = pytest.mark.skipif(
    possible().kind != "bubblewrap", reason=f"no bubblewrap: {possible().why_not}"
)
PROXY = "env | grep -c '^http_proxy=' || true"
"""Prints 1 where hosts can be reached, and 0 where none can."""


@pytest.fixture(name="site")
def site_with_documents(tmp_path: Path) -> Iterator[Worksite]:
    with worksite(tmp_path) as opened:
        (opened.workspace / "docs").mkdir()
        yield opened


def outcomes(site: Worksite, session_id: SessionId, tool: str) -> list[str]:
    """How the calls of a tool ended, in order."""
    events = site.events(session_id)
    return [e.outcome for e in events if isinstance(e, ToolFinished) and e.tool == tool]


@pytest.mark.rule("AGENT-60")
def test_a_file_is_kept_in_one_step_and_written_in_the_next(site: Worksite) -> None:
    view = site.run(
        [step("one", tools=DOCS), step("two")],
        [
            call("Write", file_path="b.py", content="y = 1\n"),
            call("Write", file_path="docs/b.md", content="b\n"),
            complete(),
            call("Write", file_path="b.py", content="y = 2\n"),
            complete(),
        ],
    )
    assert view.outcome == "completed"
    assert outcomes(site, view.session_id, "Write") == ["refused", "ok", "ok"]
    assert "only docs/**" in site.answers(view.session_id, "Write")[0]
    assert (site.workspace / "b.py").read_text() == "y = 2\n"
    assert (site.workspace / "docs" / "b.md").exists()


@held
@pytest.mark.rule("AGENT-61")
def test_a_command_writes_only_what_its_step_may_change(site: Worksite) -> None:
    write = "echo 1 >> a.py; echo 1 >> docs/a; cat a.py"
    steps = [
        step("one", tools=DOCS),
        step("two", tools={"writable": []}),
        step("three", tools={"allowed": ["Bash"]}),
        step("four"),
    ]
    turns = [each for _ in steps for each in (call("Bash", command=write), complete())]
    view = site.run(steps, turns)
    assert view.outcome == "completed"
    one, two, three, four = site.answers(view.session_id, "Bash")
    assert [each.count("Read-only") for each in (one, two, three, four)] == [1, 2, 2, 0]
    assert (site.workspace / "docs" / "a").read_text() == "1\n1\n"
    assert (site.workspace / "a.py").read_text() == "x = 1\n1\n"


@held
@pytest.mark.rule("AGENT-62")
def test_a_step_without_network_reaches_none_of_the_hosts_of_its_run(tmp_path: Path) -> None:
    with worksite(tmp_path, settings='[sandbox]\nhosts = ["a.example"]\n') as site:
        steps = [step("one", tools={"network": True}), step("two", tools={"network": False})]
        turns = [each for _ in steps for each in (call("Bash", command=PROXY), complete())]
        view = site.run(steps, turns, tools={"hosts": ["b.example"]})
        assert view.outcome == "completed"
        answers = site.answers(view.session_id, "Bash")
        assert [each.splitlines()[0] for each in answers] == ["1", "0"]


@held
@pytest.mark.rule("AGENT-63")
def test_the_checks_of_a_step_are_held_as_its_commands_are(tmp_path: Path) -> None:
    spoil = "import os; ok = 'http_proxy' not in os.environ\ntry: open('a.py', 'a')\nexcept OSError: exit(0 if ok else 3)\nexit(4)"
    check: JsonObject = {"id": "held", "kind": "command", "run": ["python3", "-c", spoil]}
    free: JsonObject = {**check, "id": "free", "exits": 4}
    tools: JsonObject = {"writable": ["docs/**"], "network": False}
    with worksite(tmp_path) as site:
        (site.workspace / "docs").mkdir()
        view = site.run(
            [step("one", tools=tools, checks=[check]), step("two", checks=[free])],
            [complete(), complete()],
            tools={"hosts": ["b.example"]},
        )
        assert view.outcome == "completed", site.answers(view.session_id, "complete_step")


@pytest.mark.rule("AGENT-64")
def test_the_model_is_offered_the_tools_of_the_step_and_the_same_ones_throughout(
    tmp_path: Path,
) -> None:
    done = ("complete_step", {"notes": NOTES})
    deeds = [
        Answer(calls=[("Bash", {"command": "echo one"})]),
        Answer(calls=[done, ("Bash", {"command": "echo two"})]),
        Answer(calls=[("Read", {"file_path": "a.py"})]),
        Answer(calls=[done]),
    ]
    with serving(deeds) as server:
        provider = (
            f'[models.providers.here]\nkind = "anthropic"\nbase_url = "{server.address}"\n'
            'headers = { authorization = "none" }\n'
        )
        with worksite(tmp_path, settings=provider) as site:
            reading = step("two", tools={"allowed": ["Read", "Grep"]})
            view = site.run([step("one"), reading], [], model="here/model")
            assert view.outcome == "completed"
            assert outcomes(site, view.session_id, "Bash") == ["ok", "refused"]
            assert "leaves Bash out" in site.answers(view.session_id, "Bash")[1]
    bodies = [heard.body for heard in server.heard]
    assert len({str(body["system"]) for body in bodies}) == 1
    first, second, third, fourth = (str(body["tools"]) for body in bodies)
    assert first == second != third == fourth
    names = {tool["name"] for tool in bodies[2]["tools"]}
    assert names == {"Read", "Grep", *STEERING}


@pytest.mark.rule("AGENT-65")
def test_a_child_may_do_what_its_run_and_the_step_it_was_spawned_in_both_allow(
    site: Worksite,
) -> None:
    child = site.workflow([step("small")])
    may: JsonObject = {"allowed": ["spawn_agent", "Read", "Write", "Edit"], **DOCS}
    narrow: JsonObject = {
        "allowed": ["Bash", "spawn_agent", "Write"],
        "writable": ["**/*.md"],
        "network": False,
    }
    script: JsonObject = {
        "scenes": [
            {"when": {"step": "Small"}, "turns": [complete()]},
            {
                "turns": [
                    call("spawn_agent", workflowId=child, goal="A part"),
                    complete(),
                    call("spawn_agent", workflowId=child, goal="Another"),
                    complete(),
                ]
            },
        ]
    }
    session_id = site.ordered(
        [step("one", tools=narrow), step("two")], script, tools={**may, "hosts": ["b.example"]}
    )
    with site.working():
        assert site.settled(session_id, "ended").outcome == "completed"
    first, second = (
        RunOptions.model_validate(view.options).tools
        for view in sorted(site.engine.runs.below(session_id), key=lambda view: view.ordered_at)
    )
    assert set(first.allowed or ()) == {"spawn_agent", "Write"}
    assert first.writable == ("docs/**/*.md",)
    assert (first.hosts, first.network) == ((), False)
    assert set(second.allowed or ()) == {"spawn_agent", "Read", "Write", "Edit"}
    assert (second.writable, second.hosts) == (("docs/**",), ("b.example",))


@pytest.mark.rule("AGENT-66")
def test_a_run_that_is_taken_over_in_a_step_is_held_to_the_same(site: Worksite) -> None:
    turns = [
        call("Bash", command="sleep 60"),
        call("Write", file_path="b.py", content="y = 1\n"),
        complete(),
    ]
    session_id = site.ordered([step("one", tools=DOCS)], turns)
    with site.working() as dispatch:
        site.until(session_id, lambda view: view.doing is not None and "Bash" in view.doing.what)
        dispatch.hurry()
    site.settled(session_id)
    with site.working():
        assert site.settled(session_id, "ended").outcome == "completed"
    assert outcomes(site, session_id, "Write") == ["refused"]


@pytest.mark.rule("AGENT-67")
def test_what_a_step_may_do_is_told_with_it(site: Worksite) -> None:
    view = site.run([step("one", tools={**DOCS, "network": False})], [complete()])
    (said,) = (e.text for e in site.events(view.session_id) if isinstance(e, MessageGiven))
    bounds = "## What you may do in this step\n- files to change: docs/**; no network\n"
    assert bounds in said
    assert said.index(bounds) < said.index("## What completes the step")


SEGMENTS = st.sampled_from(["a", "b", "*", "**", "a*", "*.md", "{a,b}"])
USUAL = st.sampled_from(["a/**", "b/", "a/b/**", "**/*.md", "**/b", "{a,b}/**", "**"])
GLOBS = st.lists(
    USUAL | st.builds("/".join, st.lists(SEGMENTS, min_size=1, max_size=3)), max_size=3
).map(tuple)
PATHS = st.builds("/".join, st.lists(st.sampled_from(["a", "b", "x.md"]), min_size=1, max_size=4))
ALLOWED = st.none() | st.lists(st.sampled_from(NAMES), max_size=4, unique=True).map(tuple)
RUNS = st.builds(
    ToolsAllowed,
    allowed=ALLOWED,
    writable=GLOBS,
    hosts=st.sampled_from([(), ("a.example",)]),
    network=st.booleans(),
)
STEPS = st.builds(
    StepTools,
    allowed=ALLOWED,
    writable=st.lists(GLOBS, max_size=2).map(tuple),
    network=st.booleans(),
)


@pytest.mark.rule("AGENT-68")
@settings(max_examples=300, deadline=None)
@given(run=RUNS, steps=st.lists(STEPS, max_size=3), path=PATHS)
def test_steps_and_the_agents_spawned_in_them_never_widen_what_a_run_may_do(
    run: ToolsAllowed, steps: list[StepTools], path: str
) -> None:
    tools = run
    for one in steps:  # each spawns the run that goes through the next
        tools = options_of(tools, in_step(policy_of(tools), one))
    left = policy_of(tools)

    for name in set(NAMES) - STEERING:
        if allows(left, name):
            assert allows(policy_of(run), name)
            assert all(one.allowed is None or name in one.allowed for one in steps)
    if matches_any(path, left.writable):
        assert matches_any(path, run.writable)
        assert all(matches_any(path, globs) for one in steps for globs in one.writable)
    assert left.network == (run.network and all(one.network for one in steps))
    assert set(tools.hosts) <= set(run.hosts)
    assert not (tools.hosts and not left.network and steps)


def test_the_usual_bounds_of_a_step_lose_nothing() -> None:
    def left(mine: tuple[str, ...], *lists: tuple[str, ...]) -> tuple[str, ...]:
        return in_step(ToolPolicy(writable=mine), StepTools(writable=lists)).writable

    assert left(("**",), ("docs/**", "{a,b}.md")) == ("docs/**", "{a,b}.md")
    assert left(("{src,docs}/**",), ("docs/**",)) == ("docs/**",)
    assert left(("src/**",), ("**/*.py",)) == ("src/**/*.py",)
    assert left(("**/*.py",), ("src/",)) == ("src/**/*.py",)
    assert left(("src/**",), ("src/a/**",), ("src/a/b.py", "src/c.py")) == ("src/a/b.py",)
    assert left(("src/**",), ("docs/**",)) == ()
    assert left(("src/**",), ()) == ()


def test_lint_knows_the_tools_there_are() -> None:
    assert KNOWN_TOOLS == NAMES


@held
@pytest.mark.rule("AGENT-63")
def test_a_check_is_held_by_its_own_run_though_another_works_in_the_same_folder(
    tmp_path: Path,
) -> None:
    checks = HeldChecks("required", ())
    (tmp_path / "docs").mkdir()
    narrow = SandboxPolicy(tmp_path, parts=("docs/**",))
    checks.learn("required", narrow)
    checks.learn("required", SandboxPolicy(tmp_path))
    write = ("bash", "-c", "echo 1 > a")
    folder, scratch = str(tmp_path), str(tmp_path / "docs")
    command = CheckCommand(write, folder, scratch, folder, {}, 20)

    def ends() -> int:
        return checks(command, lambda _output: None, lambda _seconds: None).exit_code

    with checks.under("required", narrow):
        assert ends() == 1
    assert ends() == 0
