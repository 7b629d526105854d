"""What an author writes about checks is what the engine carries out."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.checks.environment import environment_for
from workrail_engine.checks.findings import CannotCheckError
from workrail_engine.secret_forms import may_be_secret
from workrail_engine.testing.definitions import a_call, a_definition, a_step, a_template
from workrail_engine.workflow.checks import (
    ApprovalCheck,
    ArtifactCheck,
    Check,
    CommandCheck,
    DiffCheck,
    FileRule,
    FilesCheck,
    Report,
)
from workrail_engine.workflow.command_line import CommandLineError, arguments
from workrail_engine.workflow.compile import prepare
from workrail_engine.workflow.compiled import CompiledStep
from workrail_engine.workflow.prepared import PreparedWorkflow

FILES: JsonObject = {"id": "there", "kind": "files", "files": [{"path": "a.txt"}]}


def steps_of(*steps: JsonObject, routine: tuple[JsonObject, ...] = ()) -> list[CompiledStep]:
    prepared = prepare(a_definition(*steps), a_template(*(routine or (a_step("none"),))), {})
    assert isinstance(prepared, PreparedWorkflow), prepared
    found = [step for step in prepared.compiled.steps if isinstance(step, CompiledStep)]
    assert len(found) == len(prepared.compiled.steps)
    return found


def check_of(**fields: JsonValue) -> Check:
    check: JsonObject = {"id": "c", **fields}
    (step,) = steps_of(a_step("one", checks=[check]))
    return step.checks[0]


@pytest.mark.rule("CHECK-40")
def test_a_command_check_without_more_has_the_documented_defaults() -> None:
    assert check_of(kind="command", run="make 'all tests'") == CommandCheck(
        check_id="c",
        purpose=None,
        argv=("make", "all tests"),
        folder=".",
        exit_codes=(0,),
        time_limit=600,
        environment=(),
        report=None,
        protect=(),
        isolate=False,
    )


@pytest.mark.rule("CHECK-40")
def test_a_command_check_says_all_it_can_say() -> None:
    check = check_of(
        kind="command",
        purpose="It holds.",
        run=["pytest", "{report}", "--x={y}", "a && b"],
        exits=[0, 5],
        timeLimit=30,
        report={"format": "junit", "expected": ["a::b"], "atLeast": 3},
        protect=["tests/**"],
        isolate=True,
        **{"in": "sub", "pass": ["CI"]},
    )
    assert check == CommandCheck(
        check_id="c",
        purpose="It holds.",
        argv=("pytest", "{report}", "--x={y}", "a && b"),
        folder="sub",
        exit_codes=(0, 5),
        time_limit=30,
        environment=("CI",),
        report=Report("junit", None, ("a::b",), 3),
        protect=("tests/**",),
        isolate=True,
    )


@pytest.mark.rule("CHECK-40")
def test_the_other_kinds_say_all_they_can_say() -> None:
    schema: JsonObject = {"type": "object"}
    rules: list[JsonValue] = [
        {"path": "a.json", "matches": "x", "lacks": "y", "parses": "json", "schema": schema},
        {"path": "b", "absent": True},
    ]
    assert check_of(kind="files", files=rules) == FilesCheck(
        "c",
        None,
        (
            FileRule("a.json", False, "x", "y", "json", schema),
            FileRule("b", True, None, None, None, None),
        ),
    )
    diff: JsonObject = {"allowed": ["a"], "protected": ["b"], "maxFiles": 0, "maxLines": 9}
    assert check_of(kind="diff", **diff) == DiffCheck("c", None, ("a",), ("b",), 0, 9, False)
    assert check_of(kind="diff", mustChange=True) == DiffCheck("c", None, (), (), None, None, True)
    artifact: JsonObject = {"artifactKind": "team.note", "schema": schema}
    assert check_of(kind="artifact", **artifact) == ArtifactCheck("c", None, "team.note", schema)
    assert check_of(kind="approval", show=["diff"]) == ApprovalCheck("c", None, ("diff",))


@pytest.mark.rule("CHECK-41")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a && b", "holds `&&`"),
        ("a 'x'|b", "holds `|`"),
        ("a > out", "holds `>`"),
        ("a\nb", "holds a line break"),
        ("a 'b", "quotation mark"),
        ("a \\", "backslash"),
        ("  ", "names no program"),
    ],
)
def test_a_command_that_needs_a_shell_or_cannot_be_split_is_refused(text: str, said: str) -> None:
    with pytest.raises(CommandLineError, match="(?s)" + said.replace("|", r"\|")):
        arguments(text)


@pytest.mark.rule("CHECK-41")
def test_quoted_operators_are_ordinary_characters() -> None:
    assert arguments("a \"&&\" '|' x\\;y\n") == ("a", "&&", "|", "x;y")


@given(st.lists(st.text(min_size=1), min_size=1).filter(lambda argv: bool(argv[0].strip())))
def test_a_list_of_arguments_is_taken_as_it_is(argv: list[str]) -> None:
    assert arguments(argv) == tuple(argv)


@pytest.mark.rule("CHECK-42")
def test_the_command_of_a_verification_is_a_check_of_the_step_it_becomes() -> None:
    one, verify = steps_of(a_step("one", verification={"command": "make test", "prompt": "Look."}))
    assert one.checks == ()
    (check,) = verify.checks
    assert isinstance(check, CommandCheck)
    assert (check.check_id, check.argv) == ("one-verification", ("make", "test"))
    assert "Look." in verify.prompt


@pytest.mark.rule("CHECK-42")
def test_a_verification_without_a_command_brings_no_check() -> None:
    _, verify = steps_of(a_step("one", verification={"prompt": "Look."}))
    assert verify.checks == ()


@pytest.mark.rule("CHECK-43")
def test_checks_of_a_routine_are_called_after_the_call_and_stay_together() -> None:
    inner = (
        a_step("first", checks=[FILES], verification={"command": "make"}),
        a_step("second", fresh=["there", "first-verification"]),
    )
    caller = a_call("use-it", verification={"command": "make all"})
    later = a_step("later", fresh=["use-it.there", "use-it-verification"])
    first, verify, second, outer, last = steps_of(caller, later, routine=inner)
    assert [check.check_id for check in first.checks] == ["use-it.there"]
    assert [check.check_id for check in verify.checks] == ["use-it.first-verification"]
    assert second.fresh == ("use-it.there", "use-it.first-verification")
    assert [check.check_id for check in outer.checks] == ["use-it-verification"]
    assert last.fresh == ("use-it.there", "use-it-verification")


@pytest.mark.rule("CHECK-43")
def test_a_name_that_a_routine_does_not_bring_is_told_with_what_was_meant() -> None:
    templates = a_template(a_step("first", checks=[FILES]))
    definition = a_definition(a_call("use-it"), a_step("later", fresh=["use-it.ther"]))
    problems = prepare(definition, templates, {})
    assert isinstance(problems, tuple)
    assert [(each.pointer, each.suggestion) for each in problems] == [
        ("/steps/1/fresh/0", 'did you mean "use-it.there"?')
    ]


@pytest.mark.rule("CHECK-43")
def test_a_check_and_a_verification_cannot_share_an_id() -> None:
    definition = a_definition(
        a_step("one", verification={"command": "make"}),
        a_step("two", checks=[{**FILES, "id": "one-verification"}]),
    )
    problems = prepare(definition, {}, {})
    assert isinstance(problems, tuple)
    assert [each.pointer for each in problems] == ["/steps/1/checks/0/id"]


@pytest.mark.rule("CHECK-44")
def test_a_variable_that_the_language_refuses_is_withheld_by_the_engine_too() -> None:
    names = [
        *("API_TOKEN", "AWS_REGION", "DATABASE_URL", "MY_KEY", "SSH_AUTH_SOCK", "db_password"),
        *("CI", "NODE_ENV", "KEYBOARD", "PATHEXT", "RUSTFLAGS"),
    ]
    refused = [name for name in names if may_be_secret(name)]
    assert refused == names[:6]
    for name in names:
        place = Path("nowhere")
        if name in refused:
            with pytest.raises(CannotCheckError):
                environment_for([name], {}, place, place)
        else:
            assert name in environment_for([name], {name: "x"}, place, place)
