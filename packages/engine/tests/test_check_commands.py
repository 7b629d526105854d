"""Does a command check hold only when the command itself shows it, whatever lies about?"""

import os
import py_compile
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from workrail_engine.canonical import canonical_bytes
from workrail_engine.checks.local_checks import LocalChecks
from workrail_engine.errors import GivenUpError
from workrail_engine.ports import CheckPlace
from workrail_engine.system import SystemClock
from workrail_engine.testing.user_git import begin_repository, git
from workrail_engine.workflow.checks import CheckResult, CommandCheck, Counts, Report

UNCHECKED = py_compile.PycInvalidationMode.UNCHECKED_HASH
SHELL = CommandCheck(
    check_id="tests",
    purpose=None,
    argv=("sh", "-c", "true"),
    folder=".",
    exit_codes=(0,),
    time_limit=30,
    environment=(),
    report=None,
    protect=(),
    isolate=False,
)
PYTEST = replace(
    SHELL,
    argv=(sys.executable, "-m", "pytest", "-q", "-p", "no:randomly"),
    report=Report("pytest", None, (), 1),
)


def quiet(_line: str) -> None:
    """Nobody listens."""


def shell(script: str, check: CommandCheck = SHELL) -> CommandCheck:
    """A check whose command is a script the author wrote."""
    return replace(check, argv=("sh", "-c", script, "sh", *check.argv[3:]))


def run(check: CommandCheck, workspace: Path, base: str | None = None) -> CheckResult:
    variables = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "API_TOKEN": "s3cret", "LEVEL": "7"}
    runner = LocalChecks(SystemClock(), variables)
    return runner.run(check, CheckPlace(str(workspace), base, ()), quiet)


