"""Does a check by a project's own command hold only by what a person named before the session?"""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.checks.local_checks import LocalChecks
from workrail_engine.engine import Engine, StartRequest, Submission, open_engine
from workrail_engine.ids import SessionId
from workrail_engine.outcomes import (
    AdvanceOutcome,
    Blocked,
    BlockerCode,
    Completed,
    StepReady,
    Waiting,
)
from workrail_engine.ports import CheckPlace
from workrail_engine.proving import Gate, check_file, open_keys, rerun_checks
from workrail_engine.reader import open_reader
from workrail_engine.session.checking import check_blockers, reused
from workrail_engine.system import Locations, SystemClock
from workrail_engine.testing.definitions import a_definition, a_step
from workrail_engine.testing.user_git import begin_repository, commit_all, git
from workrail_engine.workflow.checks import CheckResult, CommandCheck, ProjectCheck, Report
from workrail_engine.workflow.compile import prepare
from workrail_engine.workflow.prepared import PreparedWorkflow
from workrail_engine.workflow.project_commands import (
    PROJECT_FILE,
    ProjectCommands,
    read_project_commands,
)

PASSES = 'commands:\n  test: [sh, -c, "test -e good"]\n'
DEMANDED = ProjectCheck("tests", None, "test", optional=False)
OPTIONAL = ProjectCheck("tests", None, "test", optional=True)
CLAIM = Submission(notes="Every test passes.")


def run(check: ProjectCheck, workspace: Path, base: str | None) -> CheckResult:
    place = CheckPlace(str(workspace), base, ())
    return LocalChecks(SystemClock()).run(check, place, lambda _line: None)


def told(result: CheckResult) -> str:
    return "\n".join((result.summary, *result.problems))


def write(folder: Path, content: str = PASSES) -> Path:
    path = folder / PROJECT_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository that names its test, which passes where there is a file called good."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "good").write_text("")
    write(folder)
    return begin_repository(folder)


def base_of(project: Path) -> str:
    return git(project, "rev-parse", "HEAD")


# What counts


@pytest.mark.rule("CHECK-100")
def test_the_command_that_the_project_named_is_run(project: Path) -> None:
    base = base_of(project)
    passed = run(DEMANDED, project, base)
    assert (passed.outcome, passed.kind, passed.exit_code) == ("passed", "command", 0)
    assert passed.argv == ("sh", "-c", "test -e good")
    (project / "good").unlink()
    failed = run(OPTIONAL, project, base)
    assert (failed.outcome, failed.exit_code) == ("failed", 1)


@pytest.mark.rule("CHECK-101")
@pytest.mark.parametrize("committed", [False, True])
def test_what_is_written_into_the_file_meanwhile_does_not_count(
    project: Path, *, committed: bool
) -> None:
    base = base_of(project)
    (project / "good").unlink()
    write(project, 'commands: {test: "true"}\n')
    if committed:
        commit_all(project)
    assert run(DEMANDED, project, base).outcome == "failed"


@pytest.mark.rule("CHECK-101")
def test_a_file_that_is_deleted_meanwhile_counts_as_it_was(project: Path) -> None:
    base = base_of(project)
    (project / PROJECT_FILE).unlink()
    (project / "good").unlink()
    commit_all(project)
    assert run(OPTIONAL, project, base).outcome == "failed"


@pytest.mark.rule("CHECK-101")
def test_a_file_that_is_made_meanwhile_is_not_used(tmp_path: Path) -> None:
    project = tmp_path / "bare"
    project.mkdir()
    (project / "a.txt").write_text("a")
    base = base_of(begin_repository(project))
    write(project, 'commands: {test: "true"}\n')
    assert run(OPTIONAL, project, base).outcome == "unchecked"
    assert run(DEMANDED, project, base).outcome == "error"


