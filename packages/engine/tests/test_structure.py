from typing import Any

import pytest

from workrail_engine.workflow.definition import WorkflowDefinition, parse_definition
from workrail_engine.workflow.problems import Problem
from workrail_engine.workflow.structure import check_structure

Document = dict[str, Any]


def workflow(*steps: Document, **fields: Any) -> Document:
    return {
        "id": "team.release",
        "name": "Release",
        "description": "Brings a version out.",
        "version": "1.0.0",
        **fields,
        "steps": list(steps),
    }


def step(step_id: str = "one", **fields: Any) -> Document:
    given = {"prompt", "promptBlocks", "templateCall"} & set(fields)
    return {"id": step_id, "title": "T", **({} if given else {"prompt": "Do it."}), **fields}


def loop(body: Any, step_id: str = "the-loop", **rule: Any) -> Document:
    kind = {"type": "for", "count": 2} if "type" not in rule else {}
    settings = {"maxIterations": 3, **kind, **rule}
    return {"id": step_id, "type": "loop", "title": "L", "loop": settings, "body": body}


def parallel(**fields: Any) -> Document:
    delegations = fields.pop("parallelDelegations", [{"workflowId": "team.review"}])
    return {
        "id": "fan-out",
        "type": "parallel",
        "title": "P",
        "parallelDelegations": delegations,
        **fields,
    }


RISK = {
    "id": "risk",
    "purpose": "p",
    "dimensions": [{"id": "reach", "purpose": "p", "levels": ["low", "high"]}],
}
STYLE = {
    "id": "style",
    "purpose": "p",
    "dimensions": [{"id": "tone", "purpose": "p", "levels": ["good", "bad"]}],
}


def consequence(level: str, scope: str | None = None) -> Document:
    return {
        "when": {"anyEqualsLevel": level, **({"forAssessment": scope} if scope else {})},
        "effect": {"kind": "require_followup", "guidance": "Think again."},
    }


def function(**fields: Any) -> Document:
    return {"name": "count", "definition": "Count them.", **fields}


def problems(document: Document) -> tuple[Problem, ...]:
    definition = parse_definition(document)
    assert isinstance(definition, WorkflowDefinition), definition
    return check_structure(definition)


PARAMETERS = [
    {"name": "what", "type": "string", "required": True},
    {"name": "limit", "type": "number", "enum": [1, 2]},
]

