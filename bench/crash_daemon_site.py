"""Which daemons work in the crash campaign, and on what?"""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from workrail_engine.engine import Engine, StartRequest, open_engine
from workrail_engine.ids import SessionId
from workrail_engine.projections.runs import RunOrder
from workrail_engine.proofs.keys import KeyRing
from workrail_engine.system import Locations
from workrail_engine.testing.world import SeededEntropy

STEPS: Final = 8
_WORKFLOW: Final = "my.campaign"
_DAEMON: Final = Path(sys.executable).parent / "worktrain"


@dataclass
class Campaign:
    """What was done."""

    store: str
    sessions: list[SessionId]
    crashes: list[SessionId]
    """A session for each time a daemon that drove it was killed."""
    killed: int
    takeovers: list[float] = field(default_factory=list[float])
    """Seconds from a kill to the next request of a session that was driven."""


class Fleet:
    """The daemons that are up."""

    def __init__(
        self,
        homes: list[Path],
        engine: Engine,
        locations: Locations,
        environment: dict[str, str],
    ) -> None:
        self.engine = engine
        self.locations = locations
        self._homes = homes
        self._environment = environment
        self._up: dict[Path, subprocess.Popen[bytes]] = {}

    def muster(self) -> None:
        """Start every daemon that is not up."""
        for home in self._homes:
            if home not in self._up:
                with (home / "daemon.txt").open("ab") as log:
                    self._up[home] = subprocess.Popen(
                        [_DAEMON, "daemon", "run"],
                        env={**self._environment, "WORKRAIL_HOME": str(home)},
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                    )

    def kill(self, chance: SeededEntropy) -> tuple[SessionId, ...]:
        """Kill one of them; the sessions it drove."""
        homes = list(self._up)
        home = homes[int(share_of(chance) * len(homes))]
        process = self._up.pop(home)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        running = self.engine.runs.views("running")
        ours = f":{process.pid}"
        return tuple(
            view.session_id
            for view in running
            if view.worker is not None and view.worker.endswith(ours)
        )

    def ordered(self, number: int) -> SessionId:
        """A new run, known by its number."""
        workspace = self._homes[0].parent / f"workspace-{number}"
        workspace.mkdir()
        (workspace / "a.txt").write_text("a\n" * 100)
        goal = f"This is campaign session {number}."
        begun = self.engine.start(StartRequest(_WORKFLOW, goal, workspace, origin="daemon"))
        session_id = SessionId(begun.session_id)
        self.engine.runs.order(RunOrder(session_id, options={"model": "standin/model"}))
        return session_id

    def is_over(self, session_id: SessionId) -> bool:
        """Whether nothing is left to do for a run."""
        view = self.engine.runs.view(session_id)
        return view is not None and view.state == "ended"

    def disband(self) -> None:
        """Stop all of them."""
        for process in self._up.values():
            process.terminate()
        for process in self._up.values():
            process.wait()


def share_of(chance: SeededEntropy) -> float:
    """A number from 0 to 1, 1 left out."""
    return int.from_bytes(chance.bytes(4), "big") / (1 << 32)


@contextmanager
def fleet(folder: Path, address: str | None, model: str) -> Generator[Fleet]:
    """Daemons on a new store: one where it is a file, two where it is on a server.

    Args:
        folder: an empty one.
        address: of a database on a server; None: a file.
        model: where the model listens.
    """
    homes = [folder / f"home-{number}" for number in ((1,) if address is None else (1, 2))]
    for home in homes:
        (home / "workflows").mkdir(parents=True)
        (home / "workflows" / f"{_WORKFLOW}.json").write_text(json.dumps(_workflow()))
        (home / "config.toml").write_text(_settings(model))
    KeyRing(Locations.under(homes[0]).keys).signer()  # the daemons of one store sign with one key
    for home in homes[1:]:
        shutil.copytree(Locations.under(homes[0]).keys, home / "keys")
    environment = {**os.environ, "CAMPAIGN_KEY": "none-needed"}
    environment.pop("ANTHROPIC_BASE_URL", None)
    locations = Locations.under(homes[0])
    if address is not None:
        environment["WORKRAIL_DATABASE_URL"] = address
        locations = replace(locations, database_url=address)
    with open_engine(locations) as engine:
        ships = Fleet(homes, engine, locations, environment)
        ships.muster()
        try:
            yield ships
        finally:
            ships.disband()


def _settings(model: str) -> str:
    return f"""[models.providers.standin]
kind = "anthropic"
base_url = "{model}"
api_key_env = "CAMPAIGN_KEY"

[daemon]
drain_seconds = 2
"""


def _workflow() -> dict[str, object]:
    steps = [
        {"id": f"step-{number}", "title": f"Step {number}", "prompt": "Do what there is to do."}
        for number in range(1, STEPS + 1)
    ]
    told = {"name": "Campaign", "description": "Steps to be killed in", "version": "1.0.0"}
    return {"id": _WORKFLOW, **told, "steps": steps}
