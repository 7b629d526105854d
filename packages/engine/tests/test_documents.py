import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from workrail_engine.registry.document_faults import TextFault, Unreadable
from workrail_engine.registry.documents import (
    Document,
    Loaded,
    LocatedProblem,
    Rejected,
    describe,
    load_definition,
    located,
    read_document,
)
from workrail_engine.workflow.problems import Problem

PEERS = Path(__file__).parents[4] / "shared" / "peer-workflows"
PEER_FILES = sorted(PEERS.rglob("*.json"))

GOOD_YAML = """\
id: team.release
name: Release
description: Brings a version out.
version: 1.0.0
steps:
  - id: prepare
    title: Prepare
    prompt: |
      Find what changed.
"""

GOOD_JSON = """\
{
  "id": "team.release",
  "name": "Release",
  "description": "Brings a version out.",
  "version": "1.0.0",
  "steps": [
    {"id": "prepare", "title": "Prepare", "prompt": "Find what changed.\\n"}
  ]
}
"""


def read(text: str, *, yaml: bool) -> Document:
    document = read_document(text, yaml=yaml)
    assert isinstance(document, Document), document
    return document


def value_of(text: str, *, yaml: bool = True) -> Any:
    return read(text, yaml=yaml).value


def faults(text: str, *, yaml: bool) -> tuple[TextFault, ...]:
    result = read_document(text, yaml=yaml)
    assert isinstance(result, Unreadable), result
    return result.faults


def rejected(text: str, *, yaml: bool) -> tuple[LocatedProblem, ...]:
    result = load_definition("flow", text, yaml=yaml)
    assert isinstance(result, Rejected)
    return result.problems


@pytest.mark.rule("LANG-9")
def test_the_same_workflow_in_json_and_in_yaml_is_the_same_definition():
    from_json = load_definition("flow.json", GOOD_JSON, yaml=False)
    from_yaml = load_definition("flow.yaml", GOOD_YAML, yaml=True)

    assert isinstance(from_json, Loaded)
    assert isinstance(from_yaml, Loaded)
    assert from_json.definition == from_yaml.definition


@pytest.mark.parametrize(("text", "yaml"), [(GOOD_JSON, False), (GOOD_YAML, True)])
def test_a_byte_order_mark_is_ignored(text: str, yaml: bool):
    assert isinstance(load_definition("flow", f"\ufeff{text}", yaml=yaml), Loaded)


@pytest.mark.rule("LANG-10")
@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("off", "off"),
        ("2026-03-01", "2026-03-01"),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("null", None),
        ("012", 12),
        ("-7", -7),
        ("0o17", 15),
        ("0xff", 255),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("'5'", "5"),
        ('"true"', "true"),
        ("!!str 5", "5"),
        ("!!float 5", 5),
        ("! 5", "5"),
        ("1.0.0", "1.0.0"),
    ],
)
def test_a_yaml_scalar_is_what_yaml_1_2_says_it_is(written: str, meant: object):
    value = value_of(f"a: {written}")["a"]

    assert value == meant
    assert type(value) is type(meant)


def test_a_yaml_1_1_header_does_not_turn_yes_into_true():
    assert value_of("%YAML 1.1\n---\na: yes\n") == {"a": "yes"}


def test_a_yaml_key_that_looks_like_a_flag_in_old_yaml_is_text():
    assert value_of("on: 1\nno: 2\n") == {"on": 1, "no": 2}


def test_a_yaml_alias_stands_for_what_its_anchor_marks():
    assert value_of("a: &x {k: [1]}\nb: *x\n&key name: *key\n") == {
        "a": {"k": [1]},
        "b": {"k": [1]},
        "name": "name",
    }


