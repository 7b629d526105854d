"""Is a glance at what is there as right as a look, and does it take nothing heavy?"""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from workrail_engine.engine import SourceRequest
from workrail_engine.errors import StoreUnavailableError
from workrail_engine.glance import Glance
from workrail_engine.library import open_registry, open_sources, open_trust
from workrail_engine.projections.offers import Offer, Recent, offers_in
from workrail_engine.reader import open_reader
from workrail_engine.store.latest import latest_in_file
from workrail_engine.store.sql_store import open_store
from workrail_engine.system import Locations
from workrail_engine.testing.session_script import PINNED, PINNED_HASH, SessionScript
from workrail_engine.testing.world import SeededEntropy

GLANCE = """
import json, sys
from pathlib import Path
from workrail_engine.glance import Glance
from workrail_engine.system import Locations
glance = Glance(Locations.under(Path(sys.argv[1]), Path(sys.argv[2])))
offers, recent = glance.offers(Path(sys.argv[3])), glance.recent(5)
told = {"offers": [each.id for each in offers], "recent": [each.goal for each in recent]}
print(json.dumps({**told, "modules": sorted(sys.modules)}))
"""
HEAVY = ("sqlalchemy", "alembic", "jsonschema", "ruamel", "workrail_engine.registry.registry")


@pytest.fixture(name="home")
def a_home_that_is_there(tmp_path: Path) -> Locations:
    home, bundled = tmp_path / "home", tmp_path / "bundled"
    home.mkdir()
    bundled.mkdir()
    return Locations.under(home, bundled)


@pytest.fixture(name="project")
def a_project_with_two_workflows(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    put(project, "build.json", "team.build")
    put(project, "check.json", "team.check", "Check")
    put(project, "routines/part.json", "a-routine")
    return project


def put(project: Path, path: str, workflow_id: str, name: str = "Build") -> Path:
    step = {"id": "only", "title": "Only step", "prompt": "Do the thing."}
    document = {"id": workflow_id, "name": name, "description": "Does it.", "version": "1.0.0"}
    file = project / ".workrail" / "workflows" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({**document, "steps": [step]}))
    return file


def ids(home: Locations, project: Path) -> list[str]:
    """What is offered, told anew and from what was kept; both must be what a look says."""
    looked = offers_in(open_registry(home).catalog(project))
    first, second = Glance(home).offers(project), Glance(home).offers(project)
    assert first == second == looked
    return [offer.id for offer in looked]


@pytest.mark.rule("MCP-59")
def test_a_second_glance_reads_no_definition_and_loads_nothing_heavy(
    home: Locations, project: Path
) -> None:
    with open_store(home.store, SeededEntropy()) as store:
        store.pin(PINNED_HASH, PINNED)
        store.commit(SessionScript(goal="Find it").start())

    def glanced() -> dict[str, list[str]]:
        places = [str(home.home), str(home.bundled_dir), str(project)]
        command = [sys.executable, "-c", GLANCE, *places]
        return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)

    first, second = glanced(), glanced()

    assert first["offers"] == second["offers"] == ["team.build", "team.check"]
    assert first["recent"] == second["recent"] == ["Find it"]
    assert "workrail_engine.registry.registry" in first["modules"]
    assert [name for name in second["modules"] if name.startswith(HEAVY)] == []


@pytest.mark.rule("MCP-59")
def test_what_was_kept_gives_way_to_every_change_of_a_file(home: Locations, project: Path) -> None:
    assert ids(home, project) == ["team.build", "team.check"]
    assert Glance(home).offers(project)[1] == Offer("team.check", "Check", "Does it.", 1)

    file = put(project, "check.json", "team.check", "Chuck")
    assert ids(home, project) == ["team.build", "team.check"]
    assert Glance(home).offers(project)[1].name == "Chuck"
    file.unlink()
    assert ids(home, project) == ["team.build"]
    put(project, "new.json", "team.new")
    assert ids(home, project) == ["team.build", "team.new"]
    put(project, "broken.json", "team.new").write_text("{")
    assert ids(home, project) == ["team.build", "team.new"]


@pytest.mark.rule("MCP-59")
def test_what_was_kept_gives_way_to_trust_given_and_lost(
    home: Locations, project: Path, tmp_path: Path
) -> None:
    flows = tmp_path / "flows"
    other = put(flows, "other.json", "team.other")
    open_sources(home).add(SourceRequest(str(other.parent), tmp_path, added_by="agent", name="f"))
    assert ids(home, project) == ["team.build", "team.check"]
    open_trust(home).trust("f")
    assert ids(home, project) == ["team.build", "team.check", "team.other"]
    other.write_text(other.read_text().replace("Does it.", "Does that."))
    assert ids(home, project) == ["team.build", "team.check"]


def test_a_glance_is_right_where_nothing_can_be_kept(home: Locations, project: Path) -> None:
    kept = home.home / "offers.json"
    for damage in (b"", b"[]", b'{"x": [{"id": 3}]}', b"\xff" * 99):
        kept.write_bytes(damage)
        assert ids(home, project) == ["team.build", "team.check"]
    assert kept.stat().st_mode & 0o777 == 0o600
    kept.unlink()
    kept.mkdir()
    assert ids(home, project) == ["team.build", "team.check"]


@pytest.mark.rule("STORE-7")
def test_a_glance_makes_no_home(home: Locations, project: Path) -> None:
    nowhere = replace(home, home=home.home / "nowhere")

    assert [offer.id for offer in Glance(nowhere).offers(project)] == ["team.build", "team.check"]
    assert Glance(nowhere).recent(5) == ()
    assert not nowhere.home.exists()


def test_only_the_newest_few_sets_of_files_are_kept(home: Locations, tmp_path: Path) -> None:
    for number in range(20):
        put(tmp_path / f"p{number}", "only.json", f"only-{number}")
        assert ids(home, tmp_path / f"p{number}") == [f"only-{number}"]

    kept = json.loads((home.home / "offers.json").read_bytes())
    assert [offers[0]["id"] for offers in kept.values()] == [f"only-{n}" for n in range(4, 20)]


@pytest.mark.rule("MCP-64")
def test_the_newest_sessions_are_those_the_reader_names(home: Locations, place: Path | str) -> None:
    where = replace(home, database_url=place if isinstance(place, str) else None)
    assert Glance(where).recent(3) == () or isinstance(place, str)
    with open_store(where.store, SeededEntropy()) as store:
        store.pin(PINNED_HASH, PINNED)
        scripts = [SessionScript(f"s{number}", f"Work {number}") for number in range(4)]
        for script in scripts:
            store.commit(script.start())
        store.commit(scripts[1].complete())
        while_written = Glance(where).recent(3)

    with open_reader(where) as reader:
        looked = tuple(
            Recent(each.session_id, each.workflow_name, each.goal, each.status, each.updated_at)
            for each in reader.sessions(3).sessions
        )
    assert [each.goal for each in looked] == ["Work 1", "Work 3", "Work 2"]
    assert looked == while_written == Glance(where).recent(3)
    if isinstance(where.store, Path):
        assert latest_in_file(where.store, 3) == looked


@pytest.mark.rule("MCP-64")
def test_a_file_that_is_no_store_is_explained_by_the_reader(home: Locations) -> None:
    home.database.write_bytes(b"no database " * 1000)
    assert latest_in_file(home.database, 3) is None

    with pytest.raises(StoreUnavailableError, match=os.fspath(home.database)):
        Glance(home).recent(3)
