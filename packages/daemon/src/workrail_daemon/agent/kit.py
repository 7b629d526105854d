"""What does one run work with?"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from workrail_daemon.agent.letters import Letters
from workrail_daemon.ground import Ground
from workrail_daemon.models.protocol import ModelClient, ToolSpec
from workrail_daemon.options import StuckPolicy
from workrail_daemon.tools.contract import Tool
from workrail_engine.ids import SessionId
from workrail_engine.projections.runs import Lease


class Tools(Protocol):
    """The tools a run has in the step at hand."""

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """Those of the step at hand, as the model is told of them, always in the same order."""
        ...

    def find(self, name: str) -> Tool | None:
        """The one of a name; None: the run has none such, or may not use it now."""
        ...

    def why_not(self, name: str) -> str:
        """What the model is told that calls a tool which is not there."""
        ...


@dataclass(frozen=True)
class Kit:
    """All that stays the same while a run is worked on."""

    session_id: SessionId
    lease: Lease
    ground: Ground
    mail: Letters
    client: Callable[[str | None], ModelClient]
    """The model for a step, given the tier its author asked for."""
    toolbox: Tools
    system: str
    """The system prompt."""
    max_output_tokens: int
    stuck_policy: StuckPolicy
    later: Callable[[float], str]
    """When so many seconds are over: RFC 3339, UTC."""
