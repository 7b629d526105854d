"""Does the daemon lose or repeat anything when it is killed, again and again?

Run it with `make bench-crash`: about ten minutes on two cores. Real `worktrain daemon run` processes
work on three sessions at a time and are killed with SIGKILL at random moments, on SQLite with one daemon
that is started again, on PostgreSQL with two of which one is killed. The model is a server beside them
that speaks the Messages API and keeps every request. It writes docs/benchmarks/crash.md and exits with 1
when something was lost, doubled, or repeated more often than once for each session and crash.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Final

from crash_daemon_look import Verdict, verdict_on
from crash_daemon_model import StandIn, stand_in
from crash_daemon_report import as_markdown
from crash_daemon_site import Campaign, Fleet, fleet, share_of

from workrail_engine.ids import SessionId
from workrail_engine.testing.postgres import postgres_server
from workrail_engine.testing.world import SeededEntropy

_REPORT: Final = Path(__file__).parent.parent / "docs" / "benchmarks" / "crash.md"
_AT_ONCE: Final = 3
_PATIENCE: Final = 60.0
_SOONEST: Final = 0.25
_LATEST: Final = 1.4
_LOOK: Final = 0.02


def main() -> int:
    """Kill daemons, look at what is left, and say what came of it."""
    parser = argparse.ArgumentParser(description="Kill daemons at random.")
    parser.add_argument("--kills", type=int, default=110, help="of each kind of store")
    parser.add_argument("--store", choices=("sqlite", "postgresql"), help="only this one")
    parser.add_argument("--seed", default="campaign")
    asked = parser.parse_args()
    verdicts: list[Verdict] = []
    for store in (asked.store,) if asked.store else ("sqlite", "postgresql"):
        verdicts.append(_campaign(store, asked.kills, SeededEntropy(asked.seed)))
        print(verdicts[-1].told, flush=True)
    if asked.store is None and asked.kills >= 100:
        _REPORT.write_text(as_markdown(verdicts))
        print(f"written: {_REPORT}")
    return 0 if all(each.holds for each in verdicts) else 1


def _campaign(store: str, kills: int, chance: SeededEntropy) -> Verdict:
    print(f"{store}: killing {kills} times …", flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="worktrain-crash-") as folder,
        postgres_server() if store == "postgresql" else nullcontext() as server,
        stand_in() as model,
    ):
        address = None if server is None else server.new_database()
        with fleet(Path(folder).resolve(), address, model.address) as ships:
            campaign = Campaign(store, [], [], 0)
            going: list[SessionId] = []
            while campaign.killed < kills:
                going = _topped_up(ships, campaign, going)
                if not _kill_once(ships, model, campaign, going, chance):
                    continue
                if campaign.killed % 10 == 0:
                    print(
                        f"  {campaign.killed} kills, {len(campaign.sessions)} sessions", flush=True
                    )
            _finish(ships, campaign)
            return verdict_on(ships.engine, ships.locations, model, campaign)


def _topped_up(ships: Fleet, campaign: Campaign, going: Sequence[SessionId]) -> list[SessionId]:
    """Three runs that are not over; new ones in the place of those that are."""
    left = [each for each in going if not ships.is_over(each)]
    while len(left) < _AT_ONCE:
        left.append(ships.ordered(len(campaign.sessions)))
        campaign.sessions.append(left[-1])
    return left


def _kill_once(
    ships: Fleet,
    model: StandIn,
    campaign: Campaign,
    going: Sequence[SessionId],
    chance: SeededEntropy,
) -> bool:
    """Wait until something is worked on, kill a daemon a moment later, see who takes over.

    Nothing is killed where all that went on was over before it asked again.
    """
    before = model.count
    _until(
        lambda: model.count > before or all(map(ships.is_over, going)), "the daemon asks the model"
    )
    if model.count == before:
        return False
    Event().wait(_SOONEST + (_LATEST - _SOONEST) * share_of(chance))
    driven = ships.kill(chance)
    campaign.killed += 1
    at = monotonic()
    campaign.crashes += driven
    asked = model.count
    ships.muster()
    if driven:
        _until(
            lambda: (
                model.asked_since(asked, map(campaign.sessions.index, driven))
                or all(map(ships.is_over, driven))
            ),
            "someone takes over",
        )
        campaign.takeovers.append(monotonic() - at)
    return True


def _finish(ships: Fleet, campaign: Campaign) -> None:
    _until(lambda: all(map(ships.is_over, campaign.sessions)), "every run is over", 4 * _PATIENCE)


def _until(holds: Callable[[], bool], what: str, patience: float = _PATIENCE) -> None:
    pause, limit = Event(), monotonic() + patience
    while not holds():
        if monotonic() > limit:
            message = f"After {patience:.0f} s it is still not so that {what}."
            raise TimeoutError(message)
        pause.wait(_LOOK)


if __name__ == "__main__":
    sys.exit(main())
