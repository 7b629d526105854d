"""Do the notes satisfy what the step demands of them?

Criteria are a list of rules, all of which must hold, or a composition of rules with `and`, `or` and
`not`. A rule whose own condition does not hold is left out: it neither passes nor fails.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, assert_never, cast

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.workflow.conditions import Condition, describe, holds, parse_condition
from workrail_engine.workflow.notes_checks import (
    UncheckableError,
    json_in,
    matches,
    schema_problems,
)

_SHOWN_PATTERN: Final = 60
"""Longer patterns, in characters, say less than the author's message does."""


@dataclass(frozen=True)
class Contains:
    """The notes contain a text, spelled exactly so."""

    value: str


@dataclass(frozen=True)
class Matches:
    """The notes match a regular expression with JavaScript flags."""

    pattern: str
    flags: str


@dataclass(frozen=True)
class HasLength:
    """The notes have this many characters; a bound that is None does not bind."""

    least: int | None
    most: int | None


@dataclass(frozen=True)
class FitsSchema:
    """The notes are JSON, or have one ```json block, that fits a JSON Schema."""

    schema: JsonObject


Check: TypeAlias = Contains | Matches | HasLength | FitsSchema


@dataclass(frozen=True)
class Rule:
    """One demand on the notes, and what the author says when it is not met."""

    check: Check
    message: str
    when: Condition | None


@dataclass(frozen=True)
class Rules:
    """Rules that all must hold; with none, the notes must at least not be blank."""

    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class EveryPart:
    """Every part must be satisfied."""

    parts: "tuple[Criteria, ...]"


@dataclass(frozen=True)
class SomePart:
    """At least one part must be satisfied."""

    parts: "tuple[Criteria, ...]"


@dataclass(frozen=True)
class Otherwise:
    """The part must not be satisfied."""

    part: "Criteria"


Criteria: TypeAlias = Rule | Rules | EveryPart | SomePart | Otherwise


@dataclass(frozen=True)
class CriteriaResult:
    """What checking notes came to; they are accepted when both are empty."""

    issues: tuple[str, ...]
    """What the notes lack, for the agent to mend."""
    errors: tuple[str, ...]
    """Checks that could not be carried out."""


def parse_criteria(raw: JsonValue) -> Criteria:
    """Read `validationCriteria` from its JSON form (already checked against the language)."""
    if not isinstance(raw, Mapping):
        rules = cast("Sequence[JsonObject]", raw)
        return Rules(tuple(_rule(rule) for rule in rules))
    return _member(raw)


def check_notes(criteria: Criteria, notes: str, context: JsonObject) -> CriteriaResult:
    """Check notes against criteria, rules' conditions being read from the context. Never raises."""
    verdict = _judge(criteria, notes, context)
    if verdict is None:
        return CriteriaResult((), ())
    return CriteriaResult(_once(verdict.issues), _once(verdict.errors))


def describe_requirements(criteria: Criteria) -> tuple[str, ...]:
    """Every demand in words, in authored order; short checks are spelt out after the message."""
    return _once(_demanded(criteria))


def _member(raw: JsonObject) -> Criteria:
    if "type" in raw:
        return _rule(raw)
    parts: list[Criteria] = []
    if "and" in raw:
        parts.append(EveryPart(_members(raw["and"])))
    if "or" in raw:
        parts.append(SomePart(_members(raw["or"])))
    if "not" in raw:
        parts.append(Otherwise(parse_criteria(raw["not"])))
    return parts[0] if len(parts) == 1 else EveryPart(tuple(parts))


def _members(raw: JsonValue) -> tuple[Criteria, ...]:
    return tuple(parse_criteria(part) for part in cast("Sequence[JsonValue]", raw))


def _rule(raw: JsonObject) -> Rule:
    when = parse_condition(cast("JsonObject | None", raw.get("condition")))
    return Rule(_check(raw), str(raw["message"]), when)


def _check(raw: JsonObject) -> Check:
    match raw["type"]:
        case "contains":
            return Contains(str(raw["value"]))
        case "regex":
            return Matches(str(raw["pattern"]), str(raw.get("flags") or ""))
        case "length":
            return HasLength(cast("int | None", raw.get("min")), cast("int | None", raw.get("max")))
        case _:
            return FitsSchema(cast("JsonObject", raw["schema"]))


@dataclass(frozen=True)
class _Verdict:
    """What judging some criteria came to; None stands for criteria that do not apply."""

    issues: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def satisfied(self) -> bool:
        return not self.issues and not self.errors


def _judge(criteria: Criteria, notes: str, context: JsonObject) -> _Verdict | None:
    match criteria:
        case Rule():
            return _judge_rule(criteria, notes) if holds(criteria.when, context) else None
        case Rules(()):
            return _Verdict() if notes.strip() else _Verdict(("The notes must not be blank",))
        case Rules(parts) | EveryPart(parts):
            return _joined(_applicable(parts, notes, context))
        case SomePart(parts):
            return _some(_applicable(parts, notes, context), any_authored=bool(parts))
        case Otherwise(part):
            verdict = _judge(part, notes, context)
            if verdict is None or verdict.errors:
                return verdict
            return _Verdict((_negated(part),)) if verdict.satisfied else _Verdict()
        case _:
            assert_never(criteria)


