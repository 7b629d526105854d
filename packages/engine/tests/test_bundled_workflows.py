"""Do the workflows that come with the product do what they promise?"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import pytest

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.engine import Engine, StartRequest, open_engine
from workrail_engine.outcomes import (
    AdvanceOutcome,
    Blocked,
    BlockerCode,
    Completed,
    StepReady,
    StepView,
)
from workrail_engine.projections.catalog import StepOutline, WorkflowOutline
from workrail_engine.session.commands import Submission
from workrail_engine.system import Locations

BUNDLED = Path(__file__).parents[1] / "src" / "workrail_engine" / "bundled"
CLASSIFY, INVESTIGATE, CODE = "wr.classify-task", "wr.bug-investigation", "wr.coding-task"
IDS = (CLASSIFY, INVESTIGATE, CODE)
MOST_STEPS = 60

CLASSIFICATION: JsonObject = {
    "taskComplexity": "Medium",
    "riskLevel": "High",
    "hasUI": False,
    "touchesArchitecture": False,
    "taskType": "bug-fix",
    "affectedDomains": ["checkout"],
    "recommendedPipeline": [INVESTIGATE, CODE],
    "rationale": "Money is charged wrongly and nobody knows why yet.",
}
OUTPUT = "```\n$ make check\n3 passed\n```"
NOTES: Mapping[str, str] = {
    "classify": json.dumps(CLASSIFICATION),
    "understand": "AC1: `report --json` prints a JSON list. Decided by test_report.",
    "design": "Option A: a flag. Option B: a second command. A: smaller.",
    "verify": f"{OUTPUT}\nAC1: met",
    "hypotheses": "H1: rounding\nH2: cache\nH3: wrong test",
    "handoff": "## Cause\n## Evidence\n## Ruled out\n## Open questions\nnone\n## Checking a fix\n",
}
SLICES: JsonValue = [
    {"name": "reader", "outcome": "It reads.", "files": ["a.py"], "proof": "make test-reader"},
    {"name": "writer", "outcome": "It writes.", "files": ["b.py"], "proof": "make test-writer"},
]
DIAGNOSIS: JsonObject = {
    "kind": "wr.bug_diagnosis",
    "causeKind": "defect",
    "cause": "A list is shared.",
    "evidence": ["It passes alone."],
    "openQuestions": [],
    "hypothesisConfidence": 0.9,
    "fixCheck": "make test",
}
DESIGN_STEPS = ["design", "challenge-design"]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_engine(Locations.under(tmp_path / "home", BUNDLED)) as opened:
        yield opened


def submission(step: StepView, context: JsonObject) -> Submission:
    """What a diligent agent sends; loops that it decides itself run twice."""
    examples = [cast("JsonObject", item.example) for item in step.requirements if item.example]
    artifacts: list[JsonObject] = []
    for example in examples:
        if example.get("kind") == "wr.loop_control":
            again = step.loop is not None and step.loop.number < 2
            artifacts.append({**example, "decision": "continue" if again else "stop"})
        else:
            artifacts.append(example)
    if step.title == "Hand over the diagnosis":
        artifacts.append(DIAGNOSIS)
    return Submission(NOTES.get(step.step_id, OUTPUT), tuple(artifacts), context)


def begin(engine: Engine, workflow_id: str) -> StepReady:
    outcome = engine.start(StartRequest(workflow_id, "Add a --json option", None))
    assert isinstance(outcome, StepReady)
    return outcome


def drive(engine: Engine, workflow_id: str, context: JsonObject) -> tuple[list[StepView], str]:
    """Every step handed out, in order, and every notice on the way; the context is always sent."""
    outcome: AdvanceOutcome = begin(engine, workflow_id)
    seen: list[StepView] = []
    notices: list[str] = []
    while isinstance(outcome, StepReady) and len(seen) < MOST_STEPS:
        seen.append(outcome.step)
        outcome = engine.advance(outcome.token, submission(outcome.step, context))
        notices.extend(outcome.notices)
    assert isinstance(outcome, Completed), outcome
    assert outcome.steps_completed == len(seen)
    return seen, "\n".join(notices)


def ids(steps: list[StepView]) -> list[str]:
    return [step.step_id for step in steps]


def reach(engine: Engine, workflow_id: str, step_id: str, context: JsonObject) -> StepReady:
    outcome: AdvanceOutcome = begin(engine, workflow_id)
    while isinstance(outcome, StepReady) and outcome.step.step_id != step_id:
        outcome = engine.advance(outcome.token, submission(outcome.step, context))
    assert isinstance(outcome, StepReady), outcome
    return outcome


def outlined(outline: WorkflowOutline) -> Iterator[StepOutline]:
    for step in outline.steps:
        yield step
        yield from step.steps


@pytest.mark.rule("LANG-80")
def test_every_bundled_file_can_be_started(engine: Engine) -> None:
    catalog = engine.catalog(None)
    assert catalog.broken == ()
    assert {entry.id for entry in catalog.entries} >= set(IDS)


@pytest.mark.rule("LANG-81")
@pytest.mark.parametrize("workflow_id", IDS)
def test_every_variable_a_condition_reads_is_asked_for_by_a_step(
    engine: Engine, workflow_id: str
) -> None:
    outline = engine.inspect(workflow_id, None)
    text = "\n".join(step.text for step in outlined(outline))
    asked = set(re.findall(r"context\.(\w+)", text))
    read = set(outline.context_variables)
    tokens = set(re.findall(r"\{\{(\w+)", text)) - {"round", "slice", "sliceNumber"}
    assert (read | tokens) - asked == set()


def test_a_bug_investigation_runs_from_reproduction_to_handoff(engine: Engine) -> None:
    steps, notices = drive(
        engine, INVESTIGATE, {"reproduction": "always", "riskLevel": "High", "slices": SLICES}
    )
    assert ids(steps) == [
        "intake",
        "reproduce",
        "trace",
        "hypotheses",
        *["experiment", "weigh"] * 2,
        "challenge",
        "conclude",
        "handoff",
    ]
    assert "reproduction" in notices


def test_an_unsteady_bug_gets_a_step_about_its_signal(engine: Engine) -> None:
    steps, _ = drive(engine, INVESTIGATE, {"reproduction": "sometimes", "riskLevel": "Low"})
    assert "reproduction-gap" in ids(steps)
    assert "challenge" not in ids(steps)


def test_an_agent_that_sets_no_variable_takes_the_careful_way_through_an_investigation(
    engine: Engine,
) -> None:
    steps, _ = drive(engine, INVESTIGATE, {})
    assert {"reproduction-gap", "challenge"} <= set(ids(steps))


def test_a_risky_bug_asks_for_fresh_eyes_and_a_harmless_one_does_not(engine: Engine) -> None:
    risky = reach(engine, INVESTIGATE, "hypotheses", {"riskLevel": "High"})
    harmless = reach(engine, INVESTIGATE, "hypotheses", {"riskLevel": "Low"})
    assert "another agent" in risky.step.text
    assert "another agent" not in harmless.step.text


@pytest.mark.parametrize(
    ("level", "follow_up"), [("claimed", "needs a run"), ("ignored", "strongest other explanation")]
)
def test_a_cause_that_no_run_supports_cannot_be_handed_over(
    engine: Engine, level: str, follow_up: str
) -> None:
    ready = reach(engine, INVESTIGATE, "conclude", {"riskLevel": "Low", "reproduction": "always"})
    levels = {"cause": "shown", "rivals": "refuted"}
    levels["cause" if level == "claimed" else "rivals"] = level
    artifact: JsonObject = {
        "kind": "wr.assessment",
        "assessmentId": "diagnosis",
        "dimensions": levels,
    }
    outcome = engine.advance(ready.token, Submission("The cache is at fault.", (artifact,)))
    assert isinstance(outcome, Blocked)
    assert [blocker.code for blocker in outcome.blockers] == [BlockerCode.ASSESSMENT_FOLLOWUP]
    told = f"{outcome.blockers[0].message} {outcome.blockers[0].remedy}"
    assert follow_up in told


def test_an_honest_not_known_can_be_handed_over(engine: Engine) -> None:
    ready = reach(engine, INVESTIGATE, "conclude", {"riskLevel": "Low", "reproduction": "always"})
    artifact: JsonObject = {
        "kind": "wr.assessment",
        "assessmentId": "diagnosis",
        "dimensions": {"cause": "not_known", "rivals": "open"},
    }
    outcome = engine.advance(ready.token, Submission("Not known.", (artifact,)))
    assert isinstance(outcome, StepReady)
    assert outcome.step.step_id == "handoff"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"evidence": []}, "evidence"),
        ({"fixCheck": ""}, "fixCheck"),
        ({"causeKind": "gremlins"}, "causeKind"),
        ({"hypothesisConfidence": 97}, "hypothesisConfidence"),
        ({"causeKind": "not_known"}, "openQuestions"),
    ],
)
def test_a_diagnosis_that_rests_on_nothing_is_sent_back(
    engine: Engine, change: JsonObject, told: str
) -> None:
    ready = reach(engine, INVESTIGATE, "handoff", {"riskLevel": "Low", "reproduction": "always"})
    outcome = engine.advance(ready.token, Submission(NOTES["handoff"], ({**DIAGNOSIS, **change},)))
    assert isinstance(outcome, Blocked)
    assert [blocker.code for blocker in outcome.blockers] == [BlockerCode.CHECK_FAILED]
    assert told in outcome.blockers[0].message


def test_a_diagnosis_can_say_that_the_cause_is_not_known(engine: Engine) -> None:
    ready = reach(engine, INVESTIGATE, "handoff", {"riskLevel": "Low", "reproduction": "always"})
    open_end: JsonObject = {"causeKind": "not_known", "evidence": [], "fixCheck": ""}
    artifact = {**DIAGNOSIS, **open_end, "openQuestions": ["Does it need two requests at once?"]}
    outcome = engine.advance(ready.token, Submission(NOTES["handoff"], (artifact,)))
    assert isinstance(outcome, Completed)


@pytest.mark.parametrize("step_id", ["reproduce", "experiment"])
def test_an_experiment_without_quoted_output_is_sent_back(engine: Engine, step_id: str) -> None:
    ready = reach(engine, INVESTIGATE, step_id, {"riskLevel": "Low", "reproduction": "always"})
    outcome = engine.advance(ready.token, Submission("It fails every time, I am sure."))
    assert isinstance(outcome, Blocked)
    assert [blocker.code for blocker in outcome.blockers] == [BlockerCode.INVALID_NOTES]
    assert "fenced code block" in outcome.blockers[0].message


def test_a_small_safe_task_passes_by_the_design_steps_and_says_so(engine: Engine) -> None:
    steps, notices = drive(
        engine, CODE, {"taskComplexity": "Small", "riskLevel": "Low", "slices": SLICES}
    )
    assert not set(DESIGN_STEPS) & set(ids(steps))
    assert "taskComplexity" in notices


@pytest.mark.parametrize(
    "context",
    [
        {"taskComplexity": "Large", "riskLevel": "Low"},
        {"taskComplexity": "Small", "riskLevel": "High"},
        {},
    ],
)
def test_a_large_a_risky_and_an_unsized_task_all_get_the_design_steps(
    engine: Engine, context: Mapping[str, JsonValue]
) -> None:
    steps, _ = drive(engine, CODE, {**context, "slices": SLICES})
    assert [step_id for step_id in ids(steps) if step_id in DESIGN_STEPS] == DESIGN_STEPS


def test_a_medium_task_compares_designs_without_the_challenge(engine: Engine) -> None:
    context: JsonObject = {"taskComplexity": "Medium", "riskLevel": "Medium", "slices": SLICES}
    steps, _ = drive(engine, CODE, context)
    assert [step_id for step_id in ids(steps) if step_id in DESIGN_STEPS] == ["design"]


def test_each_planned_slice_is_built_by_name_and_a_round_of_review_can_be_repeated(
    engine: Engine,
) -> None:
    context: JsonObject = {"taskComplexity": "Small", "riskLevel": "Low", "slices": SLICES}
    steps, _ = drive(engine, CODE, context)
    built = [step for step in steps if step.step_id == "build-slice"]
    assert [step.title for step in built] == ["Slice 1: reader", "Slice 2: writer"]
    assert "make test-writer" in built[1].text
    assert ids(steps)[-7:] == [*["self-review", "verify", "decide"] * 2, "handoff"]


def test_building_cannot_begin_before_the_slices_are_listed(engine: Engine) -> None:
    ready = reach(engine, CODE, "plan", {"taskComplexity": "Small", "riskLevel": "Low"})
    outcome = engine.advance(ready.token, Submission("One slice: everything."))
    assert isinstance(outcome, Blocked)
    assert [blocker.code for blocker in outcome.blockers] == [BlockerCode.MISSING_CONTEXT]
    assert "slices" in outcome.blockers[0].message


@pytest.mark.parametrize(
    ("context", "asks"),
    [
        ({"taskComplexity": "Small", "riskLevel": "Low", "openQuestionCount": 0}, False),
        ({"taskComplexity": "Small", "riskLevel": "Low", "openQuestionCount": 2}, True),
        ({"taskComplexity": "Small", "riskLevel": "High", "openQuestionCount": 0}, True),
    ],
)
def test_a_person_is_asked_about_the_plan_when_questions_or_risk_are_open(
    engine: Engine, context: Mapping[str, JsonValue], *, asks: bool
) -> None:
    ready = reach(engine, CODE, "plan", context)
    assert (ready.step.confirmation is not None) == asks


def test_a_coding_task_cannot_end_without_its_handoff(engine: Engine) -> None:
    context: JsonObject = {"taskComplexity": "Small", "riskLevel": "Low", "slices": SLICES}
    ready = reach(engine, CODE, "handoff", context)
    outcome = engine.advance(ready.token, Submission("All done."))
    assert isinstance(outcome, Blocked)
    assert [blocker.code for blocker in outcome.blockers] == [BlockerCode.MISSING_ARTIFACT]


@pytest.mark.parametrize(
    "notes",
    [
        json.dumps(CLASSIFICATION),
        f"Sized from the goal.\n\n```json\n{json.dumps(CLASSIFICATION, indent=2)}\n```\n",
    ],
)
def test_a_classification_is_accepted_bare_and_in_a_fence(engine: Engine, notes: str) -> None:
    ready = begin(engine, CLASSIFY)
    artifact: JsonObject = {"kind": "wr.classification", **CLASSIFICATION}
    assert isinstance(engine.advance(ready.token, Submission(notes, (artifact,))), Completed)


@pytest.mark.rule("LANG-82")
@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"taskComplexity": "small"}, "value from the table"),
        ({"hasUI": "no"}, "value from the table"),
        ({"recommendedPipeline": ["wr.imaginary"]}, "value from the table"),
        ({"extra": 1}, "value from the table"),
        ({"rationale": "short"}, "value from the table"),
        ({"taskComplexity": "Large"}, "touchesArchitecture true"),
        ({"taskType": "investigation"}, "does not fit taskType"),
        ({"taskType": "docs", "recommendedPipeline": [INVESTIGATE]}, "does not fit taskType"),
    ],
)
def test_a_classification_with_a_fault_is_sent_back(
    engine: Engine, change: Mapping[str, JsonValue], told: str
) -> None:
    ready = begin(engine, CLASSIFY)
    outcome = engine.advance(ready.token, Submission(json.dumps({**CLASSIFICATION, **change})))
    assert isinstance(outcome, Blocked)
    assert {blocker.code for blocker in outcome.blockers} == {BlockerCode.INVALID_NOTES}
    assert any(told in blocker.message for blocker in outcome.blockers), outcome.blockers


@pytest.mark.parametrize("field", sorted(CLASSIFICATION))
def test_a_classification_lacking_a_field_is_sent_back(engine: Engine, field: str) -> None:
    ready = begin(engine, CLASSIFY)
    rest = {name: value for name, value in CLASSIFICATION.items() if name != field}
    assert isinstance(engine.advance(ready.token, Submission(json.dumps(rest))), Blocked)


def test_prose_instead_of_a_classification_is_sent_back(engine: Engine) -> None:
    ready = begin(engine, CLASSIFY)
    outcome = engine.advance(ready.token, Submission("A medium task, I would say."))
    assert isinstance(outcome, Blocked)


def test_a_classification_can_only_recommend_workflows_that_are_bundled(engine: Engine) -> None:
    known = {entry.id for entry in engine.catalog(None).entries}
    named = set(re.findall(r"\bwr\.[a-z-]+\b", (BUNDLED / f"{CLASSIFY}.yaml").read_text()))
    assert named - {"wr.classification"} <= known
    assert named >= {INVESTIGATE, CODE}


def test_the_example_in_the_classification_prompt_would_be_accepted(engine: Engine) -> None:
    ready = begin(engine, CLASSIFY)
    block = re.search(r"```json\n(\{.*?\})\s*```", ready.step.text, re.DOTALL)
    assert block
    artifact: JsonObject = {"kind": "wr.classification", **json.loads(block[1])}
    assert isinstance(engine.advance(ready.token, Submission(block[1], (artifact,))), Completed)


def test_a_classification_that_scripts_cannot_find_is_sent_back(engine: Engine) -> None:
    ready = begin(engine, CLASSIFY)
    outcome = engine.advance(ready.token, Submission(json.dumps(CLASSIFICATION)))
    assert isinstance(outcome, Blocked)
    codes = [(blocker.code, blocker.subject) for blocker in outcome.blockers]
    assert codes == [(BlockerCode.CHECK_FAILED, "classification-whole")]
