"""What does a project's bindings file bind, and what when it is broken?"""

from pathlib import Path

import pytest

from workrail_engine.errors import InvalidDefinitionError
from workrail_engine.registry.bindings import overrides_for


def workspace_with(folder: Path, text: str) -> Path:
    (folder / ".workrail").mkdir()
    (folder / ".workrail" / "bindings.json").write_text(text, "utf-8")
    return folder


def test_without_a_workspace_or_a_file_nothing_is_bound(tmp_path: Path) -> None:
    assert overrides_for("team.build", None) == {}
    assert overrides_for("team.build", tmp_path) == {}


@pytest.mark.rule("REG-7")
def test_a_flat_object_binds_for_every_workflow(tmp_path: Path) -> None:
    workspace = workspace_with(tmp_path, '{"review": "team.review"}')
    assert overrides_for("team.build", workspace) == {"review": "team.review"}


@pytest.mark.rule("REG-7")
def test_an_object_by_workflow_binds_for_that_one_only(tmp_path: Path) -> None:
    workspace = workspace_with(tmp_path, '{"team.build": {"review": "team.review"}}')
    assert overrides_for("team.build", workspace) == {"review": "team.review"}
    assert overrides_for("team.other", workspace) == {}


def test_an_edit_counts_at_once(tmp_path: Path) -> None:
    workspace = workspace_with(tmp_path, '{"review": "one"}')
    assert overrides_for("team.build", workspace) == {"review": "one"}
    (workspace / ".workrail" / "bindings.json").write_text('{"review": "two"}', "utf-8")
    assert overrides_for("team.build", workspace) == {"review": "two"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"review": ', "bindings.json:1: the bindings file is not JSON"),
        ("[]", "does not hold an object"),
        ('{"team.build": "x", "other": {}}', "mixes both forms: 'team.build' is not an object"),
        ('{"team.build": {"review": 3}}', "binds slot 'review' to something that is not a text"),
        ("[" * 100_000, "is not JSON text"),
    ],
)
def test_a_broken_file_is_said_with_what_to_write(tmp_path: Path, text: str, said: str) -> None:
    workspace = workspace_with(tmp_path, text)
    with pytest.raises(InvalidDefinitionError) as caught:
        overrides_for("team.build", workspace)
    assert said in str(caught.value)
    assert 'Write {"<workflow id>": {"<slot>": "<id>"}}' in str(caught.value)


def test_a_file_that_is_not_utf_8_is_said(tmp_path: Path) -> None:
    (tmp_path / ".workrail").mkdir()
    (tmp_path / ".workrail" / "bindings.json").write_bytes(b'{"review": "\xff"}')
    with pytest.raises(InvalidDefinitionError, match="UTF-8"):
        overrides_for("team.build", tmp_path)


def test_a_folder_in_its_place_is_said(tmp_path: Path) -> None:
    (tmp_path / ".workrail" / "bindings.json").mkdir(parents=True)
    with pytest.raises(InvalidDefinitionError, match="cannot be read"):
        overrides_for("team.build", tmp_path)
