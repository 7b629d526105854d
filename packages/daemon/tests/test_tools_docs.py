"""The manual's table of tools is what a model is told."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from workrail_daemon.agent.complete_step import CompleteStep
from workrail_daemon.models.protocol import ToolSpec
from workrail_daemon.testing.tool_run import ToolRun, order_run
from workrail_daemon.tools.contract import Effect
from workrail_daemon.tools.policy import NAMES, STEERING
from workrail_engine.engine import open_engine
from workrail_engine.system import Locations

MANUAL = Path(__file__).parents[3] / "docs" / "agent-tools.md"


@pytest.fixture
def tools(tmp_path: Path) -> list[tuple[ToolSpec, Effect]]:
    """Every tool, as a run has it."""
    locations = Locations.under(tmp_path / "home")
    workspace = tmp_path.resolve() / "project"
    with open_engine(locations) as engine:
        run = ToolRun(engine, locations, order_run(engine, workspace), workspace)
        found = [run.toolbox.find(spec.name) for spec in run.toolbox.specs]
    told: list[tuple[ToolSpec, Effect]] = [
        (tool.spec, tool.effect) for tool in found if tool is not None
    ]
    waits: Effect = CompleteStep.effect
    return [*told, (CompleteStep.spec, waits)]


def row(spec: ToolSpec, effect: Effect) -> str:
    required = spec.input_schema.get("required", [])
    assert isinstance(required, Sequence)
    properties = spec.input_schema["properties"]
    assert isinstance(properties, Mapping)
    fields = ", ".join(f"`{name}`\\*" if name in required else f"`{name}`" for name in properties)
    return f"| `{spec.name}` | {fields} | {effect} |"


def test_the_manual_lists_every_tool_as_a_run_has_it(
    tools: list[tuple[ToolSpec, Effect]],
) -> None:
    lines = MANUAL.read_text(encoding="utf-8").splitlines()
    begin = lines.index("| tool | arguments | begun and then interrupted |") + 2
    end = lines.index("", begin)

    assert lines[begin:end] == [row(spec, effect) for spec, effect in tools]


def test_the_names_of_tools_are_those_there_are(tools: list[tuple[ToolSpec, Effect]]) -> None:
    assert tuple(spec.name for spec, _ in tools) == NAMES
    assert set(NAMES) >= STEERING


def test_the_manual_names_every_tool_that_is_always_there() -> None:
    text = MANUAL.read_text(encoding="utf-8").partition("## Which tools a run has")[2]

    assert all(f"`{name}`" in text for name in STEERING)
