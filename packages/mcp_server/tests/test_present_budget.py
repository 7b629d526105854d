"""What an agent reads beyond the authored text, measured over real workflows."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from workrail_engine.engine import Engine, StartRequest, Submission, open_engine
from workrail_engine.outcomes import AdvanceOutcome, Requirement, StepReady, StepView
from workrail_engine.system import Locations
from workrail_mcp_server.present_step import present

PLAIN_STEP_BUDGET = 350
MOST_STEPS = 80
ROOT = Path(__file__).parents[3]
BUNDLED = Locations.under(ROOT).bundled_dir
PEER = ROOT.parent / "shared" / "peer-workflows"


def walked(engine: Engine, workflow_id: str) -> Iterator[AdvanceOutcome]:
    """Every answer of a run in which each step gets what it asks for."""
    outcome: AdvanceOutcome = engine.start(StartRequest(workflow_id, "Measure replies", None))
    for _ in range(MOST_STEPS):
        yield outcome
        if not isinstance(outcome, StepReady):
            return
        outcome = engine.advance(outcome.token, submission_for(outcome.step.requirements))


def submission_for(requirements: tuple[Requirement, ...]) -> Submission:
    artifacts = tuple(
        item.example
        for item in requirements
        if item.kind in {"artifact", "assessment"} and isinstance(item.example, dict)
    )
    return Submission(notes="Done, with what was found and decided.", artifacts=artifacts)


def overhead(outcome: StepReady) -> int:
    step = outcome.step
    plain = replace(outcome, preamble=None, notices=())
    criteria = [item.text for item in step.requirements if item.kind == "criterion"]
    authored = [step.text, step.title, step.loop.title if step.loop else "", *criteria]
    return len(present(plain).encode()) - sum(len(text.encode()) for text in authored)


def is_plain(step: StepView) -> bool:
    kinds = {item.kind for item in step.requirements}
    return step.confirmation is None and kinds <= {"notes", "criterion"}


@pytest.mark.rule("MCP-1")
@pytest.mark.parametrize(("folder", "least"), [(BUNDLED, 3), (PEER, 25)], ids=["bundled", "peer"])
def test_plain_steps_of_real_workflows_stay_within_their_budget(
    tmp_path: Path, folder: Path, least: int
) -> None:
    if not folder.is_dir():
        pytest.skip(f"{folder} is not here")
    worst: dict[str, int] = {}
    with open_engine(Locations.under(tmp_path / "home", folder)) as engine:
        workflows = [entry.id for entry in engine.catalog(None).entries]
        for workflow_id in workflows:
            for outcome in walked(engine, workflow_id):
                if isinstance(outcome, StepReady) and is_plain(outcome.step):
                    worst[workflow_id] = max(worst.get(workflow_id, 0), overhead(outcome))

    assert len(workflows) >= least
    assert len(worst) >= least // 2
    assert {name: size for name, size in worst.items() if size > PLAIN_STEP_BUDGET} == {}
