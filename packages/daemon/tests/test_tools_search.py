"""Files and texts are found, in bounded time and in answers of bounded length."""

import os
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workrail_daemon.errors import StoppedError
from workrail_daemon.stopping import Stop
from workrail_daemon.testing.hands import Hands
from workrail_daemon.tools.globs import covers, matches_any
from workrail_daemon.tools.inside import Inside
from workrail_daemon.tools.plain_search import Search, search


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A small project; each file a second newer than the one before."""
    texts = {
        "src/app.py": "def main():\n    return 'Needle'\n",
        "src/deep/er/util.py": "# needle\n# needle\n",
        "src/style.css": "needle { }\n",
        "README.md": "Nothing here.\n",
        ".hidden": "needle\n",
        ".git/config": "needle\n",
        "node_modules/x/index.js": "needle\n",
        "dist/out.js": "needle\n",
        "-n": "needle\n",
    }
    for age, (name, text) in enumerate(texts.items()):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        os.utime(file, (1_700_000_000 + age, 1_700_000_000 + age))
    return tmp_path


@pytest.fixture(params=["ripgrep", "ours"])
def hands(
    workspace: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Hands:
    """Tools with and without ripgrep."""
    if request.param == "ours":
        monkeypatch.setenv("PATH", "/nowhere")
    return Hands(workspace)


def found(hands: Hands, **more: str | int | bool) -> list[str]:
    lines = hands.use("Grep", **{"pattern": "needle", **more}).text.splitlines()
    return sorted(line for line in lines if not line.startswith("[searched without"))


def test_text_is_found_in_files_that_people_wrote(hands: Hands) -> None:
    expected = ["-n", ".hidden", "src/deep/er/util.py", "src/style.css"]

    assert [each for each in found(hands) if not each.startswith("dist")] == expected
    assert found(hands, path="src/deep") == ["src/deep/er/util.py"]
    assert found(hands, path="src/style.css") == ["src/style.css"]
    assert found(hands, path="-n") == ["-n"]
    assert found(hands, glob="*.py") == ["src/deep/er/util.py"]
    assert found(hands, glob="*.py", **{"-i": True}) == ["src/app.py", "src/deep/er/util.py"]
    assert found(hands, path="src", output_mode="count") == [
        "src/deep/er/util.py:2",
        "src/style.css:1",
    ]
    assert found(hands, pattern="no such text") == ["Nothing was found."]


def test_lines_are_shown_with_those_around_them(hands: Hands) -> None:
    assert found(hands, pattern="return", output_mode="content", context=1) == [
        "src/app.py-1-def main():",
        "src/app.py:2:    return 'Needle'",
    ]


def test_an_expression_that_is_none_is_said(hands: Hands) -> None:
    answer = hands.use("Grep", pattern="(unclosed")

    assert answer.outcome == "error"
    assert re.search("unclosed|missing", answer.text)


def test_the_answer_has_no_more_lines_than_wanted(hands: Hands) -> None:
    (hands.workspace / "many").write_text("needle\n" * 1000)

    answer = hands.use("Grep", pattern="needle", path="many", output_mode="content", head_limit=10)

    lines = answer.text.splitlines()
    assert [line for line in lines if line.startswith("many:")] == [
        f"many:{number}:needle" for number in range(1, 11)
    ]
    assert "more" in lines[10]


def test_a_path_that_is_not_there_is_said(hands: Hands) -> None:
    assert "There is no nothing" in hands.use("Grep", pattern="x", path="nothing").text


def test_without_ripgrep_an_expression_that_would_take_for_ever_is_given_up(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a" * 5000 + "\n")
    asked = Search(r"(a|aa)+$(?<!a)", ".", None, False, 0, 10, seconds=0.05)

    assert search(Inside(tmp_path), asked, Stop()).cut


def test_a_search_ends_when_the_run_is_stopped(workspace: Path) -> None:
    stop = Stop()
    stop.give("cancelled")

    with pytest.raises(StoppedError):
        search(Inside(workspace), Search("x", ".", None, False, 0, 10), stop)
    hands = Hands(workspace)
    hands.stop.give("cancelled")
    with pytest.raises(StoppedError):
        hands.use("Glob", pattern="**")


def names(hands: Hands, pattern: str, path: str = ".") -> list[str]:
    return hands.use("Glob", pattern=pattern, path=path).text.splitlines()


def test_files_are_found_by_name_newest_first(workspace: Path) -> None:
    hands = Hands(workspace)

    assert names(hands, "**/*.py") == ["src/deep/er/util.py", "src/app.py"]
    assert names(hands, "*.py", "src") == ["src/app.py"]
    assert names(hands, "src/*.{py,css}") == ["src/style.css", "src/app.py"]
    assert names(hands, str(hands.workspace / "src/*.py")) == ["src/app.py"]
    assert names(hands, "**") == [
        "-n",
        ".hidden",
        "README.md",
        "src/style.css",
        "src/deep/er/util.py",
        "src/app.py",
    ]
    assert names(hands, "dist/**") == ["dist/out.js"]
    assert names(hands, "*.rs") == ["No file has such a name."]


def test_at_most_a_hundred_files_are_named(tmp_path: Path) -> None:
    for number in range(130):
        (tmp_path / f"{number:03}.txt").write_text("")

    lines = names(Hands(tmp_path), "*.txt")

    assert len(lines) == 101
    assert lines[-1].startswith("[30 more")


@pytest.mark.parametrize(
    ("glob", "path", "matches"),
    [
        ("**", "a/b.py", True),
        ("*.py", "a/b.py", False),
        ("**/*.py", "b.py", True),
        ("a/**", "a/b/c", True),
        ("a/**", "a", False),
        ("a/", "a/b/c", True),
        ("a/**/c", "a/c", True),
        ("a/**/c", "a/x/y/c", True),
        ("a/**/c", "a/x/y/d", False),
        ("[!a]*.txt", "b1.txt", True),
        ("[!a]*.txt", "a1.txt", False),
        ("{src,test}/**/*.{ts,js}", "test/x/y.js", True),
        ("{src,test}/**/*.{ts,js}", "docs/y.js", False),
        ("./a.txt", "a.txt", True),
        ("A.txt", "a.txt", False),
        ("a?c", "a/c", False),
        ("{open", "{open", True),
        ("[z-a]", "z", False),
    ],
)
def test_a_glob_names_what_it_says(glob: str, path: str, matches: bool) -> None:
    assert matches_any(path, (glob,)) == matches


def test_a_glob_is_decided_without_trying_every_way() -> None:
    assert not matches_any("a" * 200, ("*a" * 60 + "*b",))
    assert not matches_any("/".join("a" * 100), ("**/a/" * 60 + "b",))
    assert not matches_any("x", ("{a,b}" * 60,))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(["a", "b", "**", "*", "a*"]), min_size=1, max_size=4),
    st.lists(st.sampled_from(["a", "b", "**", "*", "a*"]), min_size=1, max_size=4),
    st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=4),
)
def test_a_glob_that_covers_another_names_all_that_one_names(
    wide: list[str], narrow: list[str], path: list[str]
) -> None:
    if covers("/".join(wide), "/".join(narrow)) and matches_any("/".join(path), ["/".join(narrow)]):
        assert matches_any("/".join(path), ["/".join(wide)])