def text_of(result: CheckResult) -> str:
    assert result.output is not None
    canonical_bytes(result.output)  # it can be kept
    return str(result.output["text"])


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with two passing tests, at its base revision."""
    folder = tmp_path / "project"
    (folder / "tests").mkdir(parents=True)
    (folder / ".gitignore").write_text("__pycache__/\n*.xml\n")
    (folder / "conftest.py").write_text("")
    (folder / "adding.py").write_text("def add(a, b):\n    return a + b\n")
    (folder / "tests" / "test_adding.py").write_text(
        "import pytest\nfrom adding import add\n\n\ndef test_small():\n    assert add(1, 1) == 2\n\n\n"
        "@pytest.mark.parametrize('n', [1, 2])\ndef test_zero(n):\n    assert add(n, 0) == n\n"
    )
    return begin_repository(folder)


def base_of(project: Path) -> str:
    return git(project, "rev-parse", "HEAD")


# What a command is told and given


@pytest.mark.rule("CHECK-3")
def test_arguments_reach_the_program_as_they_are(tmp_path: Path) -> None:
    odd = ("a b", "$(touch pwned)", "; touch pwned", "{other}", "x{workspace}", "{workspace}")
    result = run(
        replace(SHELL, argv=(sys.executable, "-c", "import sys;print(sys.argv)", *odd)), tmp_path
    )
    assert result.outcome == "passed"
    assert text_of(result).strip() == repr(["-c", *odd[:-1], str(tmp_path)])
    assert result.argv[-1] == str(tmp_path)
    assert not (tmp_path / "pwned").exists()


@pytest.mark.rule("CHECK-4")
def test_a_command_gets_a_home_of_its_own_and_no_secret(tmp_path: Path) -> None:
    script = 'env; ls -A "$HOME" "$TMPDIR"; cat; tty'
    result = run(replace(shell(script), environment=("LEVEL",), exit_codes=(0, 1)), tmp_path)
    printed = text_of(result)
    assert "LEVEL=7" in printed
    assert "TERM=dumb" in printed
    assert "s3cret" not in printed
    assert f"HOME={Path.home()}\n" not in printed
    assert "not a tty" in printed


@pytest.mark.rule("CHECK-4")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("API_TOKEN", "x"),
        ("DEPLOY_KEY", "x"),
        ("MY_SECRET_THING", "x"),
        ("DB_PASSWORD", "x"),
        ("ANTHROPIC_MODEL", "x"),
        ("AWS_PROFILE", "x"),
        ("github_actor", "x"),
        ("SSH_AUTH_SOCK", "x"),
        ("MIRROR", "https://ada:pw@example.org/"),
    ],
)
def test_a_secret_is_withheld_even_when_it_is_asked_for(
    tmp_path: Path, name: str, value: str
) -> None:
    runner = LocalChecks(SystemClock(), {"PATH": os.environ["PATH"], name: value})
    check = replace(shell("touch ran"), environment=(name,))
    result = runner.run(check, CheckPlace(str(tmp_path), None, ()), quiet)
    assert result.outcome == "error"
    assert name in result.summary
    assert not (tmp_path / "ran").exists()


@pytest.mark.rule("CHECK-5")
@pytest.mark.parametrize("folder", ["..", "out", "/", "gone"])
def test_a_command_runs_inside_the_workspace_or_not_at_all(tmp_path: Path, folder: str) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "out").symlink_to(tmp_path)
    result = run(replace(shell("touch ran"), folder=folder), workspace)
    assert result.outcome == "error"
    assert not (tmp_path / "ran").exists()


# How it ends


@pytest.mark.rule("CHECK-6")
def test_only_an_expected_exit_code_passes(tmp_path: Path) -> None:
    assert run(shell("exit 0"), tmp_path).outcome == "passed"
    failed = run(shell("echo why; exit 3"), tmp_path)
    assert (failed.outcome, failed.exit_code) == ("failed", 3)
    assert "output: why" in failed.problems
    assert run(replace(shell("exit 3"), exit_codes=(3,)), tmp_path).outcome == "passed"
    assert run(shell("kill -9 $$"), tmp_path).outcome == "failed"


@pytest.mark.rule("CHECK-6")
@pytest.mark.parametrize("argv", [("no-such-program",), ("./gone",), ("a\0b",), ("{base}",)])
def test_what_cannot_be_started_is_no_pass(tmp_path: Path, argv: tuple[str, ...]) -> None:
    result = run(replace(SHELL, argv=argv), tmp_path)
    assert result.outcome == "error"
    assert result.summary


@pytest.mark.rule("CHECK-6")
def test_a_command_that_takes_too_long_is_no_pass(tmp_path: Path) -> None:
    check = replace(shell("trap '' TERM; echo begun; sleep 60"), time_limit=1)
    result = run(check, tmp_path)
    assert result.outcome == "error"
    assert "longer than 1 s" in result.summary
    assert "begun" in text_of(result)
    assert result.seconds < 20


def still_there(mark: str) -> list[str]:
    """Command lines of processes that have a text in them."""
    found: list[str] = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = place.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if mark in line:
            found.append(line)
    return found


@pytest.mark.rule("CHECK-7")
@pytest.mark.parametrize(
    "script",
    [
        "sleep 4{0} & exit 0",  # holds the pipe open
        "sleep 4{0} >/dev/null 2>&1 & exit 0",
        "trap '' TERM; (trap '' TERM; sleep 4{0}; sleep 4{0}) & exit 0",
        "setsid sleep 4{0} & exit 0",  # leaves the group
        "for i in 1 2 3 4 5 6 7 8; do (for j in 1 2 3 4; do setsid sleep 4{0} & sleep 4{0} & done; wait) & done; exit 0",
    ],
)
def test_nothing_a_command_starts_stays_behind(tmp_path: Path, script: str) -> None:
    mark = f"{os.getpid() % 10_000:04}{len(script):03}"
    start = time.monotonic()
    result = run(shell(script.format(mark)), tmp_path)
    assert result.outcome == "passed"
    assert "left behind" in result.summary
    assert time.monotonic() - start < 20, "nobody waits for what was left behind"
    assert still_there(f"sleep 4{mark}") == []


def test_children_of_a_command_that_is_overdue_are_ended_too(tmp_path: Path) -> None:
    mark = f"48{os.getpid() % 10_000:04}"
    check = replace(shell(f"sleep {mark} & setsid sleep {mark} & wait"), time_limit=1)
    assert run(check, tmp_path).outcome == "error"
    assert still_there(f"sleep {mark}") == []


# What it prints


@pytest.mark.rule("CHECK-8")
def test_a_flood_is_read_in_bounded_memory(tmp_path: Path) -> None:
    script = "echo first; yes 0123456789012345678901234567890 | head -c 200000000; echo last"
    result = run(shell(script), tmp_path)
    assert result.outcome == "passed"
    assert result.output is not None
    assert result.output["complete"] is False
    assert result.output["bytes"] == 200_000_000 + len("first\nlast\n")
    printed = text_of(result)
    assert len(printed) < 4_300_000
    assert printed.startswith("first\n")
    assert printed.rstrip().endswith("last")
    assert "bytes are left out here" in printed


@pytest.mark.rule("CHECK-8")
def test_what_is_printed_cannot_steer_whoever_reads_it(tmp_path: Path) -> None:
    script = r"printf 'a\000b\033[2Jc\377d\342\200\256e\r\nf\n'; exit 1"
    result = run(shell(script), tmp_path)
    assert text_of(result) == "a�b�[2Jc�d�e\nf\n"
    assert all(problem.isprintable() for problem in result.problems)


def test_it_is_told_every_second_how_far_a_command_is(tmp_path: Path) -> None:
    lines: list[str] = []
    runner = LocalChecks(SystemClock())
    check = shell("for i in 1 2 3 4 5; do echo step $i; sleep 0.5; done")
    runner.run(check, CheckPlace(str(tmp_path), None, ()), lines.append)
    assert 1 <= len(lines) <= 4
    assert lines[0].startswith("check tests: 1 s, last line: step ")


@pytest.mark.rule("CHECK-90")
def test_a_command_nobody_waits_for_any_more_is_ended(tmp_path: Path) -> None:
    mark = f"47{os.getpid() % 10_000:04}"

    def give_up(_line: str) -> None:
        message = "cancelled"
        raise GivenUpError(message)

    runner = LocalChecks(SystemClock())
    check = shell(f"sleep {mark} & setsid sleep {mark} & wait")
    with pytest.raises(GivenUpError):
        runner.run(check, CheckPlace(str(tmp_path), None, ()), give_up)
    assert still_there(f"sleep {mark}") == []


def test_a_listener_that_fails_makes_no_pass_and_leaves_nothing(tmp_path: Path) -> None:
    mark = f"49{os.getpid() % 10_000:04}"

    def broken(_line: str) -> None:
        message = "gone"
        raise OSError(message)

    runner = LocalChecks(SystemClock())
    result = runner.run(shell(f"sleep {mark}"), CheckPlace(str(tmp_path), None, ()), broken)
    assert result.outcome == "error"
    assert still_there(f"sleep {mark}") == []


# What its tests show


@pytest.mark.rule("CHECK-9")
def test_tests_that_ran_and_passed_are_counted(project: Path) -> None:
    expected = ("tests/test_adding.py::test_small", "tests.test_adding::test_zero[1]")
    whole = "tests/test_adding.py::test_zero"
    report = Report("pytest", None, (*expected, whole), 3)
    result = run(replace(PYTEST, report=report), project)
    assert (result.outcome, result.problems) == ("passed", ())
    assert result.counts == Counts(3, 0, 0)
    assert result.tree is not None


def delete_test(project: Path) -> None:
    (project / "tests" / "test_adding.py").write_text("def test_other():\n    pass\n")


def skip_test(project: Path) -> None:
    path = project / "tests" / "test_adding.py"
    skipped = "@pytest.mark.skip\ndef test_small"
    path.write_text(path.read_text().replace("def test_small", skipped))


def expect_failure(project: Path) -> None:
    path = project / "tests" / "test_adding.py"
    marked = "@pytest.mark.xfail\ndef test_small"
    path.write_text(path.read_text().replace("def test_small", marked).replace("== 2", "== 3"))


def deselect_test(project: Path) -> None:
    (project / "pytest.ini").write_text(
        "[pytest]\naddopts = --deselect tests/test_adding.py::test_small\n"
    )


def collect_nothing(project: Path) -> None:
    (project / "pytest.ini").write_text("[pytest]\npython_files = none_*.py\n")


def break_code(project: Path) -> None:
    (project / "adding.py").write_text("def add(a, b):\n    return a\n")


def exit_well(project: Path) -> None:
    break_code(project)
    (project / "conftest.py").write_text(
        "def pytest_sessionfinish(session):\n    session.exitstatus = 0\n"
    )


def exit_early(project: Path) -> None:
    (project / "conftest.py").write_text("import os\nos._exit(0)\n")


def write_no_report(project: Path) -> None:
    (project / "pytest.ini").write_text("[pytest]\naddopts = -p no:junitxml\n")


@pytest.mark.rule("CHECK-9")
@pytest.mark.parametrize(
    "lie",
    [
        delete_test,
        skip_test,
        expect_failure,
        deselect_test,
        collect_nothing,
        break_code,
        exit_well,
        exit_early,
        write_no_report,
    ],
)
def test_an_expected_test_must_have_run_and_passed(project: Path, lie: object) -> None:
    assert callable(lie)
    lie(project)
    report = Report("pytest", None, ("tests/test_adding.py::test_small",), 1)
    result = run(replace(PYTEST, report=report), project)
    assert result.outcome in {"failed", "error"}
    assert result.problems


@pytest.mark.rule("CHECK-9")
def test_fewer_tests_than_demanded_are_no_pass(project: Path) -> None:
    result = run(replace(PYTEST, report=Report("pytest", None, (), 4)), project)
    assert result.outcome == "failed"
    assert "3 tests ran, and at least 4 must" in result.problems


JUNIT = replace(SHELL, report=Report("junit", "out/report.xml", (), 1))
GOOD = '<testsuite tests="1"><testcase classname="a" name="b"/></testsuite>'


@pytest.mark.rule("CHECK-10")
def test_a_report_left_from_before_does_not_count_and_comes_back(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.xml").write_text(GOOD)
    result = run(shell("true", JUNIT), tmp_path)
    assert result.outcome == "error"
    assert "no report" in result.summary
    assert (tmp_path / "out" / "report.xml").read_text() == GOOD


@pytest.mark.rule("CHECK-10")
@pytest.mark.parametrize(
    "written",
    [
        "",
        "   ",
        "12 passed in 0.1s",
        "<html/>",
        "<testsuite/>",
        '<testsuite><testcase name="a"><skipped/></testcase></testsuite>',
        '<testsuite><testcase name="a"><failure/></testcase></testsuite>',
        '<testsuite><testcase name="a"><error/></testcase></testsuite>',
        '<testsuite failures="2"><testcase name="a"/></testsuite>',
        '<testsuite><testcase name="a"/></testsuite',
        '<!DOCTYPE x [<!ENTITY a "b">]><testsuite><testcase name="a"/></testsuite>',
        "<a>" * 100 + "</a>" * 100,
    ],
)
def test_exit_zero_with_a_report_that_shows_nothing_is_no_pass(
    tmp_path: Path, written: str
) -> None:
    (tmp_path / "made.txt").write_text(written)
    result = run(shell("mkdir out; cp made.txt out/report.xml", JUNIT), tmp_path)
    assert result.outcome in {"failed", "error"}
    assert result.exit_code == 0


def test_a_report_is_read_where_it_lies_or_where_it_was_put_aside(tmp_path: Path) -> None:
    (tmp_path / "made.txt").write_text(GOOD)
    assert run(shell("mkdir out; cp made.txt out/report.xml", JUNIT), tmp_path).counts == Counts(
        1, 0, 0
    )
    aside = replace(SHELL, argv=("cp", "made.txt", "{report}"), report=Report("junit", None, (), 1))
    assert run(aside, tmp_path).outcome == "passed"
    silent = replace(aside, argv=("true",))
    assert run(silent, tmp_path).outcome == "error"


@pytest.mark.rule("CHECK-10")
def test_a_report_that_is_a_link_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text(GOOD)
    result = run(shell("mkdir out; ln -s ../kept.txt out/report.xml", JUNIT), tmp_path)
    assert result.outcome == "error"


# Who judges


PROTECTED = replace(PYTEST, protect=("tests/**", "**/conftest.py", "pytest.ini"))


def report_success(project: Path) -> None:
    """Patches the framework: every test is reported as passed."""
    break_code(project)
    (project / "conftest.py").write_text(
        "import pytest\n\n\n@pytest.hookimpl(hookwrapper=True)\n"
        "def pytest_runtest_makereport(item, call):\n    outcome = yield\n"
        "    report = outcome.get_result()\n    report.outcome = 'passed'\n    report.longrepr = None\n"
    )


def weaken_test(project: Path) -> None:
    break_code(project)
    (project / "tests" / "test_adding.py").write_text("def test_small():\n    pass\n")


def add_grader(project: Path) -> None:
    break_code(project)
    (project / "tests" / "conftest.py").write_text(
        "def pytest_collection_modifyitems(items):\n    del items[2:]\n    items[0].obj = print\n"
    )


def remove_grader(project: Path) -> None:
    break_code(project)
    (project / "tests" / "test_adding.py").unlink()
    (project / "test_mine.py").write_text("def test_mine():\n    pass\n")


@pytest.mark.rule("CHECK-11")
@pytest.mark.parametrize("lie", [report_success, weaken_test, add_grader, remove_grader])
def test_a_changed_judge_fails_the_check_before_it_runs(project: Path, lie: object) -> None:
    base = base_of(project)
    assert callable(lie)
    lie(project)
    grader = project / "conftest.py"
    grader.write_text(grader.read_text() + "open('ran', 'w').close()\n")
    result = run(PROTECTED, project, base)
    assert result.outcome == "failed"
    assert any("protected, and" in problem for problem in result.problems)
    assert not (project / "ran").exists()


@pytest.mark.rule("CHECK-11")
def test_a_changed_judge_counts_though_it_is_committed(project: Path) -> None:
    base = base_of(project)
    report_success(project)
    git(project, "commit", "--quiet", "--all", "--message", "Nothing to see")
    assert run(PROTECTED, project, base).outcome == "failed"


@pytest.mark.rule("CHECK-11")
def test_the_trick_works_where_nothing_is_protected(project: Path) -> None:
    report_success(project)
    assert run(PYTEST, project).outcome == "passed", "else the tests above prove nothing"


@pytest.mark.rule("CHECK-12")
@pytest.mark.parametrize("lie", [report_success, weaken_test, add_grader, remove_grader])
def test_isolated_work_is_judged_by_the_judge_of_the_base(project: Path, lie: object) -> None:
    base = base_of(project)
    assert callable(lie)
    lie(project)
    before = git(project, "status", "--porcelain")
    result = run(replace(PROTECTED, isolate=True), project, base)
    assert result.outcome == "failed"
    assert result.counts is not None
    assert result.counts.failed >= 1
    assert git(project, "status", "--porcelain") == before


@pytest.mark.rule("CHECK-12")
def test_honest_work_passes_isolated(project: Path) -> None:
    base = base_of(project)
    (project / "adding.py").write_text("def add(a, b):\n    return sum((a, b))\n")
    (project / "hidden.xml").write_text("ignored")
    result = run(replace(PROTECTED, isolate=True), project, base)
    assert (result.outcome, result.problems) == ("passed", ())
    listing = run(replace(shell("ls; pwd"), isolate=True), project)
    assert "hidden.xml" not in text_of(listing)
    assert str(project) not in text_of(listing)


@pytest.mark.rule("CHECK-11")
@pytest.mark.parametrize("isolate", [True, False])
@pytest.mark.parametrize("base", [None, "0" * 40, "--output=pwned"])
def test_without_a_base_nothing_can_be_protected(
    project: Path, isolate: bool, base: str | None
) -> None:
    result = run(replace(PROTECTED, isolate=isolate), project, base)
    assert result.outcome == "error"
    assert "base" in result.summary


@pytest.mark.rule("CHECK-12")
def test_isolation_runs_no_filter(project: Path, tmp_path: Path) -> None:
    (project / ".gitattributes").write_text("* filter=evil\n")
    git(project, "config", "filter.evil.smudge", f"touch {tmp_path}/pwned; cat")
    assert run(replace(shell("cat adding.py"), isolate=True), project).outcome == "passed"
    assert not (tmp_path / "pwned").exists()


@pytest.mark.rule("CHECK-13")
def test_files_that_change_while_a_command_runs_make_no_pass(project: Path) -> None:
    result = run(shell("echo 'x = 1' > adding.py"), project)
    assert result.outcome == "error"
    assert "adding.py" in result.summary
    assert run(shell("echo 1 > product.txt"), project).outcome == "passed"


@pytest.mark.rule("CHECK-11")
@pytest.mark.parametrize("by", [".gitignore", ".git/info/exclude"])
def test_a_judge_that_git_ignores_fails_the_check_before_it_runs(project: Path, by: str) -> None:
    with (project / by).open("a") as ignored:
        ignored.write("/tests/conftest.py\n")
    (project / "tests" / "conftest.py").write_text("open('ran', 'w').close()\n")
    result = run(replace(PROTECTED, protect=("tests/**",)), project, base_of(project))
    assert result.outcome == "failed"
    assert any("git ignores it" in problem for problem in result.problems)
    assert not (project / "ran").exists()


@pytest.mark.rule("HONEST-4")
def test_what_lies_compiled_in_the_workspace_is_not_read(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text("print('lies')\n")
    kept = py_compile.compile(str(program), invalidation_mode=UNCHECKED, doraise=True)
    program.write_text("print('told')\n")
    assert kept is not None
    assert Path(kept).is_relative_to(tmp_path)
    script = "import sys; sys.path.insert(0, '.'); import program"
    result = run(replace(SHELL, argv=(sys.executable, "-c", script)), tmp_path)
    assert text_of(result).strip() == "told"
