"""What is wrong with the files a person names?"""

import json
from pathlib import Path

import pytest

from workrail_engine.canonical import JsonValue
from workrail_engine.projections.catalog import FileReport
from workrail_engine.registry.validation import validate
from workrail_engine.system import Locations

STEP = {"id": "only", "title": "Only step", "prompt": "Do the thing."}
CALL = {"id": "look", "title": "Look", "templateCall": {"templateId": "wr.templates.routine.dig"}}
SLOT = {"slotId": "review", "purpose": "Who reviews", "default": "team.review"}


def put(path: Path, workflow_id: str = "team.build", **fields: JsonValue) -> Path:
    document: dict[str, JsonValue] = {
        "id": workflow_id,
        "name": "A name",
        "description": "Builds a thing.",
        "version": "1.0.0",
        "steps": [STEP],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**document, **fields}, indent=1), "utf-8")
    return path


def checked(tmp_path: Path, *paths: Path) -> tuple[FileReport, ...]:
    places = Locations.under(tmp_path / "home", tmp_path / "bundled")
    return validate(paths, places, tmp_path / "workspace")


def told(reports: tuple[FileReport, ...]) -> list[str]:
    return [
        problem.located(Path(report.path).name) for report in reports for problem in report.problems
    ]


def test_a_sound_file_has_no_problems(tmp_path: Path) -> None:
    path = put(tmp_path / "a.json")
    assert checked(tmp_path, path) == (FileReport(str(path), "team.build", ()),)


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    put(tmp_path / "flows" / "a.json", nmae="x", version="one")
    put(tmp_path / "flows" / "b.json", steps=[])
    (tmp_path / "flows" / "c.yaml").write_text("id: [", "utf-8")
    lines = told(checked(tmp_path, tmp_path / "flows"))
    assert [line.split(": ")[:2] for line in lines[:3]] == [
        ["a.json:5", "/version"],
        ["a.json:13", "/nmae"],
        ["b.json:6", "/steps"],
    ]
    assert lines[3].startswith("c.yaml:")


def test_a_folder_holds_what_is_in_it_and_files_are_checked_once(tmp_path: Path) -> None:
    first = put(tmp_path / "flows" / "a.json")
    put(tmp_path / "flows" / "deep" / "b.json", "team.other")
    reports = checked(tmp_path, tmp_path / "flows", first)
    assert [report.workflow_id for report in reports] == ["team.build", "team.other"]


def test_a_folder_without_workflows_gives_nothing(tmp_path: Path) -> None:
    (tmp_path / "flows").mkdir()
    assert checked(tmp_path, tmp_path / "flows") == ()


def test_a_file_of_another_kind_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text("", "utf-8")
    assert told(checked(tmp_path, path)) == ["a.toml: does not end in .json, .yaml, .yml"]


def test_what_only_expansion_shows_is_told_with_its_line(tmp_path: Path) -> None:
    path = put(tmp_path / "a.json", steps=[CALL])
    (line,) = told(checked(tmp_path, path))
    assert line.startswith("a.json:11: /steps/0/templateCall/templateId: ")
    assert "wr.templates.routine.dig" in line


def test_routines_checked_along_with_a_file_count(tmp_path: Path) -> None:
    put(tmp_path / "flows" / "a.json", steps=[CALL])
    put(tmp_path / "flows" / "routines" / "dig.json", "routine-dig")
    assert told(checked(tmp_path, tmp_path / "flows")) == []


def test_routines_of_the_workspace_count(tmp_path: Path) -> None:
    put(tmp_path / "workspace" / ".workrail" / "workflows" / "routines" / "d.json", "routine-dig")
    path = put(tmp_path / "a.json", steps=[CALL])
    assert told(checked(tmp_path, path)) == []


def test_a_reserved_id_is_told_where_it_could_not_be_used(tmp_path: Path) -> None:
    project = put(tmp_path / "workspace" / ".workrail" / "workflows" / "a.json", "wr.own")
    elsewhere = put(tmp_path / "a.json", "wr.own")
    assert told(checked(tmp_path, elsewhere)) == []
    (line,) = told(checked(tmp_path, project))
    assert line.startswith("a.json:2: /id: begins with `wr.`")


def test_a_broken_bindings_file_is_told_of_workflows_that_need_it(tmp_path: Path) -> None:
    (tmp_path / "workspace" / ".workrail").mkdir(parents=True)
    (tmp_path / "workspace" / ".workrail" / "bindings.json").write_text("{", "utf-8")
    needs = put(tmp_path / "a.json", extensionPoints=[SLOT])
    plain = put(tmp_path / "b.json")
    assert told(checked(tmp_path, plain)) == []
    (line,) = told(checked(tmp_path, needs))
    assert "bindings.json:1: the bindings file is not JSON" in line


def test_a_link_out_of_a_checked_folder_is_told(tmp_path: Path) -> None:
    outside = put(tmp_path / "outside.json")
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "a.json").symlink_to(outside)
    (line,) = told(checked(tmp_path, tmp_path / "flows"))
    assert "leads out of its folder" in line


def test_progress_counts_every_file(tmp_path: Path) -> None:
    for number in range(3):
        put(tmp_path / "flows" / f"{number}.json", f"team.n-{number}")
    seen: list[tuple[int, int]] = []
    places = Locations.under(tmp_path / "none", tmp_path / "none")
    validate([tmp_path / "flows"], places, None, lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


PEER = Path(__file__).parents[4] / "shared" / "peer-workflows"


@pytest.mark.skipif(not PEER.is_dir(), reason="../shared/peer-workflows is not there")
def test_every_file_of_a_foreign_library_passes(tmp_path: Path) -> None:
    reports = checked(tmp_path, PEER)
    assert len(reports) == 30
    assert told(reports) == []


def test_the_bundled_library_reached_through_a_link_keeps_its_ids(tmp_path: Path) -> None:
    put(tmp_path / "bundled" / "a.json", "wr.build")
    (tmp_path / "workspace").mkdir()
    link = tmp_path / "workspace" / "workflows"
    link.symlink_to(tmp_path / "bundled")
    (report,) = checked(tmp_path, link)
    assert report.problems == ()


def test_the_commands_of_a_project_are_checked_where_they_are_named(tmp_path: Path) -> None:
    path = tmp_path / "workspace" / ".workrail" / "checks.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("commands:\n  test: make test\n  lint: {run: ruff check}\n")
    assert checked(tmp_path, path) == (FileReport(str(path), None, ()),)
    assert checked(tmp_path, path.parent) == ()
    path.write_text("commands:\n  test: make && true\n  lint:\n    timelimit: 3\n    run: x\n")
    assert told(checked(tmp_path, path)) == [
        'checks.yaml:4: /commands/lint/timelimit: is not a field here (did you mean "timeLimit"?)',
    ]
    path.write_text("commands:\n  test: make && true\n  test: x\n")
    assert "line 2" in told(checked(tmp_path, path))[0]
    path.write_text("commands:\n  test: make && true\n")
    (problem,) = told(checked(tmp_path, path))
    assert problem.startswith("checks.yaml:2: /commands/test: holds `&&`")
    path.write_bytes(b"\xff")
    assert told(checked(tmp_path, path)) == ["checks.yaml: is not text in UTF-8"]
