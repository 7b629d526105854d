"""Which way did a run go? Told from what is recorded of it, and from nothing else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from workrail_engine.canonical import JsonObject
from workrail_engine.session.events import (
    ApprovalAsked,
    AttemptBlocked,
    CheckRecorded,
    Event,
    RunCompleted,
    StepReached,
    StepSkipped,
)


@dataclass(frozen=True)
class Course:
    """What a run came to."""

    path: tuple[str, ...]
    """Steps in the order they were reached; `fix#2` is a step of a loop in its second pass."""
    skipped: tuple[str, ...]
    """Steps and loops that were passed over and never reached."""
    blocks: Mapping[str, tuple[str, ...]]
    """Why attempts were blocked, by step; each reason once."""
    failed_checks: tuple[str, ...]
    """Checks that did not pass at least once."""
    waits: tuple[str, ...]
    """Steps that waited for approval."""
    completed: bool
    context: JsonObject
    """At the end."""
    ended: str
    """Why it went no further, in words."""


def course_of(events: Iterable[Event], context: JsonObject, ended: str) -> Course:
    """The course of a run.

    Args:
        events: its log, in order.
        context: where it stands now.
        ended: why it goes no further.
    """
    path: list[str] = []
    reached: set[str] = set()
    passed_over: dict[str, None] = {}
    blocks: dict[str, dict[str, None]] = {}
    failed: dict[str, None] = {}
    waits: dict[str, None] = {}
    completed = False
    for event in events:
        match event:
            case StepReached():
                path.append(label(event.step_id, event.iteration))
                reached.add(event.step_id)
            case StepSkipped():
                passed_over[event.step_id] = None
            case AttemptBlocked():
                codes = blocks.setdefault(event.step_id, {})
                codes.update((blocker.code.value, None) for blocker in event.blockers)
            case CheckRecorded() if event.outcome in ("failed", "error"):
                failed[event.check_id] = None
            case ApprovalAsked():
                waits[event.step_id] = None
            case RunCompleted():
                completed = True
            case _:
                pass
    return Course(
        path=tuple(path),
        skipped=tuple(name for name in passed_over if name not in reached),
        blocks={step: tuple(codes) for step, codes in blocks.items()},
        failed_checks=tuple(failed),
        waits=tuple(waits),
        completed=completed,
        context=context,
        ended=ended,
    )


def label(step_id: str, iteration: int | None) -> str:
    """How a step of a path is called; passes count from 1."""
    return step_id if iteration is None else f"{step_id}#{iteration + 1}"
