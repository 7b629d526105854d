"""Contracts accept their own example and say all that is wrong with anything else."""

from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.workflow.contracts import CONTRACTS, check_artifact

_json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.floats(-1, 1), st.text(max_size=4)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


def _ref(name: str) -> str:
    return f"wr.contracts.{name}"


def _example(name: str) -> dict[str, JsonValue]:
    return dict(CONTRACTS[_ref(name)].example)


def _problems(name: str, **changes: JsonValue) -> tuple[str, ...]:
    return check_artifact(_ref(name), {**_example(name), **changes})


def test_the_contracts_are_the_languages_nine_and_the_assessment() -> None:
    assert {ref: contract.kind for ref, contract in CONTRACTS.items()} == {
        _ref(name): f"wr.{name}"
        for name in (
            "loop_control",
            "assessment",
            "coordinator_signal",
            "review_verdict",
            "discovery_handoff",
            "shaping_handoff",
            "coding_handoff",
            "gate_verdict",
            "differentiation_handoff",
        )
    }


@pytest.mark.rule("BLOCK-20")
@pytest.mark.parametrize("ref", sorted(CONTRACTS))
def test_every_contract_accepts_its_own_example(ref: str) -> None:
    assert check_artifact(ref, CONTRACTS[ref].example) == ()


@pytest.mark.parametrize("ref", sorted(CONTRACTS))
def test_every_contract_refuses_an_unknown_field(ref: str) -> None:
    problems = check_artifact(ref, {**CONTRACTS[ref].example, "zzz": 1})
    assert problems == ('"zzz" is not a field of it',)


@pytest.mark.parametrize("ref", sorted(CONTRACTS))
def test_every_contract_names_each_field_an_empty_artifact_lacks(ref: str) -> None:
    problems = check_artifact(ref, {})
    assert '"kind" is missing' in problems
    assert all(problem.endswith("is missing") for problem in problems)


@pytest.mark.parametrize("ref", sorted(CONTRACTS))
def test_every_contract_refuses_the_kind_of_another(ref: str) -> None:
    (problem,) = check_artifact(ref, {**CONTRACTS[ref].example, "kind": "wr.other"})
    assert problem.startswith('"kind" must be')


_BROKEN: list[tuple[str, JsonObject, str]] = [
    ("loop_control", {"decision": "done"}, "\"decision\" must be 'continue' or 'stop', not"),
    ("loop_control", {"loopId": "No Good"}, '"loopId" has the wrong form'),
    ("loop_control", {"metadata": {"confidence": 101}}, '"metadata.confidence" must be at most'),
    ("loop_control", {"metadata": {"issuesFound": "2"}}, "must be a whole number"),
    ("loop_control", {"metadata": {"issuesFound": True}}, "must be a whole number"),
    ("loop_control", {"metadata": {"issuesFound": 1.5}}, "must be a whole number"),
    ("loop_control", {"metadata": None}, '"metadata" is null; leave the field out'),
    ("loop_control", {"metadata": {"reason": "x" * 1025}}, "has 1025 characters; at most 1024"),
    ("loop_control", {"descision": "stop"}, 'did you mean "decision"?'),
    ("loop_control", {"metadata": {"isuesFound": 1}}, 'did you mean "issuesFound"?'),
    ("loop_control", {"reason": "Done."}, 'did you mean "metadata.reason"?'),
    ("assessment", {"dimensions": {}}, '"dimensions" has 0 entries; at least 1'),
    ("assessment", {"dimensions": {"a": 3}}, '"dimensions.a" must be a level, or an object'),
    ("assessment", {"dimensions": {"a": {"rationale": "r"}}}, '"dimensions.a.level" is missing'),
    ("assessment", {"summary": "s" * 1025}, "at most 1024"),
    ("coordinator_signal", {"payload": "text"}, '"payload" must be an object'),
    ("review_verdict", {"findings": [{"severity": "bad"}]}, '"findings[0].summary" is missing'),
    ("review_verdict", {"findings": {}}, '"findings" must be a list'),
    ("discovery_handoff", {"version": True}, '"version" must be 1'),
    ("discovery_handoff", {"version": "1"}, '"version" must be 1'),
    ("discovery_handoff", {"keyInvariants": [""]}, '"keyInvariants[0]" has 0 characters'),
    ("discovery_handoff", {"rejectedDirections": [{"direction": "a"}]}, "[0].reason"),
    ("shaping_handoff", {"rabbitHoles": ["x"] * 7}, '"rabbitHoles" has 7 entries; at most 6'),
    ("coding_handoff", {"filesChanged": ["x" * 301]}, '"filesChanged[0]" has 301 characters'),
    ("gate_verdict", {"rationale": "fine"}, "has 4 characters; at least 20"),
    ("differentiation_handoff", {"generatedAt": "2026-01-31"}, "ISO 8601"),
    ("differentiation_handoff", {"generatedAt": "2026-01-31T09:30:00"}, "with a zone"),
]


