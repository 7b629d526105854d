"""A schema problem hides no other problem of the file, and brings none that is not there."""

import copy
import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import workrail_engine
from workrail_engine.registry.documents import Document as Read
from workrail_engine.registry.documents import (
    LocatedProblem,
    Rejected,
    load_definition,
    read_document,
)
from workrail_engine.workflow.definition import WorkflowDefinition, parse_definition
from workrail_engine.workflow.pointers import child, keys_of, parent
from workrail_engine.workflow.problems import Problem
from workrail_engine.workflow.structure import check_structure

Document = dict[str, Any]

BUNDLED = sorted(
    path
    for path in (Path(workrail_engine.__file__).parent / "bundled").glob("*.yaml")
    if not path.name.endswith(".tests.yaml")
)
FOLLOW_UP = {"kind": "require_followup", "guidance": "Look again."}
STEERED = {"contractRef": "wr.contracts.loop_control"}


def assessment(name: str, *levels: str) -> Document:
    dimension = {"id": "scale", "purpose": "p", "levels": list(levels)}
    return {"id": name, "purpose": "p", "dimensions": [dimension]}


def sound() -> Document:
    """Holds every kind of name, and places where only one field keeps two things apart."""
    return {
        "id": "team.release",
        "name": "Release",
        "description": "Brings a version out.",
        "version": "1.0.0",
        "examples": ["Bring version 2 out"],
        "metaGuidance": ["Keep the log true.", "Ask early."],
        "recommendedPreferences": {"recommendedAutonomy": "guided"},
        "assessments": [assessment("risk", "low", "high"), assessment("style", "good", "bad")],
        "extensionPoints": [
            {"slotId": "review", "purpose": "p", "default": "d", "acceptedKinds": ["routine"]},
            {"slotId": "build", "purpose": "p", "default": "d"},
        ],
        "references": [
            {"id": "a", "title": "t", "source": "s", "purpose": "p", "authoritative": True},
            {"id": "b", "title": "t", "source": "s", "purpose": "p", "authoritative": False},
        ],
        "functionDefinitions": [
            {
                "name": "count",
                "definition": "Count them.",
                "parameters": [
                    {"name": "what", "type": "string", "required": True},
                    {"name": "limit", "type": "number", "required": True, "default": 5},
                    {"name": "kind", "type": "string", "enum": ["a", "b"]},
                ],
            }
        ],
        "steps": [
            {
                "id": "prepare",
                "title": "Prepare",
                "promptBlocks": {
                    "goal": "Find what changed.",
                    "constraints": [[{"kind": "text", "text": "Read only"}], "x"],
                    "outputRequired": {"changes": "a list"},
                },
                "promptFragments": [
                    {"id": "f", "text": "x", "when": {"var": "size", "in": [1]}},
                    {"id": "g", "text": "x"},
                ],
                "audit": {"prompt": "Check it."},
                "verification": {"command": "make check"},
                "requireConfirmation": {"kind": "human_approval", "condition": {"var": "x"}},
                "validationCriteria": [
                    {"type": "contains", "value": "x", "message": "m"},
                    {"type": "length", "min": 5, "max": 9, "message": "m"},
                    {"type": "regex", "pattern": "x", "flags": "i", "message": "m"},
                ],
                "assessmentRefs": ["risk", "style"],
                "assessmentConsequences": [
                    {"when": {"anyEqualsLevel": "low"}, "effect": FOLLOW_UP},
                    {
                        "when": {"anyEqualsLevel": "low", "forAssessment": "risk"},
                        "effect": FOLLOW_UP,
                    },
                ],
                "functionCalls": [{"name": "count", "args": {"what": "x", "kind": "a"}}],
            },
            {
                "id": "refine",
                "type": "loop",
                "title": "Refine",
                "loop": {"type": "while", "maxIterations": 5},
                "functionDefinitions": [{"name": "narrow", "definition": "Narrow it."}],
                "body": [
                    {
                        "id": "decide",
                        "title": "Decide",
                        "prompt": "Decide.",
                        "outputContract": STEERED,
                        "functionReferences": ["narrow()", "count()"],
                        "validationCriteria": {
                            "or": [{"type": "schema", "schema": {}, "message": "m"}],
                            "not": {"not": {"type": "contains", "value": "x", "message": "m"}},
                        },
                    },
                    {
                        "id": "fan-out",
                        "type": "parallel",
                        "title": "Ask",
                        "parallelDelegations": [
                            {"workflowId": "team.review", "goal": "api"},
                            {"workflowId": "team.review", "goal": "ui", "allowedTools": ["grep"]},
                            {"workflowId": "team.review"},
                        ],
                        "synthesis": {"outputContract": STEERED},
                    },
                ],
            },
            {
                "id": "each",
                "type": "loop",
                "title": "Each",
                "loop": {"type": "forEach", "items": "files", "maxIterations": 5},
                "functionDefinitions": [{"name": "open", "definition": "Open it."}],
                "body": "one",
            },
            {
                "id": "one",
                "title": "One",
                "templateCall": {"templateId": "wr.templates.routine.x", "args": {"a": 1}},
                "functionReferences": ["open()"],
            },
            {
                "id": "again",
                "type": "loop",
                "title": "Again",
                "loop": {
                    "type": "until",
                    "maxIterations": 5,
                    "conditionSource": {
                        "kind": "artifact_contract",
                        "contractRef": "wr.contracts.loop_control",
                        "loopId": "again",
                    },
                },
                "body": "two",
            },
            {"id": "two", "title": "Two", "prompt": "Do it.", "modelTier": "mid"},
            {
                "id": "three",
                "title": "Three",
                "prompt": "Do it.",
                "runCondition": {"or": [{"var": "x", "gt": 5}, {"not": {"var": "y"}}]},
                "functionDefinitions": [{"name": "count", "definition": "Count by hand."}],
                "functionCalls": [{"name": "count", "args": {"by": "hand"}}],
            },
        ],
    }