BAD_TEXTS: list[tuple[str, bool, int, str]] = [
    # text, yaml, line, message
    ("", False, 1, "the file is empty"),
    ("  \n", True, 1, "the file is empty"),
    ("# only a comment\n", True, 1, "the file is empty"),
    ('{"a": 1,\n "b" 2}', False, 2, "column 6: a colon is missing"),
    ('{"a": 1,\n "b": 2,\n}', False, 3, "a comma too many"),
    ('{"a": [1\n 2]}', False, 2, "a comma or a closing bracket is missing"),
    ('{"a": 1}\n{"b": 2}', False, 2, "more text after the end"),
    ('{"a":\n"x\ny"}', False, 2, "line break or another control character"),
    ('{"a": "x}', False, 1, "the closing quote"),
    ('{"a": "\\q"}', False, 1, "double it"),
    ('{"a": "\\u12"}', False, 1, "four hexadecimal digits"),
    ('{"a": }', False, 1, "a value is missing"),
    ('{"a": 1,\n// why\n"b": 2}', False, 2, "JSON has no comments"),
    ('{\n"a": 1,\n"b": {"c": 1,\n"c": 2}}', False, 4, 'repeats the key "c" of line 3'),
    ('{"a": [1,\nNaN]}', False, 2, "not a finite number"),
    ('{"a": 1,\n"b": -Infinity}', False, 2, "not a finite number"),
    ('{"a":\n1e999}', False, 1, "not a finite number"),
    ('{"a": 1,\n"b": 9007199254740992}', False, 2, "too large a number"),
    ('{"a": 1,\n"b": %s}' % ("9" * 5000), False, 2, "too large a number"),
    ('{"a": 1,\n"b": "\\ud800"}', False, 2, "surrogate"),
    ("[" * 90000, False, 1, "nested too deeply"),
    ('{"a":\n' * 101 + "1" + "}" * 101, False, 101, "nested too deeply"),
    ("a: 1\nb: x: y\n", True, 2, "a colon followed by a space"),
    ("a:\n\t- b\n", True, 2, "a tab is used"),
    ("a: [1,\n  2\n", True, 3, "the closing bracket ] is missing"),
    ("a: 'x\n", True, 2, "the closing quote"),
    ("a:\n    b: 1\n  c: 2\n", True, 3, "indented wrongly"),
    ("a: @x\n", True, 1, "cannot begin with this character"),
    ("a: 1\n---\nb: 2\n", True, 2, "a second document"),
    ("a: 1\nb:\n  c: 2\n  c: 3\n", True, 4, 'repeats the key "c" of line 3'),
    ("a: 1\n'a': 2\n", True, 2, 'repeats the key "a" of line 1'),
    ("a: 1\nb: .nan\n", True, 2, "not a finite number"),
    ("a: 1\nb: -.inf\n", True, 2, "not a finite number"),
    ("a: 1\nb: 0x%s\n" % ("f" * 9000), True, 2, "too large a number"),
    ("a: 1\n2: x\n", True, 2, "the key 2 is not text"),
    ("a: 1\ntrue: x\n", True, 2, "the key true is not text"),
    ("a: 1\n[x]: 2\n", True, 2, "used as a key"),
    ("a: &x [1]\n*x : 2\n", True, 2, "is not text"),
    ("a: 1\n<<: {b: 2}\n", True, 2, "merge keys"),
    ("a: 1\nb: !shell x\n", True, 2, "the tag !shell cannot be used"),
    ("a: 1\nb: !!python/object:os.system x\n", True, 2, "cannot be used"),
    ("a: 1\nb: !!set {x}\n", True, 2, "the tag !!set cannot be used"),
    ("a: 1\nb: !!int x\n", True, 2, "the tag !!int cannot be used"),
    ("a: 1\nb: *x\n", True, 2, "names nothing defined before it"),
    ("a: 1\nb: &x\n  - *x\n", True, 3, "stands inside what it names"),
    ('a: 1\nb: "\\U00110000"\n', True, 2, "out of range"),
    ("a: 1\nb: \x07\n", True, 2, "U+0007"),
    ("%YAML 3.0\n---\na: 1\n", True, 1, "incompatible YAML document"),
    ("a: " + "[" * 200, True, 1, "nested too deeply"),
]


@pytest.mark.rule("LANG-11")
@pytest.mark.parametrize(("text", "yaml", "line", "message"), BAD_TEXTS)
def test_a_text_that_cannot_be_read_is_told_with_its_line(
    text: str, yaml: bool, line: int, message: str
):
    first = faults(text, yaml=yaml)[0]

    assert message in first.message
    assert first.line == line


def test_every_repeated_key_of_a_text_is_told():
    found = faults("a: 1\na: 2\nb: 3\nb: 4\n", yaml=True)

    assert [fault.line for fault in found] == [2, 4]


@pytest.mark.rule("LANG-12")
def test_aliases_cannot_make_a_large_document_of_a_small_file():
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]

    (fault,) = faults("\n".join(levels), yaml=True)

    assert "more than 200000 values" in fault.message
    assert fault.line == 6


