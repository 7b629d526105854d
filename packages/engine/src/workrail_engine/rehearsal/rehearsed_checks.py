"""How do checks come out in a rehearsal?

As the case says; else for real where the case has files, or where files are not needed. Else there
is nothing to look at, and a check comes out as it would for the agent that is on: passed for one
that does the work, failed for one that only says so.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from workrail_engine.ports import CheckPlace, CheckRunner
from workrail_engine.session.provable import Files
from workrail_engine.workflow.checks import (
    ArtifactCheck,
    CheckOutcome,
    CheckResult,
    CommandCheck,
    RunnableCheck,
    kind_of,
)


@dataclass
class RehearsedChecks:
    """See `ports.CheckRunner`."""

    real: CheckRunner
    script: Mapping[str, Sequence[CheckOutcome]]
    """How checks come out, one after the other, by id; the last is repeated."""
    unreal: frozenset[str] = frozenset()
    """Checks that are not run even where there are files."""
    files: bool = False
    """Whether there are files to look at."""
    honest: bool = True
    """Whether the agent that is on does the work."""
    attempt: int = 0
    """Counts what was sent, so that nothing passes for the files of another attempt."""
    _ran: dict[str, int] = field(default_factory=dict[str, int])

    def tree(self, workspace: str | None) -> str | None:
        """What the files amount to; where there are none, as if each attempt changed them."""
        return self.real.tree(workspace) if self.files else f"files:{self.attempt}"

    def diff(self, place: CheckPlace) -> str | None:
        """What changed."""
        return self.real.diff(place) if self.files else "(no files in this rehearsal)\n"

    def changed(self, place: CheckPlace) -> Files:
        """What the files amount to, and which of them changed."""
        return self.real.changed(place) if self.files else Files(self.tree(place.workspace))

    def run(
        self, check: RunnableCheck, place: CheckPlace, told: Callable[[str], None]
    ) -> CheckResult:
        """The outcome of a check."""
        scripted = self.script.get(check.check_id)
        if scripted:
            turn = self._ran.get(check.check_id, 0)
            self._ran[check.check_id] = turn + 1
            return self._said(check, scripted[min(turn, len(scripted) - 1)], place)
        looked_at = self.files or isinstance(check, ArtifactCheck)
        if looked_at and check.check_id not in self.unreal:
            return self.real.run(check, place, told)
        return self._said(check, "passed" if self.honest else "failed", place)

    def _said(self, check: RunnableCheck, outcome: CheckOutcome, place: CheckPlace) -> CheckResult:
        return CheckResult(
            check_id=check.check_id,
            kind=kind_of(check),
            outcome=outcome,
            summary=f"It was not run; in this rehearsal it counts as {outcome}.",
            problems=() if outcome == "passed" else ("rehearsed",),
            tree=self.tree(place.workspace),
            reused=False,
            seconds=0.0,
            argv=check.argv if isinstance(check, CommandCheck) else (),
            exit_code=None,
            counts=None,
            output=None,
        )
