"""What does an event of a log say, in a few words?

Payloads are read as they lie in the log, leniently: a log may be damaged or of another release.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.projections.event_page import EventLine


def event_words(line: EventLine) -> str:
    """One short sentence; the kind's own name where nothing better is known."""
    if line.payload is None:
        return line.problem or "It cannot be read."
    say = _WORDS.get(line.kind)
    return line.kind.replace("_", " ") if say is None else say(line.payload)


def _started(payload: JsonObject) -> str:
    return f"{_text(payload, 'workflow_id')} started by {_text(payload, 'origin')}"


def _completed(payload: JsonObject) -> str:
    return f"{_step(payload)} completed{_with(payload)}"


def _checked(payload: JsonObject) -> str:
    again = ", not run again" if payload.get("reused") is True else ""
    check, outcome = _text(payload, "check_id"), _text(payload, "outcome")
    return f"Check {check} {outcome}{again}: {_text(payload, 'summary')}"


def _assessed(payload: JsonObject) -> str:
    levels = [
        f"{_text(one, 'dimension_id')} {_text(one, 'level')}"
        for one in _objects(payload, "dimensions")
    ]
    return f"Assessment {_text(payload, 'assessment_id')}: {', '.join(levels) or 'no levels'}"


def _skipped(payload: JsonObject) -> str:
    return f"{_step(payload)} skipped: it runs only if {_text(payload, 'condition')}"


def _entered(payload: JsonObject) -> str:
    return f"Loop {_text(payload, 'loop_id')} entered"


def _repeated(payload: JsonObject) -> str:
    return f"Loop {_text(payload, 'loop_id')}, pass {_pass(payload)}"


def _left(payload: JsonObject) -> str:
    causes = {"condition": "its condition", "stopped": "a decision to stop", "limit": "its limit"}
    cause = _text(payload, "cause")
    passes = payload.get("passes")
    return (
        f"Loop {_text(payload, 'loop_id')} left after {passes} passes by {causes.get(cause, cause)}"
    )


def _reached(payload: JsonObject) -> str:
    return f"{_step(payload)} became pending"


def _blocked(payload: JsonObject) -> str:
    codes = [_text(blocker, "code") for blocker in _objects(payload, "blockers")]
    return f"{_step(payload)} blocked: {', '.join(codes) or 'no reason kept'}"


def _asked(payload: JsonObject) -> str:
    return f"{_step(payload)} waits for approval{_with(payload)}"


def _answered(payload: JsonObject) -> str:
    return f"{_text(payload, 'verdict')} by {_text(payload, 'by')} ({_text(payload, 'channel')})"


def _checkpoint(_payload: JsonObject) -> str:
    return "Checkpoint taken"


def _forked(payload: JsonObject) -> str:
    return f"A new branch began at node {payload.get('node')}"


def _ended(payload: JsonObject) -> str:
    skipped = payload.get("skipped")
    count = len(skipped) if isinstance(skipped, Sequence) else 0
    return f"Run complete{f', {count} steps never ran' if count else ''}"


def _taken_up(payload: JsonObject) -> str:
    return f"Run taken up by {_text(payload, 'driver')} with {_text(payload, 'model')}"


def _turn(payload: JsonObject) -> str:
    tools = payload.get("tools")
    named = [str(one) for one in tools] if isinstance(tools, list) else []
    used = f", calling {', '.join(named)}" if named else ""
    said = payload.get("said")
    return f"Turn {payload.get('turn')}{used}{f': {said}' if isinstance(said, str) else ''}"


def _begun(payload: JsonObject) -> str:
    return f"{_text(payload, 'tool')} begun: {_text(payload, 'said')}"


def _finished(payload: JsonObject) -> str:
    return f"{_text(payload, 'tool')} {_text(payload, 'outcome')} after {payload.get('ms')} ms"


def _given(payload: JsonObject) -> str:
    return f"Said to the model by {_text(payload, 'source')}: {_text(payload, 'text')}"


def _saved(payload: JsonObject) -> str:
    return f"Kept {_text(payload, 'name')}"


def _noticed(payload: JsonObject) -> str:
    return f"{_text(payload, 'what').replace('_', ' ')}: {_text(payload, 'said')}"


def _parked(payload: JsonObject) -> str:
    return f"Run parked ({_text(payload, 'why').replace('_', ' ')}): {_text(payload, 'said')}"


def _over(payload: JsonObject) -> str:
    return f"Run ended {_text(payload, 'outcome').replace('_', ' ')}: {_text(payload, 'said')}"


_WORDS: Final[Mapping[str, Callable[[JsonObject], str]]] = {
    "session_started": _started,
    "step_completed": _completed,
    "check_recorded": _checked,
    "assessment_recorded": _assessed,
    "step_skipped": _skipped,
    "loop_entered": _entered,
    "loop_repeated": _repeated,
    "loop_exited": _left,
    "step_reached": _reached,
    "attempt_blocked": _blocked,
    "approval_asked": _asked,
    "approval_answered": _answered,
    "checkpoint_taken": _checkpoint,
    "branch_started": _forked,
    "run_completed": _ended,
    "run_begun": _taken_up,
    "turn_taken": _turn,
    "tool_begun": _begun,
    "tool_finished": _finished,
    "message_given": _given,
    "artifact_saved": _saved,
    "noticed": _noticed,
    "run_parked": _parked,
    "run_ended": _over,
}


def _step(payload: JsonObject) -> str:
    during = f" (pass {_pass(payload)})" if payload.get("iteration") is not None else ""
    return f"{_text(payload, 'step_id')}{during}"


def _pass(payload: JsonObject) -> str:
    iteration = payload.get("iteration")
    return str(iteration + 1) if isinstance(iteration, int) else "?"


def _with(payload: JsonObject) -> str:
    notes = payload.get("notes")
    parts = [f"{len(notes):,} characters of notes"] if isinstance(notes, str) else []
    parts.extend(_text(ref, "kind") for ref in _objects(payload, "artifacts"))
    delta = payload.get("context_delta")
    if isinstance(delta, Mapping) and delta:
        parts.append("1 variable" if len(delta) == 1 else f"{len(delta)} variables")
    return f" with {', '.join(parts)}" if parts else ""


def _text(payload: JsonObject, name: str) -> str:
    value: JsonValue = payload.get(name)
    return value if isinstance(value, str) else "?"


def _objects(payload: JsonObject, name: str) -> list[JsonObject]:
    value = payload.get(name)
    if isinstance(value, str) or not isinstance(value, Sequence):
        return []
    return [one for one in value if isinstance(one, Mapping)]
