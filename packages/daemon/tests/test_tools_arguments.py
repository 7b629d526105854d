"""What a model sends is held to what it was told, and every problem is named at once."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from workrail_daemon.testing.hands import Hands
from workrail_daemon.tools.contract import ToolPolicy
from workrail_daemon.tools.masking import masked


@pytest.fixture
def hands(tmp_path: Path) -> Hands:
    """Tools in a workspace with a file."""
    (tmp_path / "a.txt").write_text("one\ntwo\n")
    return Hands(tmp_path)


def test_every_problem_is_named(hands: Hands) -> None:
    answer = hands.use("Grep", glob=7, head_limit="12", output_mode="all", colour=True)

    assert answer.outcome == "error"
    lines = answer.text.splitlines()
    assert lines[0] == "Grep was not carried out, its arguments cannot be used:"
    assert [line.split(":")[0] for line in lines[1:]] == [
        "- pattern",
        "- glob",
        "- output_mode",
        "- head_limit",
        "- colour",
    ]
    assert "not an argument; there are: pattern, path, glob" in lines[5]


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("Read", {"file_path": "a.txt", "offset": "1"}),
        ("Read", {"file_path": "a.txt", "offset": 1.5}),
        ("Read", {"file_path": "a.txt", "offset": True}),
        ("Read", {"file_path": "a.txt", "offset": 0}),
        ("Read", {"file_path": ""}),
        ("Read", {"file_path": "a\0.txt"}),
        ("Read", {"file_path": "a\n.txt"}),
        ("Read", {"file_path": None}),
        ("Read", {"file_path": ["a.txt"]}),
        ("Read", {"file_path": "\ud800"}),
        ("Write", {"file_path": "b.txt", "content": "\ud800"}),
        ("Edit", {"file_path": "a.txt", "old_string": "", "new_string": "x"}),
        ("Bash", {"command": ""}),
        ("Bash", {"command": "echo a\0b"}),
        ("Bash", {"command": "true", "seconds": -1}),
        ("Glob", {"pattern": "x" * 501}),
        ("save_artifact", {"name": "../x", "content": "x"}),
        ("save_artifact", {"name": "a.txt"}),
    ],
)
def test_what_cannot_be_used_is_an_answer_and_changes_nothing(
    hands: Hands, tool: str, arguments: dict[str, Any]
) -> None:
    answer = hands.use(tool, **arguments)

    assert answer.outcome == "error"
    assert [each.name for each in hands.workspace.iterdir()] == ["a.txt"]


def test_the_other_spelling_of_a_name_and_null_for_nothing_do_no_harm(hands: Hands) -> None:
    plain = hands.use("Read", file_path="a.txt")

    assert hands.use("Read", filePath="a.txt", limit=None, offset=None) == plain
    assert hands.use("Bash", command="true", cwd=None, seconds=None).outcome == "ok"
    assert hands.use("Read", file_path="a.txt", filePath="b.txt") == plain


def test_the_model_is_told_a_plain_schema_that_its_calls_are_held_to(hands: Hands) -> None:
    for spec in hands.toolbox.specs:
        schema: dict[str, Any] = dict(spec.input_schema)
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema["additionalProperties"] is False
        assert "$defs" not in schema
        for argument in schema["properties"].values():
            assert argument["description"]
            assert "anyOf" not in argument
    grep = next(spec for spec in hands.toolbox.specs if spec.name == "Grep")
    jsonschema.validate({"pattern": "x", "-i": True}, dict(grep.input_schema))
    assert hands.use("Grep", pattern="ONE", **{"-i": True}).text == "a.txt"


def test_a_tool_the_policy_does_not_name_is_not_there(tmp_path: Path) -> None:
    hands = Hands(tmp_path, ToolPolicy(allowed=frozenset({"Read"})))

    assert [spec.name for spec in hands.toolbox.specs] == ["Read"]
    assert hands.toolbox.find("Bash") is None
    assert hands.toolbox.find("nothing") is None


def test_arguments_are_told_in_a_line_whatever_they_are(hands: Hands) -> None:
    def said(tool: str, **arguments: Any) -> str:
        found = hands.toolbox.find(tool)
        assert found is not None
        return found.said(arguments)

    assert said("Bash", command="echo one\n  echo two") == "echo one echo two"
    assert said("Read", file_path="a.txt", offset=5) == "a.txt"
    assert said("Write", file_path="a.txt", content="hush") == "a.txt, 4 characters"
    assert said("Grep", pattern="x", path="src") == "x in src"
    assert said("Read", wrong=True) == '{"wrong": true}'
    assert len(said("Bash", command="x" * 10_000)) == 500


@pytest.mark.rule("TOOL-10")
@pytest.mark.parametrize(
    "text",
    [
        "export API_KEY=hunter2hunter2",
        "curl -H 'Authorization: Bearer hunter2hunter2'",
        "git clone https://me:hunter2hunter2@example.org/x",
        'psql "password=hunter2hunter2"',
        "deploy --token hunter2hunter2 --access-token=hunter2hunter2",
        '{"client_secret": "hunter2hunter2"}',
        "echo ghp_hunter2hunter2hunter2hunter2",
        "echo sk-ant-hunter2hunter2hunter2",
        "use AKIAHUNTER2HUNTER2HU now",
    ],
)
def test_what_looks_like_a_secret_does_not_reach_the_log(text: str) -> None:
    assert "hunter2hunter2" not in masked(text).lower()


def test_what_is_no_secret_is_left_alone() -> None:
    plain = (
        "pytest -k token_count tests/test_tokens.py && git log --author=me https://example.org/a@b"
    )

    assert masked(plain) == plain
    assert (
        masked("token" * 5000) == "token" * 5000
    )  # at once: every way to read it would take years


def test_a_password_with_quotes_in_an_address_does_not_reach_the_log() -> None:
    assert masked("git clone https://ada:hun'ter\"2@example.org/x") == (
        "git clone https://ada:***@example.org/x"
    )
