"""Whatever is wrong with a file is told at once, and nothing else is.

Every kind of problem is planted alone; then several, or all, stand in one file, and what is told is
the sum of what was told of each.
"""

import json
import re
from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workrail_engine.errors import InvalidDefinitionError
from workrail_engine.projections.catalog import FileProblem
from workrail_engine.registry.registry import Registry
from workrail_engine.registry.validation import validate
from workrail_engine.system import Locations
from workrail_engine.testing.planted_checks import ANY_ID
from workrail_engine.testing.planted_problems import (
    CLASHES,
    DELEGATION,
    FOR,
    OF_A_STEP,
    OF_THE_TEXT,
    OF_THE_WHOLE,
    OF_YAML,
    Document,
    assessment,
    call,
    delegating,
    inner,
    loop,
)

Told = tuple[str, str]
"""Pointer and message of a problem."""


STEPS = list(OF_A_STEP)
FIRST = 4
"""How many steps stand before those that problems are planted in."""


def sound() -> Document:
    extra = {"title": "t", "source": "s", "purpose": "p", "authoritative": True}
    return {
        "id": "team.flow",
        "name": "N",
        "description": "D",
        "version": "1.0.0",
        "examples": ["Build it at once"],
        "recommendedPreferences": {},
        "clarificationPrompts": [],
        "assessments": [assessment("risk"), assessment("style")],
        "extensionPoints": [
            {"slotId": "review", "purpose": "p", "default": "d"},
            {"slotId": "other", "purpose": "p", "default": "d"},
        ],
        "references": [{"id": "a", **extra}, {"id": "b", **extra}],
        "functionDefinitions": [
            {
                "name": "count",
                "definition": "d",
                "parameters": [{"name": "what", "type": "string", "required": True}],
            },
            {"name": "weigh", "definition": "d"},
        ],
        "steps": [
            {
                "id": "audited",
                "title": "T",
                "prompt": "p",
                "audit": {"prompt": "a"},
                "checks": [
                    {"id": "early", "kind": "command", "run": "make"},
                    {"id": "agreed", "kind": "approval"},
                ],
            },
            {"id": "shared", "title": "T", "prompt": "{{wr.bindings.review}}"},
            {"id": "holds-shared", "title": "T", **loop("shared", **FOR)},
            {"id": "whole-loop", "title": "T", **loop(inner(), **FOR)},
            *({"id": f"step-{n}", "title": "T", "prompt": "p"} for n in range(len(STEPS))),
            {
                "id": "last",
                "title": "T",
                "prompt": "p",
                "checks": [{"id": "late", "kind": "diff", "mustChange": True}],
            },
        ],
    }


KINDS = [*STEPS, *OF_THE_WHOLE, *OF_THE_TEXT, *OF_YAML]
IN_JSON = [kind for kind in KINDS if kind not in OF_YAML]


def with_faults(kinds: Iterable[str]) -> str:
    """A file, in JSON that is YAML too unless a kind is one of YAML, in which these are wrong."""
    document, texts = sound(), {**OF_THE_TEXT, **OF_YAML}
    for kind in kinds:
        if kind in OF_A_STEP:
            plant_in_step(document["steps"][FIRST + STEPS.index(kind)], OF_A_STEP[kind][0])
        elif kind in OF_THE_WHOLE:
            place, value, _ = OF_THE_WHOLE[kind]
            *way, last = place[1:].split("/")
            holder: Any = document
            for key in way:
                holder = holder[int(key) if isinstance(holder, list) else key]
            holder[int(last) if isinstance(holder, list) else last] = value
    text = json.dumps(document, indent=1)
    for kind in kinds:
        if kind in texts:
            before, after, _ = texts[kind]
            assert before in text
            text = text.replace(before, after, 1)
    return text


def plant_in_step(step: Document, fields: Document) -> None:
    name = step["id"]
    del step["prompt"]
    step.update(deepcopy(fields))
    for number, check_of_it in enumerate(step.get("checks", ())):
        if check_of_it["id"] == ANY_ID:
            check_of_it["id"] = f"check-{name}-{number}"
    for inner_step in step["body"] if isinstance(step.get("body"), list) else ():
        inner_step["id"] = f"in-{name}"
        for deeper in inner_step.get("body", ()):
            deeper["id"] = f"deep-in-{name}"
    for key in [key for key, value in step.items() if value is ...]:
        del step[key]


