"""Do checks of files, changes and artifacts say what is so, and never pass what they cannot see?"""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from workrail_engine.canonical import JsonObject
from workrail_engine.checks.local_checks import LocalChecks
from workrail_engine.checks.paths import matches_any
from workrail_engine.ports import CheckPlace
from workrail_engine.system import SystemClock
from workrail_engine.testing.user_git import begin_repository, git
from workrail_engine.workflow.checks import (
    ArtifactCheck,
    CheckResult,
    DiffCheck,
    FileRule,
    FilesCheck,
    RunnableCheck,
)

THERE = FileRule("a.txt", False, None, None, None, None)
BOUNDS = DiffCheck("bounds", None, (), (), None, None, False)


def run(
    check: RunnableCheck, workspace: Path, base: str | None = None, *artifacts: JsonObject
) -> CheckResult:
    place = CheckPlace(str(workspace), base, artifacts)
    return LocalChecks(SystemClock()).run(check, place, lambda _line: None)


def outcome(workspace: Path, *rules: FileRule) -> str:
    return run(FilesCheck("files", None, rules), workspace).outcome


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "a.py").write_text("1\n2\n3\n")
    (folder / "b.py").write_text("1\n")
    return begin_repository(folder)


def head(project: Path) -> str:
    return git(project, "rev-parse", "HEAD")


@pytest.mark.parametrize(
    ("glob", "path", "fits"),
    [
        ("*.py", "a.py", True),
        ("*.py", "src/a.py", False),
        ("**/*.py", "a.py", True),
        ("**/*.py", "x/y/a.py", True),
        ("src/**", "src/x/y", True),
        ("src/**", "src", False),
        ("src/", "src/x/y", True),
        ("a?c", "a/c", False),
        ("a[bc]d", "acd", True),
        ("a[!b]d", "a/d", False),
        ("a.py", "axpy", False),
        ("**", "../out", True),
        ("src/**", "../src/x", False),
        ("*", "a\nb", True),
    ],
)
def test_globs_name_whole_paths(glob: str, path: str, fits: bool) -> None:
    assert matches_any(path, (glob,)) is fits


@pytest.mark.rule("CHECK-14")
def test_files_are_there_or_not(tmp_path: Path) -> None:
    assert outcome(tmp_path, THERE) == "failed"
    assert outcome(tmp_path, replace(THERE, absent=True)) == "passed"
    (tmp_path / "a.txt").write_text("one\ntwo\n")
    assert outcome(tmp_path, THERE) == "passed"
    assert outcome(tmp_path, replace(THERE, absent=True)) == "failed"
    assert outcome(tmp_path, replace(THERE, path="*.md")) == "failed"
    assert outcome(tmp_path) == "error", "a check of nothing shows nothing"


