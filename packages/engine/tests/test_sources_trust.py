"""Which added source wins, what may be started, and what becomes of a list that cannot be read?"""

import json
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from workrail_engine.canonical import JsonValue
from workrail_engine.engine import SourceRequest
from workrail_engine.errors import (
    InvalidSourceError,
    SourceUnavailableError,
    UntrustedWorkflowError,
)
from workrail_engine.library import open_registry, open_sources, open_trust, validate_files
from workrail_engine.projections.catalog import WorkflowEntry
from workrail_engine.projections.managed import (
    AddedBy,
    FileChanges,
    ManagedSource,
    SourceSynced,
    SourceUnreached,
)
from workrail_engine.registry.locked_files import locked, replace_file
from workrail_engine.registry.managed_sources import ManagedSources
from workrail_engine.registry.registry import Registry
from workrail_engine.registry.source_list import SourceList, SourceRecord
from workrail_engine.registry.trust import TrustedSources
from workrail_engine.system import Locations
from workrail_engine.testing.user_git import git

HOLD = """
import sys
from pathlib import Path
from workrail_engine.registry.locked_files import locked
with locked(Path(sys.argv[1]), 5):
    print("held", flush=True)
    sys.stdin.readline()
"""


@dataclass(frozen=True)
class World:
    folder: Path
    places: Locations
    sources: ManagedSources
    trusted: TrustedSources
    registry: Registry

    def add(self, path: Path, added_by: AddedBy = "person", **named: str) -> ManagedSource:
        request = SourceRequest(str(path), self.folder, added_by, named.get("name"))
        return self.sources.add(request).source

    def entries(self, workspace: Path | None = None) -> dict[str, WorkflowEntry]:
        return {entry.id: entry for entry in self.registry.catalog(workspace).entries}

    def starts(self, workflow_id: str, workspace: Path | None = None) -> bool:
        try:
            self.registry.prepare(workflow_id, workspace)
        except UntrustedWorkflowError:
            return False
        return True


@pytest.fixture
def world(tmp_path: Path) -> World:
    (tmp_path / "bundled").mkdir()
    places = Locations.under(tmp_path / "home", tmp_path / "bundled")
    return World(tmp_path, places, open_sources(places), open_trust(places), open_registry(places))


def put(
    path: Path,
    workflow_id: str = "team.build",
    prompt: str = "Do the thing.",
    steps: Sequence[JsonValue] = (),
) -> Path:
    only = {"id": "only", "title": "Only step", "prompt": prompt}
    document = {
        "id": workflow_id,
        "name": "Build",
        "description": "Builds a thing.",
        "version": "1.0.0",
        "steps": list(steps) or [only],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), "utf-8")
    return path


def bare_repository(folder: Path, tree: Path) -> Path:
    """A bare repository with everything below a folder in one commit."""
    git(tree, "init", "--quiet", "--bare", str(folder))
    there = ("--git-dir", str(folder), "--work-tree", str(tree))
    git(tree, *there, "add", "--all")
    git(tree, *there, "commit", "--quiet", "--message", "All")
    return folder


@pytest.mark.rule("REG-28")
def test_added_folders_stand_above_the_user_and_repositories_above_them_and_the_project_highest(
    world: World, tmp_path: Path
) -> None:
    ids = ["team.one", "team.two", "team.three", "team.four"]
    for workflow_id in ids:
        put(world.places.user_workflows / f"{workflow_id}.json", workflow_id)
    for workflow_id in ids[1:]:
        put(tmp_path / "tree" / f"{workflow_id}.json", workflow_id)
        put(tmp_path / "early" / f"{workflow_id}.json", workflow_id)
        put(tmp_path / "late" / f"{workflow_id}.json", workflow_id)
    put(tmp_path / "late" / "more.json", "team.more")
    put(tmp_path / "early" / "more.json", "team.more")
    put(tmp_path / "project" / ".workrail" / "workflows" / "d.json", "team.four")
    world.add(bare_repository(tmp_path / "flows.git", tmp_path / "tree"))
    world.add(tmp_path / "early")
    world.add(tmp_path / "late")
    entries = world.entries(tmp_path / "project")
    assert {name: entry.source for name, entry in entries.items()} == {
        "team.one": "user",
        "team.two": "git",
        "team.three": "git",
        "team.four": "project",
        "team.more": "managed",
    }
    assert (entries["team.more"].managed, len(entries["team.two"].shadows)) == ("late", 3)


