"""`workrail test`, `simulate` and `import`: what they print, and how they exit."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from workrail_mcp_server.cli import main

FLOW = """\
id: team.flow
name: Flow
description: A flow.
version: 1.0.0
steps:
  - id: plan
    title: Plan
    prompt: Plan.
  - id: extra
    title: Extra
    prompt: Extra.
    runCondition: {var: risk, equals: high}
  - id: build
    title: Build
    prompt: Build.
    checks: [{id: tests, kind: command, run: make test}]
  - id: again
    type: loop
    title: Again
    loop: {type: forEach, items: parts, maxIterations: 5}
    body: [{id: part, title: "Part {{currentItem}}", prompt: Do it.}]
"""
CASES = """\
cases:
  - name: honest
    context: {parts: [a]}
    expect: {completed: true, path: [plan, build, "part#1"]}
  - name: liar
    agent: lying
    context: {parts: [a]}
    expect: {completed: COMPLETED}
"""


@pytest.fixture
def flows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The workflow folder of a project, which is where we are."""
    monkeypatch.setenv("WORKRAIL_HOME", str(tmp_path / "home"))
    folder = tmp_path / "project" / ".workrail" / "workflows"
    folder.mkdir(parents=True)
    (folder / "flow.yaml").write_text(FLOW)
    (folder / "flow.tests.yaml").write_text(CASES.replace("COMPLETED", "false"))
    monkeypatch.chdir(tmp_path / "project")
    return folder


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.mark.rule("WT-12")
def test_tests_that_pass_are_listed_with_what_would_have_been_caught(flows: Path):
    result = run("test")
    assert result.exit_code == 0, result.output
    assert result.stderr == "2 cases run, all passed.\n"
    assert result.stdout == (
        ".workrail/workflows/flow.tests.yaml  team.flow\n"
        "  passed  honest  (diligent)\n"
        "  passed  liar  (lying)\n"
        "\n"
        "  What it would have caught (checks supposed, not run)\n"
        "    plan   lazy, lying, injected: believed\n"
        "    build  lazy: stopped by notes, check tests; lying, injected: stopped by check tests\n"
        "    part   lazy, lying, injected: believed\n"
        "  Old and invented tokens moved nothing.\n"
        "  2 of 3 steps would have believed an agent that did no work: plan, part.\n"
    )
    assert not (flows.parents[2] / "home").exists()


@pytest.mark.rule("WT-12")
def test_a_case_that_fails_is_told_with_file_and_line_and_exits_with_1(flows: Path):
    path = flows / "flow.tests.yaml"
    path.write_text(CASES.replace("COMPLETED", "true"))
    result = run("test", flows / "flow.yaml")
    assert result.exit_code == 1
    assert f"    {path}:8: /cases/1/expect/completed: the run was to be complete;" in result.stdout
    assert "the agent gave up at build: CHECK_FAILED" in result.stdout
    assert result.stderr == "2 cases run, 1 failed.\n"


@pytest.mark.rule("WT-12")
def test_a_file_of_tests_that_is_wrong_exits_with_1_and_stops_no_other(flows: Path):
    (flows / "other.tests.yaml").write_text("workflow: flow.yaml\ncases:\n  - nme: x\n")
    result = run("test", flows)
    assert result.exit_code == 1
    assert "other.tests.yaml:3: /cases/0/nme: is not a field here" in result.stdout
    assert result.stderr == "2 cases run, all passed; 1 of 2 files of tests cannot be used.\n"


@pytest.mark.rule("WT-12")
def test_nothing_to_test_exits_with_2(flows: Path):
    (flows / "flow.tests.yaml").unlink()
    result = run("test")
    assert result.exit_code == 2
    assert "There is nothing to test" in result.stderr


@pytest.mark.rule("WT-12")
def test_json_holds_every_case_and_every_stand(flows: Path):
    value = json.loads(run("test", "--json").stdout)
    assert (value["cases"], value["failed"], value["passed"]) == (2, 0, True)
    (file,) = value["files"]
    assert file["cases"][1]["blocks"] == [{"step": "build", "codes": ["CHECK_FAILED"]}]
    caught = {(one["step"], one["agent"]): one["stoppedBy"] for one in file["caught"]}
    assert caught["build", "lying"] == ["check tests"]
    assert caught["plan", "lying"] == []


@pytest.mark.rule("WT-13")
def test_a_simulation_is_drawn_as_a_tree(flows: Path):
    result = run("simulate", "team.flow", "--set", 'parts=["a", "b"]', "--set", "risk=low")
    assert result.exit_code == 0, result.output
    assert result.stdout == (
        "Flow  team.flow\n"
        "├── Plan  [plan]\n"
        "│   └── sends notes\n"
        '├── skipped extra: runs when risk equals "high"; risk is "low"\n'
        "├── Build  [build]\n"
        "│   ├── check tests: `make test` exits with 0\n"
        "│   └── sends notes\n"
        "├── Again  [again]  loop, ends after 2 passes: there are no more\n"
        "│   ├── pass 1\n"
        "│   │   └── Part a  [part]\n"
        "│   │       └── sends notes\n"
        "│   └── pass 2\n"
        "│       └── Part b  [part]\n"
        "│           └── sends notes\n"
        "└── complete\n"
    )
    assert not (flows.parents[2] / "home").exists()


@pytest.mark.rule("WT-13")
def test_a_simulation_that_lacks_a_value_says_which_and_exits_with_1(flows: Path):
    result = run("simulate", "team.flow")
    assert result.exit_code == 1
    assert result.stdout.endswith("└── no further\n")
    assert "--set parts=" in result.stderr
    assert run("simulate", "team.flow", "--set", "parts").exit_code == 2
    value = json.loads(run("simulate", "team.flow", "--json").stdout)
    assert (value["completed"], [one["kind"] for one in value["path"]]) == (
        False,
        ["step", "skipped", "step"],
    )


@pytest.mark.rule("WT-14")
def test_an_imported_skill_is_written_once_and_validates(flows: Path, tmp_path: Path):
    skill = tmp_path / "release" / "SKILL.md"
    skill.parent.mkdir()
    skill.write_text("# Release\n\n1. Run `make test`.\n2. Tag it.\n")
    out = flows / "release.yaml"
    result = run("import", "skill", skill.parent, "--out", out)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "2 steps, 1 proposed check. 1 of the steps rest on the agent's word." in result.stderr
    assert f"workrail lint {out}" in result.stderr
    assert run("validate", out).exit_code == 0
    printed = run("import", "skill", skill)
    assert printed.stdout == out.read_text()
    out.write_text("mine")
    again = run("import", "skill", skill, "--out", out)
    assert (again.exit_code, out.read_text()) == (2, "mine")
    assert "is there already" in again.stderr
    assert run("import", "skill", tmp_path / "none.md").exit_code == 1
