"""Does a model find what the server offers, however Claude Code came to know it?"""

import json
from pathlib import Path

from claude_code import Machine, Setup
from parts import GOAL, REVIEW, called, shows_step
from records import only_record, records
from turns import PREFIX, Playing, Say, Script, Turn, Use

from workrail_mcp_server.server import INSTRUCTIONS
from workrail_mcp_server.tools.listing import TOOLS

_AT_ONCE = {PREFIX + spec.name for spec in TOOLS if spec.search_hint is None}
_LATER = {PREFIX + spec.name for spec in TOOLS if spec.search_hint is not None}
_PLUGIN = Path(__file__).parents[2] / "plugin"
_PLUGIN_PREFIX = "mcp__plugin_workrail_workrail__"
_MOST_LOOKS = 20


def first_prompt_has_the_tools_and_the_instructions(machine: Machine) -> None:
    """The model's first turn has four tools, the names of the others, and how to use them."""

    def script(turn: Turn) -> Playing:
        assert turn.tools >= _AT_ONCE, _AT_ONCE - turn.tools
        assert not turn.tools & _LATER, turn.tools & _LATER
        assert INSTRUCTIONS in turn.words, "the instructions are not there, or cut"
        for name in _LATER:
            assert name in turn.words, f"{name} is named nowhere"
        yield Say("I can follow a workflow.")

    machine.converse("What can you do?", script)
    assert records(machine.home) == ()


def deferred_tool_is_found_and_used(machine: Machine) -> None:
    """ToolSearch finds a tool by words, loads it, and it works."""
    inspect = PREFIX + "inspect_workflow"

    def script(turn: Turn) -> Playing:
        turn = yield Use("ToolSearch", {"query": "workflow steps before starting"})
        assert inspect in json.dumps(turn.body["messages"][-1]), turn.last
        turn = yield Use("ToolSearch", {"query": f"select:{inspect}"})
        assert inspect in turn.tools
        turn = yield from called("inspect_workflow", workflowId=REVIEW)
        shows_step(turn.last, "Try it")

    machine.converse("What does the review workflow ask for?", script)
    assert records(machine.home) == ()


def follows_a_slash_command(machine: Machine) -> None:
    """The person's `/mcp__workrail__…` command tells the model which call begins the workflow."""
    begin = json.dumps({"workflowId": REVIEW})[:-1]

    def script(turn: Turn) -> Playing:
        assert f"start_workflow {begin}" in turn.words, turn.words[-1000:]
        assert GOAL in turn.words, turn.words[-1000:]
        turn = yield from called("start_workflow", workflowId=REVIEW, goal=GOAL)
        shows_step(turn.last, "Read it")

    machine.converse(f"/mcp__workrail__{REVIEW} {GOAL}", script)
    assert "prompts/get" in machine.methods
    assert only_record(machine.home, REVIEW).kinds["run_completed"] == 0


def reads_a_resource(machine: Machine) -> None:
    """A workflow and the session that follows it are resources the model can read."""

    def read(uri: str) -> Use:
        return Use("ReadMcpResourceTool", {"server": "workrail", "uri": uri})

    def script(turn: Turn) -> Playing:
        yield Use("ToolSearch", {"query": "select:ReadMcpResourceTool"})
        turn = yield read(f"workrail://workflows/{REVIEW}")
        shows_step(turn.last, "Try it")
        yield from called("start_workflow", workflowId=REVIEW, goal=GOAL)
        turn = yield read(f"workrail://sessions/{only_record(machine.home, REVIEW).session_id}")
        shows_step(turn.last, GOAL)

    machine.converse("Look at it.", script)
    assert only_record(machine.home, REVIEW).kinds["run_completed"] == 0


def is_installed_for_a_project(machine: Machine) -> None:
    """After `workrail install --scope project` the project's agents have the tools."""
    machine.run("workrail", "install", "--client", "claude-code", "--scope", "project")
    machine.converse("Review this.", _starts(PREFIX), Setup(()))
    assert only_record(machine.home, REVIEW).kinds["run_completed"] == 0


def is_installed_for_a_user(machine: Machine) -> None:
    """After `workrail install`, Claude Code connects to it, and the doctor finds nothing wrong."""
    machine.run("workrail", "install", "--client", "claude-code")
    listed = machine.run(str(machine.claude), "mcp", "list")
    assert "Connected" in listed, listed
    machine.converse("Review this.", _starts(PREFIX), Setup((), overheard=False))
    machine.run("workrail", "doctor")
    assert only_record(machine.home, REVIEW).kinds["run_completed"] == 0


def comes_with_the_plugin(machine: Machine) -> None:
    """The plugin is valid, brings the tools and its skill."""
    machine.run(str(machine.claude), "plugin", "validate", str(_PLUGIN))

    def script(turn: Turn) -> Playing:
        turn = yield Use("Skill", {"skill": "workrail:workrail"})
        shows_step(turn.last, "workrail")
        assert "wr.bug-investigation" in turn.words
        yield from _starts(_PLUGIN_PREFIX)(turn)

    setup = Setup(("--plugin-dir", str(_PLUGIN)), _PLUGIN_PREFIX)
    machine.converse("Review this.", script, setup)
    assert only_record(machine.home, REVIEW).kinds["run_completed"] == 0


def _starts(prefix: str) -> Script:
    """Start the review once the tools are there: the first turn does not wait for them."""

    def script(turn: Turn) -> Playing:
        tool = f"{prefix}start_workflow"
        for _ in range(_MOST_LOOKS):
            if tool in turn.tools:
                break
            turn = yield Use("ToolSearch", {"query": f"select:{tool}"})
        turn = yield Use(tool, {"workflowId": REVIEW, "goal": GOAL})
        assert not turn.last.failed, turn.last.text
        shows_step(turn.last, "Read it")

    return script
