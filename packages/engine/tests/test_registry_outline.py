"""What does a workflow look like before it runs?"""

import json
from dataclasses import replace
from pathlib import Path

from workrail_engine.canonical import JsonValue
from workrail_engine.projections.catalog import StepOutline
from workrail_engine.registry.registry import Registry
from workrail_engine.system import Locations

STEPS: JsonValue = [
    {
        "id": "look",
        "title": "Look",
        "prompt": "Look at {{target}}.",
        "modelTier": "heavy",
        "requireConfirmation": {"var": "risk", "equals": "High"},
        "validationCriteria": [
            {"type": "contains", "value": "found", "message": "Say what you found."}
        ],
    },
    {
        "id": "again",
        "type": "loop",
        "title": "Again",
        "runCondition": {"var": "deep", "equals": True},
        "loop": {"type": "forEach", "items": "modules", "maxIterations": 4},
        "body": [
            {
                "id": "one-module",
                "title": "One module",
                "prompt": "Check it.",
                "runCondition": {"var": "currentItem", "not_equals": "skip"},
                "assessmentRefs": ["quality"],
                "assessmentConsequences": [
                    {
                        "when": {"anyEqualsLevel": "low"},
                        "effect": {"kind": "require_followup", "guidance": "Mend it."},
                    }
                ],
            },
        ],
    },
    {
        "id": "hand-over",
        "title": "Hand over",
        "prompt": "Hand over.",
        "outputContract": {"contractRef": "wr.contracts.coding_handoff", "required": False},
        "audit": {"rubric": ["Is it whole?"]},
    },
    {
        "id": "fan-out",
        "type": "parallel",
        "title": "Fan out",
        "requireConfirmation": {"kind": "human_approval"},
        "parallelDelegations": [
            {"workflowId": "team.review", "runCondition": {"var": "review", "equals": True}}
        ],
    },
]
ASSESSMENT: JsonValue = {
    "id": "quality",
    "purpose": "How good it is",
    "dimensions": [
        {"id": "depth", "purpose": "How deep", "levels": ["low", "high"]},
        {"id": "width", "purpose": "How wide", "levels": ["low", "high"]},
    ],
}


def test_an_outline_says_what_each_step_needs_when_it_runs_and_what_repeats(
    tmp_path: Path,
) -> None:
    document = {
        "id": "team.all",
        "name": "Everything",
        "description": "Shows everything.",
        "version": "1.0.0",
        "examples": ["An example of use"],
        "metaGuidance": ["Be brief."],
        "references": [
            {
                "id": "guide",
                "title": "Guide",
                "source": "guide.md",
                "purpose": "How",
                "authoritative": True,
            }
        ],
        "assessments": [ASSESSMENT],
        "steps": STEPS,
    }
    (tmp_path / "a.json").write_text(json.dumps(document), "utf-8")
    (tmp_path / "guide.md").write_text("Do.", "utf-8")
    registry = Registry(Locations(tmp_path / "home", tmp_path / "none", tmp_path))
    outline = registry.inspect("team.all", tmp_path)
    assert outline.workflow_hash == registry.prepare("team.all", tmp_path).compiled.workflow_hash
    assert outline.entry.steps == 4
    assert outline.examples == ("An example of use",)
    assert outline.meta_guidance == ("Be brief.",)
    assert [reference.path for reference in outline.references] == [
        str((tmp_path / "guide.md").resolve())
    ]
    assert outline.context_variables == ("risk", "deep", "modules", "review")
    look, again, hand_over, audit, fan_out = outline.steps
    plain = StepOutline(
        step_id="look",
        title="Look",
        kind="step",
        text="Look at {{target}}.",
        runs_when=None,
        repeats=None,
        requirements=("notes", look.requirements[1]),
        confirmation='whoever coordinates the run is asked to confirm when risk equals "High"',
        model_tier="heavy",
    )
    assert look == plain
    assert "found" in look.requirements[1]
    body = replace(
        plain,
        step_id="one-module",
        title="One module",
        text="Check it.",
        runs_when='currentItem is not "skip"',
        requirements=(
            "notes",
            "assessment quality of depth, width",
            "no dimension at level low",
        ),
        confirmation=None,
        model_tier=None,
    )
    assert again == StepOutline(
        step_id="again",
        title="Again",
        kind="loop",
        text="",
        runs_when="deep equals true",
        repeats="once for each item of modules, at most 4 times",
        requirements=(),
        confirmation=None,
        steps=(body,),
    )
    assert hand_over.requirements == ("artifact wr.contracts.coding_handoff (optional)",)
    assert (audit.kind, audit.step_id) == ("audit", "hand-over__audit")
    assert (fan_out.kind, fan_out.delegates) == ("parallel", ("team.review",))
    assert fan_out.confirmation == "a person is asked to approve"


def test_every_kind_of_loop_says_how_it_repeats(tmp_path: Path) -> None:
    def loop(name: str, **config: JsonValue) -> JsonValue:
        body = [{"id": f"{name}-body", "title": "Body", "prompt": "Do."}]
        rule = {"maxIterations": 3, **config}
        return {"id": name, "type": "loop", "title": name, "loop": rule, "body": body}

    source = {
        "kind": "artifact_contract",
        "contractRef": "wr.contracts.loop_control",
        "loopId": "by-artifact",
    }
    document = {
        "id": "team.loops",
        "name": "Loops",
        "description": "Every kind.",
        "version": "1.0.0",
        "steps": [
            loop("by-while", type="while", condition={"var": "open", "gt": 0}),
            loop("by-until", type="until", condition={"var": "done", "equals": True}),
            loop("by-artifact", type="while", conditionSource=source),
            loop("by-count", type="for", count=2),
            loop("by-once", type="for", count=1),
            loop("by-name", type="for", count="rounds"),
        ],
    }
    (tmp_path / "a.json").write_text(json.dumps(document), "utf-8")
    outline = Registry(Locations(tmp_path / "home", tmp_path / "none", tmp_path)).inspect(
        "team.loops", None
    )
    assert [step.repeats for step in outline.steps] == [
        "while open is greater than 0, at most 3 times",
        "until done equals true, at most 3 times",
        "until a step of it submits a wr.loop_control artifact that says stop, at most 3 times",
        "2 times, at most 3 times",
        "once, at most 3 times",
        "as often as rounds says, at most 3 times",
    ]
    assert outline.context_variables == ("open", "done", "rounds")
