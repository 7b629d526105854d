"""How much does a step take on disk, and how much does an agent read that no author wrote?"""

from collections.abc import Iterator
from pathlib import Path
from statistics import median

from figures import Figure
from material import GOAL, LINEAR, locations, notes

from workrail_engine.canonical import JsonObject
from workrail_engine.engine import Engine, StartRequest, open_engine
from workrail_engine.errors import MissingContextError
from workrail_engine.outcomes import Completed, StepReady, StepView
from workrail_engine.session.commands import Submission
from workrail_engine.system import Locations
from workrail_mcp_server.present_step import present

DISK_BUDGET_KILOBYTES = 2.5
BEYOND_BUDGET_PERCENT = 12.0
_STEPS = 200
_MOST_STEPS = 80
_PEER = Path(__file__).parents[2] / "shared" / "peer-workflows"
_ENOUGH = (
    "AC1 met. H1, H2, H3. Option A, Option B.\n```\n$ check\nok\n```\n"
    "## Cause\n## Evidence\n## Ruled out\n## Open questions\n## Checking a fix\n"
)
_CONTEXT: JsonObject = {
    "riskLevel": "High",
    "slices": [{"name": "one", "outcome": "It works.", "files": [], "proof": "make test"}],
}


def disk(folder: Path) -> tuple[Figure, ...]:
    """Growth of the database by a session of 200 steps with notes of 600 bytes each."""
    where = locations(folder)
    with open_engine(where) as engine:
        engine.start(StartRequest(LINEAR, GOAL, None))
    before = _size(where)
    with open_engine(where) as engine:
        outcome = engine.start(StartRequest(LINEAR, GOAL, None))
        for number in range(_STEPS):
            if isinstance(outcome, Completed):
                break
            outcome = engine.advance(outcome.token, Submission(notes=notes(number)))
    grown = (_size(where) - before) / _STEPS / 1024
    return (Figure("disk a step (600 B notes)", grown, "KB", DISK_BUDGET_KILOBYTES),)


def beyond_authored(folder: Path) -> tuple[Figure, ...]:
    """What replies to a completed step hold besides the step's own text.

    Measured on the bundled workflows and, where they lie beside the repository, on those of the
    original, which the budget is about.
    """
    mine = Locations.under(folder / "mine")
    figures = _shares("bundled workflows", mine, None)
    if _PEER.is_dir():
        theirs = Locations.under(folder / "theirs", _PEER)
        figures += _shares("the original's workflows", theirs, BEYOND_BUDGET_PERCENT)
    return figures


def _shares(which: str, where: Locations, budget: float | None) -> tuple[Figure, ...]:
    with open_engine(where) as engine:
        ids = [entry.id for entry in engine.catalog(None).entries]
        replies = [ready for workflow in ids for ready in _replies(engine, workflow)]
    sizes = [len(present(ready).encode()) for ready in replies]
    texts = [len(ready.step.text.encode()) for ready in replies]
    titles = [len(ready.step.title.encode()) + _demands(ready.step) for ready in replies]
    extra = [size - text for size, text in zip(sizes, texts, strict=True)]
    share = 100 * sum(extra) / sum(sizes)
    unwritten = 100 * (sum(extra) - sum(titles)) / sum(sizes)
    count = len(replies)
    return (
        Figure(f"a step's reply, median, {which}", median(sizes), "B", samples=count),
        Figure("of it not the step's own text, median", median(extra), "B", samples=count),
        Figure("share of all bytes that no author wrote", unwritten, "%", budget, samples=count),
        Figure("the same, counting only the step's own text", share, "%", samples=count),
    )


def _demands(step: StepView) -> int:
    authored = (item for item in step.requirements if item.kind in ("criterion", "assessment"))
    return sum(len(item.text.encode()) for item in authored)


def _replies(engine: Engine, workflow: str) -> Iterator[StepReady]:
    """Replies on the way through a workflow, as far as answers that fit every step lead."""
    try:
        outcome = engine.start(StartRequest(workflow, GOAL, None))
    except MissingContextError:
        return
    for _ in range(_MOST_STEPS):
        if isinstance(outcome, Completed):
            return
        outcome = engine.advance(outcome.token, _submission(outcome.step))
        if not isinstance(outcome, StepReady):
            return
        yield outcome


def _submission(step: StepView) -> Submission:
    artifacts = tuple(
        {**item.example, **_stop(item.example.get("kind"))}
        for item in step.requirements
        if isinstance(item.example, dict)
    )
    return Submission(notes=_ENOUGH, artifacts=artifacts, context=_CONTEXT)


def _stop(kind: object) -> dict[str, str]:
    return {"decision": "stop"} if kind == "wr.loop_control" else {}


def _size(where: Locations) -> int:
    """Bytes of the database once SQLite has folded its write-ahead log in, as it does on closing."""
    return sum(path.stat().st_size for path in where.home.glob("sessions.db*"))
