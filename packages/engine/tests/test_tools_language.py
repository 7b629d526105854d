"""What a workflow says about tools is checked, pinned with it, and told to whoever works on a step."""

import json
from pathlib import Path

import pytest

from workrail_engine.canonical import JsonObject, JsonValue, digest_bytes
from workrail_engine.engine import StartRequest, Submission, open_engine
from workrail_engine.outcomes import Blocked, StepReady, StepTools
from workrail_engine.registry.documents import Loaded, load_definition
from workrail_engine.system import Locations
from workrail_engine.testing.definitions import (
    HEAD,
    a_call,
    a_definition,
    a_loop,
    a_step,
    a_template,
    compile_fully,
)
from workrail_engine.workflow.compile import compile_pinned, prepare
from workrail_engine.workflow.compiled import CompiledLoop, CompiledStep, ToolRules
from workrail_engine.workflow.definition import WorkflowDefinition, parse_definition
from workrail_engine.workflow.lint import lint
from workrail_engine.workflow.prepared import PreparedWorkflow
from workrail_engine.workflow.structure import check_structure
from workrail_engine.workflow.tool_words import tool_words

READING: JsonObject = {"allowed": ["Read", "Grep"]}
DOCS: JsonObject = {"writable": ["docs/**"]}


def rules(*steps: JsonObject, **more: JsonValue) -> list[ToolRules | None]:
    """What each compiled step lets an agent do."""
    found = compile_fully(*steps, **more).steps
    assert all(isinstance(step, CompiledStep) for step in found)
    return [step.tools for step in found if isinstance(step, CompiledStep)]


def problems(tools: JsonValue, whole: JsonValue = READING) -> list[tuple[str, str]]:
    document = {**HEAD, "tools": whole, "steps": [{**a_step("one"), "tools": tools}]}
    found = parse_definition(document)
    if isinstance(found, WorkflowDefinition):
        found = check_structure(found)
    return [(one.pointer, one.message) for one in found]


@pytest.mark.rule("LANG-39")
def test_a_step_keeps_to_what_its_workflow_and_it_both_allow() -> None:
    assert rules(a_step("one")) == [None]
    assert rules(a_step("one", tools=READING), a_step("two")) == [
        ToolRules(("Read", "Grep"), (), network=True),
        None,
    ]
    wide: JsonObject = {"allowed": ["Bash", "Read"], "writable": ["src/**"], "network": False}
    narrow: JsonObject = {"allowed": ["Read", "Write"], "writable": ["**/*.py"], "network": True}
    assert rules(a_step("one", tools=narrow), a_step("two"), tools=wide) == [
        ToolRules(("Read",), (("src/**",), ("**/*.py",)), network=False),
        ToolRules(("Bash", "Read"), (("src/**",),), network=False),
    ]
    assert rules(a_step("one", tools={"writable": []})) == [ToolRules(None, ((),), network=True)]


@pytest.mark.rule("LANG-39")
def test_inserted_steps_and_those_of_loops_and_parallel_work_keep_to_them_too() -> None:
    whole = ToolRules(("Read", "Grep"), (), network=True)
    with_others = a_step("one", tools=READING, audit={"prompt": "p"}, verification={"prompt": "p"})
    assert rules(with_others) == [whole, whole, whole]
    parallel: JsonObject = {
        "id": "many",
        "title": "Many",
        "type": "parallel",
        "parallelDelegations": [{"workflowId": "team.x"}],
        "synthesis": {"prompt": "p"},
        "tools": READING,
    }
    assert rules(parallel) == [whole, whole]
    (loop,) = compile_fully(a_loop({"type": "for", "count": 2}), tools=READING).steps
    assert isinstance(loop, CompiledLoop)
    assert [step.tools for step in loop.body] == [whole]


@pytest.mark.rule("LANG-39")
def test_the_steps_of_a_routine_keep_to_what_caller_routine_and_step_allow() -> None:
    inner = a_step("inner", tools={"writable": ["docs/a/**"]})
    routine = a_template(inner, a_step("out"), tools={"network": False})
    result = prepare(a_definition(a_call("call", tools={**READING, **DOCS})), routine, {})
    assert isinstance(result, PreparedWorkflow)
    steps = [step for step in result.compiled.steps if isinstance(step, CompiledStep)]
    assert [step.tools for step in steps] == [
        ToolRules(("Read", "Grep"), (("docs/**",), ("docs/a/**",)), network=False),
        ToolRules(("Read", "Grep"), (("docs/**",),), network=False),
    ]
    assert compile_pinned(result.document) == result.compiled


@pytest.mark.rule("LANG-40")
def test_a_workflow_that_says_nothing_of_tools_is_pinned_as_before() -> None:
    def hash_of(**more: JsonValue) -> str:
        result = prepare(a_definition(a_step("one", **more)), {}, {})
        assert isinstance(result, PreparedWorkflow)
        assert (b"tools" in result.document) == bool(more)
        assert result.compiled.workflow_hash == digest_bytes(result.document)
        return result.compiled.workflow_hash

    assert hash_of() == "sha256:1b542ef8060792d90c8105d2641a0c4f1a596585a5965941e5079b34649d9d1a"
    assert len({hash_of(), hash_of(tools=READING), hash_of(tools=DOCS)}) == 3


