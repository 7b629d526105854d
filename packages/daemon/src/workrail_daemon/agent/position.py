"""Where does the session stand, as the loop needs it?"""

from typing import Final

from workrail_daemon.ground import Ground
from workrail_engine.ids import NodeId, SessionId
from workrail_engine.outcomes import (
    AdvanceOutcome,
    Blocked,
    Completed,
    RehydrateOutcome,
    StepReady,
    StepTools,
    Waiting,
)
from workrail_engine.projections.runs import Place

_NOTHING: Final = StepTools(allowed=(), writable=((),), network=False)


class Position:
    """The tip of a session, followed from step to step."""

    def __init__(self, ground: Ground, session_id: SessionId) -> None:
        self._ground = ground
        self._session_id = session_id
        self._place, self._stands = self._read()

    @property
    def node(self) -> NodeId:
        """Where it stands."""
        return self._place.node

    @property
    def token(self) -> str | None:
        """Continues there; None at the end."""
        return self._place.token

    @property
    def stands(self) -> RehydrateOutcome:
        """What the engine says to whoever comes back there."""
        return self._stands

    @property
    def completed(self) -> bool:
        """Whether the log of the session holds `run_completed`."""
        return isinstance(self._stands, Completed)

    @property
    def waits(self) -> bool:
        """Whether an approval is all that is missing."""
        return isinstance(self._stands, Waiting)

    @property
    def tier(self) -> str | None:
        """Which kind of model suits the step, where its author said so."""
        match self._stands:
            case StepReady() | Blocked():
                return self._stands.step.model_tier
            case _:
                return None

    @property
    def tools(self) -> StepTools | None:
        """What the step lets the agent do; None: all. Where no step is pending, nothing."""
        match self._stands:
            case StepReady() | Blocked():
                return self._stands.step.tools
            case _:
                return _NOTHING

    def look(self) -> None:
        """Read it anew where somebody else may have moved the session."""
        if self._read_place().node != self._place.node:
            self._place, self._stands = self._read()

    def moved(self, outcome: AdvanceOutcome) -> None:
        """Go on from what an advance of the session came to."""
        self._place, self._stands = self._read_place(), outcome

    def _read(self) -> tuple[Place, RehydrateOutcome]:
        return self._ground.call(
            lambda engine: (engine.place(self._session_id), engine.return_to(self._session_id))
        )

    def _read_place(self) -> Place:
        return self._ground.call(lambda engine: engine.place(self._session_id))
