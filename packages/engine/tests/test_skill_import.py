"""A skill or a checklist becomes a proposed workflow, in its author's words."""

import re
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workrail_engine.errors import InvalidInputError, NotFoundError
from workrail_engine.proposing.check_commands import proposed_checks
from workrail_engine.proposing.proposal import Proposal
from workrail_engine.proposing.proposed_file import ProposedFile, proposed_from
from workrail_engine.registry.documents import Loaded, load_definition
from workrail_engine.registry.yaml_text import YamlContent, read_yaml

SKILL = """\
---
name: release
description: How we release the shop. Use it when asked to.
---

# Release

Only the captain does this.

## Rules

- Never push to main by hand.

## Steps

1. **Check the tree.** It must be clean:

   ```bash
   $ git diff --exit-code
   rm -rf build
   ```
2. Run the tests with `uv run pytest -q`.
   They are green, or you stop.

   - Also `make lint`.
3. Bump the version in `pyproject.toml`.

## Afterwards

- [ ] Tell the team
- [x] Close the ticket
"""


def proposal_of(tmp_path: Path, text: str, name: str = "check.md", **more: Any) -> Proposal:
    file = tmp_path / name
    file.write_text(text)
    return proposed_from(file, more.get("section")).proposal


def document_of(text: str) -> dict[str, Any]:
    content = read_yaml(text)
    assert isinstance(content, YamlContent), content
    return cast("dict[str, Any]", content.value)


@pytest.mark.rule("WT-9")
def test_a_skill_becomes_steps_rules_and_checks(tmp_path: Path):
    (tmp_path / "SKILL.md").write_text(SKILL)
    file = proposed_from(tmp_path, None)
    document = document_of(file.text)
    assert (document["id"], document["name"]) == ("release", "release")
    assert document["description"] == "How we release the shop. Use it when asked to."
    assert document["metaGuidance"] == ["Never push to main by hand."]
    assert "Only the captain does this." in document["about"]
    steps = {step["id"]: step for step in document["steps"]}
    assert list(steps) == [
        "check-the-tree",
        "run-the-tests-with-uv-run-pytest-q",
        "bump-the-version-in-pyproject-toml",
        "tell-the-team",
        "close-the-ticket",
    ]
    checks = {name: [one["run"] for one in step.get("checks", [])] for name, step in steps.items()}
    assert checks["check-the-tree"] == [["git", "diff", "--exit-code"]]
    assert checks["run-the-tests-with-uv-run-pytest-q"] == [
        ["uv", "run", "pytest", "-q"],
        ["make", "lint"],
    ]
    assert checks["bump-the-version-in-pyproject-toml"] == []
    assert steps["check-the-tree"]["prompt"].startswith(
        "**Check the tree.** It must be clean:\n\n```"
    )
    assert "# Proposed: " in file.text


@pytest.mark.rule("WT-9")
@pytest.mark.parametrize(
    ("text", "titles"),
    [
        (
            "# Do\n\n## Step 1: Look\n\nLook.\n\n## Step 2: Leap\n\n1. up\n2. down\n",
            ["Look", "Leap"],
        ),
        ("# Do\n\n## 1. Look\nLook.\n## Notes\nBe kind.\n## 2. Leap\nLeap.\n", ["Look", "Leap"]),
        ("# Do\n\n## Look\nLook.\n\n## Leap\nLeap.\n", ["Look", "Leap"]),
        ("# Do\n\n* look around\n* leap\n", ["look around", "leap"]),
        ("Review the diff of $ARGUMENTS. Say what is wrong.\n", ["Review the diff of $ARGUMENTS"]),
        ("- [ ] look\n- [ ] leap\n", ["look", "leap"]),
    ],
)
def test_numbered_headings_lists_and_checkboxes_say_what_the_steps_are(
    tmp_path: Path, text: str, titles: list[str]
):
    assert [step.title for step in proposal_of(tmp_path, text).steps] == titles