def place_of(kind: str) -> str:
    """Where the problem of a kind is told."""
    if kind in OF_A_STEP:
        place = OF_A_STEP[kind][1]
        return place[1:] if place.startswith("=") else f"/steps/{FIRST + STEPS.index(kind)}{place}"
    return {**OF_THE_WHOLE, **OF_THE_TEXT, **OF_YAML}[kind][2]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the routines that are called."""
    root = tmp_path_factory.mktemp("project")
    routines = root / ".workrail" / "workflows" / "routines"
    routines.mkdir(parents=True)
    steps: dict[str, Document] = {
        "dig": {"prompt": "Dig {where}."},
        "blocky": {"promptBlocks": {"goal": "g"}},
        "risky": {"prompt": "p", "assessmentRefs": ["risk"]},
        "bound": {"prompt": "{x} {{wr.bindings.own}}", "guidance": ["{{wr.x}}"]},
    }
    for name, fields in steps.items():
        document = {
            "id": f"routine-{name}",
            "name": name,
            "description": "d",
            "version": "1.0.0",
            "assessments": [{**assessment("risk"), "purpose": "another"}],
            "extensionPoints": [{"slotId": "own", "purpose": "p", "default": "d"}],
            "steps": [{"id": "one", "title": "One", **fields}],
        }
        (routines / f"{name}.json").write_text(json.dumps(document))
    return root


def problems_of(workspace: Path, text: str, *, yaml: bool) -> tuple[FileProblem, ...]:
    path = workspace / f"flow.{'yaml' if yaml else 'json'}"
    path.write_text(text)
    places = Locations.under(workspace / "none", workspace / "none")
    (report,) = validate([path], places, workspace)
    return report.problems


def told(problems: Iterable[FileProblem]) -> set[Told]:
    """Which line a key stood on before depends on what else is in the file."""
    return {
        (problem.pointer, re.sub(r"of line \d+", "of another line", problem.message))
        for problem in problems
    }


@pytest.fixture(scope="module")
def alone(workspace: Path) -> dict[tuple[str, bool], set[Told]]:
    """What is told of each kind when nothing else is wrong, in JSON and in YAML."""
    return {
        (kind, yaml): told(problems_of(workspace, with_faults([kind]), yaml=yaml))
        for yaml in (False, True)
        for kind in (KINDS if yaml else IN_JSON)
    }


def check(
    workspace: Path, alone: dict[tuple[str, bool], set[Told]], kinds: Iterable[str], *, yaml: bool
) -> None:
    text = with_faults(kinds)
    problems = problems_of(workspace, text, yaml=yaml)
    lines = [problem.line or 0 for problem in problems]

    assert told(problems) == set().union(*(alone[kind, yaml] for kind in kinds))
    assert len(problems) == len(set(problems))
    assert lines == sorted(lines)


def test_the_file_that_problems_are_planted_in_has_none(workspace: Path) -> None:
    text = json.dumps(sound(), indent=1)
    assert problems_of(workspace, text, yaml=False) == ()
    assert problems_of(workspace, text, yaml=True) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_a_problem_alone_is_told_at_its_place(
    alone: dict[tuple[str, bool], set[Told]], kind: str
) -> None:
    for yaml in (False, True):
        if (kind, yaml) in alone:
            assert place_of(kind) in {pointer for pointer, _ in alone[kind, yaml]}


WITHOUT_CLASHES = [
    kind for kind in KINDS if not any(kind == max(clash, key=KINDS.index) for clash in CLASHES)
]


@pytest.mark.rule("LANG-18")
@pytest.mark.parametrize("yaml", [False, True], ids=["json", "yaml"])
def test_all_kinds_of_problems_are_told_of_one_file(
    workspace: Path, alone: dict[tuple[str, bool], set[Told]], *, yaml: bool
) -> None:
    check(workspace, alone, [k for k in WITHOUT_CLASHES if (k, yaml) in alone], yaml=yaml)


OF_EACH_SORT = [
    *("number for text", "unknown kind of part", "loop in a loop", "empty audit", "unknown ref"),
    *("unknown function", "unknown level", "loop that never ends", "unknown body", "unknown slot"),
    *("unresolved token", "unknown routine", "missing argument", "wrong version", "no number"),
    *("unknown feature", "half a character", "repeated key in a part", "near miss at the top"),
]


@pytest.mark.parametrize("kind", OF_EACH_SORT)
def test_no_problem_hides_one_of_another_sort(
    workspace: Path, alone: dict[tuple[str, bool], set[Told]], kind: str
) -> None:
    for place, other in enumerate(OF_EACH_SORT[OF_EACH_SORT.index(kind) + 1 :]):
        check(workspace, alone, [kind, other], yaml=place % 2 == 1)


@given(drawn=st.sets(st.sampled_from(sorted(KINDS)), min_size=2, max_size=8), yaml=st.booleans())
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_problems_together_are_told_as_if_each_were_alone(
    workspace: Path, alone: dict[tuple[str, bool], set[Told]], drawn: set[str], yaml: bool
) -> None:
    kinds = {kind for kind in drawn if (kind, yaml) in alone}
    fitting = [
        kind for kind in kinds if not any(kind in each and each <= kinds for each in CLASHES)
    ]
    check(workspace, alone, fitting, yaml=yaml)


BINDINGS = {"team.flow": {"reviw": "team.mine"}}


def project(tmp_path: Path, document: Document, bindings: object = None) -> Path:
    """A project that holds one workflow; its bindings, when there are any."""
    (tmp_path / ".workrail" / "workflows").mkdir(parents=True)
    text = json.dumps(document, indent=1)
    (tmp_path / ".workrail" / "workflows" / "flow.json").write_text(text)
    if bindings is not None:
        (tmp_path / ".workrail" / "bindings.json").write_text(json.dumps(bindings))
    return tmp_path


def doubly_wrong(document: Document, **fields: object) -> Document:
    """The document with a call of no routine, an unknown slot, and what is given."""
    document["steps"][FIRST].update(call("dgi"))
    del document["steps"][FIRST]["prompt"]
    document["steps"][FIRST + 1]["prompt"] = "{{wr.bindings.reviw}}"
    return {**document, **fields}


CALL_PLACE = f"/steps/{FIRST}/templateCall/templateId"
SLOT_PLACE = f"/steps/{FIRST + 1}/prompt"


def in_registry(root: Path, workflow_id: str = "team.flow") -> tuple[list[str], str]:
    """The pointers that the catalog tells of a project's only file, and what a start says."""
    (root / "bundled").mkdir()
    registry = Registry(Locations.under(root / "home", root / "bundled"))
    (broken,) = registry.catalog(root).broken
    with pytest.raises(InvalidDefinitionError) as raised:
        registry.prepare(workflow_id, root)
    return [problem.pointer for problem in broken.problems], str(raised.value)


