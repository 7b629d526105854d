"""Which typed artifacts can a step demand, and is this one valid?"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pydantic import ValidationError

from workrail_engine.canonical import JsonObject, canonical_bytes
from workrail_engine.workflow.artifact_problems import field_paths, in_words
from workrail_engine.workflow.contract_models import (
    Artifact,
    AssessmentArtifact,
    CodingHandoff,
    CoordinatorSignal,
    DifferentiationHandoff,
    DiscoveryHandoff,
    GateVerdict,
    LoopControl,
    ReviewVerdict,
    ShapingHandoff,
)


@dataclass(frozen=True)
class Contract:
    """A kind of artifact, its fields, and one that is valid."""

    contract_ref: str
    kind: str
    model: type[Artifact]
    example: JsonObject


def check_artifact(contract_ref: str, artifact: JsonObject) -> tuple[str, ...]:
    """Everything wrong with an artifact, in words with the place of each; empty when it is valid.

    Args:
        contract_ref: one of `CONTRACTS`.
        artifact: the whole artifact, `kind` included.
    """
    model = CONTRACTS[contract_ref].model
    try:
        model.model_validate_json(canonical_bytes(artifact))
    except ValidationError as error:
        return in_words(error, field_paths(model))
    except ValueError as error:
        return (f"it cannot be written as JSON: {error}",)
    return ()


_EXAMPLES: tuple[tuple[type[Artifact], JsonObject], ...] = (
    (
        LoopControl,
        {
            "kind": "wr.loop_control",
            "decision": "continue",
        },
    ),
    (
        AssessmentArtifact,
        {
            "kind": "wr.assessment",
            "assessmentId": "the-assessment",
            "dimensions": {"the-dimension": {"level": "one of its levels", "rationale": "why"}},
        },
    ),
    (
        CoordinatorSignal,
        {
            "kind": "wr.coordinator_signal",
            "signalKind": "data_needed",
            "payload": {"question": "Which branch holds the release?"},
        },
    ),
    (
        ReviewVerdict,
        {
            "kind": "wr.review_verdict",
            "verdict": "minor",
            "confidence": "high",
            "findings": [
                {
                    "severity": "minor",
                    "summary": "the retry has no upper bound",
                    "findingCategory": "correctness",
                }
            ],
            "summary": "One small gap; the rest does what it says.",
        },
    ),
    (
        DiscoveryHandoff,
        {
            "kind": "wr.discovery_handoff",
            "version": 1,
            "selectedDirection": "queue writes in the store and answer from it",
            "designDocPath": "docs/design/queued-writes.md",
            "confidenceBand": "medium",
            "keyInvariants": ["an acknowledged write is never lost"],
        },
    ),
    (
        ShapingHandoff,
        {
            "kind": "wr.shaping_handoff",
            "version": 1,
            "pitchPath": "docs/pitches/export.md",
            "selectedShape": "export as one file, no scheduling",
            "appetite": "one week",
            "keyConstraints": ["works without a network"],
            "rabbitHoles": ["custom formats"],
            "outOfScope": ["import"],
            "validationChecklist": ["a 10,000 row export opens in a spreadsheet"],
        },
    ),
    (
        CodingHandoff,
        {
            "kind": "wr.coding_handoff",
            "version": 1,
            "branchName": "fix/rounding",
            "keyDecisions": ["round once, at the end"],
            "knownLimitations": [],
            "testsAdded": ["tests/test_totals.py: totals are rounded once"],
            "filesChanged": ["shop/totals.py", "tests/test_totals.py"],
        },
    ),
    (
        GateVerdict,
        {
            "kind": "wr.gate_verdict",
            "version": 1,
            "verdict": "approved",
            "confidence": "high",
            "rationale": "The plan covers each requirement and names its own risks.",
        },
    ),
    (
        DifferentiationHandoff,
        {
            "kind": "wr.differentiation_handoff",
            "version": 1,
            "schemaVersion": "1.0.0",
            "generatedAt": "2026-01-31T09:30:00Z",
            "evidenceFreshness": {
                "oldestCapturedAt": "2026-01-05T08:00:00Z",
                "newestCapturedAt": "2026-01-30T17:00:00Z",
            },
            "validationChecklist": ["three customers confirm the problem"],
            "shapingHandoff": {
                "rawIdea": "invoices that reconcile themselves",
                "problem": "an owner spends each Friday matching payments by hand",
                "baseline": "a spreadsheet",
                "appetiteHint": "small_batch",
                "noGosHints": ["no bank connections of our own"],
                "constraints": {"teamSize": 3, "technicalCapabilities": ["web"], "exclusions": []},
                "evidenceTopK": ["6f9619ff-8b86-4d01-b42d-00cf4fc964ff"],
                "defensibilityClaim": {
                    "power": "Process Power",
                    "cannibalization": "rivals earn from manual matching",
                },
            },
        },
    ),
)


def _contract(model: type[Artifact], example: JsonObject) -> Contract:
    kind = str(example["kind"])
    return Contract(f"wr.contracts.{kind.removeprefix('wr.')}", kind, model, example)


CONTRACTS: Mapping[str, Contract] = MappingProxyType(
    {
        contract.contract_ref: contract
        for contract in (_contract(model, example) for model, example in _EXAMPLES)
    }
)
"""Every contract by its `contractRef`."""
