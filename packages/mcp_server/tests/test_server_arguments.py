"""What a tool accepts, and what it says of anything else."""

import json

import pytest

from workrail_engine.canonical import JsonObject
from workrail_engine.errors import InvalidSubmissionError
from workrail_mcp_server.schemas import Field, Shape, ToolSpec, input_schema
from workrail_mcp_server.tools.arguments import Arguments, read_arguments
from workrail_mcp_server.tools.listing import (
    COMPLETE_STEP,
    CONTINUE_WORKFLOW,
    LIST_WORKFLOWS,
    START_WORKFLOW,
    TOOLS,
)


def refusal(spec: ToolSpec, raw: JsonObject) -> InvalidSubmissionError:
    with pytest.raises(InvalidSubmissionError) as caught:
        read_arguments(spec, raw)
    return caught.value


def test_values_of_the_right_shape_come_through_unchanged() -> None:
    raw: JsonObject = {"token": "ct_x", "artifacts": [{"kind": "d"}], "context": {"a": None}}

    read = read_arguments(COMPLETE_STEP, raw)

    assert read.values == raw
    assert read.text("token") == "ct_x"
    assert read.objects("artifacts") == ({"kind": "d"},)
    assert read.object("context") == {"a": None}
    assert read.text_or_none("notes") is None


def test_an_alias_is_read_under_the_advertised_name() -> None:
    assert read_arguments(COMPLETE_STEP, {"continueToken": "ct_x"}).text("token") == "ct_x"
    assert read_arguments(CONTINUE_WORKFLOW, {"token": "ct_x"}).text("continueToken") == "ct_x"
    assert (
        read_arguments(
            START_WORKFLOW, {"workflowId": "w", "goal": "g", "workspacePath": "/p"}
        ).text("workspace")
        == "/p"
    )


@pytest.mark.rule("MCP-6")
def test_a_misspelt_field_is_refused_with_the_one_that_is_meant() -> None:
    error = refusal(COMPLETE_STEP, {"token": "ct_x", "note": "done"})

    assert error.field == "note"
    assert str(error) == (
        "There is no field `note`; did you mean `notes`? Nothing was done. "
        'Example: complete_step {"token": "ct_…", "notes": "What I did, found and decided"}'
    )


@pytest.mark.rule("MCP-6")
def test_a_field_like_no_other_is_refused_with_the_fields_there_are() -> None:
    assert str(refusal(COMPLETE_STEP, {"token": "ct_x", "zzz": 1})).startswith(
        "There is no field `zzz`; there are: token, notes, artifacts, context. Nothing was done."
    )


@pytest.mark.parametrize(
    ("misspelt", "meant"),
    [("workflow_id", "workflowId"), ("Goal", "goal"), ("workspace_path", "workspace")],
)
def test_other_ways_to_write_a_name_are_recognised(misspelt: str, meant: str) -> None:
    assert f"`{misspelt}`; did you mean `{meant}`?" in str(refusal(START_WORKFLOW, {misspelt: "x"}))


@pytest.mark.rule("MCP-6")
@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"query": 5}, "`query` must be a string, but came as a number (5)."),
        ({"query": True}, "`query` must be a string, but came as true or false (true)."),
        ({"tags": "x"}, '`tags` must be an array of strings, but came as a string ("x").'),
        ({"tags": [1]}, "`tags` must be an array of strings, but came as an array ([1])."),
        ({"limit": "5"}, '`limit` must be a whole number, but came as a string ("5").'),
        ({"limit": True}, "`limit` must be a whole number, but came as true or false (true)."),
        ({"limit": 1.5}, "`limit` must be a whole number, but came as a number (1.5)."),
        ({"limit": 0}, "`limit` must be 1 to 200, but is 0."),
        ({"query": {"a": "b" * 50}}, "`query` must be a string, but came as an object."),
    ],
)
def test_a_value_of_another_shape_is_refused_with_what_came_and_what_is_expected(
    raw: JsonObject, said: str
) -> None:
    assert str(refusal(LIST_WORKFLOWS, raw)) == (
        f'{said} Nothing was done. Example: list_workflows {{"query": "code review"}}'
    )


def test_every_problem_of_a_call_is_said_at_once() -> None:
    said = str(refusal(START_WORKFLOW, {"workflow": "w", "context": 1, "parentSessionId": []}))

    assert said.startswith(
        "There is no field `workflow`; did you mean `workflowId`? "
        "`context` must be an object, but came as a number (1). "
        "`parentSessionId` must be a string, but came as an array ([]). "
        "`workflowId` is required. `goal` is required. Nothing was done."
    )


