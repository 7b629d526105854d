"""Can the store be used: is it whole, may it be written, has it its key?"""

from dataclasses import dataclass

from workrail_engine.projections.store_status import StoreStatus


@dataclass(frozen=True)
class StoreCheckup:
    """What looking at a store found, without changing it."""

    status: StoreStatus
    damage: tuple[str, ...]
    """What the database says is wrong with its own form; of a server's nothing is asked."""
    unwritable: str | None
    """Why this user may not write it, as a clause; None: may."""
    has_key: bool
    """Whether the key tokens are made with is there; made with the first session."""
