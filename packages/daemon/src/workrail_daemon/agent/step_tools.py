"""Which tools has a run in the step at hand?

The step narrows what the run may do: which tools there are, which files they change, what commands
reach. It follows from where the session stands and from nothing else, so a daemon that takes a run
over in the middle of a step keeps to the same. The model is offered other tools only where a step
begins: a request with other tools finds nothing in its provider's cache.
"""

from collections.abc import Callable

from workrail_daemon.agent.position import Position
from workrail_daemon.agent.walls import Walls, walls_in_step
from workrail_daemon.models.protocol import ToolSpec
from workrail_daemon.tools.contract import Tool
from workrail_daemon.tools.toolbox import Toolbox
from workrail_engine.outcomes import StepTools


class ToolsInStep:
    """The tools of a run, as its step leaves them."""

    def __init__(self, position: Position, walls: Walls, make: Callable[[Walls], Toolbox]) -> None:
        """Follow a position.

        Args:
            position: where the session stands, read each time a tool is asked for.
            walls: of the run.
            make: the tools that work inside some walls.
        """
        self._position = position
        self._make = make
        self.whole = make(walls)
        """All the run has, whatever its step."""
        self._whole_walls = walls
        self._known: dict[StepTools | None, tuple[Walls, Toolbox]] = {None: (walls, self.whole)}

    @property
    def walls(self) -> Walls:
        """What holds the tools now."""
        return self._now()[0]

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """Those that may be used now, as the model is told of them, always in the same order."""
        return self._now()[1].specs

    def find(self, name: str) -> Tool | None:
        """The one of a name; None: there is none such, or it may not be used now."""
        return self._now()[1].find(name)

    def why_not(self, name: str) -> str:
        """What the model is told that calls a tool which is not there."""
        names = ", ".join(spec.name for spec in self.specs)
        if self.whole.find(name) is None:
            return f'There is no tool "{name}" here. Use one of: {names}.'
        return (
            f"This step leaves {name} out, so it was not carried out. Use one of: {names}. What "
            "cannot be done with them is not for this step: say so in your notes."
        )

    def _now(self) -> tuple[Walls, Toolbox]:
        step = self._position.tools
        known = self._known.get(step)
        if known is None:
            walls = walls_in_step(self._whole_walls, step)
            made = self.whole if walls is self._whole_walls else self._make(walls)
            known = self._known[step] = walls, made
        return known
