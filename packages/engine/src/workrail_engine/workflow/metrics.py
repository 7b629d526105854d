"""Which figures does a workflow ask its agent to leave in the context, and at which step?"""

from workrail_engine.ids import StepId
from workrail_engine.workflow.compiled import CompiledLoop, CompiledStep, CompiledWorkflow

METRICS_OUTCOMES = ("success", "partial", "abandoned", "error")
"""The values `metrics_outcome` may have."""

_LOOP_CONTRACT = "wr.contracts.loop_control"
_COMMITS = (
    "`metrics_commit_shas`: a list of every commit made in this session so far "
    "(the new list replaces the earlier one)"
)
_OUTCOME = f"`metrics_outcome`: one of {', '.join(METRICS_OUTCOMES)}"
_PULL_REQUESTS = "`metrics_pr_numbers`: a list of the pull request numbers this work is about"
_FINAL: dict[str, tuple[str, ...]] = {
    "coding": (
        _COMMITS,
        _OUTCOME,
        _PULL_REQUESTS,
        "`metrics_files_changed`, `metrics_lines_added` and `metrics_lines_removed`: numbers, "
        "as git reports them",
    ),
    "review": (_PULL_REQUESTS, _OUTCOME),
    "research": (_OUTCOME,),
    "design": (_OUTCOME,),
    "ticket": (_OUTCOME,),
}
_EVERY_STEP: dict[str, tuple[str, ...]] = {"coding": (_COMMITS,)}


def metrics_footer(profile: str, *, is_final: bool) -> str | None:
    """What to append to a step's prompt; None when the profile asks for nothing there.

    Args:
        profile: the workflow's `metricsProfile`.
        is_final: whether the step is one of `final_step_ids`.
    """
    asked = (_FINAL if is_final else _EVERY_STEP).get(profile)
    if asked is None:
        return None
    lines = "\n".join(f"- {line}" for line in asked)
    return f"## Figures\n\nWhen you complete this step, set in `context`:\n{lines}"


def final_step_ids(workflow: CompiledWorkflow) -> frozenset[StepId]:
    """The steps that may end a run: the last one, or the last of a final loop's working steps."""
    match workflow.steps[-1]:
        case CompiledStep() as step:
            return frozenset((step.step_id,))
        case CompiledLoop(body=body):
            working = [step for step in body if not _controls_loop(step)]
            return frozenset(((working or body)[-1].step_id,))


def _controls_loop(step: CompiledStep) -> bool:
    contract = step.output_contract
    return contract is not None and contract.contract_ref == _LOOP_CONTRACT
