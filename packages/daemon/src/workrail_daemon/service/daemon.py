"""How does the daemon begin?

What is light comes first: the settings and the lock. Whoever waits for a daemon sees it after a tenth
of a second, and the rest is loaded while it is there.
"""

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager

from workrail_daemon.config.loading import load
from workrail_daemon.errors import SandboxUnavailableError
from workrail_daemon.service.process import Left, Parts, hold, holder_here
from workrail_engine.system import Locations, SystemClock


def run_daemon(locations: Locations, slots: int | None, told: Callable[[str], None]) -> Left:
    """Work on the runs of a store until this process is told to stop.

    Args:
        locations: of the store.
        slots: how many runs at a time; as the settings say when left out.
        told: told in some words, for people, what happens.

    Raises:
        ConfigError: the settings cannot be used.
        SandboxUnavailableError: a sandbox is required, and there is none.
        DaemonRunningError: another daemon works there.
        StoreUnavailableError: the store cannot be opened.
    """
    loaded = load(locations.home, os.environ)
    many = slots or loaded.settings.daemon.max_concurrent_sessions
    holder = holder_here(locations.store_shown, many, SystemClock().now().isoformat())

    @contextmanager
    def build() -> Generator[Parts]:
        from workrail_daemon.service.building import built  # noqa: PLC0415 - see above
        from workrail_daemon.service.powers import opening_lines, powers  # noqa: PLC0415 - see above

        able = powers(loaded, os.environ)
        if not able.sandbox.enough:
            message = f"a sandbox is required, and there is none here: {able.sandbox.why_not}"
            raise SandboxUnavailableError(message)
        with built(locations, loaded.settings, many, told) as parts:
            for line in opening_lines(able, locations.store_shown, many):
                told(line)
            yield parts

    return hold(locations.home, holder, build, told)
