"""Which model a run asks, and what an answer costs."""

from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workrail_daemon.config.loading import load
from workrail_daemon.config.model_settings import Price
from workrail_daemon.config.settings import Settings
from workrail_daemon.errors import ModelRefusedError
from workrail_daemon.models.pricing import cost_of
from workrail_daemon.models.registry import Models
from workrail_daemon.options import RunOptions, Tier
from workrail_engine.agent_events import Usage

SETTINGS: dict[str, Any] = {
    "providers": {"p": {}, "s": {"kind": "scripted"}},
    "tiers": {"lightweight": "p/small", "mid": "p/middle", "heavy": "p/big"},
    "roles": {"gate": "heavy", "review": "p/reviewer"},
    "fallbacks": {"p/middle": ["p/small", "p/middle", "p/big"]},
}

SAYINGS: list[tuple[str, dict[str, Any], str]] = [
    ("model", {"model": "p/ordered"}, "p/ordered"),
    ("step", {"step_tier": "lightweight"}, "p/small"),
    ("tier", {"tier": "heavy"}, "p/big"),
    ("workflow", {"workflow_tier": "lightweight"}, "p/small"),
    ("role", {"role": "review"}, "p/reviewer"),
]
"""From the strongest on."""


def models_with(**more: Any) -> Models:
    return Models(Settings.model_validate({"models": {**SETTINGS, **more}}), {})


def chosen(models: Models, **said: Any) -> str:
    workflow: Tier | None = said.pop("workflow_tier", None)
    step: Tier | None = said.pop("step_tier", None)
    return models.choose(RunOptions(**said), workflow, step).model


@pytest.mark.rule("AGENT-102")
def test_who_speaks_first_of_order_step_order_tier_workflow_and_role_is_obeyed() -> None:
    models = models_with()
    assert chosen(models) == "p/middle"
    for size in range(1, len(SAYINGS) + 1):
        for some in combinations(SAYINGS, size):
            said: dict[str, Any] = {}
            for _, each, _ in some:
                said |= each
            assert chosen(models, **said) == some[0][2], [name for name, *_ in some]


def test_a_role_may_be_a_tier() -> None:
    assert chosen(models_with(), role="gate") == "p/big"


def test_always_stands_over_all_but_the_order() -> None:
    models = models_with(always="p/only")
    assert chosen(models, step_tier="heavy", tier="heavy", role="gate") == "p/only"
    assert chosen(models, model="p/ordered") == "p/ordered"


def test_the_choice_says_why() -> None:
    models = models_with()
    because = models.choose(RunOptions(tier="mid"), None, "heavy").because
    assert because == "the step asks for heavy"


def test_an_order_of_a_model_that_is_not_set_up_is_refused() -> None:
    with pytest.raises(ModelRefusedError, match="provider `q`, which is not set up"):
        models_with().resolve(RunOptions(model="q/x"))
    with pytest.raises(ModelRefusedError, match="`opus` is no model"):
        models_with().resolve(RunOptions(model="opus"))


def test_a_scripted_model_needs_a_script() -> None:
    with pytest.raises(ModelRefusedError, match="none is named"):
        models_with().resolve(RunOptions(model="s/x"))
    assert models_with().resolve(RunOptions(model="s/x", script="a.yaml")).model == "s/x"


PRICE = Price.model_validate(
    {
        "input": 0.1,
        "output": 0.5,
        "cache_read": 0.01,
        "cache_write": 0.125,
        "since": "2026-11-01",
        "long_prompt_over": 100_000,
        "long_prompt": {"input": 0.5, "output": 2.5},
    }
)


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        (Usage(), 0),
        (Usage(input=1), 1),
        (Usage(input=10), 1),
        (Usage(input=11), 2),
        (Usage(input=100, output=100, cache_read=100, cache_write=8), 62),
        (Usage(input=100_000), 10_000),
        (Usage(input=50_000, cache_read=50_000, output=2), 5_501),
        (Usage(input=1, cache_read=50_000, cache_write=50_000, output=2), 50_006),
    ],
)
def test_a_cost_is_exact_and_rounded_up_once(usage: Usage, cost: int) -> None:
    assert cost_of(usage, PRICE) == cost


def test_without_a_price_the_cost_is_not_known() -> None:
    assert cost_of(Usage(input=1), None) is None


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_a_cost_never_shrinks_when_more_is_used(first: int, more: int) -> None:
    less = cost_of(Usage(output=first), PRICE)
    assert less is not None
    assert less <= (cost_of(Usage(output=first + more), PRICE) or 0)
    assert less * 2 >= first


def test_every_built_in_price_reads_a_cache_for_less_than_it_reads_anew(tmp_path: Path) -> None:
    for name, price in load(tmp_path, {}).settings.models.prices.items():
        assert price.cache_read is not None, name
        assert price.cache_write is not None, name
        assert price.cache_read < price.input < price.cache_write < price.output, name
