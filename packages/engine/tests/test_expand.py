"""Expansion puts everything in place, and names every place where it cannot."""

from collections.abc import Mapping

import pytest

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.testing.definitions import a_definition, a_step, expand_fully, standard_steps
from workrail_engine.workflow.definition import (
    LoopStep,
    ParallelStep,
    StandardStep,
)
from workrail_engine.workflow.expand import Expanded
from workrail_engine.workflow.refs import FEATURES, REFS


def _prompt(
    step: JsonObject, overrides: Mapping[str, str] | None = None, **more: JsonValue
) -> str | None:
    (expanded,) = expand_fully(a_definition(step, **more), overrides=overrides).definition.steps
    assert isinstance(expanded, StandardStep)
    return expanded.prompt


def test_a_plain_definition_stays_as_it_is() -> None:
    definition = a_definition(a_step("one"), a_step("two", guidance=["g"]))
    assert expand_fully(definition) == Expanded(definition, {})


# Prompt blocks, refs, features


def test_blocks_become_sections_in_a_fixed_order() -> None:
    blocks: JsonObject = {
        "verify": ["it runs"],
        "outputRequired": {"notes": "what you found"},
        "procedure": ["look", "think\ntwice"],
        "constraints": ["be brief"],
        "goal": "Find it.",
    }
    assert _prompt(a_step("one", promptBlocks=blocks)) == (
        "## Goal\n\nFind it.\n\n"
        "## Constraints\n\n- be brief\n\n"
        "## Procedure\n\n1. look\n2. think\n   twice\n\n"
        "## Output Required\n\n- **notes**: what you found\n\n"
        "## Verify\n\n- it runs"
    )


def test_parts_are_joined_without_a_separator() -> None:
    parts: list[JsonValue] = [
        {"kind": "text", "text": "First, "},
        {"kind": "ref", "refId": "wr.refs.memory_query"},
        {"kind": "text", "text": "!"},
    ]
    prompt = _prompt(a_step("one", promptBlocks={"goal": parts}))
    assert prompt == f"## Goal\n\nFirst, {REFS['wr.refs.memory_query']}!"


@pytest.mark.parametrize("name", sorted(REFS))
def test_every_shared_text_is_a_short_list(name: str) -> None:
    lead, *points = REFS[name].split("\n")
    assert lead.endswith(":")
    assert 3 <= len(points) <= 8
    assert all(point.startswith("- ") for point in points)


def test_features_have_the_lines_the_language_promises() -> None:
    assert {
        name: (len(feature.constraints), len(feature.procedure), len(feature.verify))
        for name, feature in FEATURES.items()
    } == {
        "wr.features.memory_context": (1, 0, 0),
        "wr.features.capabilities": (3, 3, 3),
        "wr.features.subagent_guidance": (3, 2, 2),
    }


@pytest.mark.rule("LANG-25")
def test_features_add_lines_to_every_step_in_blocks_and_to_no_other() -> None:
    loop = {
        "id": "again",
        "type": "loop",
        "title": "t",
        "loop": {"type": "for", "count": 2, "maxIterations": 2},
        "body": [a_step("inner", promptBlocks={"goal": "g"})],
    }
    names = ("wr.features.subagent_guidance", "wr.features.capabilities")
    definition = a_definition(
        a_step("one", promptBlocks={"constraints": ["mine"]}),
        a_step("two"),
        loop,
        features=list(names),
    )
    one, two, again = expand_fully(definition).definition.steps
    assert isinstance(one, StandardStep)
    assert isinstance(two, StandardStep)
    assert isinstance(again, LoopStep)
    assert one.prompt is not None
    assert two.prompt == "Do it."
    assert "## Verify" in one.prompt
    places = [one.prompt.index(FEATURES[name].constraints[1]) for name in names]
    assert one.prompt.index("- mine") < places[0] < places[1]
    assert "7. " not in one.prompt
    assert "5. " in one.prompt
    assert "## Procedure" in str(again.body)


# Bindings

_SLOT: JsonObject = {"slotId": "review", "purpose": "who reviews", "default": "wr.review"}


def test_a_binding_is_the_projects_override_or_else_the_default() -> None:
    step = a_step("one", prompt="Start {{wr.bindings.review}}.")
    assert _prompt(step, extensionPoints=[_SLOT]) == "Start wr.review."
    assert _prompt(step, {"review": "mine"}, extensionPoints=[_SLOT]) == "Start mine."


