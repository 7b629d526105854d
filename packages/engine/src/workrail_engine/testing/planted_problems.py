"""What can be wrong with a workflow file, one example of each kind, and where is it told?"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from workrail_engine.testing.planted_checks import OF_CHECKS

Document: TypeAlias = dict[str, Any]


def assessment(name: str) -> Document:
    """An assessment with one dimension."""
    dimension = {"id": "scale", "purpose": "p", "levels": ["low", "high"]}
    return {"id": name, "purpose": "p", "dimensions": [dimension]}


def call(name: str, **args: object) -> Document:
    """A call of a routine."""
    return {"templateCall": {"templateId": f"wr.templates.routine.{name}", "args": args}}


def loop(body: object, **rule: object) -> Document:
    """A loop over a body."""
    return {"type": "loop", "loop": {"maxIterations": 3, **rule}, "body": body}


def inner(**fields: object) -> list[object]:
    """A body of one step."""
    return [{"id": "inside", "title": "T", "prompt": "p", **fields}]


def blocks(**fields: object) -> Document:
    """A prompt in blocks."""
    return {"promptBlocks": fields}


def rules(*criteria: object) -> Document:
    """A step whose notes must satisfy something."""
    return {"prompt": "p", "validationCriteria": list(criteria)}


def assessed(level: str, times: int = 1, **scope: str) -> Document:
    """A step with an assessment, and what a level of it leads to."""
    effect = {"kind": "require_followup", "guidance": "g"}
    consequence = {"when": {"anyEqualsLevel": level, **scope}, "effect": effect}
    return {
        "prompt": "p",
        "assessmentRefs": ["risk"],
        "assessmentConsequences": [consequence] * times,
    }


def delegating(*delegations: object, **fields: object) -> Document:
    """A parallel step."""
    return {"type": "parallel", "parallelDelegations": list(delegations), **fields}


FOR: Document = {"type": "for", "count": 2}
DELEGATION = {"workflowId": "team.x"}
OF_A_STEP: Mapping[str, tuple[Document, str]] = {
    # what the schema refuses
    "missing title": ({"title": ..., "prompt": "p"}, "/title"),
    "unknown field": ({"prompt": "p", "guidence": []}, "/guidence"),
    "field without a near miss": ({"prompt": "p", "zzzz": 5}, "/zzzz"),
    "field of the engine": ({"prompt": "p", "stepKind": "audit"}, "/stepKind"),
    "field with a hint": (
        {"prompt": "p", "runCondition": {"matches": "x"}},
        "/runCondition/matches",
    ),
    "number for text": ({"prompt": 5}, "/prompt"),
    "text for a list": ({"prompt": "p", "guidance": "g"}, "/guidance"),
    "text for a flag": ({"prompt": "p", "notesOptional": "yes"}, "/notesOptional"),
    "text for an object": ({"prompt": "p", "audit": "a"}, "/audit"),
    "text for a number": (
        {"prompt": "p", "runCondition": {"var": "x", "gt": "5"}},
        "/runCondition/gt",
    ),
    "null": ({"prompt": "p", "agentRole": None}, "/agentRole"),
    "empty text": ({"prompt": ""}, "/prompt"),
    "short text": ({"prompt": "p", "agentRole": "short"}, "/agentRole"),
    "long text": ({"prompt": "p" * 8193}, "/prompt"),
    "wrong form": ({"prompt": "p", "functionReferences": ["count"]}, "/functionReferences/0"),
    "none of the allowed": ({"prompt": "p", "modelTier": "hevy"}, "/modelTier"),
    "out of range": (loop(inner(), type="for", count=1001), "/loop/count"),
    "empty list": ({"prompt": "p", "promptFragments": []}, "/promptFragments"),
    "too many": (assessed("low", times=11), "/assessmentConsequences"),
    "wrong shape": (blocks(goal=5), "/promptBlocks/goal"),
    "unknown kind of part": (
        blocks(goal=[{"kind": "txt", "text": "x"}]),
        "/promptBlocks/goal/0/kind",
    ),
    "fault behind an unknown kind": (
        loop(inner(), type="while", conditionSource={"kind": "x", "condition": {"vra": "y"}}),
        "/loop/conditionSource/condition/vra",
    ),
    "loop in a loop": (
        loop([{"id": "in-loop", "title": "", **loop(inner(), **FOR)}], **FOR),
        "/body/0/title",
    ),
    "unknown type of loop": (loop(inner(), type="whilst"), "/loop/type"),
    "unknown field in a body": (loop(inner(promtp="x"), **FOR), "/body/0/promtp"),
    "delegation without a workflow": (
        delegating({"goal": "g"}),
        "/parallelDelegations/0/workflowId",
    ),
    "confirmation of no kind": (
        {"prompt": "p", "requireConfirmation": {"kind": "human"}},
        "/requireConfirmation/kind",
    ),
    "wrong condition in a list": (
        {"prompt": "p", "runCondition": {"and": [{"or": [{"not": 5}]}]}},
        "/runCondition/and/0/or/0/not",
    ),
    "wrong name of a tool": (
        {"prompt": "p", "tools": {"allowed": ["a b"]}},
        "/tools/allowed/0",
    ),
    "hosts of a step": ({"prompt": "p", "tools": {"hosts": ["a"]}}, "/tools/hosts"),
    # what contradicts itself
    "tools that say nothing": ({"prompt": "p", "tools": {}}, "/tools"),
    "repeated tool": ({"prompt": "p", "tools": {"allowed": ["A", "A"]}}, "/tools/allowed/1"),
    "tools for files elsewhere": (
        {"prompt": "p", "tools": {"writable": ["../x"]}},
        "/tools/writable/0",
    ),
    "no prompt": ({}, ""),
    "two prompts": ({"prompt": "p", **blocks(goal="g")}, "/promptBlocks"),
    "empty audit": ({"prompt": "p", "audit": {}}, "/audit"),
    "empty verification": ({"prompt": "p", "verification": {}}, "/verification"),
    "token in a fragment": (
        {"prompt": "p", "promptFragments": [{"id": "f", "text": "{{wr.x}}"}]},
        "/promptFragments/0/text",
    ),
    "repeated fragment": (
        {"prompt": "p", "promptFragments": [{"id": "f", "text": "x"}] * 2},
        "/promptFragments/1/id",
    ),
    "unknown contract": (
        {"prompt": "p", "outputContract": {"contractRef": "wr.contracts.no"}},
        "/outputContract/contractRef",
    ),
    "rule without its field": (
        rules({"type": "contains", "message": "m"}),
        "/validationCriteria/0",
    ),
    "not a regular expression": (
        rules({"type": "regex", "pattern": "(", "message": "m"}),
        "/validationCriteria/0/pattern",
    ),
    "no such length": (
        rules({"type": "length", "min": 5, "max": 2, "message": "m"}),
        "/validationCriteria/0",
    ),
    "unknown assessment": ({"prompt": "p", "assessmentRefs": ["rsk"]}, "/assessmentRefs/0"),
    "repeated assessment": (
        {"prompt": "p", "assessmentRefs": ["risk", "risk"]},
        "/assessmentRefs/1",
    ),
    "consequence without assessment": (
        {**assessed("low"), "assessmentRefs": ...},
        "/assessmentConsequences",
    ),
    "unknown level": (assessed("hihg"), "/assessmentConsequences/0/when/anyEqualsLevel"),
    "unknown scope": (
        assessed("low", forAssessment="style"),
        "/assessmentConsequences/0/when/forAssessment",
    ),
    "repeated trigger": (assessed("low", times=2), "/assessmentConsequences/1/when"),
    "repeated trigger beside an unknown assessment": (
        {**assessed("low", times=2), "assessmentRefs": ["rsik"]},
        "/assessmentConsequences/1/when",
    ),
    "unknown function": (
        {"prompt": "p", "functionReferences": ["coutn()"]},
        "/functionReferences/0",
    ),
    "call of an unknown function": (
        {"prompt": "p", "functionCalls": [{"name": "coutn"}]},
        "/functionCalls/0/name",
    ),
    "missing parameter": (
        {"prompt": "p", "functionCalls": [{"name": "count"}]},
        "/functionCalls/0/args/what",
    ),
    "unknown parameter": (
        {"prompt": "p", "functionCalls": [{"name": "count", "args": {"what": "x", "waht": 1}}]},
        "/functionCalls/0/args/waht",
    ),
    "parameter of a wrong type": (
        {"prompt": "p", "functionCalls": [{"name": "count", "args": {"what": 5}}]},
        "/functionCalls/0/args/what",
    ),
    "repeated function": (
        {"prompt": "p", "functionDefinitions": [{"name": "same", "definition": "d"}] * 2},
        "/functionDefinitions/1/name",
    ),
    "loop that never ends": (loop(inner(), type="while"), "/loop"),
    "loop without a count": (loop(inner(), type="for"), "/loop"),
    "loop without items": (loop(inner(), type="forEach"), "/loop"),
    "wrong contract of a loop": (
        loop(
            inner(),
            type="until",
            conditionSource={"kind": "artifact_contract", "contractRef": "wr.x", "loopId": "a"},
        ),
        "/loop/conditionSource/contractRef",
    ),
    "unknown body": (loop("nowhere", **FOR), "/body"),
    "body of another kind": (loop("whole-loop", **FOR), "/body"),
    "body with an audit": (loop("audited", **FOR), "=/steps/0/audit"),
    "body of two loops": (loop("shared", **FOR), "/body"),
    "empty synthesis": (delegating(DELEGATION, synthesis={}), "/synthesis"),
    "repeated delegation": (delegating(DELEGATION, DELEGATION), "/parallelDelegations/1"),
    # what cannot be put in place
    "unknown ref": (
        blocks(goal=[{"kind": "ref", "refId": "wr.refs.no"}]),
        "/promptBlocks/goal/0/refId",
    ),
    "empty blocks": (blocks(), "/promptBlocks"),
    "unknown slot": ({"prompt": "{{wr.bindings.reviw}}"}, "/prompt"),
    "unknown slot in a block": (
        blocks(verify=["v", "{{wr.bindings.reviw}}"]),
        "/promptBlocks/verify/1",
    ),
    "unknown slot in a second prompt": (
        {"prompt": "{{wr.bindings.no}}", **blocks(goal="g")},
        "/prompt",
    ),
    "unresolved token": ({"prompt": "{{wr.refs.a}} {{wr.refs.b}}"}, "/prompt"),
    "token where none may stand": ({"prompt": "p", "guidance": ["{{wr.x}}"]}, "/guidance/0"),
    "token in a part": (
        blocks(goal=[{"kind": "text", "text": "{{wr.x}}"}]),
        "/promptBlocks/goal/0/text",
    ),
    "token in a parallel step": (
        delegating({**DELEGATION, "goal": "{{wr.x}}"}),
        "/parallelDelegations/0/goal",
    ),
    "token in a body": (loop(inner(guidance=["{{wr.x}}"]), **FOR), "/body/0/guidance/0"),
    "unknown routine": (call("dgi"), "/templateCall/templateId"),
    "unknown routine in a body": (
        loop([{"id": "calling", "title": "T", **call("dgi")}], **FOR),
        "/body/0/templateCall/templateId",
    ),
    "missing argument": (call("dig"), "/templateCall/args/where"),
    "wrong argument": (call("dig", where=["x"]), "/templateCall/args/where"),
    "routine that cannot be put in": (call("blocky"), "/templateCall"),
    "routine with another assessment": (call("risky"), "/templateCall"),
    "routine with an unknown slot": (call("bound", x="y"), "/templateCall"),
    "routine with a token and a missing argument": (call("bound"), "/templateCall/args/x"),
    **OF_CHECKS,
}
"""What is put in the place of a step's prompt, and where in the step the problem is told.

