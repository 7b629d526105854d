"""What the documents promise is there: links, paths, commands, words, the form of the change log."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted(
    path
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("packages/*/*.md"))
)
IDS = [str(path.relative_to(ROOT)) for path in DOCUMENTS]
SCRIPTS = Path(sys.executable).parent
PROGRAMS = ("workrail", "worktrain", "worktrain-console")
FOLDERS = ("docs", "packages", "tests", "workflows", "demo", "bench", "e2e", ".ci")
ENDINGS = (".py", ".md", ".toml", ".ini", ".json", ".yaml", ".css", ".html")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
CHANGE_KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def prose(path: Path) -> str:
    """A document without its code blocks."""
    return FENCE.sub("", path.read_text(encoding="utf-8"))


def headings(path: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    found = re.findall(r"^#+ +(.+?) *$", prose(path), re.MULTILINE)
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in found)
    return {heading.replace(" ", "-") for heading in kept}


def broken_links(path: Path) -> Iterator[str]:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(path)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        there = (path.parent / name).resolve() if name else path
        if not there.exists():
            yield f"{target}: no such file"
        elif anchor and there.suffix == ".md" and anchor not in headings(there):
            yield f"{target}: no such heading"


def named_paths(path: Path) -> Iterator[str]:
    """Code spans that name a file or folder of this repository, not of a reader's project."""
    for span in re.findall(r"`([^`\n]+)`", prose(path)):
        if span.startswith(".workrail/"):
            continue
        in_known_folder = span.startswith(tuple(f"{folder}/" for folder in FOLDERS))
        is_path = re.fullmatch(r"[\w.\-*]+(/[\w.\-*]+)*/?", span) is not None
        if is_path and (in_known_folder or ("/" in span and span.endswith(ENDINGS))):
            yield span


def is_there(span: str, near: Path) -> bool:
    """Whether a path exists from the root, beside the document, or inside a member's package."""
    places = [ROOT, near, *ROOT.glob("packages/*/src"), *ROOT.glob("packages/*/src/*")]
    return any(any(place.glob(span.rstrip("/"))) for place in places)


def readme_commands() -> list[str]:
    """Every command line of the README's blocks and code spans that runs one of our programs."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    spans = re.findall(r"`([^`\n]+)`", FENCE.sub("", text))
    ours = tuple(f"{program} " for program in PROGRAMS)
    named = [span for span in spans if f"{span} ".startswith(ours)]
    return sorted({line.removeprefix(".venv/bin/") for line in (*lines, *named) if line})


@pytest.mark.parametrize("path", DOCUMENTS, ids=IDS)
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    assert list(broken_links(path)) == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=IDS)
def test_every_path_a_document_names_exists(path: Path) -> None:
    assert [span for span in named_paths(path) if not is_there(span, path.parent)] == []


def test_the_make_targets_the_documents_name_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z0-9-]+):", makefile, re.MULTILINE))
    named = {
        name
        for path in DOCUMENTS
        for name in re.findall(r"(?:^|`)make ([a-z0-9-]+)", path.read_text("utf-8"), re.MULTILINE)
    }

    assert named >= {"demo", "test", "check"}
    assert sorted(named - targets) == []


def test_the_commands_of_the_readme_exist() -> None:
    commands = [shlex.split(line) for line in readme_commands()]
    ours = [words for words in commands if words[0] in PROGRAMS]

    assert {words[0] for words in ours} >= {"workrail", "worktrain"}
    for words in ours:
        done = subprocess.run(
            [SCRIPTS / words[0], *words[1:], "--help"],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{words}: {done.stderr}"
        assert "Usage:" in done.stdout


def test_the_readme_runs_nothing_that_is_not_ours_or_make_or_the_client() -> None:
    first_words = {shlex.split(line)[0] for line in readme_commands()}

    assert first_words <= {*PROGRAMS, "make", "claude"}


def test_the_change_log_keeps_its_form() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    releases = re.findall(r"^## (.*)$", text, re.MULTILINE)
    kinds = re.findall(r"^### (.*)$", text, re.MULTILINE)

    assert text.startswith("# Changelog\n")
    assert "https://keepachangelog.com/en/1.1.0/" in text
    assert releases[0] == "[Unreleased]"
    for release in releases[1:]:
        assert re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}", release)
    assert kinds
    assert set(kinds) <= CHANGE_KINDS
    assert not re.search(r"^#{4,} ", text, re.MULTILINE)


def test_every_word_of_the_vocabulary_is_used_in_the_code() -> None:
    rows = re.findall(
        r"^\| \*\*(.+?)\*\* *\|", (ROOT / "docs" / "vocabulary.md").read_text("utf-8"), re.MULTILINE
    )
    words = [word for row in rows for word in row.split("**, **")]
    code = "\n".join(
        path.read_text(encoding="utf-8").lower().replace("_", " ")
        for path in ROOT.glob("packages/*/src/**/*.py")
    )

    assert len(words) > 25
    assert [word for word in words if not re.search(rf"\b{re.escape(word.lower())}", code)] == []