def test_bindings_are_put_into_plain_block_values() -> None:
    blocks: JsonObject = {"outputRequired": {"a": "{{wr.bindings.review}}"}}
    prompt = _prompt(a_step("one", promptBlocks=blocks), extensionPoints=[_SLOT])
    assert prompt is not None
    assert prompt.endswith("- **a**: wr.review")


def test_what_each_slot_was_bound_to_is_kept() -> None:
    definition = a_definition(
        a_step("one", prompt="{{wr.bindings.other}}"),
        extensionPoints=[_SLOT, {**_SLOT, "slotId": "unused"}],
    )
    overrides = {"other": "x", "unused": "y", "never_named": "z"}
    assert expand_fully(definition, overrides=overrides).bindings == {
        "review": "wr.review",
        "unused": "y",
        "other": "x",
    }


# Steps that follow from others


@pytest.mark.rule("LANG-28")
def test_verification_and_audit_become_steps_after_their_own() -> None:
    condition: JsonObject = {"var": "a"}
    step = a_step(
        "build",
        audit={"prompt": "Look hard.", "rubric": ["is it true", "is it whole"]},
        verification={"command": "make test", "prompt": "Count the tests."},
        runCondition=condition,
    )
    build, verification, audit, _ = standard_steps(a_definition(step, a_step("last")))
    assert (build.audit, build.verification, build.step_kind) == (None, None, None)
    assert (verification.id, verification.step_kind) == ("build__verification", "verification")
    assert (audit.id, audit.step_kind) == ("build__audit", "audit")
    for virtual in (verification, audit):
        assert virtual.notes_optional
        assert virtual.run_condition == build.run_condition
    assert "```\nmake test\n```" in str(verification.prompt)
    assert "Count the tests." in str(verification.prompt)
    assert "Look hard." in str(audit.prompt)
    assert "1. is it true\n2. is it whole" in str(audit.prompt)


def test_virtual_steps_stand_inside_a_loop_body_beside_their_step() -> None:
    loop = {
        "id": "again",
        "type": "loop",
        "title": "t",
        "loop": {"type": "for", "count": 2, "maxIterations": 2},
        "body": [a_step("inner", audit={"rubric": ["r"]}), a_step("after")],
    }
    (again,) = expand_fully(a_definition(loop)).definition.steps
    assert isinstance(again, LoopStep)
    assert not isinstance(again.body, str)
    assert [step.id for step in again.body] == ["inner", "inner__audit", "after"]


def test_a_synthesis_becomes_a_step_after_the_parallel_one() -> None:
    parallel: JsonObject = {
        "id": "fan",
        "type": "parallel",
        "title": "Fan",
        "parallelDelegations": [{"workflowId": "wr.research"}],
        "runCondition": {"var": "a"},
        "synthesis": {"outputContract": {"contractRef": "wr.contracts.gate_verdict"}},
    }
    fan, synthesis = expand_fully(a_definition(parallel)).definition.steps
    assert isinstance(fan, ParallelStep)
    assert isinstance(synthesis, StandardStep)
    assert fan.synthesis is None
    assert (synthesis.id, synthesis.step_kind) == ("fan__synthesis", "synthesis")
    assert synthesis.run_condition == fan.run_condition
    assert synthesis.output_contract is not None
    assert synthesis.prompt


# Loop bodies written as a name


def _naming_loop(body: str) -> JsonObject:
    return {
        "id": "again",
        "type": "loop",
        "title": "t",
        "loop": {"type": "for", "count": 2, "maxIterations": 2},
        "body": body,
    }


@pytest.mark.rule("LANG-29")
@pytest.mark.parametrize("loop_first", [True, False])
def test_a_named_body_moves_into_its_loop(loop_first: bool) -> None:
    loop, work = _naming_loop("work"), a_step("work")
    steps = [loop, work] if loop_first else [work, loop]
    again, last = expand_fully(a_definition(*steps, a_step("last"))).definition.steps
    assert last.id == "last"
    assert isinstance(again, LoopStep)
    assert not isinstance(again.body, str)
    assert [step.id for step in again.body] == ["work"]
