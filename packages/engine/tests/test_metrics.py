"""Metrics are asked for by profile, at the steps where they can be known."""

import pytest

from workrail_engine.ids import LoopId, StepId, WorkflowHash, WorkflowId
from workrail_engine.workflow.compiled import (
    CompiledLoop,
    CompiledStep,
    CompiledWorkflow,
    Counted,
    OutputContract,
    TopLevel,
)
from workrail_engine.workflow.metrics import METRICS_OUTCOMES, final_step_ids, metrics_footer

_CONTROL = OutputContract("wr.contracts.loop_control", required=True)


def _asked(profile: str, *, is_final: bool) -> set[str]:
    footer = metrics_footer(profile, is_final=is_final) or ""
    names = (
        "commit_shas",
        "outcome",
        "pr_numbers",
        "files_changed",
        "lines_added",
        "lines_removed",
    )
    return {name for name in names if f"`metrics_{name}`" in footer}


@pytest.mark.rule("LANG-38")
@pytest.mark.parametrize(
    ("profile", "always", "at_the_end"),
    [
        (
            "coding",
            {"commit_shas"},
            {
                "commit_shas",
                "outcome",
                "pr_numbers",
                "files_changed",
                "lines_added",
                "lines_removed",
            },
        ),
        ("review", set[str](), {"pr_numbers", "outcome"}),
        ("research", set[str](), {"outcome"}),
        ("design", set[str](), {"outcome"}),
        ("ticket", set[str](), {"outcome"}),
        ("none", set[str](), set[str]()),
    ],
)
def test_each_profile_asks_for_its_own_figures(
    profile: str, always: set[str], at_the_end: set[str]
) -> None:
    assert _asked(profile, is_final=False) == always
    assert _asked(profile, is_final=True) == at_the_end


def test_a_profile_that_asks_for_nothing_adds_nothing() -> None:
    assert metrics_footer("none", is_final=True) is None
    assert metrics_footer("review", is_final=False) is None


def test_the_footer_names_the_parameter_and_the_outcomes() -> None:
    footer = metrics_footer("ticket", is_final=True)
    assert footer is not None
    assert "`context`" in footer
    assert all(outcome in footer for outcome in METRICS_OUTCOMES)


def _step(step_id: str, contract: OutputContract | None = None) -> CompiledStep:
    return CompiledStep(StepId(step_id), step_id, "p", output_contract=contract)


def _loop(*body: CompiledStep) -> CompiledLoop:
    return CompiledLoop(LoopId("loop"), "t", Counted(1), 1, body)


@pytest.mark.parametrize(
    ("steps", "final"),
    [
        ((_step("a"), _step("b")), {"b"}),
        ((_step("a"), _loop(_step("b"), _step("c"))), {"c"}),
        ((_loop(_step("b"), _step("c", _CONTROL)),), {"b"}),
        ((_loop(_step("c", _CONTROL)),), {"c"}),
        ((_loop(_step("b")), _step("z")), {"z"}),
    ],
)
def test_the_final_step_is_the_last_that_does_work(
    steps: tuple[TopLevel, ...], final: set[str]
) -> None:
    workflow = CompiledWorkflow(WorkflowHash("h"), WorkflowId("w"), "n", "d", "1.0.0", steps)
    assert final_step_ids(workflow) == final
