"""Which fields may an artifact of each contract hold?

Models are strict: a field they do not name is an error, a text is never read as a number, and an
optional field is left out rather than null. Only review findings may hold more than is named.
"""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

T = TypeVar("T")


_IS_NULL = PydanticCustomError("null_value", "is null; leave the field out instead")
_NO_MOMENT = PydanticCustomError(
    "date_time", "must be an ISO 8601 date and time with a zone, such as 2026-01-31T09:30:00Z"
)
_NOT_ONE = PydanticCustomError("wrong_shape", "must be 1")
_NO_LEVEL = PydanticCustomError(
    "wrong_shape", "must be a level, or an object with level and rationale"
)


def _given(value: T | None) -> T:
    if value is None:
        raise _IS_NULL
    return value


def _not_bool(value: object) -> object:
    """True equals 1 in Python, and would pass for it."""
    if isinstance(value, bool):
        raise _NOT_ONE
    return value


def _date_time(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or "T" not in text:
        raise _NO_MOMENT
    return text


Maybe: TypeAlias = Annotated[T | None, AfterValidator(_given)]
Texts: TypeAlias = tuple[str, ...]
NonEmpty: TypeAlias = Annotated[str, Field(min_length=1)]
Max200: TypeAlias = Annotated[str, Field(max_length=200)]
Max300: TypeAlias = Annotated[str, Field(max_length=300)]
DateTime: TypeAlias = Annotated[str, AfterValidator(_date_time)]
Confidence: TypeAlias = Literal["high", "medium", "low"]
VersionOne: TypeAlias = Annotated[Literal[1], BeforeValidator(_not_bool)]
Uuid: TypeAlias = Annotated[
    str, Field(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
]


class Artifact(BaseModel):
    """Base of every object inside an artifact."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", alias_generator=to_camel)


class LoopControlMetadata(Artifact):
    """What the decision to go on or stop rests on."""

    reason: Maybe[Annotated[str, Field(max_length=1024)]] = None
    issues_found: Maybe[Annotated[int, Field(ge=0)]] = None
    iteration_index: Maybe[Annotated[int, Field(ge=0)]] = None
    confidence: Maybe[Annotated[float, Field(ge=0, le=100)]] = None


class LoopControl(Artifact):
    """Whether a loop makes another pass."""

    kind: Literal["wr.loop_control"]
    decision: Literal["continue", "stop"]
    loop_id: Maybe[Annotated[str, Field(max_length=64, pattern=r"^[a-z0-9_-]+$")]] = None
    metadata: Maybe[LoopControlMetadata] = None


class AssessedDimension(Artifact):
    """A level and why; a bare text is read as the level."""

    level: str
    rationale: Maybe[Annotated[str, Field(max_length=512)]] = None

    @model_validator(mode="before")
    @classmethod
    def _from_level(cls, value: object) -> object:
        if isinstance(value, str):
            return {"level": value}
        if not isinstance(value, dict):
            raise _NO_LEVEL
        return value  # pyright: ignore[reportUnknownVariableType]  # pydantic checks it next


class AssessmentArtifact(Artifact):
    """A self-assessment; which dimensions and levels exist is the workflow's to say."""

    kind: Literal["wr.assessment"]
    assessment_id: Maybe[Annotated[str, Field(max_length=64)]] = None
    dimensions: Annotated[dict[str, AssessedDimension], Field(min_length=1)]
    summary: Maybe[Annotated[str, Field(max_length=1024)]] = None


class CoordinatorSignal(Artifact):
    """Something a coordinator should know or answer."""

    kind: Literal["wr.coordinator_signal"]
    signal_kind: Literal["progress", "finding", "data_needed", "approval_needed", "blocked"]
    payload: dict[str, object]
    session_id: Maybe[str] = None


class Finding(Artifact):
    """One thing a review found; further fields are welcome."""

    model_config = ConfigDict(frozen=True, strict=True, extra="allow", alias_generator=to_camel)

    severity: Literal["critical", "major", "minor", "nit"]
    summary: str
    finding_category: Maybe[
        Literal["correctness", "security", "architecture", "ux", "performance", "testing", "style"]
    ] = None


class ReviewVerdict(Artifact):
    """What a review came to."""

    kind: Literal["wr.review_verdict"]
    verdict: Literal["clean", "minor", "blocking"]
    confidence: Confidence
    findings: tuple[Finding, ...]
    summary: str


class RejectedDirection(Artifact):
    """A way not taken."""

    direction: Max200
    reason: Max300


class CodeLocation(Artifact):
    """A place in the code that matters."""

    path: Max300
    relevance: Annotated[str, Field(max_length=150)]


class DiscoveryHandoff(Artifact):
    """The direction a discovery chose."""

    kind: Literal["wr.discovery_handoff"]
    version: VersionOne
    selected_direction: NonEmpty
    design_doc_path: str
    confidence_band: Confidence
    key_invariants: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=200)], ...], Field(max_length=12)
    ]
    rejected_directions: Maybe[Annotated[tuple[RejectedDirection, ...], Field(max_length=5)]] = None
    implementation_constraints: Maybe[Annotated[tuple[Max200, ...], Field(max_length=8)]] = None
    key_codebase_locations: Maybe[Annotated[tuple[CodeLocation, ...], Field(max_length=10)]] = None
    selection_tier: Maybe[
        Literal["strong_recommendation", "provisional_recommendation", "insufficient_signal"]
    ] = None