@pytest.mark.rule("LANG-19")
def test_the_registry_tells_of_a_broken_file_what_lies_outside_it_too(tmp_path: Path) -> None:
    pointers, said = in_registry(project(tmp_path, doubly_wrong(sound(), version=1)))
    assert pointers == ["/version", CALL_PLACE, SLOT_PLACE]
    assert all(f": {pointer}: " in said for pointer in pointers)


def test_what_the_project_binds_is_no_unknown_slot_of_a_broken_file(tmp_path: Path) -> None:
    document = doubly_wrong(sound(), version=1)
    pointers, _ = in_registry(project(tmp_path, document, BINDINGS))
    assert pointers == ["/version", CALL_PLACE]


def test_slots_are_not_judged_while_the_id_that_bindings_go_by_is_wrong(tmp_path: Path) -> None:
    document = doubly_wrong(sound(), id="Team Flow")
    by_id, _ = in_registry(project(tmp_path / "a", document, BINDINGS), "Team Flow")
    for_all, _ = in_registry(project(tmp_path / "b", document, {"x": "y"}), "Team Flow")
    assert by_id == ["/id", CALL_PLACE]
    assert for_all == ["/id", CALL_PLACE, SLOT_PLACE]


def test_edited_bindings_count_for_a_broken_file_at_the_next_look(tmp_path: Path) -> None:
    root = project(tmp_path, doubly_wrong(sound(), version=1))
    registry = Registry(Locations.under(root / "home", root / "bundled"))
    before = [
        problem.pointer for file in registry.catalog(root).broken for problem in file.problems
    ]
    (root / ".workrail" / "bindings.json").write_text(json.dumps(BINDINGS))
    after = [problem.pointer for file in registry.catalog(root).broken for problem in file.problems]
    assert [place for place in before if place not in after] == [SLOT_PLACE]