@pytest.mark.rule("WT-9")
def test_a_section_is_taken_alone(tmp_path: Path):
    text = "# All\n\n## Setup\n\n1. a first\n2. a second\n\n## Before you commit\n\n1. lint it\n2. test it\n"
    proposal = proposal_of(tmp_path, text, section="before you COMMIT")
    assert proposal.workflow_id == "before-you-commit"
    assert [step.title for step in proposal.steps] == ["lint it", "test it"]
    with pytest.raises(NotFoundError, match='It has: "All", "Setup", "Before you commit"'):
        proposal_of(tmp_path, text, section="nope")


@pytest.mark.rule("WT-10")
@pytest.mark.parametrize(
    ("text", "argv"),
    [
        ("`npm test`", [("npm", "test")]),
        ("`npm run lint:css`", [("npm", "run", "lint:css")]),
        ("`python -m unittest -q`", [("python", "-m", "unittest", "-q")]),
        ("`make`, `make deploy`, `make test-all`", [("make", "test-all")]),
        ("`cargo run` then `cargo clippy`", [("cargo", "clippy")]),
        ("`git diff` and `git push`", []),
        ("`pytest <path>` or `pytest $1`", []),
        ("`pytest | tee log`", []),
        ("`pyproject.toml` and `test`", []),
        ("```python\npytest\n```", []),
        ("```\n# pytest\n$ ruff check .\n```\n`ruff check .`", [("ruff", "check", ".")]),
    ],
)
def test_only_commands_that_look_like_checks_are_proposed(text: str, argv: list[tuple[str, ...]]):
    assert [check.argv for check in proposed_checks(text, set())] == argv


@pytest.mark.rule("WT-10")
def test_proposed_checks_have_ids_of_their_own(tmp_path: Path):
    proposal = proposal_of(tmp_path, "1. run `make test`\n2. again `make test`\n3. `make  test`\n")
    ids = [check.check_id for step in proposal.steps for check in step.checks]
    assert ids == ["make-test", "make-test-2", "make-test-3"]


@pytest.mark.rule("WT-9")
def test_texts_that_cannot_be_used_say_why(tmp_path: Path):
    with pytest.raises(NotFoundError, match="is not there"):
        proposed_from(tmp_path / "none.md", None)
    with pytest.raises(InvalidInputError, match="There is nothing to do"):
        proposal_of(tmp_path, "# Only a title\n")
    with pytest.raises(InvalidInputError, match=r"Line 3: .* Divide it"):
        proposal_of(tmp_path, f"intro\n\n1. short\n\n   {'long ' * 2000}\n2. other\n")
    (tmp_path / "latin.md").write_bytes(b"1. caf\xe9\n")
    with pytest.raises(InvalidInputError, match="not UTF-8"):
        proposed_from(tmp_path / "latin.md", None)


PIECES = """# Title|## Step 1: Go|## Other|1. first|2) second|- [ ] box|- bullet|```|```bash|make test|   indented
\tmake lint|---||  |`pytest`|{{goal}} and {{wr.x}}|"quotes": yes|key: \\|name: x|* *|#|- |1.|000|null
""".replace("\n", "|").split("|")
LINES = st.lists(
    st.one_of(
        st.sampled_from(PIECES),
        st.text(max_size=30),
    ),
    max_size=14,
)


@pytest.mark.rule("WT-9")
@settings(deadline=None, max_examples=300)
@given(lines=LINES)
def test_whatever_the_text_the_proposal_is_a_valid_workflow_of_its_words(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
):
    file = tmp_path_factory.getbasetemp() / "any.md"
    file.write_text("\n".join(lines), encoding="utf-8", errors="replace")
    proposed = tried(file)
    if isinstance(proposed, str):
        assert "There is nothing to do" in proposed
        return
    assert isinstance(load_definition("p", proposed.text, yaml=True), Loaded)
    assert tried(file) == proposed
    words = set(re.findall(r"\w+", file.read_text(encoding="utf-8")))
    told = {word for step in proposed.proposal.steps for word in re.findall(r"\w+", step.prompt)}
    assert told <= words


def tried(file: Path) -> ProposedFile | str:
    """What is proposed, or why nothing is."""
    try:
        return proposed_from(file, None)
    except InvalidInputError as error:
        return str(error)