class ShapingHandoff(Artifact):
    """A shaped piece of work."""

    kind: Literal["wr.shaping_handoff"]
    version: VersionOne
    pitch_path: NonEmpty
    selected_shape: Annotated[str, Field(min_length=1, max_length=200)]
    appetite: Annotated[str, Field(min_length=1, max_length=100)]
    key_constraints: Annotated[tuple[Max200, ...], Field(max_length=8)]
    rabbit_holes: Annotated[tuple[Max200, ...], Field(max_length=6)]
    out_of_scope: Annotated[tuple[Max200, ...], Field(max_length=6)]
    validation_checklist: Annotated[tuple[Max200, ...], Field(max_length=10)]


class CorrectedAssumption(Artifact):
    """What was believed, and what is so."""

    assumed: Max200
    actual: Max200


class CodingHandoff(Artifact):
    """What a coding session did."""

    kind: Literal["wr.coding_handoff"]
    version: VersionOne
    branch_name: Maybe[str] = None
    key_decisions: Annotated[tuple[Max200, ...], Field(max_length=8)]
    known_limitations: Annotated[tuple[Max200, ...], Field(max_length=6)]
    tests_added: Annotated[tuple[Max200, ...], Field(max_length=10)]
    files_changed: Annotated[tuple[Max300, ...], Field(max_length=20)]
    corrected_assumptions: Maybe[
        Annotated[tuple[CorrectedAssumption, ...], Field(max_length=6)]
    ] = None


class GateVerdict(Artifact):
    """Whether gated work may go on."""

    kind: Literal["wr.gate_verdict"]
    version: VersionOne
    verdict: Literal["approved", "rejected", "uncertain"]
    confidence: Confidence
    rationale: Annotated[str, Field(min_length=20)]


class EvidenceFreshness(Artifact):
    """How old the evidence is."""

    oldest_captured_at: DateTime
    newest_captured_at: DateTime


class TeamConstraints(Artifact):
    """What the team can and will not do."""

    team_size: Annotated[int, Field(gt=0)]
    technical_capabilities: Annotated[Texts, Field(min_length=1)]
    exclusions: Texts = ()


class DefensibilityClaim(Artifact):
    """Why rivals cannot simply follow."""

    power: Literal[
        "Counter-Positioning",
        "Switching Costs",
        "Network Economies",
        "Scale Economies",
        "Cornered Resource",
        "Process Power",
        "Branding",
        "None_Imitable",
    ]
    cannibalization: str


class ShapingSeed(Artifact):
    """What shaping starts from."""

    raw_idea: NonEmpty
    problem: NonEmpty
    baseline: NonEmpty
    appetite_hint: Literal["small_batch", "big_batch"]
    no_gos_hints: Texts
    constraints: TeamConstraints
    evidence_top_k: Annotated[tuple[Uuid, ...], Field(max_length=10, alias="evidenceTopK")]
    defensibility_claim: DefensibilityClaim


class DifferentiationHandoff(Artifact):
    """How a product differs, and on what evidence."""

    kind: Literal["wr.differentiation_handoff"]
    version: VersionOne
    schema_version: Literal["1.0.0"]
    generated_at: DateTime
    evidence_freshness: EvidenceFreshness
    validation_checklist: Annotated[tuple[Max200, ...], Field(max_length=10)]
    shaping_handoff: ShapingSeed