A place that begins with `=` is one of the whole document; `...` takes a field out.
"""
OF_THE_WHOLE: Mapping[str, tuple[str, object, str]] = {
    "wrong name": ("/name", 5, "/name"),
    "wrong version": ("/version", "1", "/version"),
    "near miss at the top": ("/metricProfile", "none", "/metricProfile"),
    "short example": ("/examples/0", "x", "/examples/0"),
    "too many examples": ("/examples", ["Build it at once"] * 7, "/examples"),
    "repeated text": ("/metaGuidance", ["a", "a"], "/metaGuidance/1"),
    "empty remark": ("/preconditions", [""], "/preconditions/0"),
    "unknown feature": ("/features", ["wr.features.capabilites"], "/features/0"),
    "repeated slot": ("/extensionPoints/1/slotId", "review", "/extensionPoints/1/slotId"),
    "wrong slot": ("/extensionPoints/1/purpose", "", "/extensionPoints/1/purpose"),
    "repeated reference": ("/references/1/id", "a", "/references/1/id"),
    "wrong reference": ("/references/1/authoritative", "yes", "/references/1/authoritative"),
    "repeated dimension": (
        "/assessments/1/dimensions",
        assessment("x")["dimensions"] * 2,
        "/assessments/1/dimensions/1/id",
    ),
    "wrong assessment": ("/assessments/1/purpose", 5, "/assessments/1/purpose"),
    "repeated parameter": (
        "/functionDefinitions/1/parameters",
        [{"name": "p", "type": "string"}] * 2,
        "/functionDefinitions/1/parameters/1/name",
    ),
    "wrong function": (
        "/functionDefinitions/1/definition",
        "",
        "/functionDefinitions/1/definition",
    ),
    "number beyond all": ("/validatedAgainstSpecVersion", 10**400, "/validatedAgainstSpecVersion"),
    "no number": ("/validatedAgainstSpecVersion", float("nan"), "/validatedAgainstSpecVersion"),
    "half a character": ("/about", "\ud800", "/about"),
}
OF_THE_TEXT: Mapping[str, tuple[str, str, str]] = {
    "repeated key": ('"clarificationPrompts": []', '"about": "b", "about": 5', "/about"),
    "repeated key in a part": (
        '"recommendedPreferences": {}',
        '"recommendedPreferences": {"recommendedAutonomy": 5, "recommendedAutonomy": "guided"}',
        "/recommendedPreferences/recommendedAutonomy",
    ),
}
OF_YAML: Mapping[str, tuple[str, str, str]] = {
    "alias of nothing": ('"name": "N"', '"name": *nothing', "/name"),
    "tag": ('"description": "D"', '"description": !mine "D"', "/description"),
    "tag on a list": (
        '"clarificationPrompts": []',
        '"clarificationPrompts": !mine [""]',
        "/clarificationPrompts/0",
    ),
    "key that is no text": ('"clarificationPrompts": []', "5: x", "/5"),
    "merge key": (
        '"recommendedPreferences": {}',
        '"recommendedPreferences": {<<: {x: 5}}',
        "/recommendedPreferences/<<",
    ),
}
CLASHES: Sequence[set[str]] = [
    {"repeated key", "half a character"},
    {"wrong name", "alias of nothing"},
    {"number beyond all", "no number"},
    {"short example", "too many examples"},
    {"repeated slot", "wrong slot"},
    {"repeated key in a part", "merge key"},
    {"repeated key", "tag on a list"},
    {"repeated key", "key that is no text"},
    {"tag on a list", "key that is no text"},
    {"loop in a loop", "unknown fresh check"},
    {"checks of parallel work", "unknown fresh check"},
]
"""Kinds that cannot stand in one file: they take one place, or the one may be what the other lacks."""