@pytest.mark.rule("CHECK-101")
def test_an_object_that_git_is_told_to_replace_is_read_as_it_is(project: Path) -> None:
    base = base_of(project)
    write(project, 'commands: {test: "true"}\n')
    other = commit_all(project)
    for old, new in ((f"{base}:{PROJECT_FILE}", f"{other}:{PROJECT_FILE}"), (base, other)):
        git(project, "replace", git(project, "rev-parse", old), git(project, "rev-parse", new))
    (project / "good").unlink()
    assert run(DEMANDED, project, base).outcome == "failed"


# Where there is no such command


@pytest.mark.rule("CHECK-102")
def test_a_command_nobody_named_is_no_pass_and_says_what_to_add(project: Path) -> None:
    base = base_of(project)
    check = ProjectCheck("linted", None, "tests", optional=False)
    result = run(check, project, base)
    assert result.outcome == "error"
    assert 'it named test; did you mean "test"?' in told(result)
    assert "a person writes `tests: <command>` under `commands:`" in told(result)
    optional = run(ProjectCheck("linted", None, "tests", optional=True), project, base)
    assert optional.outcome == "unchecked"
    assert optional.problems == result.problems


@pytest.mark.rule("CHECK-102")
def test_a_session_that_began_without_a_commit_goes_unchecked(tmp_path: Path) -> None:
    write(tmp_path)
    assert run(OPTIONAL, tmp_path, None).outcome == "unchecked"
    assert run(DEMANDED, tmp_path, None).outcome == "error"


@pytest.mark.rule("CHECK-103")
def test_a_repository_that_goes_away_is_an_error_and_not_unchecked(project: Path) -> None:
    base = base_of(project)
    (project / ".git").rename(project.parent / "elsewhere")
    result = run(OPTIONAL, project, base)
    assert result.outcome == "error"
    assert "put it back" in told(result)


@pytest.mark.rule("CHECK-103")
def test_a_base_that_is_not_in_the_repository_is_an_error(project: Path) -> None:
    assert run(OPTIONAL, project, "0" * 40).outcome == "error"


@pytest.mark.rule("CHECK-103")
def test_a_workspace_below_the_file_is_an_error_that_says_where_to_start(project: Path) -> None:
    inner = project / "parts" / "one"
    inner.mkdir(parents=True)
    (inner / "a.txt").write_text("a")
    base = commit_all(project)
    result = run(OPTIONAL, inner, base)
    assert result.outcome == "error"
    assert "../../.workrail/checks.yaml" in told(result)
    write(inner, 'commands: {test: "true"}\n')
    assert run(OPTIONAL, inner, commit_all(project)).outcome == "passed"


@pytest.mark.rule("CHECK-103")
@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("commands: {test: [}", "could not be read"),
        ("", "the file is empty; expected `commands:`"),
        ("commands: {test: {}}", "/commands/test/run is required and missing"),
        ("commands: {test: {run: x, timelimit: 3}}", 'did you mean "timeLimit"?'),
        ("commands: {test: x, lint: a && b}", "/commands/lint holds `&&`"),
        ("commands: {test: {run: x, in: ../y}}", "/commands/test/in is no path within"),
        ("commands: {test: {run: x, pass: [API_TOKEN]}}", "may hold a secret"),
        ("commands: {Test: x}", "has the wrong form"),
        ("commands: {test: 3}", "must be a command: a text, a list of arguments"),
        ("command: {test: x}", 'did you mean "commands"?'),
    ],
)
def test_a_mistake_in_the_file_is_an_error_that_names_it(
    project: Path, content: str, said: str
) -> None:
    write(project, content)
    result = run(OPTIONAL, project, commit_all(project))
    assert result.outcome == "error"
    assert said in told(result)
    assert "a person mends" in told(result)


@pytest.mark.rule("CHECK-103")
def test_a_link_in_the_place_of_the_file_is_an_error(project: Path) -> None:
    path = project / PROJECT_FILE
    path.rename(project / "elsewhere.yaml")
    path.symlink_to("../elsewhere.yaml")
    result = run(OPTIONAL, project, commit_all(project))
    assert result.outcome == "error"
    assert "no ordinary file" in told(result)