@pytest.mark.rule("BLOCK-21")
@pytest.mark.parametrize(("name", "changes", "said"), _BROKEN)
def test_a_broken_field_is_named_and_the_limit_said(
    name: str, changes: JsonObject, said: str
) -> None:
    problems = _problems(name, **changes)
    assert any(said in problem for problem in problems), problems


@pytest.mark.parametrize("identifier", ["6f9619ff8b864d01b42d00cf4fc964ff", "not-a-uuid"])
def test_evidence_is_named_by_uuid(identifier: str) -> None:
    handoff = cast("JsonObject", _example("differentiation_handoff")["shapingHandoff"])
    (problem,) = _problems(
        "differentiation_handoff", shapingHandoff={**handoff, "evidenceTopK": [identifier]}
    )
    assert problem.startswith('"shapingHandoff.evidenceTopK[0]" has the wrong form')


def test_all_problems_are_said_at_once() -> None:
    problems = _problems("gate_verdict", verdict="yes", confidence="sure", rationale="x", extra=1)
    assert len(problems) == 4


def test_review_findings_may_hold_more_than_is_named() -> None:
    finding = {"severity": "nit", "summary": "a name", "file": "a.py", "lines": [1, 2]}
    assert _problems("review_verdict", findings=[finding]) == ()
    assert _problems("review_verdict", findings=[]) == ()


def test_a_whole_number_may_be_written_with_a_point() -> None:
    assert _problems("loop_control", metadata={"issuesFound": 2.0}) == ()


@pytest.mark.rule("BLOCK-22")
def test_a_flood_of_problems_stays_short() -> None:
    names = {f"unknown-{'x' * 400}-{number}": number for number in range(500)}
    findings = [{"severity": "x" * 2000} for _ in range(100)]
    problems = _problems("review_verdict", findings=findings, **names)
    assert len(problems) <= 30
    assert all(len(problem.encode()) <= 300 for problem in problems)
    assert any("more" in problem for problem in problems)


def test_many_unknown_fields_are_counted() -> None:
    problems = _problems("gate_verdict", **{f"zz{number}": number for number in range(20)})
    assert len(problems) == 9
    assert problems[-1] == "and 12 more fields do not belong to it"


def test_what_cannot_be_written_as_json_is_a_problem() -> None:
    (problem,) = _problems("gate_verdict", rationale="\ud800" * 30)
    assert "cannot be written as JSON" in problem


@given(st.sampled_from(sorted(CONTRACTS)), st.dictionaries(st.text(max_size=5), _json, max_size=5))
def test_no_artifact_makes_a_check_fail(ref: str, artifact: JsonObject) -> None:
    contract = CONTRACTS[ref]
    assert check_artifact(ref, artifact)
    for key, value in artifact.items():
        name = key or next(iter(contract.example))
        changed = check_artifact(ref, {**contract.example, name: value})
        assert all(len(problem.encode()) <= 300 for problem in changed)
