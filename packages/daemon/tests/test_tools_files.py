"""Files are read in pages and changed exactly, by an agent that knows what is in them."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workrail_daemon.testing.hands import Hands
from workrail_daemon.tools.bounded import MOST_SHOWN
from workrail_daemon.tools.read_files import FILE_TOOLS, ReadFiles


@pytest.fixture
def hands(tmp_path: Path) -> Hands:
    """Tools in an empty workspace."""
    return Hands(tmp_path)


def put(hands: Hands, name: str, text: str | bytes) -> Path:
    """A file that the agent did not write."""
    file = hands.workspace / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def numbered(answer: str) -> list[str]:
    return [line.partition("\t")[2] for line in answer.splitlines() if "\t" in line]


def test_a_file_is_read_with_numbers_of_lines_and_the_version_of_its_content(hands: Hands) -> None:
    put(hands, "a.txt", "one\ntwo\n")

    assert hands.use("Read", file_path="a.txt").text == (
        "a.txt · version c3f9c8c283a2 · lines 1-2 of 2\n1\tone\n2\ttwo"
    )
    assert hands.use("Read", file_path="a.txt", offset=2).text.splitlines()[1:] == ["2\ttwo"]
    assert "2 lines; there is no line 3" in hands.use("Read", file_path="a.txt", offset=3).text


def test_a_long_file_is_read_in_pages_that_are_never_cut(hands: Hands) -> None:
    lines = [f"line {number} " + "ä" * 40 for number in range(5000)]
    put(hands, "long.txt", "\n".join(lines))

    found: list[str] = []
    while len(found) < len(lines):
        page = hands.use("Read", file_path="long.txt", offset=len(found) + 1).text
        assert len(page.encode()) <= MOST_SHOWN
        found += numbered(page)
    assert found == lines


def test_a_page_says_how_to_go_on(hands: Hands) -> None:
    put(hands, "a.txt", "1\n2\n3\n")

    page = hands.use("Read", file_path="a.txt", limit=1).text

    assert page.endswith("[2 more lines: Read with offset 2 goes on]")


def test_what_is_no_text_is_said_and_not_shown(hands: Hands) -> None:
    put(hands, "image", bytes(range(256)) * 40)
    put(hands, "empty", "")
    put(hands, "wide", "x" * 10_000)

    assert "10,240 bytes of binary data" in hands.use("Read", file_path="image").text
    assert "it is empty" in hands.use("Read", file_path="empty").text
    assert "8,000 more characters of this line" in hands.use("Read", file_path="wide").text
    assert hands.use("Read", file_path=".").text.startswith(". is a folder")
    assert "no file nothing.txt" in hands.use("Read", file_path="nothing.txt").text


@pytest.mark.rule("TOOL-3")
@pytest.mark.parametrize(
    ("tool", "more"),
    [("Write", {"content": "new"}), ("Edit", {"old_string": "old", "new_string": "new"})],
)
def test_a_file_that_exists_is_changed_only_after_it_was_read_as_it_is(
    hands: Hands, tool: str, more: dict[str, str]
) -> None:
    file = put(hands, "a.txt", "old")
    times = file.stat()

    unread = hands.use(tool, file_path="a.txt", **more)
    hands.use("Read", file_path="a.txt")
    file.write_text("OLD old")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    changed = hands.use(tool, file_path="a.txt", **more)

    assert (unread.outcome, changed.outcome) == ("error", "error")
    assert "was not read yet" in unread.text
    assert "changed since it was read" in changed.text
    assert file.read_text() == "OLD old"
    hands.use("Read", file_path="a.txt")
    assert hands.use(tool, file_path="a.txt", **more).outcome == "ok"


@pytest.mark.rule("TOOL-3")
def test_a_file_that_was_touched_but_holds_the_same_can_be_changed(hands: Hands) -> None:
    file = put(hands, "a.txt", "old")
    hands.use("Read", file_path="a.txt")
    file.write_text("old")
    os.utime(file, (0, 0))

    assert hands.use("Write", file_path="a.txt", content="new").outcome == "ok"


def test_what_the_agent_wrote_itself_it_knows(hands: Hands) -> None:
    hands.use("Write", file_path="deep/er/a.txt", content="one\n")
    edit = hands.use("Edit", file_path="deep/er/a.txt", old_string="one", new_string="two")
    again = hands.use("Write", file_path="deep/er/a.txt", content="three\n")

    assert (edit.outcome, again.outcome) == ("ok", "ok")
    assert (hands.workspace / "deep/er/a.txt").read_text() == "three\n"


@pytest.mark.rule("TOOL-3")
def test_what_was_read_is_known_again_from_the_answers_alone(hands: Hands) -> None:
    for name in ("read", "wrote", "edited", "stale · version 0123456789ab · x"):
        put(hands, name, "old\n")
        hands.use("Read", file_path=name)
    answers = [
        hands.use("Read", file_path="read"),
        hands.use("Read", file_path="stale · version 0123456789ab · x"),
        hands.use("Write", file_path="wrote", content="new\n"),
        hands.use("Edit", file_path="edited", old_string="old", new_string="new"),
        hands.use("Read", file_path="nothing"),
    ]
    (hands.workspace / "stale · version 0123456789ab · x").write_text("newer\n")
    after = Hands(hands.workspace)
    after.known.recall(answer.text for answer in answers)

    def outcome(name: str) -> str:
        return after.use("Write", file_path=name, content="x").outcome

    assert [outcome(name) for name in ("read", "wrote", "edited")] == ["ok"] * 3
    assert outcome("stale · version 0123456789ab · x") == "error"
    assert frozenset({"Read", "Write", "Edit"}) == FILE_TOOLS
    assert isinstance(after.known, ReadFiles)


@pytest.mark.rule("TOOL-4")
@pytest.mark.parametrize("new", ["$&$&", "$$", "$'", "$`", r"\1\g<0>", "{0}", "%s", "\\n"])
def test_signs_that_mean_something_elsewhere_are_put_in_as_they_are(hands: Hands, new: str) -> None:
    file = put(hands, "a.txt", "before .* after")
    hands.use("Read", file_path="a.txt")

    hands.use("Edit", file_path="a.txt", old_string=".*", new_string=new)

    assert file.read_text() == f"before {new} after"


@pytest.mark.rule("TOOL-4")
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    before=st.text("ab\n$é", max_size=12),
    old=st.text("ab\n$é", min_size=1, max_size=3),
    after=st.text("ab\n$é", max_size=12),
    new=st.text("ab\n$é", max_size=3),
)
def test_an_edit_changes_every_place_or_the_only_one_and_nothing_else(
    tmp_path: Path, before: str, old: str, after: str, new: str
) -> None:
    hands = Hands(tmp_path)
    text = f"{before}{old}{after}"
    file = put(hands, "a.txt", text)
    hands.use("Read", file_path="a.txt")

    once = hands.use("Edit", file_path="a.txt", old_string=old, new_string=new)

    count = text.count(old)
    if old == new or count > 1:
        assert once.outcome == "error"
        assert file.read_bytes() == text.encode()
        assert old == new or f"{count} times" in once.text
        every = hands.use(
            "Edit", file_path="a.txt", old_string=old, new_string=new, replace_all=True
        )
        assert (every.outcome == "error") == (old == new)
    assert file.read_bytes() == text.replace(old, new).encode()


def test_ends_of_lines_and_permissions_stay_as_they_are(hands: Hands) -> None:
    windows = put(hands, "windows.bat", "one\r\ntwo\r\nthree\r\n")
    mixed = put(hands, "mixed.txt", "one\r\ntwo\nthree\n")
    windows.chmod(0o754)
    for file in (windows, mixed):
        hands.use("Read", file_path=file.name)

    hands.use("Edit", file_path="windows.bat", old_string="one\ntwo", new_string="1\n1½\n2")
    hands.use("Edit", file_path="mixed.txt", old_string="two\nthree", new_string="2\n3")

    assert windows.read_bytes() == "1\r\n1½\r\n2\r\nthree\r\n".encode()
    assert mixed.read_bytes() == b"one\r\n2\n3\n"
    assert windows.stat().st_mode & 0o777 == 0o754


def test_a_text_that_is_not_there_is_looked_for_and_the_place_is_told(hands: Hands) -> None:
    put(hands, "a.py", "def f():\n    return 1\n")
    hands.use("Read", file_path="a.py")

    near = hands.use("Edit", file_path="a.py", old_string="\treturn 1", new_string="x")
    far = hands.use("Edit", file_path="a.py", old_string="yield", new_string="x")

    assert "at line 2: compare white space" in near.text
    assert "None of it was found" in far.text


def test_bytes_that_are_no_text_are_not_edited(hands: Hands) -> None:
    file = put(hands, "latin.txt", b"caf\xe9 and more of this text")
    hands.use("Read", file_path="latin.txt")

    answer = hands.use("Edit", file_path="latin.txt", old_string="and", new_string="or")

    assert "no UTF-8 text (byte 3)" in answer.text
    assert file.read_bytes() == b"caf\xe9 and more of this text"


def test_a_file_is_put_in_place_whole_and_nothing_else_is_left(hands: Hands) -> None:
    file = put(hands, "a.txt", "old")
    other_name = hands.workspace / "b.txt"
    other_name.hardlink_to(file)
    hands.use("Read", file_path="a.txt")

    hands.use("Write", file_path="a.txt", content="new")

    assert other_name.read_text() == "old"  # the file was replaced, not written into
    assert sorted(each.name for each in hands.workspace.iterdir()) == ["a.txt", "b.txt"]


def test_a_write_that_fails_leaves_nothing_behind(hands: Hands) -> None:
    (hands.workspace / "folder").mkdir()
    (hands.workspace / "file").write_text("x")

    for path in ("folder", "file/below", "x" * 300):
        answer = hands.use("Write", file_path=path, content="new")
        assert answer.outcome == "error", answer.text

    assert sorted(each.name for each in hands.workspace.iterdir()) == ["file", "folder"]
