"""What may a file of workflow tests say?"""

from typing import Annotated, Final, Literal, TypeAlias, TypeVar, get_args

from pydantic import Field, JsonValue, Tag

from workrail_engine.outcomes import BlockerCode
from workrail_engine.workflow.checks import CheckOutcome
from workrail_engine.workflow.definition_values import (
    Authored,
    Many,
    Maybe,
    NonEmpty,
    by_shape,
)

AgentName: TypeAlias = Literal["diligent", "lazy", "lying", "injected", "amnesiac"]
AGENTS: Final[tuple[AgentName, ...]] = get_args(AgentName)
Verdict: TypeAlias = Literal["approve", "reject"]
CODES: Final = tuple(code.value for code in BlockerCode)
_Word = TypeVar("_Word", bound=str)


def _list_form(value: object) -> str | None:
    if isinstance(value, str):
        return "=one"
    return "=several" if isinstance(value, list | tuple) else None


Outcomes: TypeAlias = Annotated[
    Annotated[CheckOutcome, Tag("=one")]
    | Annotated[Many[CheckOutcome], Field(min_length=1), Tag("=several")],
    by_shape(_list_form, "passed, failed, error or unchecked, or a list of them"),
]
Verdicts: TypeAlias = Annotated[
    Annotated[Verdict, Tag("=one")]
    | Annotated[Many[Verdict], Field(min_length=1), Tag("=several")],
    by_shape(_list_form, "approve or reject, or a list of them"),
]


class AnswerDefinition(Authored):
    """What an agent sends at a step, and what it does to the files."""

    step: NonEmpty
    pass_: Maybe[Annotated[int, Field(ge=1)]] = Field(default=None, alias="pass")
    attempt: Maybe[Annotated[int, Field(ge=1)]] = None
    notes: Maybe[str] = None
    artifacts: Maybe[Many[dict[str, JsonValue]]] = None
    context: dict[str, JsonValue] = Field(default_factory=dict)
    write: dict[str, str] = Field(default_factory=dict)
    delete: Many[NonEmpty] = ()


class ExpectationDefinition(Authored):
    """What a run must come to; what is left out is not looked at."""

    completed: bool
    path: Maybe[Many[NonEmpty]] = None
    skipped: Maybe[Many[NonEmpty]] = None
    blocks: Maybe[dict[str, Many[NonEmpty]]] = None
    failed_checks: Maybe[Many[NonEmpty]] = None
    waits: Maybe[Many[NonEmpty]] = None
    context: dict[str, JsonValue] = Field(default_factory=dict)


class CaseDefinition(Authored):
    """One run, and what it must come to."""

    name: NonEmpty
    agent: AgentName = "diligent"
    goal: NonEmpty = "Rehearse it."
    context: dict[str, JsonValue] = Field(default_factory=dict)
    passes: Annotated[int, Field(ge=1, le=100)] = 1
    files: Maybe[NonEmpty] = None
    answers: Many[AnswerDefinition] = ()
    checks: dict[str, Outcomes] = Field(default_factory=dict)
    approvals: dict[str, Verdicts] = Field(default_factory=dict)
    expect: ExpectationDefinition


class CaseFileDefinition(Authored):
    """The tests of one workflow."""

    workflow: Maybe[NonEmpty] = None
    cases: Annotated[Many[CaseDefinition], Field(min_length=1)]


def several(value: _Word | tuple[_Word, ...]) -> tuple[_Word, ...]:
    """One word as a list of one."""
    return value if isinstance(value, tuple) else (value,)
