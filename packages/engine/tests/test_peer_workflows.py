"""Workflows by other authors, in the same language, run unmodified to their end."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from workrail_engine.engine import Engine, open_engine
from workrail_engine.registry.registry import Registry
from workrail_engine.session.next_step import entry_id
from workrail_engine.system import Locations
from workrail_engine.testing.agent import Agent
from workrail_engine.workflow.compiled import CompiledLoop

PEERS = Path(__file__).parents[4] / "shared" / "peer-workflows"
FILES = sorted(PEERS.rglob("*.json"))
needs_peers = pytest.mark.skipif(
    not FILES, reason="../shared/peer-workflows is not beside this checkout"
)


@pytest.fixture
def locations(tmp_path: Path) -> Locations:
    return Locations.under(tmp_path / "home", PEERS)


@pytest.fixture
def engine(locations: Locations) -> Iterator[Engine]:
    with open_engine(locations) as opened:
        yield opened


@needs_peers
@pytest.mark.rule("RUN-11")
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_runs_to_its_end(engine: Engine, locations: Locations, file: Path):
    workflow_id = json.loads(file.read_text(encoding="utf-8"))["id"]
    workflow = Registry(locations).prepare(workflow_id, None).compiled

    journey = Agent(engine).drive(workflow)

    assert journey.completed is not None
    visited = {visit.step_id for visit in journey.visits}
    told = " ".join((*journey.notices, *journey.completed.notices))
    for entry in workflow.steps:
        steps = entry.body if isinstance(entry, CompiledLoop) else (entry,)
        for step in steps:
            assert step.step_id in visited or step.step_id in told or entry_id(entry) in told


@needs_peers
def test_all_thirty_are_there():
    assert len(FILES) == 30
