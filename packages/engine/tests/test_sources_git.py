"""Do workflows of git repositories arrive whole, pinned, and with nothing of a stranger's carried out?"""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from workrail_engine.engine import SourceRequest
from workrail_engine.errors import (
    InvalidSourceError,
    SourceNotFoundError,
    SourceUnavailableError,
    UntrustedWorkflowError,
)
from workrail_engine.library import open_registry, open_sources, open_trust
from workrail_engine.projections.managed import (
    FileChanges,
    ManagedSource,
    SourceSynced,
    SourceUnreached,
)
from workrail_engine.registry.managed_sources import ManagedSources
from workrail_engine.registry.registry import Registry
from workrail_engine.registry.trust import TrustedSources
from workrail_engine.system import Locations
from workrail_engine.testing.user_git import commit_all, git

ADD = """
import sys
from pathlib import Path
from workrail_engine.engine import SourceRequest
from workrail_engine.library import open_sources
from workrail_engine.system import Locations
sources = open_sources(Locations.under(Path(sys.argv[1])))
print("ready", flush=True)
sys.stdin.readline()
if len(sys.argv) > 2:
    request = SourceRequest(sys.argv[2], Path("/"), "person", name=sys.argv[3])
    print(sources.add(request).source.name)
else:
    print(*(type(outcome).__name__ for outcome in sources.sync(None)))
"""


@dataclass(frozen=True)
class Repository:
    path: Path

    def git(self, *arguments: str) -> str:
        return git(self.path, *arguments)

    def put(self, path: str, workflow_id: str = "team.build", name: str = "Build") -> None:
        self.write(path, definition(workflow_id, name))

    def write(self, path: str, text: str) -> None:
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")

    def commit(self) -> str:
        return commit_all(self.path)

    @property
    def url(self) -> str:
        return f"file://{self.path}"


@dataclass(frozen=True)
class World:
    places: Locations
    sources: ManagedSources
    trusted: TrustedSources
    registry: Registry

    def add(
        self, address: str, name: str | None = None, ref: str | None = None, seconds: float = 30
    ) -> ManagedSource:
        request = SourceRequest(address, Path("/"), "person", name=name, ref=ref, seconds=seconds)
        return self.sources.add(request).source

    def sync(self, name: str) -> SourceSynced:
        (outcome,) = self.sources.sync(name)
        assert isinstance(outcome, SourceSynced)
        return outcome

    def only(self) -> ManagedSource:
        (source,) = self.sources.all()
        return source

    def ids(self) -> list[str]:
        return [entry.id for entry in self.registry.catalog(None).entries]


def definition(workflow_id: str, name: str = "Build") -> str:
    steps = [{"id": "only", "title": "Only step", "prompt": "Do the thing."}]
    return json.dumps(
        {
            "id": workflow_id,
            "name": name,
            "description": "Builds.",
            "version": "1.0.0",
            "steps": steps,
        }
    )


@pytest.fixture
def world(tmp_path: Path) -> World:
    (tmp_path / "bundled").mkdir()
    places = Locations.under(tmp_path / "home", tmp_path / "bundled")
    return World(places, open_sources(places), open_trust(places), open_registry(places))


@pytest.fixture
def make(tmp_path: Path) -> Callable[[str], Repository]:
    def repository(name: str) -> Repository:
        path = tmp_path / "repositories" / name
        path.mkdir(parents=True)
        made = Repository(path)
        made.git("init", "--quiet", "--initial-branch", "main")
        return made

    return repository


@pytest.fixture
def repository(make: Callable[[str], Repository]) -> Repository:
    made = make("flows")
    made.put("workflows/build.json")
    made.commit()
    return made


def test_a_repository_is_fetched_at_its_newest_commit(world: World, repository: Repository) -> None:
    added = world.add(repository.url)
    assert (added.name, added.kind, added.files) == ("flows", "git", 1)
    assert added.commit == repository.git("rev-parse", "HEAD")
    assert Path(added.path, "workflows", "build.json").read_text() == definition("team.build")
    assert world.only() == added
    (entry,) = world.registry.catalog(None).entries
    assert (entry.id, entry.source, entry.managed) == ("team.build", "git", "flows")


def test_a_repository_without_a_folder_for_workflows_is_searched_whole(
    world: World, make: Callable[[str], Repository]
) -> None:
    plain = make("plain")
    plain.put("flows/deep/build.json")
    plain.write("package.json", '{"name": "no workflow"}')
    plain.write(".github/ci.yaml", "steps: []")
    plain.commit()
    hidden = make("hidden")
    hidden.put(".workrail/workflows/one.json", "team.one")
    hidden.put("elsewhere/two.json", "team.two")
    hidden.commit()
    world.add(plain.url)
    world.add(hidden.url)
    catalog = world.registry.catalog(None)
    assert [entry.id for entry in catalog.entries] == ["team.build", "team.one"]
    assert catalog.broken == ()