# What the file can say


def commands(**entries: JsonValue) -> ProjectCommands:
    read = read_project_commands({"commands": entries})
    assert isinstance(read, ProjectCommands), read
    return read


@pytest.mark.rule("CHECK-100")
def test_a_command_of_the_project_can_say_what_a_command_check_can() -> None:
    whole: JsonObject = {
        "run": "pytest -q",
        "in": "sub",
        "exits": [0, 5],
        "timeLimit": 30,
        "pass": ["CI"],
        "report": {"format": "pytest", "atLeast": 3},
        "protect": ["tests/**"],
        "isolate": True,
    }
    named = commands(test=whole).named(ProjectCheck("c", "It works.", "test", optional=True))
    assert named == CommandCheck(
        check_id="c",
        purpose="It works.",
        argv=("pytest", "-q"),
        folder="sub",
        exit_codes=(0, 5),
        time_limit=30,
        environment=("CI",),
        report=Report("pytest", None, (), 3),
        protect=("tests/**",),
        isolate=True,
    )


@pytest.mark.rule("CHECK-100")
def test_the_short_forms_of_a_command_are_the_long_one() -> None:
    read = commands(test="make 'all tests'", lint=["make", "all tests"], none={"run": "x"})
    test, lint = (read.named(ProjectCheck("c", None, name, False)) for name in ("test", "lint"))
    assert test == lint
    assert test is not None
    assert test.argv == ("make", "all tests")
    assert read.named(ProjectCheck("c", None, "other", False)) is None


@pytest.mark.rule("CHECK-11")
def test_what_the_command_protects_is_protected(project: Path) -> None:
    write(project, 'commands: {test: {run: "true", protect: [good]}}\n')
    base = commit_all(project)
    assert run(DEMANDED, project, base).outcome == "passed"
    (project / "good").write_text("weaker")
    assert run(DEMANDED, project, base).outcome == "failed"


def test_a_workflow_says_which_command_and_whether_it_is_optional() -> None:
    check: JsonObject = {"id": "t", "kind": "project", "command": "test", "optional": True}
    prepared = prepare(a_definition(a_step("one", checks=[check])), {}, {})
    assert isinstance(prepared, PreparedWorkflow), prepared
    (step,) = prepared.compiled.steps
    assert getattr(step, "checks", None) == (ProjectCheck("t", None, "test", optional=True),)


# In a session

STEPS = """
id: team.mend
name: Mend
description: Mends it.
version: 1.0.0
steps:
  - id: fix
    title: Fix it
    prompt: Mend it.
    checks:
      - {id: tests, kind: project, command: test, optional: true}
      - {id: linted, kind: project, command: lint, optional: true}
  - id: ship
    title: Ship it
    prompt: Ship it.
    fresh: [tests, linted]
"""


@pytest.fixture
def engine(tmp_path: Path, project: Path) -> Iterator[Engine]:
    workflows = project / ".workrail" / "workflows"
    workflows.mkdir()
    (workflows / "mend.yaml").write_text(STEPS)
    commit_all(project)
    with open_engine(Locations.under(tmp_path / "home")) as opened:
        yield opened


def started(engine: Engine, project: Path) -> StepReady:
    outcome = engine.start(StartRequest("team.mend", "Mend it", project))
    assert isinstance(outcome, StepReady)
    return outcome


def went_on(outcome: AdvanceOutcome) -> StepReady:
    assert isinstance(outcome, StepReady), outcome
    return outcome


@pytest.mark.rule("CHECK-104")
def test_a_check_that_was_not_carried_out_is_said_to_the_agent_and_kept(
    engine: Engine, project: Path, tmp_path: Path
) -> None:
    first = started(engine, project)
    demands = [each.text for each in first.step.requirements if each.kind == "check"]
    assert "the project's own command `lint` passes, if it names one" in demands[1]
    second = went_on(engine.advance(first.token, CLAIM))
    (notice,) = second.notices
    assert notice.startswith("Check linted was not carried out: .workrail/checks.yaml named no")
    again = went_on(engine.advance(first.token, CLAIM))
    assert again.notices == second.notices
    ended = engine.advance(second.token, CLAIM)
    assert isinstance(ended, Completed)
    assert [line for line in ended.notices if "linted" in line]
    with open_reader(Locations.under(tmp_path / "home")) as reader:
        found = reader.verify(SessionId(first.session_id))
        assert found.problems == ()


