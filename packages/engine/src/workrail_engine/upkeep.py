"""What does an operator do with the store as a whole: look, bring up to date, back up, move?"""

from collections.abc import Callable
from pathlib import Path

from workrail_engine.projections.store_status import Backup, Move, StoreStatus, Upgrade
from workrail_engine.store import backup, condition, transfer
from workrail_engine.system import Locations


def store_status(locations: Locations | None = None) -> StoreStatus:
    """Where the store is, how big, and of which version; nothing is made or changed.

    Raises:
        StoreUnavailableError: it cannot be read.
    """
    return condition.status_of(_where(locations).store)


def upgrade_store(locations: Locations | None = None) -> Upgrade:
    """Bring the store up to date; an empty one is made.

    Raises:
        StoreUnavailableError: it cannot be written, or is newer than this program.
    """
    return condition.upgrade(_where(locations).store)


def back_up_store(target: Path, locations: Locations | None = None) -> Backup:
    """Copy the store into a new file while others use it.

    Raises:
        InvalidInputError: the file is there, or there is no store.
        StoreUnavailableError: it cannot be done; for a server the message names the tool that can.
        StoreError: the store is damaged.
    """
    return backup.back_up(_where(locations).store, target)


def move_store(
    to: Path | str, told: Callable[[str, int, int], None], locations: Locations | None = None
) -> Move:
    """Copy the store into an empty database and compare the two; the old one is left as it is.

    Args:
        to: the address of an empty database on a server, or the home folder a file is made in.
        told: told (what is being done, done, in all) now and then.
        locations: whose store; this machine's when left out.

    Raises:
        InvalidInputError: there is nothing to move, or the other place is not empty.
        StoreUnavailableError: one of the two cannot be used.
        StoreError: what arrived is not what was sent; nothing was kept of it.
    """
    target = Locations.under(to).store if isinstance(to, Path) else to
    return transfer.move(_where(locations).store, target, told)


def _where(locations: Locations | None) -> Locations:
    return locations or Locations.from_environment()