def test_a_branch_a_tag_and_a_commit_can_be_asked_for(world: World, repository: Repository) -> None:
    first = repository.git("rev-parse", "HEAD")
    repository.git("tag", "--annotate", "--message", "First", "v1")
    repository.git("switch", "--quiet", "--create", "next/one")
    repository.put("workflows/build.json", name="Next")
    second = repository.commit()
    repository.git("switch", "--quiet", "main")
    commits = {
        ref: world.add(repository.url, name=f"at-{number}", ref=ref).commit
        for number, ref in enumerate(("v1", "next/one", "refs/heads/main", first))
    }
    assert commits == {"v1": first, "next/one": second, "refs/heads/main": first, first: first}
    assert world.sync("at-1").source.commit == second
    with pytest.raises(SourceUnavailableError, match="no branch or tag gone"):
        world.add(repository.url, name="at-9", ref="gone")
    assert not (world.places.managed_sources / "at-9").exists()


def test_a_path_is_a_repository_when_it_is_bare_or_a_ref_is_asked_for(
    world: World, repository: Repository, tmp_path: Path
) -> None:
    repository.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))
    assert world.add(str(tmp_path / "bare.git")).kind == "git"
    assert world.add(str(repository.path), name="tree", ref="main").kind == "git"
    assert world.add(str(repository.path / "workflows")).kind == "folder"


def test_adding_a_source_again_changes_nothing_and_its_name_is_its_own(
    world: World, repository: Repository, make: Callable[[str], Repository]
) -> None:
    world.add(repository.url)
    again = world.sources.add(SourceRequest(repository.url, Path("/"), "person"))
    assert (again.already, len(world.sources.all())) == (True, 1)
    with pytest.raises(InvalidSourceError, match="--name"):
        world.add(make("other").url, name="flows")
    with pytest.raises(SourceNotFoundError, match="There are: flows"):
        world.sources.sync("other")


@pytest.mark.rule("REG-21")
def test_a_sync_says_what_changed_and_needs_new_trust(world: World, repository: Repository) -> None:
    first = world.add(repository.url).commit
    world.trusted.trust("flows")
    assert world.registry.prepare("team.build", None)
    assert world.sync("flows").changes == FileChanges()
    assert world.only().trust == "trusted"
    repository.put("workflows/build.json", name="Build anew")
    repository.put("workflows/more.json", "team.more")
    second = repository.commit()
    outcome = world.sync("flows")
    changes = FileChanges(added=("workflows/more.json",), changed=("workflows/build.json",))
    assert (outcome.before, outcome.source.commit, outcome.changes) == (first, second, changes)
    assert (outcome.source.trust, outcome.source.since_trusted) == ("changed", changes)
    with pytest.raises(UntrustedWorkflowError, match="workrail trust flows"):
        world.registry.prepare("team.build", None)
    world.trusted.trust("flows")
    assert world.registry.prepare("team.more", None)


def test_a_commit_that_changes_no_workflow_keeps_the_trust(
    world: World, repository: Repository
) -> None:
    world.add(repository.url)
    world.trusted.trust("flows")
    repository.write("README.md", "Read me.")
    commit = repository.commit()
    outcome = world.sync("flows")
    assert (outcome.source.commit, outcome.source.trust) == (commit, "trusted")
    assert outcome.changes == FileChanges()


def test_files_edited_by_hand_end_the_trust_until_a_sync_puts_them_back(
    world: World, repository: Repository
) -> None:
    source = world.add(repository.url)
    world.trusted.trust("flows")
    assert world.registry.prepare("team.build", None)
    Path(source.path, "workflows", "build.json").write_text(definition("team.build", "Mine"))
    with pytest.raises(UntrustedWorkflowError):
        world.registry.prepare("team.build", None)
    assert world.sync("flows").source.trust == "trusted"
    assert world.registry.prepare("team.build", None)


@pytest.mark.rule("REG-22")
def test_what_cannot_be_reached_keeps_its_commit_and_lists_and_starts_as_before(
    world: World, repository: Repository
) -> None:
    source = world.add(repository.url)
    world.trusted.trust("flows")
    repository.path.rename(repository.path.with_name("gone"))
    (outcome,) = world.sources.sync(None)
    assert isinstance(outcome, SourceUnreached)
    assert "does not appear to be a git repository" in outcome.reason
    assert outcome.source.commit == source.commit
    assert world.ids() == ["team.build"]
    assert world.registry.prepare("team.build", None)


