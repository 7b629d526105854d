"""A file of tests that is wrong is told line by line, and no file of tests is taken for a workflow."""

from pathlib import Path

import pytest

from workrail_engine.registry.registry import Registry
from workrail_engine.registry.validation import validate
from workrail_engine.rehearsal.case_file import CaseFile, read_case_file
from workrail_engine.system import Locations

FLOW = """\
id: team.flow
name: Flow
description: A flow.
version: 1.0.0
steps:
  - id: plan
    title: Plan
    prompt: Plan.
    checks: [{id: tests, kind: command, run: make test}, {id: sign, kind: approval}]
  - id: again
    type: loop
    title: Again
    loop: {type: for, count: 2, maxIterations: 2}
    body: [{id: note, title: Note, prompt: Note.}]
"""
GOOD = "cases: [{name: one, expect: {completed: true}}]\n"


def read(folder: Path, text: str, workflow: str | None = FLOW) -> list[str]:
    folder.mkdir(exist_ok=True)
    if workflow is not None:
        (folder / "flow.yaml").write_text(workflow)
    path = folder / "flow.tests.yaml"
    path.write_text(text)
    found = read_case_file(path, Locations.under(folder / "home"), None)
    if isinstance(found, CaseFile):
        return []
    return [problem.located("f") for problem in found]


@pytest.mark.rule("WT-7")
def test_a_good_file_has_no_problems(tmp_path: Path):
    assert read(tmp_path, GOOD) == []


@pytest.mark.rule("WT-7")
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("cases:\n  - name: [\n", "f:3:"),
        ("cases: []\n", "f:1: /cases: is empty (expected at least 1 entry)"),
        (
            "cases:\n  - name: one\n    agent: lasy\n    expect: {completed: true}\n",
            'f:3: /cases/0/agent: cannot be "lasy" (expected one of diligent, lazy, lying, '
            'injected, amnesiac; did you mean "lazy"?)',
        ),
        ("cases:\n  - name: one\n", "f:2: /cases/0/expect: is required and missing"),
        (
            "cases:\n  - name: one\n    checks: {tests: fail}\n    expect: {completed: true}\n",
            'f:3: /cases/0/checks/tests: cannot be "fail" (expected one of passed, failed, error',
        ),
        (
            "cases:\n  - name: one\n    expects: {}\n    expect: {completed: true}\n",
            'f:3: /cases/0/expects: is not a field here (did you mean "expect"?)',
        ),
    ],
)
def test_what_the_form_refuses_is_told_with_its_line(tmp_path: Path, text: str, told: str):
    (problem,) = read(tmp_path, text)
    assert problem.startswith(told)


@pytest.mark.rule("WT-7")
def test_every_name_the_workflow_does_not_have_is_told_at_once(tmp_path: Path):
    problems = read(
        tmp_path,
        """\
cases:
  - name: one
    files: nowhere
    answers:
      - {step: plam, write: {../a: b}, delete: [/etc/passwd]}
      - {step: plan, pass: 2}
    checks: {test: passed}
    approvals: {nobody: approve}
    expect:
      completed: true
      path: [plan#1, note, notes]
      skipped: [agains]
      blocks: {plan: [CHECK_FAILD], nope: []}
      failedChecks: [sign]
      waits: [nope]
  - name: one
    answers: [{step: plan, write: {a: b}}]
    expect: {completed: true}
""",
    )
    places = [problem.split(": ")[0:2] for problem in problems]
    assert places == [
        ["f:3", "/cases/0/files"],
        ["f:5", "/cases/0/answers/0/step"],
        ["f:5", "/cases/0/answers/0/write/..~1a"],
        ["f:5", "/cases/0/answers/0/delete/0"],
        ["f:6", "/cases/0/answers/1/pass"],
        ["f:7", "/cases/0/checks/test"],
        ["f:8", "/cases/0/approvals/nobody"],
        ["f:11", "/cases/0/expect/path/0"],
        ["f:11", "/cases/0/expect/path/1"],
        ["f:11", "/cases/0/expect/path/2"],
        ["f:12", "/cases/0/expect/skipped/0"],
        ["f:13", "/cases/0/expect/blocks/plan/0"],
        ["f:13", "/cases/0/expect/blocks/nope"],
        ["f:14", "/cases/0/expect/failedChecks/0"],
        ["f:15", "/cases/0/expect/waits/0"],
        ["f:16", "/cases/1/name"],
        ["f:17", "/cases/1/answers/0/write"],
    ]
    assert 'did you mean "plan"?' in problems[1]
    assert 'did you mean "CHECK_FAILED"?' in problems[11]


@pytest.mark.rule("WT-7")
def test_tests_without_a_workflow_or_of_a_broken_one_say_so(tmp_path: Path):
    (alone,) = read(tmp_path / "alone", GOOD, workflow=None)
    assert "no workflow lies beside these tests: there is no flow.yaml" in alone
    (broken,) = read(tmp_path / "broken", GOOD, workflow=FLOW.replace("version", "vresion"))
    assert "the workflow it tests cannot be used" in broken
    assert "flow.yaml:4" in broken
    (other,) = read(tmp_path / "other", f"workflow: flaw.yaml\n{GOOD}")
    assert other.startswith("f:1: /workflow: is no file beside this one")
    assert read(tmp_path / "named", f"workflow: ../other/flow.yaml\n{GOOD}", workflow=None) == []


@pytest.mark.rule("WT-6")
def test_a_file_of_tests_is_no_workflow(tmp_path: Path):
    folder = tmp_path / "project" / ".workrail" / "workflows"
    folder.mkdir(parents=True)
    (folder / "flow.yaml").write_text(FLOW)
    (folder / "flow.tests.yaml").write_text(GOOD)
    (folder / "flow.tests.yml").write_text("steps: 3\n")
    places = Locations.under(tmp_path / "home", tmp_path)
    catalog = Registry(places).catalog(tmp_path / "project")
    assert [entry.id for entry in catalog.entries] == ["team.flow"]
    assert [file.path for file in catalog.broken if "flow" in file.path] == []
    assert [Path(one.path).name for one in validate([folder], places, None)] == ["flow.yaml"]
    (named,) = validate([folder / "flow.tests.yaml"], places, None)
    assert "run `workrail test` on it" in named.problems[0].message


@pytest.mark.rule("WT-7")
def test_a_file_that_is_no_text_or_too_long_is_told(tmp_path: Path):
    assert "is not UTF-8 text" in read_bytes(tmp_path, b"cases: \xff\n")
    assert "is larger than 1 MB" in read_bytes(tmp_path, b"#" * 1_048_577)
    plain = tmp_path / "notes.yaml"
    plain.write_text("a: b\n")
    (problem,) = problems_of(plain)
    assert "put tests beside the workflow, in notes.tests.yaml" in problem


def read_bytes(folder: Path, data: bytes) -> str:
    path = folder / "flow.tests.yaml"
    path.write_bytes(data)
    (problem,) = problems_of(path)
    return problem


def problems_of(path: Path) -> list[str]:
    found = read_case_file(path, Locations.under(path.parent / "home"), None)
    assert not isinstance(found, CaseFile)
    return [problem.located("f") for problem in found]
