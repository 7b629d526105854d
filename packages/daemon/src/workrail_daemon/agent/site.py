"""What do all runs of a daemon share?"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from workrail_daemon.agent.held_checks import HeldChecks
from workrail_daemon.config.settings import Settings
from workrail_daemon.models.registry import Models
from workrail_engine.agent_events import AgentEvent
from workrail_engine.ids import SessionId
from workrail_engine.reader import Reader


@dataclass(frozen=True)
class Site:
    """Where runs are worked on."""

    settings: Settings
    models: Models
    home: Path
    """The folder of the store and of everything beside it; hidden from agents."""
    reader: Callable[[], AbstractContextManager[Reader]]
    """Opens the store to look."""
    checks: HeldChecks
    """Holds the commands of checks; the engine was opened with it."""
    later: Callable[[float], str]
    """When so many seconds are over: RFC 3339, UTC."""
    told: Callable[[SessionId, AgentEvent], None]
    """Told every fact that is recorded, once it is."""