def unsound() -> Document:
    """Every step contradicts itself or repeats something."""
    document = sound()
    steps = document["steps"]
    steps[0]["assessmentRefs"] = ["rsk"]
    steps[0]["audit"] = {}
    steps[1]["loop"]["type"] = "for"
    steps[1]["body"][0]["outputContract"] = {"contractRef": "wr.contracts.nothing"}
    steps[2]["body"] = "nowhere"
    steps[3]["prompt"] = "Do it."
    steps[4]["body"] = "refine"
    steps[5]["id"] = "prepare"
    steps[6]["functionReferences"] = ["nothing()"]
    steps[6]["validationCriteria"] = [{"type": "length", "message": "m"}]
    document["metaGuidance"] = ["a", "a"]
    return document


@cache
def bundled(path: Path) -> Document:
    read = read_document(path.read_text(), yaml=True)
    assert isinstance(read, Read)
    return json.loads(json.dumps(read.value))


def rejected(text: str, *, yaml: bool) -> tuple[LocatedProblem, ...]:
    result = load_definition("flow", text, yaml=yaml)
    assert isinstance(result, Rejected)
    return result.problems


def structural(document: Document) -> tuple[Problem, ...]:
    definition = parse_definition(document)
    assert isinstance(definition, WorkflowDefinition), definition
    return check_structure(definition)


def said(problems: Iterable[Problem | LocatedProblem]) -> set[tuple[str, str]]:
    return {(each.pointer, each.message) for each in problems}


def places(value: Any, pointer: str = "") -> Iterator[str]:
    """Every place below the top of a document, the insides of JSON Schemas apart."""
    keys = cast("Iterable[str | int]", value if isinstance(value, dict) else range(len(value)))
    for key in keys:
        place = child(pointer, key)
        yield place
        if isinstance(value[key], dict | list) and key != "schema":
            yield from places(value[key], place)


def at(document: Any, pointer: str) -> Any:
    found = document
    for key in keys_of(pointer):
        found = found[int(key) if isinstance(found, list) else key]
    return found


def put(document: Document, pointer: str, value: object) -> None:
    holder, key = at(document, parent(pointer)), keys_of(pointer)[-1]
    holder[int(key) if isinstance(holder, list) else key] = value