@pytest.mark.rule("CHECK-14")
def test_text_matches_or_lacks_a_pattern(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\ntwo\n")
    assert outcome(tmp_path, replace(THERE, matches="^two$")) == "passed"
    assert outcome(tmp_path, replace(THERE, matches="^three$")) == "failed"
    assert outcome(tmp_path, replace(THERE, lacks="three")) == "passed"
    assert outcome(tmp_path, replace(THERE, lacks="two")) == "failed"
    assert outcome(tmp_path, replace(THERE, matches="(")) == "error"


@pytest.mark.rule("CHECK-14")
@pytest.mark.parametrize(
    ("claimed", "good", "bad"),
    [
        ("json", '{"a": 1}', '{"a": NaN}'),
        ("yaml", "a: 1", "a: ["),
        ("toml", "a = 1", "a ="),
        ("xml", "<a/>", "<a>"),
        ("python", "x = 1", "x ="),
    ],
)
def test_a_file_is_what_it_claims_to_be(tmp_path: Path, claimed: str, good: str, bad: str) -> None:
    rule = replace(THERE, parses=claimed)
    (tmp_path / "a.txt").write_text(good)
    assert outcome(tmp_path, rule) == "passed"
    (tmp_path / "a.txt").write_text(bad)
    assert outcome(tmp_path, rule) == "failed"


@pytest.mark.rule("CHECK-15")
@pytest.mark.parametrize(
    ("claimed", "text"),
    [
        ("json", "[" * 100_000),
        (
            "yaml",
            "a: &a [x,x,x,x,x,x,x,x,x]\n"
            + "".join(
                f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n"
                for n in range(8)
            ),
        ),
        ("xml", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'),
        ("python", "(" * 100_000),
    ],
)
def test_a_hostile_file_is_no_pass_and_costs_little(
    tmp_path: Path, claimed: str, text: str
) -> None:
    (tmp_path / "a.txt").write_text(text)
    assert outcome(tmp_path, replace(THERE, parses=claimed)) in {"error", "failed"}


@pytest.mark.rule("CHECK-14")
def test_what_is_parsed_satisfies_a_schema_that_stands_alone(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text('{"a": "x"}')
    rule = replace(THERE, parses="json", schema={"properties": {"a": {"type": "string"}}})
    assert outcome(tmp_path, rule) == "passed"
    assert outcome(tmp_path, replace(rule, schema={"required": ["b"]})) == "failed"
    remote: JsonObject = {"$ref": "http://127.0.0.1:9/schema.json"}
    assert outcome(tmp_path, replace(rule, schema=remote)) == "error"


@pytest.mark.rule("CHECK-15")
def test_a_link_out_of_the_workspace_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("yes")
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "a.txt").symlink_to("../secret.txt")
    (workspace / "folder").symlink_to("..")
    for path in ("a.txt", "*.txt", "../secret.txt", "folder/secret.txt", "folder/*.txt"):
        result = outcome(workspace, replace(THERE, path=path, matches="yes"))
        assert result in {"error", "failed"}, path
    (workspace / "b.md").write_text("yes")
    (workspace / "c.md").symlink_to("b.md")
    assert outcome(workspace, replace(THERE, path="c.md", matches="yes")) == "passed"


@pytest.mark.rule("CHECK-15")
def test_what_is_no_text_is_no_pass(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xff\x00")
    assert outcome(tmp_path, replace(THERE, lacks="x")) == "error"
    (tmp_path / "a.txt").unlink()
    os.mkfifo(tmp_path / "a.txt")
    assert outcome(tmp_path, replace(THERE, lacks="x")) == "error"


@pytest.mark.rule("CHECK-16")
def test_a_change_stays_within_its_bounds(project: Path) -> None:
    base = head(project)
    assert run(replace(BOUNDS, must_change=True), project, base).outcome == "failed"
    assert run(BOUNDS, project, base).outcome == "passed"
    (project / "src" / "a.py").write_text("1\n2\n4\n5\n")
    assert run(BOUNDS, project, base).summary.startswith("1 file changed since ")
    (project / "new.py").write_text("1\n")
    (project / "b.py").rename(project / "c.py")
    result = run(replace(BOUNDS, must_change=True, max_files=4, max_lines=6), project, base)
    assert (result.outcome, result.problems) == ("passed", ())
    assert result.summary == "4 files changed since the base revision, +4 -2 lines"
    for bounds in (
        replace(BOUNDS, max_files=3),
        replace(BOUNDS, max_lines=5),
        replace(BOUNDS, allowed=("src/**",)),
        replace(BOUNDS, protected=("b.py",)),
    ):
        assert run(bounds, project, base).outcome == "failed"
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "More")
    assert run(replace(BOUNDS, max_files=3), project, base).outcome == "failed"


@pytest.mark.rule("CHECK-16")
def test_lines_cannot_be_hidden_from_the_count(project: Path) -> None:
    base = head(project)
    (project / ".gitattributes").write_text("* -diff binary\n")
    (project / "src" / "a.py").write_text("x\n" * 1000)
    (project / "data").write_bytes(b"\0" + b"y\n" * 1000)
    result = run(replace(BOUNDS, max_lines=100), project, base)
    assert result.outcome == "failed"
    assert "+2001 " in result.summary


@pytest.mark.rule("CHECK-16")
def test_paths_are_told_from_the_workspace_and_beside_it(project: Path) -> None:
    base = head(project)
    (project / "b.py").write_text("2\n")
    (project / "src" / "x\ny").write_text("")
    result = run(replace(BOUNDS, allowed=("a.py",)), project / "src", base)
    assert [problem.partition(":")[0] for problem in result.problems] == ["../b.py", '"x\\ny"']


@pytest.mark.rule("CHECK-16")
@pytest.mark.parametrize("base", [None, "0" * 40, "HEAD", "-p"])
def test_without_a_base_no_change_can_be_judged(project: Path, base: str | None) -> None:
    assert run(BOUNDS, project, base).outcome == "error"


def test_outside_git_no_change_can_be_judged(tmp_path: Path) -> None:
    assert run(BOUNDS, tmp_path, "0" * 40).outcome == "error"


def test_a_diff_for_people_is_bounded_and_says_so(project: Path) -> None:
    base = head(project)
    (project / "src" / "a.py").write_text("x\n" * 50_000)
    checks = LocalChecks(SystemClock())
    told = checks.diff_text(str(project), base, 10_000)
    assert not told.complete
    assert told.text.startswith("diff --git a/src/a.py b/src/a.py")
    assert "bytes are left out here" in told.text
    assert len(told.text) < 10_100
    assert checks.diff_text(str(project), base).complete is True


@pytest.mark.rule("CHECK-17")
def test_an_artifact_satisfies_its_schema_or_is_no_pass(tmp_path: Path) -> None:
    check = ArtifactCheck("plan", None, "plan", {"required": ["steps"]})
    assert run(check, tmp_path).outcome == "failed"
    assert run(check, tmp_path, None, {"kind": "other", "steps": 1}).outcome == "failed"
    assert run(check, tmp_path, None, {"kind": "plan"}).outcome == "failed"
    good: JsonObject = {"kind": "plan", "steps": 1}
    assert run(check, tmp_path, None, good).outcome == "passed"
    assert run(check, tmp_path, None, good, {"kind": "plan"}).outcome == "failed"
    broken = replace(check, schema={"$ref": "https://example.org/x"})
    assert run(broken, tmp_path, None, good).outcome == "error"


def test_a_session_without_a_workspace_has_nothing_to_look_at() -> None:
    check = FilesCheck("files", None, (THERE,))
    place = CheckPlace(None, None, ())
    result = LocalChecks(SystemClock()).run(check, place, lambda _line: None)
    assert result.outcome == "error"
    assert result.tree is None