@pytest.mark.rule("CHECK-100")
def test_no_word_gets_past_the_command_of_the_project(engine: Engine, project: Path) -> None:
    first = started(engine, project)
    (project / "good").unlink()
    write(project, 'commands: {test: "true", lint: "true"}\n')
    outcome = engine.advance(first.token, CLAIM)
    assert isinstance(outcome, Blocked)
    codes = [(one.code, one.subject) for one in outcome.blockers]
    assert codes == [(BlockerCode.CHECK_FAILED, "tests")]
    (project / "good").write_text("")
    second = went_on(engine.advance(outcome.token, CLAIM))
    (project / "good").unlink()
    assert isinstance(engine.advance(second.token, CLAIM), Blocked)


@pytest.mark.rule("CHECK-104")
def test_a_proof_says_that_it_was_not_carried_out_and_reruns_what_was(
    engine: Engine, project: Path, tmp_path: Path
) -> None:
    first = started(engine, project)
    second = went_on(engine.advance(first.token, CLAIM))
    assert isinstance(engine.advance(second.token, CLAIM), Completed)
    home, file = Locations.under(tmp_path / "home"), tmp_path / "proofs.jsonl"
    with open_reader(home) as reader:
        lines = list(reader.proof_lines(SessionId(first.session_id)))
    file.write_text("".join(f"{line}\n" for line in lines))
    keys = open_keys(home).known()
    checked = check_file(file, keys, Gate(checks=("linted", "tests")))
    assert checked.verdict.problems == ()
    assert "That check linted holds: it was not carried out." in checked.verdict.not_proved
    assert not [line for line in checked.verdict.proved if "linted" in line]
    assert [line.split()[1] for line in checked.missing] == ["linted"]
    (again,) = rerun_checks(checked, project, lambda _line: None)
    assert (again.check_id, again.outcome) == ("tests", "passed")


@pytest.mark.rule("CHECK-104")
def test_an_approver_is_asked_where_a_check_may_go_unchecked(engine: Engine, project: Path) -> None:
    asking = "      - {id: agreed, kind: approval, show: [diff]}\n  - id: ship"
    text = STEPS.replace("  - id: ship", asking)
    (project / ".workrail" / "workflows" / "mend.yaml").write_text(text)
    assert isinstance(engine.advance(started(engine, project).token, CLAIM), Waiting)


def test_a_check_that_is_demanded_never_goes_unchecked() -> None:
    unchecked = replace(reused(DEMANDED, "git:one"), outcome="unchecked")
    assert [one.code for one in check_blockers([DEMANDED], [unchecked])] == [
        BlockerCode.CHECK_ERROR
    ]
    assert list(check_blockers([OPTIONAL], [unchecked])) == []


@pytest.mark.rule("CHECK-83")
def test_a_command_of_the_project_is_spared_for_the_same_files(tmp_path: Path) -> None:
    project = tmp_path / "counted"
    project.mkdir()
    (project / ".gitignore").write_text("ran\n")
    count = f"{sys.executable} -c \"open('ran', 'a').write('x')\""
    write(project, f"commands:\n  test: |\n    {count}\n")
    workflows = project / ".workrail" / "workflows"
    workflows.mkdir()
    (workflows / "mend.yaml").write_text(STEPS)
    begin_repository(project)
    with open_engine(Locations.under(tmp_path / "home")) as engine:
        second = went_on(engine.advance(started(engine, project).token, CLAIM))
        assert isinstance(engine.advance(second.token, CLAIM), Completed)
    assert (project / "ran").read_text() == "x"
