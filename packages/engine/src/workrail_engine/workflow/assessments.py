"""What did the agent assess, and does it call for follow-up?

An assessment arrives as an artifact of kind `wr.assessment`: `dimensions` maps an id to a level, or
to `{level, rationale}`; `assessmentId` and `summary` are optional. Levels match exactly, else after
trimming and lower-casing.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.workflow.compiled import Assessment, Consequence, Dimension
from workrail_engine.workflow.contracts import check_artifact

ASSESSMENT_CONTRACT = "wr.contracts.assessment"
ASSESSMENT_KIND = "wr.assessment"


@dataclass(frozen=True)
class DimensionLevel:
    """The level one dimension was given."""

    dimension_id: str
    level: str
    """As declared."""
    rationale: str | None
    normalized: bool
    """True when it matched only after trimming and lower-casing."""


@dataclass(frozen=True)
class AssessmentReading:
    """An assessment that can be recorded."""

    assessment_id: str
    dimensions: tuple[DimensionLevel, ...]
    """In declared order; optional dimensions that were left out are absent."""
    summary: str | None


@dataclass(frozen=True)
class AssessmentProblem:
    """One thing that is missing or wrong in an assessment."""

    assessment_id: str
    message: str
    missing: bool = False
    """True when there is no artifact for this assessment at all."""


@dataclass(frozen=True)
class Triggered:
    """A consequence that the assessed levels call for."""

    assessment_id: str
    dimension_id: str
    level: str
    guidance: str


def read_assessments(
    required: tuple[Assessment, ...], artifacts: Sequence[JsonObject]
) -> tuple[AssessmentReading | AssessmentProblem, ...]:
    """Find and read the artifact of each assessment; every problem, or one reading, for each.

    With one assessment the first `wr.assessment` artifact counts, and need not name it. With several
    each artifact must say which assessment it is.
    """
    sent = tuple(item for item in artifacts if item.get("kind") == ASSESSMENT_KIND)
    results: list[AssessmentReading | AssessmentProblem] = []
    for assessment in required:
        artifact = _artifact_for(assessment, sent, alone=len(required) == 1)
        match artifact:
            case AssessmentProblem():
                results.append(artifact)
            case Mapping():
                problems = tuple(_problems(assessment, artifact))
                results.extend(problems or (_reading(assessment, artifact),))
    return tuple(results)


def triggered(
    consequences: Sequence[Consequence], readings: Sequence[AssessmentReading]
) -> tuple[Triggered, ...]:
    """Every consequence some assessed level calls for, in the order they were declared."""
    return tuple(
        Triggered(reading.assessment_id, dimension.dimension_id, dimension.level, wanted.guidance)
        for wanted in consequences
        for reading in readings
        if wanted.for_assessment in (None, reading.assessment_id)
        for dimension in reading.dimensions
        if dimension.level == wanted.level
    )


def example(assessment: Assessment) -> JsonObject:
    """An artifact that would be accepted, to show the form; its levels are not a suggestion."""
    return {
        "kind": ASSESSMENT_KIND,
        "assessmentId": assessment.assessment_id,
        "dimensions": {
            dimension.dimension_id: {
                "level": dimension.levels[-1],
                "rationale": "why this level",
            }
            for dimension in assessment.dimensions
        },
    }


def _artifact_for(
    assessment: Assessment, sent: Sequence[JsonObject], *, alone: bool
) -> JsonObject | AssessmentProblem:
    wanted = assessment.assessment_id
    if alone and sent:
        named = sent[0].get("assessmentId")
        if named in (None, wanted):
            return sent[0]
        problem = f'The assessment sent is for "{named}", but this step needs "{wanted}"'
        return AssessmentProblem(wanted, problem)
    for artifact in sent:
        if artifact.get("assessmentId") == wanted:
            return artifact
    unnamed = any(artifact.get("assessmentId") is None for artifact in sent)
    hint = ". One was sent without assessmentId; this step needs it in each" if unnamed else ""
    problem = (
        f'No artifact of kind "{ASSESSMENT_KIND}" was sent for the assessment "{wanted}"{hint}'
    )
    return AssessmentProblem(wanted, problem, missing=True)


def _problems(assessment: Assessment, artifact: JsonObject) -> Iterator[AssessmentProblem]:
    wanted = assessment.assessment_id
    malformed = check_artifact(ASSESSMENT_CONTRACT, artifact)
    for problem in malformed:
        yield AssessmentProblem(wanted, f'The assessment "{wanted}" is not valid: {problem}')
    given = artifact.get("dimensions")
    if not isinstance(given, Mapping):
        return
    declared = {dimension.dimension_id: dimension for dimension in assessment.dimensions}
    for dimension_id, answer in given.items():
        dimension = declared.get(dimension_id)
        if dimension is None:
            yield AssessmentProblem(wanted, _unknown(wanted, dimension_id, tuple(declared)))
        else:
            yield from _level_problem(wanted, dimension, answer)
    for dimension in assessment.dimensions:
        if dimension.required and dimension.dimension_id not in given:
            levels = " | ".join(dimension.levels)
            yield AssessmentProblem(
                wanted,
                f'The assessment "{wanted}" lacks the dimension "{dimension.dimension_id}" '
                f"(one of: {levels})",
            )


def _unknown(wanted: str, dimension_id: str, declared: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(dimension_id, declared, n=1)
    hint = f'did you mean "{near[0]}"?' if near else f"it has: {', '.join(declared)}"
    return f'The assessment "{wanted}" has no dimension "{dimension_id}"; {hint}'


def _level_problem(
    wanted: str, dimension: Dimension, answer: JsonValue
) -> Iterator[AssessmentProblem]:
    level = _stated_level(answer)
    if level is not None and _match(dimension, level) is None:
        yield AssessmentProblem(
            wanted,
            f'"{level}" is not a level of the dimension "{dimension.dimension_id}" of '
            f'"{wanted}"; its levels are: {" | ".join(dimension.levels)}',
        )


def _reading(assessment: Assessment, artifact: JsonObject) -> AssessmentReading:
    given = cast("JsonObject", artifact["dimensions"])
    summary = artifact.get("summary")
    return AssessmentReading(
        assessment_id=assessment.assessment_id,
        dimensions=tuple(
            level
            for dimension in assessment.dimensions
            for level in _dimension_level(dimension, given.get(dimension.dimension_id))
        ),
        summary=summary if isinstance(summary, str) else None,
    )


def _dimension_level(dimension: Dimension, answer: JsonValue) -> Iterator[DimensionLevel]:
    stated = _stated_level(answer)
    level = None if stated is None else _match(dimension, stated)
    if level is not None:
        rationale = answer.get("rationale") if isinstance(answer, Mapping) else None
        yield DimensionLevel(
            dimension_id=dimension.dimension_id,
            level=level,
            rationale=rationale if isinstance(rationale, str) else None,
            normalized=level != stated,
        )


def _stated_level(answer: JsonValue) -> str | None:
    stated = answer.get("level") if isinstance(answer, Mapping) else answer
    return stated if isinstance(stated, str) else None


def _match(dimension: Dimension, stated: str) -> str | None:
    if stated in dimension.levels:
        return stated
    plain = stated.strip().lower()
    return next((level for level in dimension.levels if level.strip().lower() == plain), None)
