"""The lines of keys in TOML."""

import tomllib
from collections.abc import Iterator
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workrail_daemon.config.toml_lines import KeyPath, lines_of

TEXT = '''# a comment with [brackets] and a = sign
first = "a # in a string"

[models]  # the table
always = 'x'
tiers.mid = """
several = "lines"
[not.a.table]
""" # after
"quoted key".'and = another' = 1

[models.prices."local/a.b"]
input = 1.5
long = { input = 2, "output" = [1,
  2] , deep.er = {} }

[[hooks]]
name = "first"
list = [ # with a comment ]
  "a", 'b',
  { in = 1 },
]
[hooks.inner]
at = 1979-05-27T07:32:00Z
[[hooks]]
name = "second"
[hooks.inner]
at = 2
[[hooks.many]]
[[hooks.many]]
last = true
'''

LINES: dict[KeyPath, int] = {
    ("first",): 2,
    ("models",): 4,
    ("models", "always"): 5,
    ("models", "tiers", "mid"): 6,
    ("models", "quoted key", "and = another"): 10,
    ("models", "prices", "local/a.b"): 12,
    ("models", "prices", "local/a.b", "input"): 13,
    ("models", "prices", "local/a.b", "long"): 14,
    ("models", "prices", "local/a.b", "long", "output", 1): 15,
    ("models", "prices", "local/a.b", "long", "deep", "er"): 15,
    ("hooks",): 17,
    ("hooks", 0, "name"): 18,
    ("hooks", 0, "list", 1): 20,
    ("hooks", 0, "list", 2, "in"): 21,
    ("hooks", 0, "inner", "at"): 24,
    ("hooks", 1): 25,
    ("hooks", 1, "name"): 26,
    ("hooks", 1, "inner", "at"): 28,
    ("hooks", 1, "many", 1): 30,
    ("hooks", 1, "many", 1, "last"): 31,
}


@pytest.mark.parametrize("path", LINES)
def test_a_key_is_found_in_its_line(path: KeyPath) -> None:
    assert lines_of(TEXT)[path] == LINES[path]


def test_every_key_that_is_read_has_a_line() -> None:
    assert set(paths_of(tomllib.loads(TEXT))) == set(lines_of(TEXT))


NAMES = st.one_of(
    st.sampled_from(["a", "b-c", "d_1", "9"]),
    st.text("ab .#=[]{}'\\\"\n", min_size=1, max_size=4),
)
VALUES = st.recursive(
    st.one_of(st.integers(0, 9), st.booleans(), st.text("ab #=[]{},'\\\"\n", max_size=6)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=8,
)


@given(
    st.dictionaries(NAMES, VALUES, max_size=4),
    st.sampled_from(["inline", "tables"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_every_key_of_any_file_has_the_line_it_was_written_in(
    tree: dict[str, Any], style: str, newline: str
) -> None:
    text = written(tree) if style == "inline" else written_as_tables(tree)
    text = text.replace("\n", newline)
    assert tomllib.loads(text) == tree
    lines = lines_of(text)
    assert set(lines) == set(paths_of(tree))
    for path, line in lines.items():
        if isinstance(path[-1], str) and len(path) == 1:
            assert key(path[-1]) in text.splitlines()[line - 1]


def paths_of(value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    if path:
        yield path
    if isinstance(value, dict):
        for name, inner in cast("dict[str, Any]", value).items():
            yield from paths_of(inner, (*path, name))
    elif isinstance(value, list):
        for number, inner in enumerate(cast("list[Any]", value)):
            yield from paths_of(inner, (*path, number))


def key(name: str) -> str:
    return text_of(name)


def text_of(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def value_of(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case str():
            return text_of(value)
        case list():
            return (
                "[\n"
                + ",\n".join(value_of(inner) for inner in cast("list[Any]", value))
                + " # ]\n]"
            )
        case _:
            pairs = (f"{key(name)} = {flat(value_of(inner))}" for name, inner in value.items())
            return "{ " + ", ".join(pairs) + " }"


def flat(text: str) -> str:
    return text.replace(" # ]\n]", "]").replace("\n", "")


def written(tree: dict[str, Any]) -> str:
    return "".join(f"{key(name)} = {value_of(value)}\n" for name, value in tree.items())


def written_as_tables(tree: dict[str, Any]) -> str:
    plain = {name: value for name, value in tree.items() if not isinstance(value, dict)}
    tables: dict[str, dict[str, Any]] = {
        name: value for name, value in tree.items() if isinstance(value, dict)
    }
    return written(plain) + "".join(
        f"\n[{key(name)}] # a table\n{written(value)}" for name, value in tables.items()
    )
