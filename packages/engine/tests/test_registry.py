"""Which workflows does a workspace see, who wins, and what becomes of broken files?"""

import json
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from workrail_engine.canonical import JsonValue
from workrail_engine.errors import InvalidDefinitionError, WorkflowNotFoundError
from workrail_engine.registry.discovery import discover
from workrail_engine.registry.reading import FileReader
from workrail_engine.registry.registry import Registry
from workrail_engine.registry.sources import Source
from workrail_engine.system import Locations

STEP = {"id": "only", "title": "Only step", "prompt": "Do the thing."}


def put(path: Path, workflow_id: str = "team.build", **fields: JsonValue) -> Path:
    document: Mapping[str, JsonValue] = {
        "id": workflow_id,
        "name": f"Name of {workflow_id}",
        "description": "Builds a thing.",
        "version": "1.0.0",
        "steps": [STEP],
        **fields,
    }
    return put_text(path, json.dumps(document))


def put_text(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def test_every_source_is_listed_with_what_is_known_of_its_workflows(
    places: Locations, workspace: Path
) -> None:
    put(places.bundled_dir / "a.json", "wr.alpha", metricsProfile="coding", about="Long text.")
    put(places.user_workflows / "b.json", "beta")
    put(workspace / "workflows" / "c.json", "team.gamma")
    put(workspace / ".workrail" / "workflows" / "d.json", "team.delta")
    catalog = Registry(places).catalog(workspace)
    assert catalog.broken == ()
    assert [(entry.id, entry.source, entry.tags) for entry in catalog.entries] == [
        ("beta", "user", ("user",)),
        ("team.delta", "project", ("project", "team")),
        ("team.gamma", "project", ("project", "team")),
        ("wr.alpha", "bundled", ("bundled", "coding", "wr")),
    ]
    alpha = catalog.entries[-1]
    assert (alpha.name, alpha.version, alpha.about) == ("Name of wr.alpha", "1.0.0", "Long text.")
    assert alpha.path == str(places.bundled_dir / "a.json")


def test_without_a_workspace_only_bundled_and_user_workflows_are_seen(
    places: Locations, workspace: Path
) -> None:
    put(places.bundled_dir / "a.json", "wr.alpha")
    put(workspace / "workflows" / "c.json", "team.gamma")
    assert [entry.id for entry in Registry(places).catalog(None).entries] == ["wr.alpha"]


@pytest.mark.rule("REG-20")
def test_a_library_that_is_not_there_is_listed_and_hurts_no_other(places: Locations) -> None:
    places.bundled_dir.rmdir()
    put(places.user_workflows / "b.json")
    catalog = Registry(places).catalog(None)
    assert [entry.id for entry in catalog.entries] == ["team.build"]
    (fault,) = catalog.broken
    assert (fault.path, fault.source) == (str(places.bundled_dir), "bundled")
    assert "WORKRAIL_BUNDLED_DIR" in fault.problems[0].message


def test_no_folder_but_the_library_is_an_empty_catalog(places: Locations, workspace: Path) -> None:
    catalog = Registry(places).catalog(workspace)
    assert (catalog.entries, catalog.broken) == ((), ())


@pytest.mark.rule("REG-1")
def test_the_highest_source_wins_and_says_what_it_replaces(
    places: Locations, workspace: Path
) -> None:
    bundled = put(places.bundled_dir / "a.json", version="1.0.0")
    user = put(places.user_workflows / "a.json", version="2.0.0")
    legacy = put(workspace / "workflows" / "a.json", version="3.0.0")
    project = put(workspace / ".workrail" / "workflows" / "a.json", version="4.0.0")
    registry = Registry(places)
    (entry,) = registry.catalog(workspace).entries
    assert (entry.version, entry.path) == ("4.0.0", str(project))
    assert entry.shadows == (str(legacy), str(user), str(bundled))
    assert registry.definition("team.build", workspace).version == "4.0.0"
    assert registry.prepare("team.build", workspace).compiled.version == "4.0.0"
    assert registry.prepare("team.build", None).compiled.version == "2.0.0"


@pytest.mark.rule("REG-2")
def test_reserved_ids_count_only_in_the_bundled_library(places: Locations, workspace: Path) -> None:
    put(places.bundled_dir / "a.json", "wr.alpha", version="1.0.0")
    rogue = put(workspace / "workflows" / "a.json", "wr.alpha", version="9.0.0")
    other = put(places.user_workflows / "b.json", "wr.own")
    registry = Registry(places)
    catalog = registry.catalog(workspace)
    assert [(entry.id, entry.version) for entry in catalog.entries] == [("wr.alpha", "1.0.0")]
    assert [file.path for file in catalog.broken] == [str(other), str(rogue)]
    (problem,) = catalog.broken[1].problems
    assert (problem.line, problem.pointer) == (1, "/id")
    assert "belong to the bundled library" in problem.message
    assert registry.prepare("wr.alpha", workspace).compiled.version == "1.0.0"


@pytest.mark.rule("REG-3")
def test_a_broken_file_is_not_quietly_replaced_by_a_lower_source(
    places: Locations, workspace: Path
) -> None:
    put(places.bundled_dir / "a.json")
    broken = put(workspace / ".workrail" / "workflows" / "a.json", steps=[])
    registry = Registry(places)
    catalog = registry.catalog(workspace)
    assert catalog.entries == ()
    assert [(file.path, file.workflow_id) for file in catalog.broken] == [
        (str(broken), "team.build")
    ]
    with pytest.raises(InvalidDefinitionError) as caught:
        registry.prepare("team.build", workspace)
    assert f"{broken}:1: /steps" in str(caught.value)
    assert registry.prepare("team.build", None).compiled.workflow_id == "team.build"


def test_a_broken_file_with_a_reserved_id_hides_no_bundled_workflow(places: Locations) -> None:
    put(places.bundled_dir / "a.json", "wr.alpha")
    put(places.user_workflows / "a.json", "wr.alpha", steps=[])
    registry = Registry(places)
    assert [entry.id for entry in registry.catalog(None).entries] == ["wr.alpha"]
    assert registry.prepare("wr.alpha", None).compiled.workflow_id == "wr.alpha"


def test_of_two_files_with_one_id_in_one_source_the_first_path_counts(places: Locations) -> None:
    first = put(places.user_workflows / "a.json", version="1.0.0")
    second = put(places.user_workflows / "b.json", version="2.0.0")
    catalog = Registry(places).catalog(None)
    assert [entry.version for entry in catalog.entries] == ["1.0.0"]
    (file,) = catalog.broken
    assert file.path == str(second)
    assert f"taken by {first} in the same source" in file.problems[0].message


def test_a_file_seen_through_two_sources_is_listed_once(places: Locations, workspace: Path) -> None:
    put(places.user_workflows / "a.json")
    (workspace / ".workrail").mkdir(parents=True)
    (workspace / ".workrail" / "workflows").symlink_to(places.user_workflows)
    catalog = Registry(places).catalog(workspace)
    assert [(entry.source, entry.shadows) for entry in catalog.entries] == [("user", ())]
    assert catalog.broken == ()


def test_a_workspace_around_the_bundled_folder_lists_it_once(tmp_path: Path) -> None:
    places = Locations.under(tmp_path / "home", tmp_path / "workflows")
    put(places.bundled_dir / "a.json", "wr.alpha")
    catalog = Registry(places).catalog(tmp_path)
    assert [(entry.id, entry.source) for entry in catalog.entries] == [("wr.alpha", "bundled")]
    assert catalog.broken == ()


def test_examples_are_not_listed_but_can_be_started(places: Locations) -> None:
    put(places.bundled_dir / "examples" / "a.json", "example-one")
    put(places.bundled_dir / "examples" / "broken.json", "example-two", steps=[])
    registry = Registry(places)
    catalog = registry.catalog(None)
    assert (catalog.entries, catalog.broken) == ((), ())
    assert registry.prepare("example-one", None).compiled.workflow_id == "example-one"
    with pytest.raises(InvalidDefinitionError, match=r"broken\.json:1: /steps"):
        registry.prepare("example-two", None)


def test_routines_are_listed_as_such_and_become_templates(places: Locations) -> None:
    put(places.bundled_dir / "routines" / "dig.json", "wr.routine-dig")
    calling = {
        "id": "look",
        "title": "Look",
        "templateCall": {"templateId": "wr.templates.routine.dig"},
    }
    put(places.user_workflows / "a.json", steps=[calling])
    registry = Registry(places)
    routine = registry.catalog(None).entries[1]
    assert (routine.id, routine.routine, "routine" in routine.tags) == (
        "wr.routine-dig",
        True,
        True,
    )
    outline = registry.inspect("team.build", None)
    assert [step.step_id for step in outline.steps] == ["look.only"]


@pytest.mark.rule("REG-4")
def test_a_template_of_the_bundled_library_is_never_replaced(
    places: Locations, workspace: Path
) -> None:
    def prompt(text: str) -> list[JsonValue]:
        return [{**STEP, "prompt": text}]

    put(places.bundled_dir / "routines" / "dig.json", "wr.routine-dig", steps=prompt("Ours."))
    put(places.user_workflows / "routines" / "dig.json", "routine-dig", steps=prompt("Theirs."))
    put(places.user_workflows / "routines" / "sift.json", "routine-sift", steps=prompt("Sift."))
    calls = [
        {
            "id": f"{name}-it",
            "title": name,
            "templateCall": {"templateId": f"wr.templates.routine.{name}"},
        }
        for name in ("dig", "sift")
    ]
    put(workspace / "workflows" / "a.json", steps=calls)
    outline = Registry(places).inspect("team.build", workspace)
    assert [step.text for step in outline.steps] == ["Ours.", "Sift."]


def test_a_routine_elsewhere_with_a_reserved_id_is_no_template(places: Locations) -> None:
    put(places.user_workflows / "routines" / "dig.json", "wr.routine-dig")
    put_text(places.user_workflows / "routines" / "sift.json", "{")
    calling = {
        "id": "look",
        "title": "Look",
        "templateCall": {"templateId": "wr.templates.routine.dig"},
    }
    path = put(places.user_workflows / "a.json", steps=[calling])
    registry = Registry(places)
    assert "team.build" in [entry.id for entry in registry.catalog(None).entries]
    with pytest.raises(InvalidDefinitionError) as caught:
        registry.prepare("team.build", None)
    first, second = str(caught.value).splitlines()
    assert first == 'Workflow "team.build" cannot be used until its file is mended:'
    assert second.startswith(f"{path}:1: /steps/0/templateCall/templateId: there is no template")


def test_a_file_that_goes_while_it_is_looked_for_is_simply_not_there(places: Locations) -> None:
    path = put(places.user_workflows / "a.json")
    found = discover(Source("user", places.user_workflows)).files
    path.unlink()
    reader = FileReader()
    assert list(reader.read_all(found)) == []
    assert not reader.may_define(found[0], "team.build")


def test_an_edited_file_counts_from_the_next_call_on(places: Locations) -> None:
    path = put(places.user_workflows / "a.json", version="1.0.0")
    registry = Registry(places)
    assert registry.catalog(None).entries[0].version == "1.0.0"
    before = registry.prepare("team.build", None)
    put(path, version="2.0.0")
    assert registry.catalog(None).entries[0].version == "2.0.0"
    after = registry.prepare("team.build", None)
    assert after.compiled.version == "2.0.0"
    assert after.compiled.workflow_hash != before.compiled.workflow_hash
    path.unlink()
    assert registry.catalog(None).entries == ()


def test_an_edit_with_the_same_size_and_time_counts_too(places: Locations) -> None:
    path = put(places.user_workflows / "a.json", version="1.0.0")
    facts = path.stat()
    registry = Registry(places)
    assert registry.catalog(None).entries[0].version == "1.0.0"
    put(path, version="2.0.0")
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert registry.catalog(None).entries[0].version == "2.0.0"


def test_what_did_not_change_is_not_worked_out_again(places: Locations) -> None:
    put(places.user_workflows / "a.json")
    registry = Registry(places)
    assert registry.catalog(None) is registry.catalog(None)
    assert registry.prepare("team.build", None) is registry.prepare("team.build", None)


def test_an_edited_routine_counts_for_the_workflows_that_call_it(places: Locations) -> None:
    def routine(text: str) -> None:
        steps: JsonValue = [{**STEP, "prompt": text}]
        put(places.user_workflows / "routines" / "dig.json", "routine-dig", steps=steps)

    calling = {
        "id": "look",
        "title": "Look",
        "templateCall": {"templateId": "wr.templates.routine.dig"},
    }
    put(places.user_workflows / "a.json", steps=[calling])
    registry = Registry(places)
    routine("Once.")
    assert registry.inspect("team.build", None).steps[0].text == "Once."
    routine("Twice.")
    assert registry.inspect("team.build", None).steps[0].text == "Twice."


def test_bindings_of_the_project_count_at_once(places: Locations, workspace: Path) -> None:
    slot = {"slotId": "review", "purpose": "Who reviews", "default": "team.review"}
    steps: JsonValue = [{**STEP, "prompt": "Start {{wr.bindings.review}}."}]
    put(places.user_workflows / "a.json", extensionPoints=[slot], steps=steps)
    registry = Registry(places)
    assert registry.inspect("team.build", workspace).steps[0].text == "Start team.review."
    put_text(workspace / ".workrail" / "bindings.json", '{"review": "my.review"}')
    assert registry.inspect("team.build", workspace).steps[0].text == "Start my.review."


def test_an_unknown_id_is_answered_with_near_misses(places: Locations) -> None:
    put(places.bundled_dir / "a.json", "wr.bug-investigation", name="Find a defect")
    put(places.bundled_dir / "b.json", "wr.coding-task", name="Write code")
    registry = Registry(places)
    for asked in ("bug-investigation", "wr.bug-investigaton", "Bug-Investigation", "find a defect"):
        with pytest.raises(WorkflowNotFoundError) as caught:
            registry.prepare(asked, None)
        assert str(caught.value) == (
            f'There is no workflow "{asked}". Did you mean wr.bug-investigation? '
            "List the workflows to see all 2 of them."
        )


def test_an_unknown_id_among_broken_files_says_that_there_are_some(places: Locations) -> None:
    put_text(places.user_workflows / "a.json", "{")
    with pytest.raises(WorkflowNotFoundError, match="why 1 of the files cannot be used"):
        Registry(places).prepare("team.build", None)


def test_an_escaped_id_is_found_without_listing_first(places: Locations) -> None:
    path = put(places.user_workflows / "a.json")
    path.write_text(path.read_text("utf-8").replace("team.build", r"team\u002ebuild"), "utf-8")
    assert Registry(places).prepare("team.build", None).compiled.workflow_id == "team.build"


def test_several_threads_get_the_same_answers(places: Locations) -> None:
    for number in range(20):
        put(places.user_workflows / f"{number}.json", f"team.number-{number}")
    registry = Registry(places)
    with ThreadPoolExecutor(8) as pool:
        asked = [f"team.number-{number % 20}" for number in range(80)]
        prepared = list(pool.map(registry.prepare, asked, [None] * 80))
        catalogs = list(pool.map(registry.catalog, [None] * 8))
    assert [one.compiled.workflow_id for one in prepared] == asked
    assert all(catalog == catalogs[0] for catalog in catalogs)


PEER = Path(__file__).parents[4] / "shared" / "peer-workflows"


@pytest.mark.skipif(not PEER.is_dir(), reason="../shared/peer-workflows is not there")
def test_every_file_of_a_foreign_library_can_be_started(tmp_path: Path) -> None:
    registry = Registry(Locations.under(tmp_path / "none", PEER))
    catalog = registry.catalog(None)
    files = sorted(PEER.rglob("*.json"))
    ids = [json.loads(path.read_text("utf-8"))["id"] for path in files]
    assert len(files) == 30
    assert catalog.broken == ()
    assert {entry.id for entry in catalog.entries} <= set(ids)
    prepared = [registry.prepare(workflow_id, None) for workflow_id in ids]
    assert [one.compiled.workflow_id for one in prepared] == ids
