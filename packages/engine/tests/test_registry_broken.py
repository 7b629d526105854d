"""What becomes of files that cannot be used?"""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from workrail_engine.registry.registry import Registry
from workrail_engine.system import Locations

GOOD = """\
id: team.build
name: Build
description: Builds a thing.
version: 1.0.0
steps: [{id: only, title: Only step, prompt: Do the thing.}]
"""


def put_text(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


YAML_DUPLICATE = (
    "id: team.build\nid: team.other\nname: A\ndescription: B\nversion: 1.0.0\nsteps: []\n"
)

BROKEN: Mapping[str, bytes] = {
    "empty.json": b"",
    "blank.yaml": b"\n\n",
    "not-json.json": b'{"id": "x", "steps": [',
    "not-yaml.yaml": b"id: [x\nsteps: }",
    "an-array.json": b"[1, 2]",
    "a-scalar.yaml": b"just text",
    "no-steps.json": b'{"id": "team.none", "name": "A", "description": "B", "version": "1.0.0"}',
    "empty-steps.json": (
        b'{"id": "team.none", "name": "A", "description": "B", "version": "1.0.0", "steps": []}'
    ),
    "unknown-field.yaml": b"id: team.odd\nname: A\ndescription: B\nversion: 1.0.0\nstep: []\n",
    "not-utf-8.json": b'{"id": "\xff\xfe", "steps": []}',
    "binary.yaml": bytes(range(256)),
    "duplicate-key.yaml": YAML_DUPLICATE.encode(),
    "too-deep.json": b'{"steps": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "too-deep.yaml": b"steps: " + b"[" * 5_000,
    "nan.json": b'{"id": NaN, "steps": []}',
    "too-big.json": b'{"steps": "' + b"x" * 1_048_576 + b'"}',
}


@pytest.mark.rule("REG-6")
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_listed_with_its_reason_and_hurts_no_other(
    places: Locations, name: str
) -> None:
    put_text(places.user_workflows / "good.yaml", GOOD)
    (places.user_workflows / name).write_bytes(BROKEN[name])
    registry = Registry(places)
    catalog = registry.catalog(None)
    assert [entry.id for entry in catalog.entries] == ["team.build"]
    (file,) = catalog.broken
    assert file.path == str(places.user_workflows / name)
    assert file.problems
    assert all(problem.message for problem in file.problems)
    assert registry.prepare("team.build", None).compiled.workflow_id == "team.build"


def test_files_of_other_programs_in_the_shared_folder_are_left_alone(
    places: Locations, workspace: Path
) -> None:
    shared = workspace / "workflows"
    put_text(shared / "ci.yml", "on: push\njobs: {build: {runs-on: ubuntu}}\n")
    put_text(shared / "list.json", "[1, 2, 3]")
    put_text(shared / "broken-data.json", '{"data": ')
    put_text(shared / "big.json", json.dumps({"data": "x" * 1_100_000}))
    ours = put_text(shared / "ours.json", '{"id": "x", "steps": [')
    missing = put_text(workspace / ".workrail" / "workflows" / "no-steps.json", '{"id": "abc"}')
    catalog = Registry(places).catalog(workspace)
    assert [file.path for file in catalog.broken] == [str(missing), str(ours)]