@pytest.mark.rule("MCP-7")
def test_a_value_sent_as_its_json_text_is_read_as_the_value() -> None:
    raw: JsonObject = {
        "token": "ct_x",
        "artifacts": json.dumps([{"kind": "d"}]),
        "context": json.dumps({"risk": "High"}),
    }

    read = read_arguments(COMPLETE_STEP, raw)

    assert read.objects("artifacts") == ({"kind": "d"},)
    assert read.object("context") == {"risk": "High"}


@pytest.mark.rule("MCP-7")
def test_json_text_stays_text_where_text_is_expected() -> None:
    assert read_arguments(LIST_WORKFLOWS, {"query": "[1]"}).text("query") == "[1]"


def test_a_number_in_a_string_is_not_taken_for_an_object() -> None:
    assert "`context` must be an object" in str(
        refusal(COMPLETE_STEP, {"token": "t", "context": "5"})
    )


def test_null_counts_as_not_sent() -> None:
    read = read_arguments(COMPLETE_STEP, {"token": "ct_x", "notes": None, "context": None})

    assert read == Arguments({"token": "ct_x"})
    assert str(refusal(COMPLETE_STEP, {"token": None})).startswith("`token` is required.")


@pytest.mark.rule("MCP-6")
def test_two_spellings_of_one_field_are_refused() -> None:
    error = refusal(COMPLETE_STEP, {"token": "ct_x", "continueToken": "ct_x"})

    assert str(error).startswith(
        "`token` and `continueToken` are the same field; send only `token`."
    )


def test_members_of_an_object_are_checked_under_their_path() -> None:
    raw: JsonObject = {"continueToken": "t", "output": {"notesMarkdow": "x", "artifacts": {}}}

    said = str(refusal(CONTINUE_WORKFLOW, raw))

    assert "There is no field `output.notesMarkdow`; did you mean `notesMarkdown`?" in said
    assert "`output.artifacts` must be an array of objects, but came as an object ({})." in said


def test_a_choice_outside_the_list_is_refused() -> None:
    said = str(refusal(CONTINUE_WORKFLOW, {"continueToken": "t", "intent": "go"}))

    assert said.startswith('`intent` must be "advance" or "rehydrate", but is a string ("go").')


def test_an_empty_object_or_array_does_not_count_as_given() -> None:
    read = read_arguments(COMPLETE_STEP, {"token": "t", "context": {}, "artifacts": []})

    assert not read.given("context")
    assert not read.given("artifacts")
    assert read.given("token")


@pytest.mark.rule("MCP-8")
@pytest.mark.parametrize("spec", TOOLS, ids=lambda spec: spec.name)
def test_every_advertised_field_is_described_and_nothing_else_is_allowed(spec: ToolSpec) -> None:
    schema = input_schema(spec)

    assert schema["additionalProperties"] is False
    assert spec.description
    assert_described(schema)


def assert_described(schema: JsonObject) -> None:
    properties = schema["properties"]
    assert isinstance(properties, dict)
    assert properties
    for name, field in properties.items():
        assert isinstance(field, dict)
        assert field.get("description"), f"{name} has no description"
        if "properties" in field:
            assert field["additionalProperties"] is False
            assert_described(field)


def test_a_schema_says_shape_limits_and_what_is_required() -> None:
    spec = ToolSpec(
        name="t",
        title="T",
        description="d",
        fields=(
            Field("a", Shape.TEXT, "A", required=True, choices=("x", "y")),
            Field("b", Shape.WHOLE_NUMBER, "B", minimum=1, maximum=9),
            Field("c", Shape.OBJECT, "C", members=(Field("d", Shape.TEXTS, "D"),)),
            Field("e", Shape.OBJECTS, "E"),
            Field("hidden", Shape.TEXT, advertised=False),
        ),
        example="t {}",
    )

    assert input_schema(spec) == {
        "type": "object",
        "properties": {
            "a": {"type": "string", "enum": ["x", "y"], "description": "A"},
            "b": {"type": "integer", "minimum": 1, "maximum": 9, "description": "B"},
            "c": {
                "type": "object",
                "properties": {
                    "d": {"type": "array", "items": {"type": "string"}, "description": "D"}
                },
                "additionalProperties": False,
                "description": "C",
            },
            "e": {"type": "array", "items": {"type": "object"}, "description": "E"},
        },
        "additionalProperties": False,
        "required": ["a"],
    }


@pytest.mark.parametrize("spec", TOOLS, ids=lambda spec: spec.name)
def test_the_example_of_every_tool_is_a_call_it_accepts(spec: ToolSpec) -> None:
    name, _, arguments = spec.example.partition(" ")

    assert name == spec.name
    assert read_arguments(spec, json.loads(arguments)).values