@pytest.mark.rule("REG-29")
def test_a_folder_a_person_adds_is_trusted_whatever_it_holds(world: World) -> None:
    put(world.folder / "flows" / "build.json")
    assert world.add(world.folder / "flows").trust == "trusted"
    assert world.starts("team.build")
    put(world.folder / "flows" / "build.json", prompt="Do another thing.")
    put(world.folder / "flows" / "more.json", "team.more")
    assert world.starts("team.build")
    assert world.starts("team.more")


@pytest.mark.rule("REG-29")
def test_what_an_agent_adds_is_listed_and_refused_until_a_person_trusts_it(world: World) -> None:
    put(world.folder / "flows" / "build.json")
    assert world.add(world.folder / "flows", "agent").trust == "untrusted"
    entry = world.entries()["team.build"]
    assert (entry.untrusted, entry.managed) == (True, "flows")
    assert "untrusted" in entry.tags
    assert world.registry.inspect("team.build", None).entry.untrusted
    with pytest.raises(UntrustedWorkflowError, match="`workrail trust flows`"):
        world.registry.prepare("team.build", None)
    before, after = world.trusted.trust("flows")
    assert (before.trust, after.trust) == ("untrusted", "trusted")
    assert world.starts("team.build")
    assert "untrusted" not in world.entries()["team.build"].tags


@pytest.mark.rule("REG-21")
def test_every_change_of_a_file_ends_trust_and_says_what_changed(world: World) -> None:
    flows = world.folder / "flows"
    put(flows / "build.json")
    put(flows / "gone.json", "team.gone")
    put(flows / "internal" / "hidden.json", "team.hidden")
    world.add(flows, "agent")
    world.trusted.trust("flows")
    put(flows / "internal" / "hidden.json", "team.hidden", prompt="Do another thing.")
    (flows / "gone.json").unlink()
    put(flows / "new.json", "team.new")
    (source,) = world.sources.all()
    assert source.trust == "changed"
    assert source.since_trusted == FileChanges(
        added=("new.json",), changed=("internal/hidden.json",), removed=("gone.json",)
    )
    assert not world.starts("team.build")
    assert not world.starts("team.hidden")
    world.trusted.trust("flows")
    assert world.starts("team.hidden")


def test_trust_can_be_taken_back(world: World) -> None:
    put(world.folder / "flows" / "build.json")
    world.add(world.folder / "flows")
    _, after = world.trusted.revoke("flows")
    assert after.trust == "untrusted"
    assert not world.starts("team.build")


@pytest.mark.rule("REG-30")
def test_a_routine_that_is_not_trusted_is_no_part_of_a_trusted_workflow(world: World) -> None:
    call = {"templateId": "wr.templates.routine.dig"}
    steps: list[JsonValue] = [{"id": "look", "title": "Look", "templateCall": call}]
    put(world.places.user_workflows / "routines" / "dig.json", "routine-dig", prompt="Ours.")
    put(world.places.user_workflows / "build.json", steps=steps)
    put(world.folder / "flows" / "routines" / "dig.json", "routine-dig", prompt="Theirs.")
    put(world.folder / "flows" / "their.json", "team.theirs", steps=steps)
    world.add(world.folder / "flows", "agent")

    def text(workflow_id: str) -> str:
        return world.registry.inspect(workflow_id, None).steps[0].text

    assert "Ours." in text("team.build")
    assert "Theirs." in text("team.theirs")
    world.trusted.trust("flows")
    assert "Theirs." in text("team.build")


def test_an_untrusted_workflow_is_not_quietly_passed_over_for_a_lower_one(world: World) -> None:
    lower = put(world.places.user_workflows / "build.json")
    put(world.folder / "flows" / "build.json")
    world.add(world.folder / "flows", "agent")
    assert world.entries()["team.build"].shadows == (str(lower),)
    assert not world.starts("team.build")
    world.sources.remove("flows")
    assert world.starts("team.build")


@pytest.mark.rule("REG-30")
def test_adding_the_folder_of_a_project_does_not_take_its_workflows_away(world: World) -> None:
    own = world.folder / "project" / ".workrail" / "workflows"
    put(own / "build.json")
    world.add(own, "agent")
    assert world.entries(world.folder / "project")["team.build"].source == "project"
    assert world.starts("team.build", world.folder / "project")
    assert not world.starts("team.build")


