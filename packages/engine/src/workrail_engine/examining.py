"""What is looked at before an attempt is decided?

Looking takes as long as it takes and holds no lock. What was found for the very same files is not
looked for again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from workrail_engine.ids import SessionId
from workrail_engine.material import Material
from workrail_engine.ports import CheckPlace, CheckRunner
from workrail_engine.session.attempts import Wanted
from workrail_engine.session.checking import passed_before, reused
from workrail_engine.session.commands import ShownChange
from workrail_engine.session.events import Position
from workrail_engine.workflow.checks import CheckResult

Told = Callable[[str], None]
_LETS_PASS: Final = frozenset({"passed", "unchecked"})


@dataclass(frozen=True)
class Found:
    """What was found."""

    results: tuple[CheckResult, ...] = ()
    change: ShownChange | None = None
    """What an approver is to be shown; None when that could not be told, or is not wanted."""


class Examiner:
    """Looks at the files of a session's workspace."""

    def __init__(self, material: Material, runner: CheckRunner) -> None:
        self._material = material
        self._runner = runner

    def look(self, session_id: SessionId, position: Position, wanted: Wanted, told: Told) -> Found:
        """Run the checks an attempt needs, and read what an approver is to be shown.

        Args:
            session_id: whose workspace.
            position: of the node; remembers what passed.
            wanted: what to look at.
            told: told how far it is, a line at a time.
        """
        started = self._material.started(session_id)
        place = CheckPlace(started.workspace.path, started.workspace.head, wanted.artifacts)
        tree = self._runner.tree(place.workspace)
        results: list[CheckResult] = []
        for check in wanted.checks:
            if tree is not None and passed_before(check, position, tree):
                results.append(reused(check, tree))
            else:
                results.append(self._runner.run(check, place, told))
        if not wanted.change or any(result.outcome not in _LETS_PASS for result in results):
            return Found(tuple(results))
        after, diff = self._runner.tree(place.workspace), self._runner.diff(place)
        shown = None if after is None or diff is None else ShownChange(after, diff)
        return Found(tuple(results), shown)

    def tree(self, session_id: SessionId) -> str | None:
        """The files of a session's workspace, as they are now."""
        return self._runner.tree(self._material.started(session_id).workspace.path)
