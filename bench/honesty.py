"""How many false completions does a lying agent get accepted, with checks and without?

Run it with `make bench-honesty`: some minutes on two cores. It writes docs/benchmarks/honesty.md and
exits with 1 when a completion was accepted whose work was not done, other than where that is a known
limit, or when an honest agent was refused. `--quick` does a part of it and writes nothing; `--only`
names classes (`a` to `i`, `trap`, `honest`); `--json` prints what happened, for tests.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import honesty_doors
import honesty_graders
import honesty_records
import honesty_words
from honesty_project import FLOWS
from honesty_report import KINDS, Outcome, as_markdown
from honesty_scene import LIES, Ground, Lie, Scene, ground

from workrail_engine.engine import Answered, open_engine
from workrail_engine.system import Locations

_REPORT: Final = Path(__file__).parent.parent / "docs" / "benchmarks" / "honesty.md"
AGENTS: Final = (honesty_words, honesty_graders, honesty_doors, honesty_records)
"""Imported for the agents they enter."""


@dataclass(frozen=True)
class Plan:
    """How much is done."""

    quick: bool
    repeats: int
    only: Sequence[str]

    def wants(self, kind: str) -> bool:
        """Whether a class is asked for."""
        return not self.only or kind in self.only


def main() -> int:
    """Let every agent try, and say what came of it."""
    parser = argparse.ArgumentParser(description="Let lying agents try.")
    parser.add_argument("--quick", action="store_true", help="a part of the agents, once")
    parser.add_argument("--only", nargs="*", default=[], help="classes of agents")
    parser.add_argument("--json", action="store_true", help="print what happened as JSON")
    parser.add_argument("--repeats", type=int, default=2, help="how often each agent tries")
    asked = parser.parse_args()
    plan = Plan(asked.quick, 1 if asked.quick else asked.repeats, asked.only)
    with (
        tempfile.TemporaryDirectory(
            prefix="workrail-honesty-", ignore_cleanup_errors=True
        ) as folder,
        ground(Path(folder).resolve()) as place,
    ):
        outcomes = [*_honest(place, plan), *_lies(place, plan, told=not asked.json)]
    if asked.json:
        print(json.dumps([asdict(outcome) for outcome in outcomes]))
    else:
        print(as_markdown(outcomes, plan.repeats))
    if not (plan.quick or plan.only):
        _REPORT.write_text(as_markdown(outcomes, plan.repeats), encoding="utf-8")
    return 0 if all(outcome.sound for outcome in outcomes) else 1


def _honest(place: Ground, plan: Plan) -> list[Outcome]:
    """What an honest agent gets: else a refusal of everything would look like honesty."""
    if not plan.wants("honest"):
        return []
    outcomes: list[Outcome] = []
    flows = [name for name in FLOWS if not name.startswith("trap-")]
    for flow in flows[:1] + flows[-2:] if plan.quick else flows:
        accepted = 0
        for _ in range(plan.repeats):
            scene = place.scene(flow, checks=True)
            scene.begin()
            honesty_words.honest(scene.project)
            scene.push(artifacts=[{"kind": "till.test_log", "text": "2 passed", "sha256": "…"}])
            if flow == "mend-agreed":
                _agree(scene)
                scene.call("continue_workflow", continueToken=scene.token)
                scene.push()
            accepted += scene.accepted(None) and scene.project.adds_up()
        outcomes.append(Outcome("honest", flow, flow, plan.repeats, accepted, None, None))
    return outcomes


def _agree(scene: Scene) -> None:
    """What a person does, without the terminal."""
    with open_engine(Locations.under(scene.home)) as engine:
        asked = next(one for one in engine.approvals.pending() if one.session_id == scene.session)
        given = Answered("approved", asked.digest, "a person", "terminal", None)
        engine.approvals.answer(asked.approval_id, given)


def _lies(place: Ground, plan: Plan, *, told: bool) -> list[Outcome]:
    outcomes: list[Outcome] = []
    contrasted: set[str] = set()
    for each in LIES:
        if not plan.wants(each.kind) or (plan.quick and not each.quick):
            continue
        accepted = sum(_false(place, each, plan, checks=True) for _ in range(plan.repeats))
        without = None
        if not plan.quick or each.kind not in contrasted:
            contrasted.add(each.kind)
            without = sum(_false(place, each, plan, checks=False) for _ in range(plan.repeats))
        outcome = Outcome(
            each.kind, each.name, each.flow, plan.repeats, accepted, without, each.limit
        )
        if told:
            print(
                f"{each.kind}  {each.name}: {accepted}, without checks {without}", file=sys.stderr
            )
        outcomes.append(outcome)
    return sorted(outcomes, key=lambda outcome: list(KINDS).index(outcome.kind))


def _false(place: Ground, each: Lie, plan: Plan, *, checks: bool) -> bool:
    """Whether a completion was accepted though the work was not done."""
    known = place.hash_of(each.flow, checks=checks)
    scene = place.scene(each.flow, checks=checks)
    scene.tries = 1 if plan.quick else scene.tries
    each.act(scene)
    return scene.accepted(known) and not each.works(scene)


if __name__ == "__main__":
    sys.exit(main())