@pytest.mark.rule("LANG-13")
@pytest.mark.parametrize(
    ("pointer", "line"),
    [
        ("", 1),
        ("/id", 2),
        ("/steps", 3),
        ("/steps/0", 4),
        ("/steps/0/title", 5),
        ("/steps/1/a~1b", 8),
        ("/steps/1/a~1b/1", 10),
        ("/nowhere/at/all", 1),
    ],
)
def test_a_pointer_leads_to_the_line_of_its_key_in_both_formats(pointer: str, line: int):
    as_json = '{\n"id": "x",\n"steps": [\n{\n"title": "t",\n"n": {}},\n{\n"a/b":\n[1,\n2]}]}'
    as_yaml = "first: 0\nid: x\nsteps:\n  - {\n    title: t,\n    n: {}}\n  - \n    a/b:\n      - 1\n      - 2"

    assert read(as_json, yaml=False).line_of(pointer) == line
    assert read(as_yaml, yaml=True).line_of(pointer) == line


def test_a_pointer_to_what_is_missing_leads_to_the_line_of_what_should_hold_it():
    document = read('{\n"steps": [\n{"id": "x"}]}', yaml=False)

    assert document.line_of("/steps/0/title") == 3


def test_braces_and_quotes_within_texts_do_not_confuse_the_lines():
    document = read('{"a": "}]{[,:\\"\\\\",\n"b": ["\\u007b",\n"{"]}', yaml=False)

    assert [document.line_of(pointer) for pointer in ("/a", "/b", "/b/0", "/b/1")] == [1, 2, 2, 3]


def test_a_place_within_an_aliased_value_leads_to_the_alias():
    document = read("a: &x\n  k: 1\nb: 2\nc: *x\n", yaml=True)

    assert document.line_of("/c/k") == 4


@pytest.mark.parametrize(
    ("text", "yaml", "line", "pointer"),
    [
        (GOOD_YAML.replace("prompt: |", "promt: |"), True, 8, "/steps/0/promt"),
        (GOOD_YAML.replace("title: Prepare", "title: 5"), True, 7, "/steps/0/title"),
        (GOOD_YAML.replace("    title: Prepare\n", ""), True, 6, "/steps/0/title"),
        (GOOD_YAML.replace("version: 1.0.0", "version: 1.0"), True, 4, "/version"),
        (GOOD_JSON.replace("prompt", "promt"), False, 7, "/steps/0/promt"),
        (GOOD_JSON.replace('"Release"', "null"), False, 3, "/name"),
    ],
)
def test_a_schema_problem_is_told_with_its_line(text: str, yaml: bool, line: int, pointer: str):
    found = [(each.line, each.pointer) for each in rejected(text, yaml=yaml)]

    assert (line, pointer) in found


def test_a_structural_problem_is_told_with_its_line():
    text = f"{GOOD_YAML}  - id: prepare\n    title: Again\n    prompt: x\n"

    (problem,) = rejected(text, yaml=True)

    assert (problem.line, problem.pointer) == (10, "/steps/1/id")


def test_a_line_for_a_person_has_file_line_place_problem_and_what_to_do():
    text = GOOD_YAML.replace("prompt: |", "promt: |")

    assert describe(rejected(text, yaml=True)) == (
        'flow:8: /steps/0/promt: is not a field here (did you mean "prompt"?)'
    )


def test_a_line_for_a_person_does_not_say_the_same_thing_twice():
    (problem,) = rejected(GOOD_YAML.replace("name: Release", "name: [x]"), yaml=True)

    assert str(problem) == 'flow:2: /name: must be text, not ["x"]'


def test_a_line_for_a_person_says_what_is_expected_when_the_message_does_not():
    (problem,) = rejected(GOOD_YAML.replace("1.0.0", "one"), yaml=True)

    assert str(problem) == (
        'flow:4: /version: has the wrong form: "one" (expected a semantic version such as 1.0.0)'
    )


def test_problems_found_later_can_be_located_in_the_document_too():
    document = read(GOOD_YAML, yaml=True)

    found = located([Problem("/steps/0/prompt", "b"), Problem("/name", "a")], document, "flow")

    assert [(each.line, each.message) for each in found] == [(2, "a"), (8, "b")]


@pytest.mark.rule("LANG-7")
@given(st.text(), st.booleans())
def test_any_text_is_read_or_refused_and_never_a_crash(text: str, yaml: bool):
    assert isinstance(load_definition("flow", text, yaml=yaml), Loaded | Rejected)


