"""Tools reach the files of their workspace and no others."""

import ctypes
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from workrail_daemon.testing.hands import Hands
from workrail_daemon.tools.contract import ToolPolicy
from workrail_engine.canonical import JsonValue

_HERE, _EXCHANGE = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of Linux
SECRET = "the launch code is 0000"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder beside the workspace, with a secret in it."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret.txt").write_text(SECRET)
    return folder


@pytest.fixture
def hands(tmp_path: Path, outside: Path) -> Hands:
    """Tools in a workspace in which links lead out."""
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "own.txt").write_text("own\n")
    (workspace / "link.txt").symlink_to(outside / "secret.txt")
    (workspace / "linked").symlink_to(outside)
    (workspace / "relative").symlink_to("../outside")
    (workspace / "chain").symlink_to("linked")
    return Hands(workspace)


def escapes(name: str) -> list[str]:
    """Ways out of the workspace to a file or folder outside of it."""
    ways = ["../outside", "sub/../../outside", "linked", "relative", "chain", "{outside}"]
    return [f"{way}{name}" for way in ways]


FILES = [*escapes("/secret.txt"), "link.txt", "/etc/passwd", "~/secret.txt"]
FOLDERS = [*escapes(""), "/", "/etc", "..", "~"]
USES: list[tuple[str, str, dict[str, JsonValue], list[str]]] = [
    ("Read", "file_path", {}, FILES),
    ("Write", "file_path", {"content": "x"}, [*FILES, *escapes("/new.txt")]),
    ("Edit", "file_path", {"old_string": "code", "new_string": "x"}, FILES),
    ("Glob", "path", {"pattern": "**"}, FOLDERS),
    (
        "Glob",
        "pattern",
        {},
        ["../outside/*", "{outside}/*", "/etc/*", "sub/../../outside/*", "~/*"],
    ),
    ("Grep", "path", {"pattern": "code"}, [*FOLDERS, *FILES]),
    ("Bash", "cwd", {"command": "cat secret.txt"}, FOLDERS),
    ("save_artifact", "file_path", {"name": "x"}, FILES),
]
CASES = [(tool, key, more, path) for tool, key, more, paths in USES for path in paths]


@pytest.mark.rule("TOOL-1")
@pytest.mark.parametrize(("tool", "key", "more", "path"), CASES)
def test_a_path_that_leads_out_of_the_workspace_is_refused_and_nothing_outside_is_touched(
    hands: Hands, outside: Path, tool: str, key: str, more: dict[str, JsonValue], path: str
) -> None:
    named = path.replace("{outside}", str(outside))

    answer = hands.use(tool, **{**more, key: named})

    assert answer.outcome == "refused", answer.text
    assert SECRET not in answer.text
    assert [each.name for each in outside.iterdir()] == ["secret.txt"]
    assert (outside / "secret.txt").read_text() == SECRET


@pytest.mark.rule("TOOL-1")
def test_a_search_does_not_follow_links_that_lead_out(hands: Hands) -> None:
    for path in (".", "./"):
        assert hands.use("Grep", pattern="launch", path=path).text == "Nothing was found."
    listed = hands.use("Glob", pattern="**").text.splitlines()

    assert not [each for each in listed if "secret" in each]


def test_a_link_that_stays_inside_and_an_absolute_path_inside_are_followed(hands: Hands) -> None:
    (hands.workspace / "alias.txt").symlink_to("own.txt")

    assert hands.use("Read", file_path="alias.txt").text.startswith("own.txt · version")
    assert hands.use("Read", file_path=str(hands.workspace / "own.txt")).outcome == "ok"
    assert hands.use(
        "Edit", file_path="alias.txt", old_string="own", new_string="mine"
    ).outcome == ("ok")
    assert (hands.workspace / "alias.txt").is_symlink()
    assert (hands.workspace / "own.txt").read_text() == "mine\n"


