"""How is the store itself: where it is, how big, and is it today's?"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["sqlite", "postgresql"]


@dataclass(frozen=True)
class StoreStatus:
    """What is known of a store without changing it."""

    kind: Kind
    place: str
    """The file, or the address without a password."""
    made: bool
    """Whether there is a store; a file is made with the first session."""
    schema: int
    """Its number; 0 where there is none."""
    known_schema: int
    """What this program writes."""
    size: int
    """Bytes of the database; of a file, with what is not yet in its main part."""
    counts: tuple[tuple[str, int], ...]
    """Rows of each table; none when the schema is not today's."""


@dataclass(frozen=True)
class Upgrade:
    """What bringing a store up to date did."""

    place: str
    before: int
    after: int


@dataclass(frozen=True)
class Backup:
    """A copy of a store in a file."""

    path: str
    size: int
    sessions: int


@dataclass(frozen=True)
class Move:
    """A store that was copied to another place and compared."""

    source: str
    target: str
    sessions: int
    rows: int
    damaged: tuple[str, ...]
    """Sessions with something wrong with them before, and the same wrong with them after."""
