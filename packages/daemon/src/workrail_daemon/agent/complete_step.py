"""How does an agent complete a step?

The token stays here. A call that was begun and whose end nobody knows is made again: when the session
has moved since, the answer is where it stands now; only this run drives it.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from workrail_daemon.agent.position import Position
from workrail_daemon.agent.present import present
from workrail_daemon.agent.turns import STEP_TOOL
from workrail_daemon.errors import StoppedError
from workrail_daemon.ground import Ground
from workrail_daemon.models.protocol import ToolSpec
from workrail_daemon.stopping import Stop
from workrail_daemon.tools.contract import Answered, Call, Effect, Ends, ToolAnswer, Waits
from workrail_engine.canonical import JsonObject
from workrail_engine.engine import Submission
from workrail_engine.errors import ConflictError, GivenUpError, InvalidInputError
from workrail_engine.outcomes import AdvanceOutcome, Blocked, Completed, Waiting
from workrail_engine.projections.runs import Lease

_SHORTEST_NOTES: Final = 50
_SCHEMA: Final[JsonObject] = {
    "type": "object",
    "properties": {
        "notes": {
            "type": "string",
            "minLength": _SHORTEST_NOTES,
            "description": "What was done, what was found, what is left: for whoever comes after you.",
        },
        "artifacts": {
            "type": "array",
            "items": {"type": "object"},
            "description": "The artifacts the step asks for, each an object with its kind.",
        },
        "context": {
            "type": "object",
            "description": "Variables of the session to set; null removes one.",
        },
    },
    "required": ["notes"],
    "additionalProperties": False,
}
_SPEC: Final = ToolSpec(
    STEP_TOOL,
    "Complete the current step with what came of it. The answer is the next step, or what is still "
    "missing. Checks of the step are run by the engine, not taken on trust.",
    _SCHEMA,
)


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    notes: str = Field(min_length=_SHORTEST_NOTES)
    artifacts: list[dict[str, JsonValue]] = Field(default_factory=list)
    context: dict[str, JsonValue] = Field(default_factory=dict)


class CompleteStep:
    """The tool that moves the session."""

    spec: ToolSpec = _SPEC
    effect: Effect = "waits"

    def __init__(
        self,
        ground: Ground,
        lease: Lease,
        position: Position,
        held: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """Complete the steps of one session.

        Args:
            ground: reaches the engine.
            lease: of the run.
            position: where the session stands.
            held: while it lasts, the checks of the step at hand run as narrowly as its commands.
        """
        self._ground = ground
        self._lease = lease
        self._position = position
        self._held = held

    def said(self, arguments: JsonObject) -> str:
        """The beginning of the notes, on one line."""
        return " ".join(str(arguments.get("notes", "")).split())[:300]

    def run(self, call: Call, stop: Stop, doing: Callable[[str], None]) -> ToolAnswer:
        """Complete the step of the call's node, or say where the session stands if it has moved."""
        self._position.look()
        if self._position.node != call.node:
            return _answer(self._position.stands)
        try:
            sent = _Sent.model_validate(call.input)
        except ValidationError as error:
            return Answered(_problems(error), "error")

        def told(line: str) -> None:
            doing(f"in {STEP_TOOL}: {line}")
            if stop.given:
                message = "The run was told to stop."
                raise GivenUpError(message)

        submission = Submission(sent.notes, tuple(sent.artifacts), sent.context)
        token = self._position.token
        try:
            with self._held():
                outcome = self._ground.call(
                    lambda engine: engine.advance(token or "", submission, told, self._lease)
                )
        except (InvalidInputError, ConflictError) as error:
            return Answered(str(error), "error")
        except GivenUpError as error:
            raise StoppedError(str(error)) from error
        self._position.moved(outcome)
        return _answer(outcome)


def _answer(outcome: AdvanceOutcome) -> ToolAnswer:
    match outcome:
        case Completed():
            steps = outcome.steps_completed
            return Ends(present(outcome), "completed", f"The workflow is complete: {steps} steps.")
        case Waiting():
            said = (
                f'"{outcome.step_title}" waits for approval. Look at it with `workrail approve '
                f"{outcome.approval_id}`; the run goes on once it is answered."
            )
            return Waits("approval", said)
        case Blocked():
            return Answered(present(outcome), "error")
        case _:
            return Answered(present(outcome))


def _problems(error: ValidationError) -> str:
    lines = [
        f"{'.'.join(map(str, problem['loc'])) or 'arguments'}: {problem['msg']}"
        for problem in error.errors()
    ]
    return "complete_step was not carried out:\n" + "\n".join(lines)