@pytest.fixture
def swapped(hands: Hands, outside: Path) -> Iterator[Path]:
    """A folder that, all the time, changes places with a link that leads out."""
    folder, link = hands.workspace / "turning", hands.workspace / "out"
    folder.mkdir()
    (folder / "secret.txt").write_text("harmless")
    (outside / "vault.txt").write_text(SECRET)
    link.symlink_to(outside)
    exchange = getattr(ctypes.CDLL(None), "renameat2", None)
    names = (_HERE, os.fsencode(folder), _HERE, os.fsencode(link), _EXCHANGE)
    if exchange is None or exchange(*names) != 0:
        pytest.skip("this system cannot exchange two names at once")
    over = threading.Event()

    def swap() -> None:
        while not over.is_set():
            exchange(*names)

    thread = threading.Thread(target=swap)
    thread.start()
    yield folder
    over.set()
    thread.join()


@pytest.mark.rule("TOOL-1")
def test_a_folder_that_is_swapped_with_a_link_in_the_midst_of_a_call_leads_nowhere(
    hands: Hands, outside: Path, swapped: Path
) -> None:
    answers = [hands.use("Read", file_path="turning/secret.txt") for _ in range(400)]
    answers += [hands.use("Write", file_path="turning/new.txt", content="x") for _ in range(400)]
    answers += [hands.use("Glob", pattern="**/*.txt") for _ in range(200)]

    assert swapped.name == "turning"
    assert not [answer.text for answer in answers if SECRET in answer.text]
    assert not [answer.text for answer in answers if "vault" in answer.text]
    assert sorted(each.name for each in outside.iterdir()) == ["secret.txt", "vault.txt"]
    assert {answer.outcome for answer in answers} >= {"ok"}


def test_pipes_sockets_and_devices_stay_closed(hands: Hands) -> None:
    os.mkfifo(hands.workspace / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(hands.workspace)  # the address of a socket is short
        try:
            listening.bind("socket")
        finally:
            os.chdir(here)
        for name in ("pipe", "socket"):
            for tool, more in (("Read", {}), ("Write", {"content": "x"})):
                answer = hands.use(tool, file_path=name, **more)
                assert answer.outcome == "refused"
                assert "no regular file" in answer.text


@pytest.mark.rule("TOOL-2")
@pytest.mark.parametrize(
    "path", [".git/config", ".git/hooks/pre-commit", "sub/.git/x", ".GIT/config", ".git"]
)
def test_what_belongs_to_git_is_not_written(hands: Hands, path: str) -> None:
    answer = hands.use("Write", file_path=path, content="x")

    assert answer.outcome == "refused"
    assert not (hands.workspace / ".git").exists()


@pytest.mark.rule("TOOL-2")
def test_a_link_to_what_belongs_to_git_is_not_written_through(hands: Hands) -> None:
    (hands.workspace / ".git").mkdir()
    (hands.workspace / "alias").symlink_to(".git")

    assert hands.use("Write", file_path="alias/config", content="x").outcome == "refused"
    assert list((hands.workspace / ".git").iterdir()) == []


@pytest.mark.rule("TOOL-2")
def test_files_the_policy_keeps_are_not_changed(tmp_path: Path) -> None:
    hands = Hands(tmp_path, ToolPolicy(writable=("docs/**", "*.md")))
    (hands.workspace / "app.py").write_text("old\n")
    (hands.workspace / "docs").mkdir()
    (hands.workspace / "docs" / "way.py").symlink_to("../app.py")
    hands.use("Read", file_path="app.py")

    for path in ("app.py", "docs/way.py", "sub/x.md"):
        write = hands.use("Write", file_path=path, content="new")
        edit = hands.use("Edit", file_path=path, old_string="old", new_string="new")
        assert (write.outcome, path) == ("refused", path)
        assert edit.outcome == "refused"
    assert "docs/**, *.md" in hands.use("Write", file_path="app.py", content="new").text
    assert hands.use("Write", file_path="docs/a/b.py", content="new").outcome == "ok"
    assert hands.use("Write", file_path="notes.md", content="new").outcome == "ok"
    assert (hands.workspace / "app.py").read_text() == "old\n"
