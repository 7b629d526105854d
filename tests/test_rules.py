"""The house rules hold: rules and tests name each other, modules stay small, names say something."""

import ast
import re
import statistics
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MEMBERS = sorted((ROOT / "packages").iterdir())
SOURCES = [path for member in MEMBERS for path in sorted((member / "src").rglob("*.py"))]
TESTS = [
    path
    for folder in (*(member / "tests" for member in MEMBERS), ROOT / "tests")
    for path in sorted(folder.rglob("test_*.py"))
]
EVERY_FILE = sorted(
    {
        *SOURCES,
        *TESTS,
        *(path for name in ("bench", "demo", "e2e") for path in (ROOT / name).rglob("*.py")),
    }
)
BANNED_NAMES = {
    *("utils", "util", "helpers", "helper", "manager", "common", "base", "core", "impl"),
    *("misc", "stuff", "v2", "handler", "handlers"),
}
CODE = r"[A-Za-z][A-Za-z0-9-]*\b"
SUPPRESSION = re.compile(r"#\s*(noqa|type:\s*ignore|pyright:\s*ignore)(.*)")
WITH_CODE_AND_REASON = re.compile(
    rf"(?::\s*{CODE}(?:,\s*{CODE})*|\[{CODE}(?:,\s*{CODE})*\])\s*(?:#|--?|:|\()?\s*[`'\"]?\w.*\s\w+"
)
"""A reason is at least two words; what stands between it and the code is free."""
LONGEST_MODULE = 400
TYPICAL_MODULE = 150


def rules_written() -> dict[str, str]:
    """Rule id to sentence, from the tables of docs/rules.md."""
    text = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| *`?([A-Z]+-\d+)`? *\| *(.+?) *\|", text, re.MULTILINE)
    ids = [rule for rule, _ in rows]
    assert len(ids) == len(set(ids)), f"rules written twice: {sorted(ids)}"
    return dict(rows)


def rules_proved() -> dict[str, list[str]]:
    """Rule id to the tests marked with it."""
    proved: dict[str, list[str]] = {}
    for path in TESTS:
        for rule in marks(path):
            proved.setdefault(rule, []).append(str(path.relative_to(ROOT)))
    return proved


def marks(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Attribute(attr="rule"), args=[ast.Constant(value=str(rule))]):
                yield rule
            case ast.Call(func=ast.Attribute(attr="rule")):
                message = f"{path.name}:{node.lineno}: write the rule's id as plain text"
                raise AssertionError(message)
            case _:
                pass


def length(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def bad_suppressions(path: Path) -> Iterator[str]:
    with tokenize.open(path) as file:
        for token in tokenize.generate_tokens(file.readline):
            found = SUPPRESSION.search(token.string) if token.type == tokenize.COMMENT else None
            if found and not WITH_CODE_AND_REASON.match(found[2]):
                yield f"{path.relative_to(ROOT)}:{token.start[0]}: {token.string}"


def test_every_written_rule_is_proved_by_a_test() -> None:
    assert sorted(set(rules_written()) - set(rules_proved())) == []


def test_every_rule_a_test_proves_is_written_down() -> None:
    unwritten = set(rules_proved()) - set(rules_written())

    assert {rule: rules_proved()[rule] for rule in sorted(unwritten)} == {}


def test_every_rule_is_a_sentence() -> None:
    written = rules_written()

    assert written
    assert [text for text in written.values() if not text.endswith(".")] == []


def test_no_module_is_longer_than_the_limit() -> None:
    too_long = {str(path.relative_to(ROOT)): length(path) for path in SOURCES}

    assert {name: lines for name, lines in too_long.items() if lines > LONGEST_MODULE} == {}


def test_a_typical_module_can_be_read_in_one_sitting() -> None:
    lengths = [length(path) for path in SOURCES if path.name != "__init__.py"]

    assert len(lengths) > 50
    assert statistics.median(lengths) < TYPICAL_MODULE


def test_file_names_say_which_question_they_answer() -> None:
    names = {path: set(path.stem.split("_")) | {path.parent.name} for path in SOURCES}

    assert [str(path) for path, parts in names.items() if parts & BANNED_NAMES] == []


def test_no_module_hides_behind_an_underscore() -> None:
    named_by_python = ("__init__", "__main__")
    hidden = [
        path for path in SOURCES if path.name.startswith("_") and path.stem not in named_by_python
    ]

    assert hidden == []


def test_package_files_hold_a_docstring_and_nothing_else() -> None:
    for path in SOURCES:
        if path.name == "__init__.py":
            body = ast.parse(path.read_text(encoding="utf-8")).body
            assert len(body) == 1, path
            assert isinstance(body[0], ast.Expr), path


def test_every_suppressed_warning_has_a_code_and_a_reason() -> None:
    assert [line for path in EVERY_FILE for line in bad_suppressions(path)] == []


@pytest.mark.parametrize(
    ("comment", "fine"),
    [
        ("noqa", False),
        ("noqa: S603", False),
        ("noqa: S603  # why", False),
        ("noqa: S603, S607  # an argv list, no shell", True),
        ("noqa: S603 - an argv list, no shell", True),
        ("noqa: S603  an argv list, no shell", True),
        ("type: ignore", False),
        ("type: ignore[arg-type]", False),
        ("type: ignore[arg-type]  # wants list by name", True),
        ("pyright: ignore[reportPrivateUsage]", False),
        ("pyright: ignore[reportPrivateUsage]  # no public way", True),
    ],
)
def test_the_check_of_suppressions_tells_good_from_bad(comment: str, fine: bool) -> None:
    found = SUPPRESSION.search(f"# {comment}")

    assert found is not None
    assert bool(WITH_CODE_AND_REASON.match(found[2])) is fine


def test_no_two_test_files_share_a_name() -> None:
    names = [path.name for path in TESTS]

    assert sorted({name for name in names if names.count(name) > 1}) == []