def test_a_broken_bindings_file_hides_nothing(tmp_path: Path) -> None:
    for name, version in (("sound", "1.0.0"), ("broken", 1)):
        root = project(tmp_path / name, doubly_wrong(sound(), version=version), "no bindings")
        flow = root / ".workrail" / "workflows" / "flow.json"
        (report,) = validate([flow], Locations.under(root / "none", root / "none"), root)
        pointers = [problem.pointer for problem in report.problems]
        assert "the bindings file does not hold an object" in report.problems[0].message
        assert pointers == ["", *(["/version"] if version == 1 else []), CALL_PLACE]
        with pytest.raises(InvalidDefinitionError, match=r"bindings file(.|\n)*templateId"):
            Registry(Locations.under(root / "none", root / "none")).prepare("team.flow", root)


def test_a_reserved_id_hides_nothing(tmp_path: Path) -> None:
    for name, version in (("sound", "1.0.0"), ("broken", 1)):
        document = doubly_wrong(sound(), id="wr.flow", version=version)
        root = project(tmp_path / name, document)
        (root / "bundled").mkdir()
        places = Locations.under(root / "home", root / "bundled")
        (report,) = validate([root / ".workrail" / "workflows"], places, root)
        (broken,) = Registry(places).catalog(root).broken
        wrong_version = ["/version"] if version == 1 else []
        assert [each.pointer for each in report.problems] == [
            *("/id", *wrong_version, CALL_PLACE, SLOT_PLACE)
        ]
        assert broken.problems == report.problems


def test_block_style_yaml_is_told_whole_too(workspace: Path) -> None:
    text = """\
id: team.flow
name: N
name: M
description: D
version: 1
extra: &shared
  guidance: [""]
steps:
  - id: one
    title: T
    <<: *shared
    templateCall: {templateId: wr.templates.routine.dgi}
  - id: two
    title: T
    prompt: *nowhere
    audit: {}
  - id: two
    title: T
    prompt: "{{wr.bindings.no}}"
    true: x
---
more: x
"""
    problems = problems_of(workspace, text, yaml=True)
    assert [(problem.line, problem.pointer) for problem in problems] == [
        (3, "/name"),
        (5, "/version"),
        (6, "/extra"),
        (11, "/steps/0/<<"),
        (12, "/steps/0/templateCall/templateId"),
        (15, "/steps/1/prompt"),
        (16, "/steps/1/audit"),
        (17, "/steps/2/id"),
        (19, "/steps/2/prompt"),
        (20, "/steps/2/true"),
        (21, ""),
    ]


def test_keys_inside_a_repeated_key_do_not_repeat_each_other(workspace: Path) -> None:
    text = json.dumps(sound()).replace('"name": "N"', '"x": {"a": 1},\n"x": {"a": 2}')
    repeated = [
        each for each in problems_of(workspace, text, yaml=False) if "repeats" in each.message
    ]
    assert [(each.pointer, each.line) for each in repeated] == [("/x", 2)]


def test_a_step_that_no_loop_can_hold_is_looked_at_all_the_same(workspace: Path) -> None:
    document = sound()
    document["steps"][1] = {
        "id": "shared",
        "title": "T",
        **delegating({**DELEGATION, "goal": "{{wr.x}}"}),
    }
    problems = problems_of(workspace, json.dumps(document), yaml=False)
    assert [problem.pointer for problem in problems] == [
        "/steps/1/parallelDelegations/0/goal",
        "/steps/2/body",
    ]


@pytest.mark.parametrize(
    ("wrong", "resting"),
    [
        ({"extensionPoints": [{"slotId": "Reviw", "purpose": "p", "default": "d"}]}, SLOT_PLACE),
        ({"extensionPoint": sound()["extensionPoints"]}, SLOT_PLACE),
    ],
    ids=["the slot may be meant", "the slots may be meant"],
)
def test_a_refused_value_that_may_be_what_is_missing_brings_no_second_problem(
    workspace: Path, wrong: Document, resting: str
) -> None:
    document = doubly_wrong(sound(), **wrong)
    if "extensionPoint" in wrong:
        del document["extensionPoints"]
    document["steps"][1]["prompt"] = "p"
    pointers = [each.pointer for each in problems_of(workspace, json.dumps(document), yaml=False)]
    assert resting not in pointers
    assert CALL_PLACE in pointers
