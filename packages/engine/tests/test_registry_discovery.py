"""Which files are found in a folder, and what becomes of odd things?"""

import os
from pathlib import Path

import pytest

from workrail_engine.registry import discovery
from workrail_engine.registry.discovery import Findings, discover, is_workflow_name
from workrail_engine.registry.sources import Source


def look_into(root: Path) -> Findings:
    return discover(Source("project", root))


def names(findings: Findings, root: Path) -> list[str]:
    return [str(Path(file.path).relative_to(root)) for file in findings.files]


def put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}", "utf-8")
    return path


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert look_into(tmp_path / "none") == Findings()


def test_a_file_in_place_of_the_folder_is_a_fault(tmp_path: Path) -> None:
    findings = look_into(put(tmp_path / "workflows"))
    assert [fault.message for fault in findings.faults] == [
        "is not a folder, so no workflows are found there"
    ]


def test_workflow_files_are_found_at_any_depth_in_path_order(tmp_path: Path) -> None:
    for name in ("b.yaml", "a/z.json", "a/deep/er/y.yml", "c.JSON"):
        put(tmp_path / name)
    for name in ("readme.md", ".hidden.json", ".dot/x.json", "json", "x.json.bak"):
        put(tmp_path / name)
    assert names(look_into(tmp_path), tmp_path) == [
        "a/deep/er/y.yml",
        "a/z.json",
        "b.yaml",
        "c.JSON",
    ]


def test_examples_and_internal_are_found_but_not_listed(tmp_path: Path) -> None:
    for name in ("a.json", "examples/b.json", "team/internal/c.json"):
        put(tmp_path / name)
    listed = {Path(file.path).name: file.listed for file in look_into(tmp_path).files}
    assert listed == {"a.json": True, "b.json": False, "c.json": False}


def test_files_of_a_routines_folder_are_routines(tmp_path: Path) -> None:
    put(tmp_path / "routines" / "a.json")
    put(tmp_path / "routines.json")
    assert [file.routine for file in look_into(tmp_path).files] == [True, False]


@pytest.mark.rule("REG-5")
def test_a_link_out_of_the_folder_is_a_fault_and_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "workflows"
    root.mkdir()
    (root / "file.json").symlink_to(put(tmp_path / "outside.json"))
    (root / "folder").symlink_to(put(tmp_path / "elsewhere" / "x.json").parent)
    findings = look_into(root)
    assert findings.files == []
    assert [(Path(fault.path).name, "leads out" in fault.message) for fault in findings.faults] == [
        ("file.json", True),
        ("folder", True),
    ]


def test_a_link_within_the_folder_is_the_file_it_names(tmp_path: Path) -> None:
    put(tmp_path / ".versions" / "v2.json")
    (tmp_path / "latest.json").symlink_to(tmp_path / ".versions" / "v2.json")
    findings = look_into(tmp_path)
    assert names(findings, tmp_path) == ["latest.json"]
    assert findings.files[0].real == str((tmp_path / ".versions" / "v2.json").resolve())


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    put(tmp_path / "a" / "x.json")
    (tmp_path / "a" / "again").symlink_to(tmp_path)
    (tmp_path / "self.json").symlink_to(tmp_path / "self.json")
    findings = look_into(tmp_path)
    assert names(findings, tmp_path) == ["a/x.json"]
    assert [fault.message for fault in findings.faults] == [
        "is a link that leads nowhere. Remove it or mend its target"
    ]


def test_the_root_itself_may_be_a_link(tmp_path: Path) -> None:
    put(tmp_path / "real" / "a.json")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    findings = look_into(tmp_path / "link")
    assert names(findings, tmp_path) == ["link/a.json"]
    assert findings.files[0].real == str((tmp_path / "real" / "a.json").resolve())


def test_a_pipe_that_is_named_like_a_workflow_is_a_fault_and_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    assert [fault.message for fault in look_into(tmp_path).faults] == ["is not an ordinary file"]


def test_a_folder_that_cannot_be_read_hides_no_other(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read every folder")
    put(tmp_path / "open" / "a.json")
    shut = put(tmp_path / "shut" / "b.json").parent
    shut.chmod(0)
    findings = look_into(tmp_path)
    shut.chmod(0o700)
    assert names(findings, tmp_path) == ["open/a.json"]
    assert [fault.message for fault in findings.faults] == ["cannot be read: Permission denied"]


def test_a_folder_with_too_many_files_is_told_once_and_used_up_to_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discovery, "MAX_FILES", 3)
    for name in ("a/1.json", "a/2.json", "b/3.json", "b/4.json", "c/5.json"):
        put(tmp_path / name)
    findings = look_into(tmp_path)
    assert names(findings, tmp_path) == ["a/1.json", "a/2.json", "b/3.json"]
    (fault,) = findings.faults
    assert fault.path == str(tmp_path / "b" / "4.json")
    assert "more than 3 workflow files" in fault.message


def test_names_decide_what_may_hold_a_workflow() -> None:
    assert [
        name
        for name in ("a.json", "a.yaml", "a.yml", "a.toml", ".a.json")
        if is_workflow_name(name)
    ] == [
        "a.json",
        "a.yaml",
        "a.yml",
    ]