def _applicable(parts: Sequence[Criteria], notes: str, context: JsonObject) -> tuple[_Verdict, ...]:
    verdicts = (_judge(part, notes, context) for part in parts)
    return tuple(verdict for verdict in verdicts if verdict is not None)


def _joined(verdicts: Sequence[_Verdict]) -> _Verdict | None:
    return _Verdict(
        tuple(issue for verdict in verdicts for issue in verdict.issues),
        tuple(error for verdict in verdicts for error in verdict.errors),
    )


def _some(verdicts: Sequence[_Verdict], *, any_authored: bool) -> _Verdict | None:
    """An `or` without members passes, as it does where the language comes from."""
    if not verdicts or any(verdict.satisfied for verdict in verdicts):
        return _Verdict() if verdicts or not any_authored else None
    issues = [issue for verdict in verdicts for issue in verdict.issues]
    errors = tuple(error for verdict in verdicts for error in verdict.errors)
    return _Verdict(
        (f"At least one of these must hold: {'; '.join(issues)}",) if issues else (), errors
    )


def _judge_rule(rule: Rule, notes: str) -> _Verdict:
    try:
        found = _shortfall(rule.check, notes)
    except UncheckableError as error:
        return _Verdict(errors=(f"{error} (the rule: {rule.message})",))
    return _Verdict() if found is None else _Verdict((_with_note(rule.message, found),))


def _shortfall(check: Check, notes: str) -> str | None:
    match check:
        case Contains(value):
            return None if value in notes else f'the notes do not contain "{value}"'
        case Matches(pattern, flags):
            found = matches(pattern, flags, notes)
            return None if found else f"nothing in the notes matches /{pattern}/{flags}"
        case HasLength(least, most):
            fits = (least or 0) <= len(notes) and (most is None or len(notes) <= most)
            return None if fits else f"the notes have {len(notes)} characters"
        case FitsSchema(schema):
            try:
                problems = schema_problems(schema, json_in(notes))
            except ValueError as error:
                return str(error)
            return "; ".join(problems) or None
        case _:
            assert_never(check)


def _demanded(criteria: Criteria) -> tuple[str, ...]:
    of_schemas = [rule for rule in _rules(criteria) if isinstance(rule.check, FitsSchema)]
    return tuple(_demands(criteria, of_schemas[-1] if of_schemas else None))


def _rules(criteria: Criteria) -> Iterator[Rule]:
    match criteria:
        case Rule():
            yield criteria
        case Rules(parts) | EveryPart(parts) | SomePart(parts):
            for part in parts:
                yield from _rules(part)
        case Otherwise(part):
            yield from _rules(part)
        case _:
            assert_never(criteria)


def _demands(criteria: Criteria, last_schema: Rule | None) -> Iterator[str]:
    """The demands; that the notes must hold JSON is said once, with the last rule about it."""
    match criteria:
        case Rule(check, message, when):
            applies = "" if when is None else f"When {describe(when)}: "
            silent = isinstance(check, FitsSchema) and criteria is not last_schema
            yield _with_note(f"{applies}{message}", None if silent else _measure(check))
        case Rules(()):
            yield "The notes must not be blank"
        case Rules(parts) | EveryPart(parts):
            for part in parts:
                yield from _demands(part, last_schema)
        case SomePart(parts):
            alternatives = " OR ".join(_inline(_demands(part, last_schema)) for part in parts)
            if alternatives:
                yield f"At least one of these must hold: {alternatives}"
        case Otherwise(part):
            yield f"This must not hold: {_inline(_demands(part, last_schema))}"
        case _:
            assert_never(criteria)


def _negated(part: Criteria) -> str:
    return f"This must not hold: {_inline(_demanded(part))}"


def _inline(demands: Iterable[str]) -> str:
    return "; ".join(demand.removesuffix(".") for demand in demands)


def _with_note(message: str, note: str | None) -> str:
    """A message with a note in parentheses, inside its full stop."""
    if note is None:
        return message
    return f"{message[:-1]} ({note})." if message.endswith(".") else f"{message} ({note})"


def _measure(check: Check) -> str | None:
    match check:
        case Contains(value):
            return f'the notes must contain "{value}"'
        case Matches(pattern, flags):
            short = len(pattern) <= _SHOWN_PATTERN
            return f"the notes must match /{pattern}/{flags}" if short else None
        case HasLength(least, None):
            return f"the notes must have at least {least or 0} characters"
        case HasLength(None, most):
            return f"the notes must have at most {most} characters"
        case HasLength(least, most):
            return f"the notes must have {least} to {most} characters"
        case FitsSchema():
            return "the notes must be JSON, or hold one ```json block"
        case _:
            assert_never(check)


def _once(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