def test_routines_of_trusted_sources_count_when_files_are_checked(world: World) -> None:
    call = {"templateId": "wr.templates.routine.dig"}
    file = put(
        world.folder / "mine.json", steps=[{"id": "look", "title": "Look", "templateCall": call}]
    )
    put(world.folder / "flows" / "routines" / "dig.json", "routine-dig")
    world.add(world.folder / "flows", "agent")
    (untrusted,) = validate_files([file], None, world.places)
    world.trusted.trust("flows")
    (trusted,) = validate_files([file], None, world.places)
    assert (len(untrusted.problems), trusted.problems) == (1, ())


def test_a_folder_that_has_gone_is_listed_and_cannot_be_trusted(world: World) -> None:
    put(world.folder / "flows" / "build.json")
    put(world.places.user_workflows / "mine.json", "team.mine")
    world.add(world.folder / "flows", "agent")
    (reached,) = world.sources.sync("flows")
    assert isinstance(reached, SourceSynced)
    (world.folder / "flows").rename(world.folder / "elsewhere")
    catalog = world.registry.catalog(None)
    assert [entry.id for entry in catalog.entries] == ["team.mine"]
    assert "`workrail source remove flows`" in catalog.broken[0].problems[0].message
    (source,) = world.sources.all()
    assert source.problem is not None
    (outcome,) = world.sources.sync("flows")
    assert isinstance(outcome, SourceUnreached)
    with pytest.raises(InvalidSourceError, match="no content to trust"):
        world.trusted.trust("flows")


def test_a_ref_is_asked_of_a_repository_and_a_plain_folder_is_none(world: World) -> None:
    put(world.folder / "flows" / "build.json")
    request = SourceRequest(str(world.folder / "flows"), world.folder, "person", ref="main")
    with pytest.raises(SourceUnavailableError, match="not appear to be a git repository"):
        world.sources.add(request)
    assert world.sources.all() == ()


DAMAGE = (
    b"",
    b"{",
    b"[]",
    b'{"version": 2, "sources": []}',
    b'{"version": 1, "sources": [{"name": "x"}]}',
    b"\xff\xfe",
)


@pytest.mark.rule("REG-31")
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_list_is_told_with_its_remedy_and_stops_no_other_workflow(
    world: World, damage: bytes
) -> None:
    put(world.folder / "flows" / "build.json")
    put(world.places.user_workflows / "mine.json", "team.mine")
    world.add(world.folder / "flows")
    file = world.places.managed_sources / "sources.json"
    file.write_bytes(damage)
    catalog = world.registry.catalog(None)
    assert [entry.id for entry in catalog.entries] == ["team.mine"]
    assert [fault.path for fault in catalog.broken] == [str(file)]
    assert world.starts("team.mine")
    for refused in (
        lambda: world.sources.all(),
        lambda: world.sources.sync(None),
        lambda: world.sources.remove("flows"),
        lambda: world.add(world.folder / "flows"),
        lambda: world.trusted.trust("flows"),
    ):
        with pytest.raises(SourceUnavailableError, match="move it away and add the sources again"):
            refused()
    assert file.read_bytes() == damage
    file.unlink()
    world.add(world.folder / "flows")
    assert set(world.entries()) == {"team.build", "team.mine"}


def test_a_home_that_cannot_be_made_is_told(world: World) -> None:
    put(world.folder / "flows" / "build.json")
    world.places.home.write_text("a file")
    with pytest.raises(SourceUnavailableError, match="cannot be kept there"):
        world.add(world.folder / "flows")


@pytest.mark.rule("REG-27")
def test_a_lock_dies_with_its_process_and_is_waited_for_until_then(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(SourceUnavailableError, match="Another process"), locked(path, 0.1):
            pytest.fail("the lock was taken twice")
        holder.kill()
        holder.wait()
        with locked(path, 5):
            assert path.exists()


@pytest.mark.rule("REG-27")
def test_changes_made_at_once_are_all_kept(tmp_path: Path) -> None:
    listing = SourceList(tmp_path)

    def append(number: int) -> None:
        record = SourceRecord(f"s{number}", "folder", f"/{number}", "person", "2026", None)
        listing.change(lambda records: (*records, record))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(append, range(100)))
    assert sorted(record.name for record in listing.read()) == sorted(f"s{n}" for n in range(100))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["list.lock", "sources.json"]


def test_a_file_that_cannot_be_replaced_is_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    (target / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match="folder"):
        replace_file(target, b"new")
    replace_file(tmp_path / "file", b"old")
    replace_file(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]
