"""A server over a real engine in a new home, in this process or its own, and a project to serve."""

import json
import os
from collections.abc import Awaitable, Callable, Generator
from pathlib import Path

import anyio
import pytest
from mcp.client import Client

from workrail_engine.system import Locations
from workrail_engine.testing.postgres import NoServerError, PostgresServer, postgres_server
from workrail_mcp_server import testing_process
from workrail_mcp_server.server import Tools, build_server
from workrail_mcp_server.testing import Agent

ERAS = {"legacy": "2025-11-25", "auto": "2026-07-28"}
Scene = Callable[[Agent], Awaitable[None]]

WORKFLOW = {
    "id": "demo-review",
    "name": "Review a change",
    "description": "Read a change and give a verdict.",
    "version": "1.0.0",
    "metaGuidance": ["Change nothing."],
    "steps": [
        {"id": "read", "title": "Read it", "prompt": "Read every changed line."},
        {
            "id": "extra",
            "title": "Look closer",
            "prompt": "Look closer at the risky part.",
            "runCondition": {"var": "risk", "equals": "High"},
        },
        {
            "id": "decide",
            "title": "Decide",
            "prompt": "Give a verdict on {{goal}}.",
            "outputContract": {"contractRef": "wr.contracts.loop_control"},
        },
    ],
}


TWO_STEPS = {
    "id": "two-steps",
    "name": "Two steps",
    "description": "Two steps.",
    "version": "1.0.0",
    "steps": [
        {"id": "one", "title": "One", "prompt": "Do one."},
        {"id": "two", "title": "Two", "prompt": "Do two."},
    ],
}


@pytest.fixture(name="environment")
def environment_of_a_new_home(tmp_path: Path) -> dict[str, str]:
    """What a process needs to serve `TWO_STEPS` to a client, from a home of its own."""
    project = tmp_path / "project"
    workflows = project / ".workrail" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "two-steps.json").write_text(json.dumps(TWO_STEPS))
    return {
        **os.environ,
        "WORKRAIL_HOME": str(tmp_path / "home"),
        "CLAUDE_PROJECT_DIR": str(project),
    }


@pytest.fixture(name="peer", params=testing_process.ERAS)
def client_of_a_real_process(
    request: pytest.FixtureRequest, environment: dict[str, str]
) -> Generator[testing_process.Peer]:
    """A client in each era; in the end, its server must have answered it all and leave with 0."""
    with testing_process.opened(environment, request.param) as peer:
        yield peer
        peer.end_input()
        assert peer.rest() == []
        assert peer.code() == 0


@pytest.fixture(scope="session")
def postgres() -> Generator[PostgresServer]:
    """A real PostgreSQL server, one for each process that runs tests."""
    try:
        with postgres_server() as server:
            yield server
    except NoServerError as reason:
        pytest.skip(f"no PostgreSQL server: {reason}")


@pytest.fixture(name="project")
def project_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    workflows = folder / ".workrail" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "demo-review.json").write_text(json.dumps(WORKFLOW))
    return folder


@pytest.fixture(name="locations")
def locations_of_a_new_home(tmp_path: Path) -> Locations:
    bundled = tmp_path / "bundled"
    bundled.mkdir()
    return Locations.under(tmp_path / "home", bundled)


@pytest.fixture(name="serve", params=ERAS)
def server_in_each_era(
    request: pytest.FixtureRequest, project: Path, locations: Locations
) -> Callable[[Scene], None]:
    def run(scene: Scene) -> None:
        failures: list[AssertionError] = []

        async def connected() -> None:
            tools = Tools(project, locations)
            async with Client(build_server(tools), mode=request.param) as client:
                assert client.protocol_version == ERAS[request.param]
                try:
                    await scene(Agent(client))
                except AssertionError as failure:  # out of the task groups, to be read plainly
                    failures.append(failure)
            tools.close()

        anyio.run(connected)
        if failures:
            raise failures[0]

    return run


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden replies anew")