YAML_PIECES = st.sampled_from(
    [
        "a",
        "b: ",
        "- ",
        "[",
        "]",
        "{",
        "}",
        ",",
        "&a ",
        "*a ",
        "!!int ",
        "!x ",
        "'",
        '"',
        "? ",
        "%YAML 1.1\n",
        "---\n",
        "...\n",
        "#",
        "\t",
        "<<: ",
        "1",
        "~",
        "@",
        " ",
        "\n",
        "\\U00110000",
    ]
)


@given(st.lists(YAML_PIECES, max_size=14), st.booleans())
def test_any_mixture_of_marks_is_read_or_refused_and_never_a_crash(pieces: list[str], yaml: bool):
    assert isinstance(read_document("".join(pieces), yaml=yaml), Document | Unreadable)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)


@given(json_values, st.sampled_from([None, 1]))
def test_a_json_text_is_read_as_the_value_it_was_written_from(value: Any, indent: int | None):
    document = read(json.dumps(value, indent=indent), yaml=False)

    assert document.value == value


@given(st.dictionaries(st.text(), st.lists(st.integers(0, 9), max_size=3), min_size=1, max_size=5))
def test_every_key_of_a_json_text_is_found_on_its_own_line(value: dict[str, list[int]]):
    lines = json.dumps(value, indent=1, ensure_ascii=False).split("\n")
    document = read("\n".join(lines), yaml=False)

    for key in value:
        pointer = f"/{key.replace('~', '~0').replace('/', '~1')}"
        said = lines[document.line_of(pointer) - 1]
        assert said.startswith(f" {json.dumps(key, ensure_ascii=False)}:")


@pytest.mark.skipif(not PEER_FILES, reason="../shared/peer-workflows is not there")
@pytest.mark.parametrize("path", PEER_FILES, ids=lambda path: path.stem)
def test_every_workflow_of_the_original_loads_without_problems(path: Path):
    text = path.read_text(encoding="utf-8")

    loaded = load_definition(path.name, text, yaml=False)

    assert isinstance(loaded, Loaded), describe(loaded.problems)
    assert loaded.definition.as_json() == json.loads(text)


@pytest.mark.skipif(not PEER_FILES, reason="../shared/peer-workflows is not there")
def test_a_workflow_of_the_original_is_the_same_when_written_as_yaml(tmp_path: Path):
    path = max(PEER_FILES, key=lambda each: each.stat().st_size)
    target = tmp_path / "flow.yaml"
    writer: Any = YAML(typ="safe", pure=True)
    writer.dump(json.loads(path.read_text(encoding="utf-8")), target)

    from_yaml = load_definition("flow.yaml", target.read_text(encoding="utf-8"), yaml=True)
    from_json = load_definition("flow.json", path.read_text(encoding="utf-8"), yaml=False)

    assert isinstance(from_yaml, Loaded)
    assert isinstance(from_json, Loaded)
    assert from_yaml.definition == from_json.definition


@pytest.mark.rule("LANG-17")
def test_inconsistencies_and_what_expansion_finds_are_told_together():
    text = GOOD_YAML + (
        "  - id: prepare\n"
        "    title: Again\n"
        "    promptBlocks:\n"
        "      goal: [{kind: ref, refId: wr.refs.nothing}]\n"
        "  - id: called\n"
        "    title: Called\n"
        "    templateCall: {templateId: wr.templates.routine.of-the-registry}\n"
        "features: [wr.features.nothing]\n"
    )
    result = load_definition("a.yaml", text, yaml=True)
    assert isinstance(result, Rejected)
    assert [(problem.line, problem.pointer) for problem in result.problems] == [
        (10, "/steps/1/id"),
        (13, "/steps/1/promptBlocks/goal/0/refId"),
        (17, "/features/0"),
    ]


@pytest.mark.rule("LANG-17")
def test_unknown_features_and_refs_are_told_beside_schema_problems():
    text = GOOD_YAML + (
        "    nonsense: 1\n"
        "  - id: other\n"
        "    title: Other\n"
        "    promptBlocks:\n"
        "      goal: [{kind: ref, refId: wr.refs.nothing}]\n"
        "features: [wr.features.nothing]\n"
    )
    result = load_definition("a.yaml", text, yaml=True)
    assert isinstance(result, Rejected)
    assert [problem.pointer for problem in result.problems] == [
        "/steps/0/nonsense",
        "/steps/1/promptBlocks/goal/0/refId",
        "/features/0",
    ]