WRONG: list[object] = [
    *(None, 5, -1, 1.5, True, "", "two", "loop", "parallel", "A b", "x" * 9000),
    *([], {}, [None], ["two"], [{}], {"kind": "text"}, {"type": "loop"}),
]
STRAY = ["tags", "type", "body", "loop", "prompt", "kind", "steps", "id", "parallelDelegations"]


@st.composite
def faulty(draw: st.DrawFn, original: Document) -> Document:
    """The document with one change somewhere: a value replaced, a field lost, renamed or added."""
    document = copy.deepcopy(original)
    place = draw(st.sampled_from(list(places(document))))
    holder, key = at(document, parent(place)), keys_of(place)[-1]
    kind = draw(st.sampled_from(["replace", "remove", "rename", "add"]))
    if kind == "replace" or isinstance(holder, list):
        put(document, place, draw(st.sampled_from(WRONG)))
        return document
    fields = cast("Document", holder)
    if kind == "add":
        names = [name for name in STRAY if name not in fields]
        fields[draw(st.sampled_from(names))] = draw(st.sampled_from(WRONG))
        return document
    value = fields.pop(key)
    if kind == "rename":
        names = [name for name in (f"{key}s", key[:-1], key.upper(), "tags") if name not in fields]
        fields[draw(st.sampled_from(names))] = value
    return document


ORIGINALS = [sound(), unsound(), *(bundled(path) for path in BUNDLED)]