UNSOUND: list[tuple[Document, str, str, str]] = [
    # document, pointer, message fragment, suggestion fragment
    (workflow({"id": "one", "title": "T"}), "/steps/0", "has no prompt", "add a prompt"),
    (
        workflow(step(prompt="x", templateCall={"templateId": "t"})),
        "/steps/0/templateCall",
        "stands beside prompt",
        "keep templateCall or prompt",
    ),
    (
        workflow(step(prompt="x", promptBlocks={"goal": "g"})),
        "/steps/0/promptBlocks",
        "stands beside prompt",
        "",
    ),
    (workflow(step("one"), step("one")), "/steps/1/id", 'repeats the step id "one"', "change"),
    (workflow(step("one"), loop([step("one")])), "/steps/1/body/0/id", "repeats the step id", ""),
    (
        workflow(
            step(),
            extensionPoints=[{"slotId": "slot", "purpose": "p", "default": "d"}] * 2,
        ),
        "/extensionPoints/1/slotId",
        "repeats the slot id",
        "",
    ),
    (
        workflow(
            step(),
            references=[
                {"id": "r", "title": "t", "source": "s", "purpose": "p", "authoritative": True}
            ]
            * 2,
        ),
        "/references/1/id",
        "repeats the reference id",
        "",
    ),
    (workflow(step(), assessments=[RISK, RISK]), "/assessments/1/id", "repeats the assessment", ""),
    (
        workflow(step(), assessments=[{**RISK, "dimensions": RISK["dimensions"] * 2}]),
        "/assessments/0/dimensions/1/id",
        "repeats the dimension id",
        "",
    ),
    (
        workflow(
            step(),
            assessments=[
                {**RISK, "dimensions": [{"id": "d", "purpose": "p", "levels": ["a", "a"]}]}
            ],
        ),
        "/assessments/0/dimensions/0/levels/1",
        "repeats the level",
        "",
    ),
    (
        workflow(step(promptFragments=[{"id": "f", "text": "x"}] * 2)),
        "/steps/0/promptFragments/1/id",
        "repeats the fragment id",
        "",
    ),
    (workflow(step(), metaGuidance=["a", "b", "a"]), "/metaGuidance/2", "already at /metaG", ""),
    (workflow(step(), features=["a", "a"]), "/features/1", "repeats the feature", ""),
    (
        workflow(
            parallel(
                parallelDelegations=[{"workflowId": "a", "goal": "g"}, {"workflowId": "b"}] * 2
            )
        ),
        "/steps/0/parallelDelegations/2",
        "repeats the delegation",
        "",
    ),
    (
        workflow(step(promptFragments=[{"id": "f", "text": "see {{wr.bindings.slot}}"}])),
        "/steps/0/promptFragments/0/text",
        "fragments cannot",
        "",
    ),
    (workflow(step(audit={})), "/steps/0/audit", "says nothing", "add prompt or rubric"),
    (workflow(step(verification={})), "/steps/0/verification", "says nothing", "command"),
    (workflow(parallel(synthesis={})), "/steps/0/synthesis", "says nothing", "outputContract"),
    (
        workflow(step(outputContract={"contractRef": "wr.contracts.loop_contol"})),
        "/steps/0/outputContract/contractRef",
        "there is no contract",
        'did you mean "wr.contracts.loop_control"?',
    ),
    (
        workflow(parallel(synthesis={"outputContract": {"contractRef": "x"}})),
        "/steps/0/synthesis/outputContract/contractRef",
        "there is no contract",
        "",
    ),
    (
        workflow(step(validationCriteria=[{"type": "contains", "message": "m"}])),
        "/steps/0/validationCriteria/0",
        "of type contains needs value",
        "add value",
    ),
    (
        workflow(step(validationCriteria={"or": [{"not": {"type": "length", "message": "m"}}]})),
        "/steps/0/validationCriteria/or/0/not",
        "of type length needs min or max",
        "",
    ),
    (
        workflow(step(validationCriteria=[{"type": "schema", "message": "m"}])),
        "/steps/0/validationCriteria/0",
        "of type schema needs schema",
        "",
    ),
    (
        workflow(step(validationCriteria=[{"type": "regex", "pattern": "(", "message": "m"}])),
        "/steps/0/validationCriteria/0/pattern",
        "not a valid regular expression",
        "",
    ),
    (
        workflow(
            step(
                validationCriteria={"and": [{"type": "length", "min": 5, "max": 4, "message": "m"}]}
            )
        ),
        "/steps/0/validationCriteria/and/0",
        "at least 5 and at most 4",
        "",
    ),
    (
        workflow(step(functionReferences=["cuont()"]), functionDefinitions=[function()]),
        "/steps/0/functionReferences/0",
        'there is no function "cuont"',
        'did you mean "count"?',
    ),
    (
        workflow(
            step("one", functionDefinitions=[function()]),
            step("two", functionReferences=["count()"]),
        ),
        "/steps/1/functionReferences/0",
        "none is declared",
        "",
    ),
    (
        workflow(
            step(functionCalls=[{"name": "coutn", "args": {}}]), functionDefinitions=[function()]
        ),
        "/steps/0/functionCalls/0/name",
        "there is no function",
        'did you mean "count"?',
    ),
    (
        workflow(
            step(functionCalls=[{"name": "count", "args": {}}]),
            functionDefinitions=[function(parameters=PARAMETERS)],
        ),
        "/steps/0/functionCalls/0/args/what",
        "is required by count() and missing",
        "",
    ),
    (
        workflow(
            step(functionCalls=[{"name": "count", "args": {"what": 5}}]),
            functionDefinitions=[function(parameters=PARAMETERS)],
        ),
        "/steps/0/functionCalls/0/args/what",
        "must be a string, not 5",
        "",
    ),
    (
        workflow(
            step(functionCalls=[{"name": "count", "args": {"what": "x", "limit": 3}}]),
            functionDefinitions=[function(parameters=PARAMETERS)],
        ),
        "/steps/0/functionCalls/0/args/limit",
        "cannot be 3",
        "",
    ),
    (
        workflow(
            step(functionCalls=[{"name": "count", "args": {"what": "x", "limits": 1}}]),
            functionDefinitions=[function(parameters=PARAMETERS)],
        ),
        "/steps/0/functionCalls/0/args/limits",
        "there is no parameter of count() named",
        'did you mean "limit"?',
    ),
    (
        workflow(step(), functionDefinitions=[function(), function()]),
        "/functionDefinitions/1/name",
        "repeats the function",
        "",
    ),
    (
        workflow(step(), functionDefinitions=[function(parameters=PARAMETERS[:1] * 2)]),
        "/functionDefinitions/0/parameters/1/name",
        "repeats the parameter",
        "",
    ),
    (
        workflow(loop("serch"), step("search")),
        "/steps/0/body",
        'there is no top-level step "serch"',
        'did you mean "search"?',
    ),
    (
        workflow(loop("inner"), loop([step("inner")], "other")),
        "/steps/0/body",
        "there is no top-level step",
        "",
    ),
    (
        workflow(loop("fan-out"), parallel()),
        "/steps/0/body",
        "is of type parallel",
        "write the steps of the body into the loop",
    ),
    (workflow(loop("the-loop")), "/steps/0/body", "is of type loop", ""),
    (
        workflow(loop("one"), step("one", runCondition={"var": "x"})),
        "/steps/1/runCondition",
        "not possible on a step that a loop names",
        "",
    ),
    (
        workflow(loop("one"), step("one", audit={"prompt": "p"})),
        "/steps/1/audit",
        "not possible on a step that a loop names",
        "",
    ),
    (
        workflow(loop("one"), step("one", verification={"prompt": "p"})),
        "/steps/1/verification",
        "not possible on a step that a loop names",
        "",
    ),
    (
        workflow(loop("one"), loop("one", "again"), step("one")),
        "/steps/1/body",
        'already the body of loop "the-loop"',
        "",
    ),
    (
        workflow(loop([step()], type="while")),
        "/steps/0/loop",
        "of type while needs condition or conditionSource",
        "",
    ),
    (workflow(loop([step()], type="until")), "/steps/0/loop", "of type until needs", ""),
    (workflow(loop([step()], type="for")), "/steps/0/loop", "of type for needs count", ""),
    (workflow(loop([step()], type="forEach")), "/steps/0/loop", "of type forEach needs items", ""),
    (
        workflow(
            loop(
                [step()],
                type="while",
                conditionSource={
                    "kind": "artifact_contract",
                    "contractRef": "wr.contracts.gate_verdict",
                    "loopId": "l",
                },
            )
        ),
        "/steps/0/loop/conditionSource/contractRef",
        "do not say whether a loop goes on",
        "use wr.contracts.loop_control",
    ),
    (
        workflow(step(assessmentRefs=["rsk"]), assessments=[RISK]),
        "/steps/0/assessmentRefs/0",
        'there is no assessment "rsk"',
        'did you mean "risk"?',
    ),
    (
        workflow(step(assessmentRefs=["risk", "risk"]), assessments=[RISK]),
        "/steps/0/assessmentRefs/1",
        "repeats the assessment",
        "",
    ),
    (
        workflow(step(assessmentConsequences=[consequence("low")]), assessments=[RISK]),
        "/steps/0/assessmentConsequences",
        "refers to no assessment",
        "add assessmentRefs",
    ),
    (
        workflow(
            step(assessmentRefs=["risk"], assessmentConsequences=[consequence("hihg")]),
            assessments=[RISK],
        ),
        "/steps/0/assessmentConsequences/0/when/anyEqualsLevel",
        "there is no assessment level",
        'did you mean "high"?',
    ),
    (
        workflow(
            step(assessmentRefs=["risk"], assessmentConsequences=[consequence("bad", "style")]),
            assessments=[RISK, STYLE],
        ),
        "/steps/0/assessmentConsequences/0/when/forAssessment",
        "assessmentRefs",
        "",
    ),
    (
        workflow(
            step(
                assessmentRefs=["risk", "style"],
                assessmentConsequences=[consequence("low", "style")],
            ),
            assessments=[RISK, STYLE],
        ),
        "/steps/0/assessmentConsequences/0/when/anyEqualsLevel",
        'there is no assessment level "low"',
        "",
    ),
    (
        workflow(
            step(assessmentRefs=["risk"], assessmentConsequences=[consequence("low")] * 2),
            assessments=[RISK],
        ),
        "/steps/0/assessmentConsequences/1/when",
        "repeats the trigger",
        "",
    ),
]


