import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from workrail_engine.registry.documents import Loaded, describe, load_definition
from workrail_engine.workflow.compile import prepare
from workrail_engine.workflow.contracts import CONTRACTS
from workrail_engine.workflow.definition import WorkflowDefinition
from workrail_engine.workflow.definition_values import Authored
from workrail_engine.workflow.model_fields import field_names
from workrail_engine.workflow.prepared import PreparedWorkflow
from workrail_engine.workflow.refs import FEATURES, REFS

GUIDE = Path(__file__).parents[3] / "docs" / "authoring.md"
TEXT = GUIDE.read_text(encoding="utf-8")
FENCE = re.compile(r"^```(yaml|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WHOLE = re.compile(r'^\s*"?id"?:.*^\s*"?steps"?:', re.MULTILINE | re.DOTALL)
WORDS = {
    word
    for span in re.findall(r"`([^`\n]+)`", FENCE.sub("", TEXT))
    for word in re.findall(r"\w+", span)
}
"""Every word the guide sets as code outside its examples."""
EXAMPLES = [(fence[1], fence[2]) for fence in FENCE.finditer(TEXT) if WHOLE.search(fence[2])]


def loaded(language: str, text: str) -> WorkflowDefinition:
    result = load_definition(GUIDE.name, text, yaml=language == "yaml")
    assert isinstance(result, Loaded), describe(result.problems)
    return result.definition


def models(base: type[Authored]) -> Iterator[type[Authored]]:
    for model in base.__subclasses__():
        yield model
        yield from models(model)


def test_the_guide_has_whole_examples_in_both_formats():
    assert {language for language, _ in EXAMPLES} == {"yaml", "json"}
    assert len(EXAMPLES) >= 6


@pytest.mark.rule("LANG-14")
@pytest.mark.parametrize(("language", "text"), EXAMPLES)
def test_every_whole_example_of_the_guide_can_be_run(language: str, text: str):
    assert isinstance(prepare(loaded(language, text), {}, {}), PreparedWorkflow)


def test_the_smallest_example_is_the_same_in_both_formats():
    assert loaded(*EXAMPLES[0]) == loaded(*EXAMPLES[1])


@pytest.mark.rule("LANG-15")
def test_the_guide_names_every_field_of_the_language():
    language = [
        model
        for model in models(Authored)
        if model.__module__.startswith("workrail_engine.workflow.")
    ]
    fields = {name for model in language for name in field_names(model)}

    assert len(fields) > 90
    assert sorted(fields - WORDS) == []


def test_the_guide_names_every_contract_feature_and_ref():
    names = [*CONTRACTS, *FEATURES, *REFS]

    assert [name for name in names if f"`{name}`" not in TEXT] == []
