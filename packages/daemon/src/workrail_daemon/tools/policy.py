"""What may an agent do, and how is that narrowed on the way down?"""

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Final

from workrail_daemon.options import ToolsAllowed
from workrail_daemon.tools.contract import ToolPolicy
from workrail_daemon.tools.globs import below, covers, matches_any, without_braces
from workrail_daemon.tools.refusing import refused
from workrail_engine.outcomes import StepTools

NAMES: Final = (
    "Bash",
    "Read",
    "Write",
    "Edit",
    "Glob",
    "Grep",
    "save_artifact",
    "read_artifact",
    "spawn_agent",
    "ask_operator",
    "signal_coordinator",
    "report_issue",
    "complete_step",
)
"""All there are, in the order a model is told of them."""
STEERING: Final = frozenset(
    {"complete_step", "report_issue", "signal_coordinator", "ask_operator", "read_artifact"}
)
"""Tools that are always there: without them a run could neither finish nor say why not."""


def policy_of(tools: ToolsAllowed) -> ToolPolicy:
    """What the options of a run come to."""
    allowed = None if tools.allowed is None else frozenset(tools.allowed)
    return ToolPolicy(allowed, tools.writable, network=tools.network)


def options_of(tools: ToolsAllowed, policy: ToolPolicy) -> ToolsAllowed:
    """What a run is ordered with that may do what a policy says, which is narrower than `tools`."""
    return ToolsAllowed(
        allowed=None if policy.allowed is None else tuple(sorted(policy.allowed)),
        writable=policy.writable,
        hosts=tools.hosts if policy.network else (),
        network=policy.network,
    )


def in_step(policy: ToolPolicy, step: StepTools | None) -> ToolPolicy:
    """What a run may do in a step; None: the step takes nothing away."""
    if step is None:
        return policy
    allowed = None if step.allowed is None else frozenset(step.allowed)
    left = narrowed(policy, ToolPolicy(allowed, network=step.network))
    for globs in step.writable:
        left = narrowed(left, ToolPolicy(writable=globs))
    return left


def narrowed(policy: ToolPolicy, by: ToolPolicy) -> ToolPolicy:
    """What both allow; where two globs overlap in part, less rather than more."""
    if policy.allowed is None or by.allowed is None:
        allowed = by.allowed if policy.allowed is None else policy.allowed
    else:
        allowed = policy.allowed & by.allowed
    writable = narrower_globs(policy.writable, by.writable)
    return ToolPolicy(allowed, writable, policy.network and by.network)


def narrower_globs(some: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    """Globs of either that the other certainly covers; none names what only one of them allows."""
    kept = [
        both
        for one in _plainer(some, others)
        for other in _plainer(others, some)
        for both in _both(one, other)
    ]
    return tuple(dict.fromkeys(kept))


def _plainer(globs: Sequence[str], others: Sequence[str]) -> list[str]:
    """Globs without alternatives, but for those the others hold as they are or cover."""
    return [
        plain
        for glob in globs
        for plain in (
            (glob,) if any(covers(other, glob) for other in others) else without_braces(glob)
        )
    ]


def _both(one: str, other: str) -> tuple[str, ...]:
    """What two globs certainly both name."""
    if covers(other, one):
        return (one,)
    if covers(one, other):
        return (other,)
    for wide, anywhere in ((one, other), (other, one)):
        folder = below(wide)
        if folder is not None and anywhere.startswith("**/"):
            return (f"{folder}/{anywhere}",)
    return ()


def globs_below(globs: Sequence[str], folder: str) -> tuple[str, ...]:
    """What globs name below a folder, as seen from there; where it is unclear, less rather than more.

    Args:
        globs: relative to the workspace.
        folder: of the workspace; `.` is the workspace itself.
    """
    if folder == ".":
        return tuple(globs)
    kept: list[str] = []
    for glob in globs:
        if covers(glob, f"{folder}/**"):
            kept.append("**")
        elif glob.startswith(f"{folder}/"):
            kept.append(glob.removeprefix(f"{folder}/"))
        elif glob.startswith("**/"):
            kept.append(glob)
    return tuple(dict.fromkeys(kept))


def allows(policy: ToolPolicy, tool: str) -> bool:
    """Whether a tool may be used."""
    return policy.allowed is None or tool in policy.allowed or tool in STEERING


def check_writable(place: str, writable: Iterable[str]) -> None:
    """Refuse to change a file the policy keeps.

    Args:
        place: its real place, relative to the workspace.
        writable: globs of files that may be changed.

    Raises:
        NotDoneError: it must stay as it is.
    """
    if any(name.casefold() == ".git" for name in PurePosixPath(place).parts):
        message = f"{place} belongs to git and is not written by hand. Use git through Bash."
        raise refused(message)
    globs = tuple(writable)
    if not matches_any(place, globs):
        names = ", ".join(globs) or "none at all"
        message = f"{place} must not be changed here, by this run or in this step: only {names}."
        raise refused(message)
