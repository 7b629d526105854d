"""How much of what an agent reads did no author write?

Every reply of a whole run counts: the start, each step, refusals on the way, the end. *Authored* is
what the workflow's file put into a reply: the step's text (with the features, refs and routines the
file asks for), titles of steps and loops, criteria and assessments as they are asked for, and at the
start the workflow's name and id, its rules, preconditions, questions and documents. Everything else is
ours: where the run stands, examples of artifacts, notices, confirmations, the next call, the words
around refusals and the whole of the last answer.

The strict measure counts as authored only the step's text and what is said at the start. It is the one
behind the figure of 43 % for the program that WorkRail is modelled on.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.engine import Engine, StartRequest, Submission
from workrail_engine.outcomes import (
    AdvanceOutcome,
    Blocked,
    Completed,
    Preamble,
    StartOutcome,
    StepReady,
)
from workrail_engine.projections.runs import Lease
from workrail_engine.registry.registry import Registry
from workrail_engine.store.sql_store import open_store
from workrail_engine.system import Locations
from workrail_engine.testing.agent import Agent
from workrail_engine.testing.world import FixedClock, SeededEntropy
from workrail_mcp_server.present_step import present

BUDGET_PERCENT = 12.0
STRICT_BUDGET_PERCENT = 15.0
ROOT = Path(__file__).parents[3]
BUNDLED = Locations.under(ROOT).bundled_dir
PEER = ROOT.parent / "shared" / "peer-workflows"

# What the criteria of the bundled workflows want to see in notes.
ENOUGH = """
AC1 met. H1, H2, H3. Option A, Option B.
```
$ check
ok
```
## Cause
## Evidence
## Ruled out
## Open questions
## Checking a fix
```json
{"taskComplexity": "Medium", "riskLevel": "High", "hasUI": false, "touchesArchitecture": false,
 "taskType": "bug-fix", "affectedDomains": [], "recommendedPipeline": ["wr.coding-task"],
 "rationale": "Money is charged wrongly, so the risk is high."}
```
"""
# What the check of the last step of an investigation wants to see.
DIAGNOSIS: JsonObject = {
    "kind": "wr.bug_diagnosis",
    "causeKind": "defect",
    "cause": "A list is shared.",
    "evidence": ["It passes alone."],
    "openQuestions": [],
    "hypothesisConfidence": 0.9,
    "fixCheck": "make test",
}
# What the check of a classification wants to see.
CLASSIFICATION: JsonObject = {
    "kind": "wr.classification",
    "taskComplexity": "Medium",
    "riskLevel": "High",
    "hasUI": False,
    "touchesArchitecture": False,
    "taskType": "bug-fix",
    "affectedDomains": [],
    "recommendedPipeline": ["wr.coding-task"],
    "rationale": "Money is charged wrongly, so the risk is high.",
}
SLICES: JsonValue = [{"name": "one", "outcome": "It works.", "files": [], "proof": "make test"}]


class Overheard(Engine):
    """An engine that remembers what it answered, and completes what an agent sends."""

    heard: list[AdvanceOutcome]

    def start(self, request: StartRequest) -> StartOutcome:
        outcome = super().start(request)
        self.heard.append(outcome)
        return outcome

    def advance(
        self,
        token: str,
        submission: Submission,
        told: Callable[[str], None] | None = None,
        lease: Lease | None = None,
    ) -> AdvanceOutcome:
        enough = replace(
            submission,
            notes=f"{submission.notes or ''}{ENOUGH}",
            artifacts=(*submission.artifacts, DIAGNOSIS, CLASSIFICATION),
            context={"riskLevel": "High", "slices": SLICES, **submission.context},
        )
        outcome = super().advance(token, enough, told, lease)
        self.heard.append(outcome)
        return outcome


@dataclass(frozen=True)
class Share:
    """Bytes of some replies, and of what an author wrote in them."""

    replies: int
    size: int
    authored: int
    strictly: int

    @property
    def beyond(self) -> float:
        return 100 * (1 - self.authored / self.size)

    @property
    def strictly_beyond(self) -> float:
        return 100 * (1 - self.strictly / self.size)


@pytest.fixture(name="shares", scope="module")
def shares_of_each_library(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Share]:
    folders = {"bundled": BUNDLED, "shared": PEER}
    found: dict[str, Share] = {}
    for name, folder in folders.items():
        if folder.is_dir():
            with overheard(tmp_path_factory.mktemp(name), folder) as heard:
                found[name] = share(heard)
    return found


@pytest.mark.rule("MCP-87")
def test_at_most_12_percent_of_all_replies_is_not_authored(shares: dict[str, Share]) -> None:
    if "shared" not in shares:
        pytest.skip(f"{PEER} is not here; three short workflows alone say little")
    whole = together(shares.values())

    assert whole.replies > 200
    assert whole.beyond <= BUDGET_PERCENT, shares
    assert whole.strictly_beyond <= STRICT_BUDGET_PERCENT, shares


@pytest.mark.rule("MCP-87")
def test_the_bundled_workflows_are_run_to_their_ends(shares: dict[str, Share]) -> None:
    bundled = shares["bundled"]

    assert bundled.replies >= 20
    assert bundled.beyond <= 20.0


@contextmanager
def overheard(home: Path, folder: Path) -> Generator[list[AdvanceOutcome]]:
    """What the engine answers while a diligent agent runs every workflow of a folder to its end."""
    locations = Locations.under(home, folder)
    with open_store(locations.store, SeededEntropy("store")) as store:
        registry = Registry(locations)
        engine = Overheard(store, registry, FixedClock(), SeededEntropy("sessions"))
        engine.heard = []
        for entry in engine.catalog(None).entries:
            journey = Agent(engine).drive(registry.prepare(entry.id, None).compiled)
            assert journey.completed is not None, entry.id
        yield engine.heard


def share(outcomes: Sequence[AdvanceOutcome]) -> Share:
    return Share(
        replies=len(outcomes),
        size=sum(len(present(outcome).encode()) for outcome in outcomes),
        authored=sum(size(authored(outcome)) for outcome in outcomes),
        strictly=sum(size(strictly_authored(outcome)) for outcome in outcomes),
    )


def together(shares: Iterable[Share]) -> Share:
    parts = list(shares)
    return Share(
        replies=sum(part.replies for part in parts),
        size=sum(part.size for part in parts),
        authored=sum(part.authored for part in parts),
        strictly=sum(part.strictly for part in parts),
    )


def authored(outcome: AdvanceOutcome) -> Iterator[str]:
    yield from strictly_authored(outcome)
    if isinstance(outcome, StepReady | Blocked):
        yield outcome.step.title
        if outcome.step.loop is not None:
            yield outcome.step.loop.title
    if isinstance(outcome, StepReady):
        asked = ("criterion", "assessment")
        yield from (item.text for item in outcome.step.requirements if item.kind in asked)


def strictly_authored(outcome: AdvanceOutcome) -> Iterator[str]:
    if isinstance(outcome, StepReady):
        yield outcome.step.text
        if outcome.preamble is not None:
            yield from said_at_the_start(outcome.preamble)


def said_at_the_start(preamble: Preamble) -> Iterator[str]:
    yield from (preamble.workflow_name, preamble.workflow_id)
    yield from preamble.meta_guidance
    yield from preamble.preconditions
    yield from preamble.clarification_prompts
    for reference in preamble.references:
        yield from (reference.title, reference.purpose, reference.path or reference.source)


def size(texts: Iterator[str]) -> int:
    return sum(len(text.encode()) for text in texts)


def test_an_end_has_nothing_authored() -> None:
    assert list(authored(Completed("s", "w", 1))) == []
