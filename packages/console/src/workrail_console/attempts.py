"""What came before a step was accepted: attempts that were refused, steps that were passed over?"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from workrail_engine.ids import NodeId
from workrail_engine.outcomes import Blocker
from workrail_engine.projections.session_detail import CheckLine, NodeLine

_SKIPPED: Final = re.compile(
    r"Skipped (?P<step>\S+)(?: in pass (?P<pass>[0-9]+))?: it (?P<why>runs only if .+)", re.DOTALL
)
_LINES_COMPARED: Final = 400


@dataclass(frozen=True)
class RefusedAttempt:
    """An attempt that was recorded but not accepted."""

    node_id: NodeId
    at: str
    blockers: tuple[Blocker, ...]
    notes: str | None
    """What it carried; None when nothing was kept, or when these notes were accepted later."""
    changed: str | None
    """What the next notes at this step changed in these, as a diff; None where nothing can be told."""
    checks: tuple[CheckLine, ...]


@dataclass(frozen=True)
class PassedOver:
    """A step whose turn came and whose condition did not hold."""

    step_id: str
    loop_pass: int | None
    why: str
    """The condition and the values it saw, in words."""


def refused_attempts(
    group: Sequence[NodeLine], lines: Mapping[NodeId, NodeLine], *, accepted: bool
) -> tuple[RefusedAttempt, ...]:
    """The attempts at one step that were refused.

    Args:
        group: the nodes of the step, in their order.
        lines: every node that is known, by its number.
        accepted: whether the last of them was accepted in the end.
    """
    attempts: list[RefusedAttempt] = []
    for place, line in enumerate(group):
        if line.kind == "blocked":
            own = None if line is group[-1] and accepted else line.notes
            later = next((other.notes for other in group[place + 1 :] if other.notes), None)
            attempts.append(
                RefusedAttempt(
                    node_id=line.node_id,
                    at=line.reached_at,
                    blockers=line.blockers,
                    notes=own,
                    changed=_changed(own, later),
                    checks=_checks_before(line, lines),
                )
            )
    return tuple(attempts)


def _changed(earlier: str | None, later: str | None) -> str | None:
    """The lines that differ between two notes, with one line around them."""
    if not earlier or not later or earlier == later:
        return None
    old, new = earlier.splitlines(), later.splitlines()
    if max(len(old), len(new)) > _LINES_COMPARED:
        return None
    lines = list(difflib.unified_diff(old, new, n=1, lineterm=""))
    return "\n".join(lines[2:]) or None


def passed_over(notices: Iterable[str]) -> tuple[PassedOver, ...]:
    """The steps that notices say were skipped; other notices are left out."""
    found = (_SKIPPED.fullmatch(notice) for notice in notices)
    return tuple(_skipped(one) for one in found if one is not None)


def _skipped(found: re.Match[str]) -> PassedOver:
    number = found["pass"]
    return PassedOver(found["step"], int(number) if number else None, found["why"])


def _checks_before(line: NodeLine, lines: Mapping[NodeId, NodeLine]) -> tuple[CheckLine, ...]:
    """The checks of the attempt that came to a node; they were run at the node before it."""
    before = lines.get(line.parent) if line.parent is not None else None
    if before is None:
        return ()
    return tuple(check for check in before.checks if check.led_to == line.node_id)