@pytest.mark.rule("LANG-41")
@pytest.mark.parametrize(
    ("tools", "place", "message"),
    [
        ({}, "", "says nothing"),
        ("Read", "", 'must be an object, not "Read"'),
        ({"allowed": "Read"}, "/allowed", 'must be a list, not "Read"'),
        ({"allowed": ["two words"]}, "/allowed/0", 'has the wrong form: "two words"'),
        ({"allowed": ["Read", "Read"]}, "/allowed/1", 'repeats "Read"'),
        ({"writable": ["a/**", "a/**"]}, "/writable/1", 'repeats "a/**"'),
        ({"writable": ["../x"]}, "/writable/0", 'is no path within the workspace: "../x"'),
        ({"writable": ["/x"]}, "/writable/0", 'is no path within the workspace: "/x"'),
        ({"writable": [""]}, "/writable/0", "is empty"),
        ({"network": "no"}, "/network", 'must be true or false, not "no"'),
        ({"network": None}, "/network", "has no value"),
        ({"hosts": ["a"]}, "/hosts", "is not a field here"),
        ({"within": [["a"]]}, "/within", "is not a field here"),
    ],
)
def test_what_is_wrong_with_tools_is_told_at_its_place(
    tools: JsonValue, place: str, message: str
) -> None:
    assert problems(tools) == [(f"/steps/0/tools{place}", message)]
    found = problems(READING, whole=tools)
    assert found == [(f"/tools{place}", message)]


@pytest.mark.rule("LANG-41")
def test_a_loop_has_no_tools_of_its_own_and_the_message_says_where_they_go() -> None:
    loop = a_loop({"type": "for", "count": 1}, tools=READING)
    found = parse_definition({**HEAD, "steps": [loop]})
    assert isinstance(found, tuple)
    assert [(one.pointer, one.suggestion) for one in found] == [
        ("/steps/0/tools", "a loop has none of its own: put it on the steps of the body")
    ]


@pytest.mark.rule("LANG-41")
def test_a_problem_of_tools_is_told_with_its_line() -> None:
    text = (
        "id: team.flow\nname: n\ndescription: d\nversion: 1.0.0\nsteps:\n  - id: one\n    title: t\n"
        "    prompt: p\n    tools:\n      writable: [docs/**, ../x]\n"
    )
    result = load_definition("x.yaml", text, yaml=True)
    assert not isinstance(result, Loaded)
    (one,) = result.problems
    assert (one.line, one.pointer) == (10, "/steps/0/tools/writable/1")


@pytest.mark.rule("LANG-42")
@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("bash", "Bash"),
        ("Raed", "Read"),
        ("SaveArtifact", "save_artifact"),
        ("spawn-agent", "spawn_agent"),
    ],
)
def test_a_slip_in_the_name_of_a_tool_is_told(name: str, meant: str) -> None:
    checks: JsonValue = [{"id": "d", "kind": "diff", "mustChange": True}]
    one = a_step(
        "one", tools={"allowed": ["Read", name]} if name != "Raed" else {"allowed": [name]}
    )
    two = a_step("two", fresh=["d"])
    (warning,) = lint(a_definition({**one, "checks": checks}, two), {}, each=True)
    assert (warning.code, warning.advice) == ("idle-tool-name", f'did you mean "{meant}"?')
    assert warning.pointer.startswith("/steps/0/tools/allowed/")


@pytest.mark.rule("LANG-42")
def test_tools_of_other_clients_are_no_slips_and_a_tool_the_workflow_leaves_out_is_told() -> None:
    checks: JsonValue = [{"id": "d", "kind": "diff", "mustChange": True}]
    others: JsonValue = ["TodoWrite", "MultiEdit", "WebFetch", "LS", "mcp__git__log", "Task"]
    two = a_step("two", fresh=["d"])
    one = {**a_step("one", tools={"allowed": others}), "checks": checks}
    assert lint(a_definition(one, two), {}, each=True) == ()
    bound = {**a_step("one", tools={"allowed": ["Bash", "Read"]}), "checks": checks}
    (warning,) = lint(a_definition(bound, two, tools=READING), {}, each=True)
    assert (warning.code, warning.pointer) == ("idle-tool-name", "/steps/0/tools/allowed/0")
    assert warning.message == "allows Bash, which the tools of the workflow leave out"


@pytest.mark.rule("RUN-86")
def test_the_tools_of_a_step_reach_whoever_works_on_it(tmp_path: Path) -> None:
    locations = Locations.under(tmp_path / "home")
    library = locations.home / "workflows"
    library.mkdir(parents=True)
    steps = [a_step("one", tools={**READING, **DOCS, "network": False}), a_step("two")]
    (library / "flow.json").write_text(json.dumps({**HEAD, "id": "my.flow", "steps": steps}))
    with open_engine(locations) as engine:
        begun = engine.start(StartRequest("my.flow", "Look.", tmp_path))
        assert isinstance(begun, StepReady)
        blocked = engine.advance(begun.token, Submission(None, (), {}))
        assert isinstance(blocked, Blocked)
        again = engine.advance(blocked.token, Submission("n" * 60, (), {}))
    expected = StepTools(("Read", "Grep"), (("docs/**",),), network=False)
    assert begun.step.tools == blocked.step.tools == expected
    (told,) = [item for item in begun.step.requirements if item.kind == "tools"]
    assert told.text == (
        "tools for this step: Read, Grep and those that steer the run; files to change: docs/**; "
        "no network"
    )
    assert isinstance(again, StepReady)
    assert again.step.tools is None
    assert [item.kind for item in again.step.requirements] == ["notes"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (ToolRules((), (), network=True), "tools for this step: only those that steer the run"),
        (ToolRules(None, ((),), network=True), "files to change: none"),
        (
            ToolRules(None, (("src/**", "a.md"), ("**/*.py",)), network=True),
            "files to change: src/**, a.md, and of these only **/*.py",
        ),
        (ToolRules(None, (), network=True), "whatever the run allows"),
    ],
)
def test_bounds_are_told_in_one_line(said: ToolRules, words: str) -> None:
    assert tool_words(said) == words