def test_listing_and_starting_run_no_git(
    world: World, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add(repository.url)
    world.trusted.trust("flows")
    monkeypatch.setenv("PATH", "/nowhere")
    assert world.only().trust == "trusted"
    assert world.ids() == ["team.build"]
    assert world.registry.prepare("team.build", None)
    (outcome,) = world.sources.sync("flows")
    assert isinstance(outcome, SourceUnreached)
    assert "install git" in outcome.reason


@pytest.mark.rule("REG-23")
def test_a_transport_that_hangs_is_killed_with_all_it_started(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pids, release = tmp_path / "pids", tmp_path / "release"
    os.mkfifo(release)
    hanging = tmp_path / "hanging-ssh"
    hanging.write_text(
        f"#!/bin/sh\nsh -c 'echo $$ >> {pids}; cat {release}' &\necho $$ >> {pids}\nwait\n"
    )
    hanging.chmod(0o700)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(hanging))
    monkeypatch.setenv("GIT_SSH_VARIANT", "simple")
    with pytest.raises(SourceUnavailableError, match="no answer within 1 second"):
        world.add("ssh://example.org/flows.git", seconds=1.0)
    started = [int(pid) for pid in pids.read_text().split()]
    assert len(started) == 2
    assert [pid for pid in started if is_running(pid)] == []
    assert world.sources.all() == ()
    assert os.listdir(world.places.managed_sources) == ["work.lock"]  # noqa: PTH208 - names only


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


@pytest.mark.rule("REG-24")
def test_nobody_is_asked_for_a_password(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "told"
    spy = tmp_path / "spy-ssh"
    spy.write_text(f"#!/bin/sh\nenv > {told}\nexit 1\n")
    spy.chmod(0o700)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(spy))
    monkeypatch.setenv("GIT_ASKPASS", "ask-me")
    monkeypatch.setenv("SSH_ASKPASS", "ask-me")
    with pytest.raises(SourceUnavailableError):
        world.add("ada@example.org:flows.git")
    seen = told.read_text().splitlines()
    for setting in ("GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=true", "SSH_ASKPASS_REQUIRE=never"):
        assert setting in seen
    assert "SSH_ASKPASS=true" in seen


def test_what_an_outer_git_left_in_the_environment_is_not_followed(
    world: World, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY", "GIT_INDEX_FILE"):
        monkeypatch.setenv(name, str(outer))
    assert world.add(repository.url).files == 1
    assert list(outer.iterdir()) == []


MALICIOUS = (
    "--upload-pack=touch {pwned}",
    "-oProxyCommand=touch {pwned}",
    "ext::sh -c touch% {pwned}",
    "fd::17",
    "ssh://-oProxyCommand=touch/x",
    "ssh://-oProxyCommand@host/x",
    "host:-upload-pack",
    "http://example.org/flows.git",
    "git://example.org/flows.git",
    "https://ada:secret@example.org/flows.git",
    "https:///flows.git",
    "https://example.org/",
    "file://",
    "https://exa\nmple.org/flows.git",
    "/nowhere/at/all",
    "",
)


@pytest.mark.rule("REG-25")
@pytest.mark.parametrize("address", MALICIOUS)
def test_addresses_that_git_would_misread_are_refused_before_git_is_asked(
    world: World, tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")  # a git that were run would fail in another way
    with pytest.raises(InvalidSourceError) as refused:
        world.add(address.format(pwned=tmp_path / "pwned"))
    assert "secret" not in str(refused.value)
    assert not (tmp_path / "pwned").exists()
    assert not world.places.home.exists()


@pytest.mark.rule("REG-25")
def test_a_rewritten_address_cannot_bring_another_protocol_in(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pwned, configuration = tmp_path / "pwned", tmp_path / "gitconfig"
    configuration.write_text(
        f'[url "ext::touch {pwned} "]\n\tinsteadOf = https://example.org/\n'
        "[protocol]\n\tallow = always\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(configuration))
    with pytest.raises(SourceUnavailableError, match="'ext' not allowed"):
        world.add("https://example.org/flows.git")
    assert not pwned.exists()


@pytest.mark.rule("REG-25")
@pytest.mark.parametrize(
    "ref",
    ["--upload-pack=x", "-f", "a..b", "a:b", "+a", "a b", "a@{1}", "a\n", "a.lock", "a*", "", "é"],
)
def test_refs_that_git_would_misread_are_refused(
    world: World, repository: Repository, ref: str
) -> None:
    with pytest.raises(InvalidSourceError, match="ref:"):
        world.add(repository.url, ref=ref)


@pytest.mark.parametrize(
    "name", ["..", "a/b", "-x", "A", "", "a" * 65, "work.lock", "sources.json"]
)
def test_a_name_that_could_be_another_file_is_refused(
    world: World, repository: Repository, name: str
) -> None:
    with pytest.raises(InvalidSourceError, match="name:"):
        world.add(repository.url, name=name)


@pytest.mark.rule("REG-26")
def test_links_hooks_and_filters_of_a_repository_do_nothing(
    world: World, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text(definition("team.secret"))
    pwned = tmp_path / "pwned"
    (repository.path / "workflows" / "out.json").symlink_to(secret)
    (repository.path / "workflows" / "up.yaml").symlink_to("../../../../../secret.json")
    (repository.path / "workflows" / "also.json").symlink_to("build.json")
    (repository.path / "workflows" / "deeper").symlink_to(tmp_path)
    repository.write(".gitattributes", "*.json filter=evil\n")
    repository.write(".gitmodules", f'[submodule "s"]\n\tpath = s\n\turl = {tmp_path}\n')
    repository.commit()
    configuration = tmp_path / "gitconfig"
    configuration.write_text(
        f'[filter "evil"]\n\tsmudge = touch {pwned}\n\trequired = true\n'
        f"[core]\n\thooksPath = {tmp_path / 'hooks'}\n"
    )
    for name in ("post-checkout", "reference-transaction", "post-merge"):
        hook = tmp_path / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {pwned}\n")
        hook.chmod(0o700)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(configuration))
    source = world.add(repository.url)
    world.trusted.trust("flows")
    catalog = world.registry.catalog(None)
    assert [entry.id for entry in catalog.entries] == ["team.build"]
    assert [Path(fault.path).name for fault in catalog.broken] == ["out.json", "up.yaml"]
    assert all("leads" in fault.problems[0].message for fault in catalog.broken)
    assert not pwned.exists()
    assert not Path(source.path, "workflows", "deeper").exists()
    assert stat.S_IMODE(world.places.managed_sources.stat().st_mode) == 0o700


def test_a_repository_with_too_many_files_is_refused(
    world: World, repository: Repository, make: Callable[[str], Repository]
) -> None:
    many = make("many")
    oid = many.git("hash-object", "-w", str(repository.path / "workflows" / "build.json"))
    listed = "".join(f"100644 blob {oid}\tfile-{number}.json\n" for number in range(5_001))
    tree = subprocess.run(
        ["git", "mktree"], cwd=many.path, input=listed, capture_output=True, text=True, check=True
    ).stdout.strip()
    commit = many.git("commit-tree", tree, "-m", "Many")
    many.git("update-ref", "refs/heads/main", commit)
    with pytest.raises(SourceUnavailableError, match="more than 5000 workflow files"):
        world.add(many.url)


@pytest.mark.rule("REG-26")
def test_a_tree_made_to_climb_out_of_its_folder_writes_nothing(
    world: World, make: Callable[[str], Repository], tmp_path: Path
) -> None:
    bad = make("bad")
    bad.put("x.json")
    file = bad.git("hash-object", "-w", "x.json")
    inner = raw_tree(bad, f"100644 blob {file}\tx.json\n")
    above = raw_tree(bad, f"40000 tree {inner}\t..\n")
    commit_tree(
        bad,
        f"40000 tree {above}\ta\n40000 tree {inner}\t.git\n40000 tree {inner}\tb\n"
        f"100644 blob {file}\t{tmp_path}/x.json\n100644 blob {file}\t../../x.json\n",
    )
    source = world.add(bad.url)
    assert source.files == 1
    assert sorted(tmp_path.rglob("x.json")) == [
        Path(source.path, "b", "x.json"),
        bad.path / "x.json",
    ]


@pytest.mark.rule("REG-26")
def test_a_tree_with_a_link_and_a_folder_of_one_name_is_refused(
    world: World, make: Callable[[str], Repository], tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    bad = make("bad")
    bad.put("x.json")
    bad.write("link", str(outside))
    file, link = (bad.git("hash-object", "-w", name) for name in ("x.json", "link"))
    inner = raw_tree(bad, f"100644 blob {file}\tx.json\n")
    commit_tree(bad, f"120000 blob {link}\ta.json\n40000 tree {inner}\ta.json\n")
    with pytest.raises(SourceUnavailableError, match="File exists"):
        world.add(bad.url)
    assert list(outside.iterdir()) == []
    assert world.sources.all() == ()


@pytest.mark.rule("REG-26")
def test_a_link_below_a_link_is_not_made(
    world: World, make: Callable[[str], Repository], tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    bad = make("bad")
    bad.write("link", str(outside))
    link = bad.git("hash-object", "-w", "link")
    inner = raw_tree(bad, f"120000 blob {link}\tb.json\n")
    commit_tree(bad, f"120000 blob {link}\ta.json\n40000 tree {inner}\ta.json\n")
    assert world.add(bad.url).files == 0
    assert list(outside.iterdir()) == []


def commit_tree(repository: Repository, listed: str) -> None:
    tree = raw_tree(repository, listed)
    commit = repository.git("commit-tree", tree, "-m", "Bad")
    repository.git("update-ref", "refs/heads/main", commit)


def raw_tree(repository: Repository, listed: str) -> str:
    """A tree object as written, which git itself would not make."""
    data = b""
    for line in listed.splitlines():
        facts, _, name = line.partition("\t")
        mode, _, oid = facts.split()
        data += f"{mode} {name}\0".encode() + bytes.fromhex(oid)
    done = subprocess.run(
        ["git", "hash-object", "-t", "tree", "-w", "--literally", "--stdin"],
        cwd=repository.path,
        input=data,
        capture_output=True,
        check=True,
    )
    return done.stdout.decode().strip()


@pytest.mark.rule("REG-27")
def test_two_processes_that_sync_at_once_both_succeed(world: World, repository: Repository) -> None:
    world.add(repository.url)
    repository.put("workflows/build.json", name="Build anew")
    commit = repository.commit()
    both = [start(world.places.home) for _ in range(2)]
    for process in both:
        await_ready(process)
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(released, both)) == ["SourceSynced", "SourceSynced"]
    assert world.only().commit == commit


@pytest.mark.rule("REG-27")
def test_sources_added_by_several_processes_at_once_are_all_kept(
    world: World, repository: Repository
) -> None:
    names = ["one", "two", "three"]
    addresses = [f"{repository.url}{'/' * number}" for number in range(3)]
    every = [start(world.places.home, *pair) for pair in zip(addresses, names, strict=True)]
    for process in every:
        await_ready(process)
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(released, every)) == names
    assert sorted(source.name for source in world.sources.all()) == sorted(names)


@pytest.mark.rule("REG-27")
def test_a_sync_that_is_killed_leaves_the_old_content_and_no_lock(
    world: World, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = world.add(repository.url)
    world.trusted.trust("flows")
    repository.put("workflows/build.json", name="Build anew")
    newest = repository.commit()
    begun, release = tmp_path / "begun", tmp_path / "release"
    for pipe in (begun, release):
        os.mkfifo(pipe)
    hanging = tmp_path / "hanging-ssh"
    hanging.write_text(f"#!/bin/sh\necho begun > {begun}\ncat {release}\n")
    hanging.chmod(0o700)
    configuration = tmp_path / "gitconfig"
    configuration.write_text('[url "ssh://example.org/"]\n\tinsteadOf = file:///\n')
    with monkeypatch.context() as patched:
        patched.setenv("GIT_SSH_COMMAND", str(hanging))
        patched.setenv("GIT_SSH_VARIANT", "simple")
        patched.setenv("GIT_CONFIG_GLOBAL", str(configuration))
        process = start(world.places.home)
    await_ready(process)
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    assert begun.read_text() == "begun\n"
    process.kill()
    process.communicate()
    assert world.only() == replace(source, trust="trusted")
    assert world.registry.prepare("team.build", None)
    assert world.sync("flows").source.commit == newest
    release.write_text("end\n")


def start(home: Path, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", ADD, str(home), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def await_ready(process: "subprocess.Popen[str]") -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"


def released(process: "subprocess.Popen[str]") -> str:
    said, _ = process.communicate("go\n", timeout=60)
    return said.strip()


def test_what_a_killed_addition_left_behind_is_swept_away(
    world: World, repository: Repository
) -> None:
    left = world.places.managed_sources / "flows" / "new-left" / "files"
    left.mkdir(parents=True)
    source = world.add(repository.url)
    assert [path.name for path in Path(source.path).parent.iterdir()] == [source.commit]


def test_a_removed_source_leaves_nothing_of_what_was_fetched(
    world: World, repository: Repository
) -> None:
    world.add(repository.url)
    assert world.sources.remove("flows").name == "flows"
    assert world.sources.all() == ()
    assert world.ids() == []
    assert not (world.places.managed_sources / "flows").exists()
    assert repository.path.exists()
