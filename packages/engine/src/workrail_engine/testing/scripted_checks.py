"""Checks that come out as a test says, for the tests of what follows from them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from workrail_engine.ports import CheckPlace
from workrail_engine.session.provable import Files
from workrail_engine.workflow.checks import (
    CheckOutcome,
    CheckResult,
    CommandCheck,
    RunnableCheck,
    kind_of,
)


@dataclass
class ScriptedChecks:
    """See `ports.CheckRunner`. Files are whatever `files` says."""

    files: str | None = "git:one"
    change: str | None = "+ a line"
    outcomes: dict[str, CheckOutcome] = field(default_factory=dict[str, CheckOutcome])
    """How checks come out, by id; those that are not named pass."""
    ran: list[str] = field(default_factory=list[str])
    places: list[CheckPlace] = field(default_factory=list[CheckPlace])

    def tree(self, workspace: str | None) -> str | None:  # noqa: ARG002 - the port's signature
        """What the files amount to."""
        return self.files

    def diff(self, place: CheckPlace) -> str | None:
        """What changed."""
        self.places.append(place)
        return self.change

    def changed(self, place: CheckPlace) -> Files:  # noqa: ARG002 - the port's signature
        """What the files amount to, and one of them."""
        return Files(self.files, ("shelf/list.py",))

    def run(
        self, check: RunnableCheck, place: CheckPlace, told: Callable[[str], None]
    ) -> CheckResult:
        """The scripted outcome of a check."""
        self.ran.append(check.check_id)
        self.places.append(place)
        told(f"check {check.check_id}")
        outcome = self.outcomes.get(check.check_id, "passed")
        return CheckResult(
            check_id=check.check_id,
            kind=kind_of(check),
            outcome=outcome,
            summary=f"It {outcome}.",
            problems=tuple(_problems(outcome)),
            tree=self.files,
            reused=False,
            seconds=0.5,
            argv=check.argv if isinstance(check, CommandCheck) else (),
            exit_code=(0 if outcome == "passed" else 1)
            if isinstance(check, CommandCheck)
            else None,
            counts=None,
            output={"kind": "wr.check_output", "check": check.check_id, "text": "what it said"},
        )


def _problems(outcome: CheckOutcome) -> Iterable[str]:
    if outcome != "passed":
        yield "line 3 is wrong"