@pytest.mark.rule("LANG-8")
@pytest.mark.parametrize(("document", "pointer", "message", "suggestion"), UNSOUND)
def test_an_inconsistency_is_told_once_at_the_place_to_mend(
    document: Document, pointer: str, message: str, suggestion: str
):
    found = [each for each in problems(document) if each.pointer == pointer]

    assert [message in each.message for each in found] == [True], problems(document)
    assert suggestion in (found[0].suggestion or "")


SOUND: list[Document] = [
    workflow(step()),
    workflow(
        step("one", templateCall={"templateId": "t"}), step("two", promptBlocks={"goal": "g"})
    ),
    workflow(loop("one"), step("one")),
    workflow(
        loop([step(outputContract={"contractRef": "wr.contracts.loop_control"})], type="while")
    ),
    workflow(
        loop("one", type="until"),
        step("one", outputContract={"contractRef": "wr.contracts.loop_control"}),
    ),
    workflow(loop([step()], type="while", condition={"var": "more"})),
    workflow(
        loop(
            [step()],
            type="until",
            conditionSource={"kind": "context_variable", "condition": {"var": "done"}},
        )
    ),
    workflow(step(functionReferences=["count()"]), functionDefinitions=[function()]),
    workflow(step(functionReferences=["count()"], functionDefinitions=[function()])),
    workflow(
        {
            **loop([step(functionCalls=[{"name": "count", "args": {"any": 1}}])]),
            "functionDefinitions": [function()],
        }
    ),
    workflow(
        {**loop("one"), "functionDefinitions": [function()]},
        step("one", functionReferences=["count()"]),
    ),
    workflow(
        step(functionCalls=[{"name": "count", "args": {"what": "x", "limit": 2}}]),
        functionDefinitions=[function(parameters=PARAMETERS)],
    ),
    workflow(
        step(functionCalls=[{"name": "count", "args": {}}]),
        functionDefinitions=[function(parameters=[{**PARAMETERS[0], "default": "all"}])],
    ),
    workflow(
        step(
            assessmentRefs=["risk", "style"],
            assessmentConsequences=[
                consequence("high"),
                consequence("high", "risk"),
                consequence("bad", "style"),
            ],
        ),
        assessments=[RISK, STYLE],
    ),
    workflow(parallel(synthesis={"prompt": "Join."}), step(audit={"rubric": ["r"]})),
    workflow(parallel(parallelDelegations=[{"workflowId": "a"}, {"workflowId": "a", "goal": "g"}])),
]


@pytest.mark.parametrize("document", SOUND)
def test_a_consistent_definition_has_no_problems(document: Document):
    assert problems(document) == ()


def test_all_inconsistencies_are_told_at_once_in_document_order():
    document = workflow(
        {"id": "one", "title": "T"},
        loop("nowhere", type="while"),
        step("one", functionReferences=["missing()"]),
    )

    assert [each.pointer for each in problems(document)] == [
        "/steps/0",
        "/steps/1/loop",
        "/steps/1/body",
        "/steps/2/id",
        "/steps/2/functionReferences/0",
    ]
