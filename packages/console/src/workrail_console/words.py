"""Which words say where a session stands? Those of the engine, in the order pages show them."""

from typing import Final, Literal, TypeAlias

Status: TypeAlias = Literal["running", "waiting", "blocked", "completed"]
STATUSES: Final[tuple[Status, ...]] = ("running", "waiting", "blocked", "completed")