@pytest.mark.rule("LANG-16")
@pytest.mark.parametrize(
    "original", ORIGINALS, ids=["sound", "unsound", *(p.stem for p in BUNDLED)]
)
@given(data=st.data())
@settings(
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
def test_one_schema_fault_brings_no_problem_that_was_not_there(
    original: Document, data: st.DataObject
):
    document = data.draw(faulty(original))
    schema = parse_definition(document)
    assume(isinstance(schema, tuple))
    assert isinstance(schema, tuple)
    told = said(rejected(json.dumps(document), yaml=False))

    assert said(schema) <= told <= said(schema) | said(structural(original))


@pytest.mark.rule("LANG-16")
@pytest.mark.parametrize("original", [sound(), unsound()], ids=["sound", "unsound"])
@given(data=st.data())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_repeated_key_brings_no_problem_that_was_not_there(
    original: Document, data: st.DataObject
):
    document = json.loads(json.dumps(original))
    fields = [place for place in places(document) if isinstance(at(document, parent(place)), dict)]
    place = data.draw(st.sampled_from(fields))
    at(document, parent(place))["@again"] = data.draw(st.sampled_from(WRONG))
    key = json.dumps(keys_of(place)[-1])
    text = json.dumps(document).replace('"@again"', key)
    problems = rejected(text, yaml=data.draw(st.booleans()))

    assert [each.pointer for each in problems if each.message.startswith("repeats the key")] == [
        place
    ]
    others = {each for each in said(problems) if not each[1].startswith("repeats the key")}
    assert others <= said(structural(original))


Fault = tuple[str, object, str, str, str]
"""Where something is put, what, the pointer of its problem, the text of that line, the message."""

INCONSISTENT: list[Fault] = [
    ("/steps/6/id", "prepare", "/steps/6/id", '"id": "prepare"', "repeats the step id"),
    (
        "/steps/6/outputContract",
        {"contractRef": "wr.nothing"},
        "/steps/6/outputContract/contractRef",
        '"contractRef": "wr.nothing"',
        'there is no contract "wr.nothing"',
    ),
    ("/steps/6/assessmentRefs", ["rsk"], "/steps/6/assessmentRefs/0", '"rsk"', "no assessment"),
    (
        "/steps/6/promptBlocks",
        {"goal": "g"},
        "/steps/6/promptBlocks",
        '"promptBlocks": {',
        "stands beside prompt",
    ),
    ("/steps/6/audit", {}, "/steps/6/audit", '"audit": {}', "says nothing"),
    (
        "/steps/6/functionCalls",
        [{"name": "coutn"}],
        "/steps/6/functionCalls/0/name",
        '"name": "coutn"',
        'there is no function "coutn"',
    ),
    ("/steps/4/body", "tow", "/steps/4/body", '"body": "tow"', 'no top-level step "tow"'),
]
REFUSED: list[Fault] = [
    ("/version", 1.5, "/version", '"version": 1.5', "must be text, not 1.5"),
    ("/steps/0/title", "", "/steps/0/title", '"title": ""', "is empty"),
    ("/steps/0/promtp", "x", "/steps/0/promtp", '"promtp": "x"', "is not a field here"),
    (
        "/steps/1/loop",
        {"type": "while"},
        "/steps/1/loop/maxIterations",
        '"loop": {',
        "is required and missing",
    ),
    ("/steps/5/modelTier", None, "/steps/5/modelTier", '"modelTier": null', "has no value"),
    (
        "/references/0/authoritative",
        "yes",
        "/references/0/authoritative",
        '"authoritative": "yes"',
        "must be true or false",
    ),
    ("/features", [5], "/features/0", "5", "must be text, not 5"),
]


@pytest.mark.rule("LANG-17")
@pytest.mark.parametrize("inconsistent", INCONSISTENT, ids=lambda fault: str(fault[2]))
@pytest.mark.parametrize("refused", REFUSED, ids=lambda fault: str(fault[2]))
def test_a_schema_fault_and_an_inconsistency_elsewhere_are_told_together(
    refused: Fault, inconsistent: Fault
):
    document = sound()
    for place, value, *_ in (refused, inconsistent):
        put(document, place, value)
    text = json.dumps(document, indent=1)
    told = rejected(text, yaml=False)

    assert list(told) == sorted(told, key=lambda each: each.line)
    assert len(told) == 2
    for _, _, pointer, line, message in (refused, inconsistent):
        problem = next(each for each in told if each.pointer == pointer)
        assert message in problem.message
        assert line in text.split("\n")[problem.line - 1]


def test_all_inconsistencies_that_a_schema_fault_cannot_have_caused_are_told():
    document = unsound()
    document["version"] = 2

    told = rejected(json.dumps(document), yaml=False)

    assert {each.pointer for each in told} == {
        "/version",
        *(each.pointer for each in structural(unsound())),
    }


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("/assessments/0/id", 5),
        ("/assessments/0/dimensions/0/levels", "low"),
        ("/functionDefinitions/0/name", "no name"),
        ("/functionDefinitions/0/parameters/1/default", ...),
        ("/steps/0/promptBlocks", 5),
        ("/steps/1/body/0/outputContract", "wr.contracts.loop_control"),
        ("/steps/1/body/1/parallelDelegations/0/goal", 5),
        ("/steps/2/body", 5),
        ("/steps/2/functionDefinitions/0/name", ""),
        ("/steps/3/id", "One"),
        ("/steps/0/assessmentConsequences/1/when/forAssessment", 5),
    ],
)
def test_what_a_refused_value_may_have_declared_is_not_called_missing(place: str, value: object):
    document = sound()
    if value is ...:
        put(document, f"{place}s", at(document, parent(place)).pop("default"))
    else:
        put(document, place, value)

    assert len(rejected(json.dumps(document), yaml=False)) == 1


@pytest.mark.parametrize("text", ["[]", "5", '{"steps": 5}', '{"steps": [5]}', "{}"])
def test_a_document_with_next_to_nothing_in_it_has_schema_problems_only(text: str):
    schema = parse_definition(json.loads(text))

    assert not isinstance(schema, WorkflowDefinition)
    assert len(rejected(text, yaml=False)) == len(schema)


def test_parts_that_a_yaml_file_writes_once_are_mended_each_for_itself():
    text = """\
id: team.release
name: Release
description: Brings a version out.
version: 1.0.0
steps:
  - {id: one, title: One, prompt: x, promptBlocks: &blocks {goal: g, tags: 1}}
  - {id: two, title: Two, promptBlocks: *blocks}
"""
    told = rejected(text, yaml=True)

    assert [(each.pointer, each.line) for each in told] == [
        ("/steps/0/promptBlocks", 6),
        ("/steps/0/promptBlocks/tags", 6),
        ("/steps/1/promptBlocks/tags", 7),
    ]


def test_the_documents_that_faults_are_planted_in_are_what_they_should_be():
    assert structural(sound()) == ()
    assert len(structural(unsound())) == 12
    assert [structural(bundled(path)) for path in BUNDLED] == [()] * len(BUNDLED)
