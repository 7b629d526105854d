"""A workflow has one pinned form, wherever and however it was written down."""

import json

import pytest
from ruamel.yaml import YAML

from workrail_engine.canonical import JsonValue, digest_bytes
from workrail_engine.errors import InvalidDefinitionError
from workrail_engine.workflow.compile import prepare
from workrail_engine.workflow.definition import WorkflowDefinition, parse_definition
from workrail_engine.workflow.expand import Expanded, expand
from workrail_engine.workflow.pin import pin, unpin
from workrail_engine.workflow.prepared import PreparedWorkflow

_AS_JSON = """
{ "steps": [
    { "id": "look", "title": "Look", "promptBlocks": {"goal": "Find it.", "verify": ["it is there"]},
      "runCondition": {"var": "a", "equals": null}, "audit": {"rubric": ["true"]},
      "validationCriteria": [{"type": "length", "min": 3, "message": "more"}] },
    { "id": "again", "type": "loop", "title": "Again", "body": "work",
      "loop": {"type": "while", "condition": {"var": "n", "lt": 3}, "maxIterations": 2} },
    { "id": "work", "title": "Work", "prompt": "Line one\\nline two {{wr.bindings.who}}",
      "requireConfirmation": {"kind": "human_approval"} } ],
  "extensionPoints": [{"slotId": "who", "purpose": "p", "default": "me"}],
  "id": "pin-test", "name": "Pin", "description": "d", "version": "1.0.0" }
"""
_AS_YAML = """
id: pin-test
name: Pin
version: 1.0.0
description: d
extensionPoints:
  - {purpose: p, default: me, slotId: who}
steps:
  - id: look
    title: Look
    audit: {rubric: ["true"]}
    runCondition: {var: a, equals: null}
    promptBlocks:
      goal: Find it.
      verify: [it is there]
    validationCriteria:
      - {type: length, min: 3, message: more}
  - id: again
    type: loop
    title: Again
    loop: {type: while, maxIterations: 2, condition: {var: n, lt: 3}}
    body: work
  - id: work
    title: Work
    prompt: |-
      Line one
      line two {{wr.bindings.who}}
    requireConfirmation: {kind: human_approval}
"""


def _definition(value: JsonValue) -> WorkflowDefinition:
    definition = parse_definition(value)
    assert isinstance(definition, WorkflowDefinition), definition
    return definition


def _document(value: JsonValue) -> bytes:
    expanded = expand(_definition(value), {}, {})
    assert isinstance(expanded, Expanded), expanded
    return pin(expanded)


@pytest.mark.rule("LANG-31")
def test_json_and_yaml_of_one_definition_have_one_hash() -> None:
    from_json: JsonValue = json.loads(_AS_JSON)
    from_yaml: JsonValue = YAML(typ="safe", pure=True).load(_AS_YAML)  # pyright: ignore[reportUnknownMemberType]  # the library has no types
    assert _document(from_json) == _document(from_yaml)


def test_another_text_has_another_hash() -> None:
    changed = _AS_JSON.replace("Find it.", "Find it!")
    assert _document(json.loads(_AS_JSON)) != _document(json.loads(changed))


def test_another_binding_has_another_hash() -> None:
    definition = _definition(json.loads(_AS_JSON))
    hashes = set[str]()
    for bound in ("me", "you"):
        prepared = prepare(definition, {}, {"who": bound})
        assert isinstance(prepared, PreparedWorkflow)
        assert prepared.compiled.bindings == (("who", bound),)
        hashes.add(prepared.compiled.workflow_hash)
    assert len(hashes) == 2


@pytest.mark.rule("LANG-32")
def test_a_pinned_definition_reads_back_as_it_was() -> None:
    expanded = expand(_definition(json.loads(_AS_JSON)), {}, {})
    assert isinstance(expanded, Expanded)
    document = pin(expanded)
    pinned = unpin(document)
    assert pinned.definition == expanded.definition
    assert pinned.bindings == expanded.bindings
    assert pin(Expanded(pinned.definition, pinned.bindings)) == document


def test_the_hash_is_the_digest_of_the_document() -> None:
    prepared = prepare(_definition(json.loads(_AS_JSON)), {}, {})
    assert isinstance(prepared, PreparedWorkflow)
    assert prepared.compiled.workflow_hash == digest_bytes(prepared.document)


def test_the_document_says_what_it_is_and_holds_no_defaults() -> None:
    held = json.loads(_document(json.loads(_AS_JSON)))
    assert held["schemaVersion"] == 1
    assert held["bindings"] == {"who": "me"}
    look, audit, again = held["workflow"]["steps"]
    assert set(look) == {"id", "title", "prompt", "runCondition", "validationCriteria"}
    assert look["runCondition"] == {"var": "a", "equals": None}
    assert audit["stepKind"] == "audit"
    assert [step["id"] for step in again["body"]] == ["work"]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (b"not json", "is not JSON"),
        (b"[]", "a form this version does not know"),
        (b'{"schemaVersion":2,"workflow":{},"bindings":{}}', "a form this version does not know"),
        (b'{"schemaVersion":1,"workflow":{},"bindings":[]}', "a form this version does not know"),
        (b'{"schemaVersion":1,"workflow":{"id":"x"},"bindings":{}}', "/steps is required"),
    ],
)
def test_bytes_that_are_no_pinned_workflow_are_refused_with_what_to_do(
    document: bytes, said: str
) -> None:
    with pytest.raises(InvalidDefinitionError, match="Start a new session") as caught:
        unpin(document)
    assert said in str(caught.value)
