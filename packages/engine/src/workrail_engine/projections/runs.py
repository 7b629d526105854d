"""How does an unattended run of a session stand?

A run is the work of the daemon on one session, and is known by the session's id. Its row says what
is to be done next and by whom; what was done is in the session's log.
"""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from workrail_engine.agent_events import AgentEvent, Rest, RunOutcome
from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.ids import NodeId, SessionId
from workrail_engine.projections.driving import Driver
from workrail_engine.session.lease import Lease as Lease

RunState: TypeAlias = Literal["queued", "running", "parked", "ended"]
Wish: TypeAlias = Literal["cancel", "pause"]
"""What an operator, or a parent that ended, wants of a run; its driver learns it by heartbeat."""


@dataclass(frozen=True)
class RunOrder:
    """What a run is ordered with."""

    session_id: SessionId
    priority: int = 0
    """Higher goes first."""
    lane: str | None = None
    """Runs of one lane go one at a time; None: any number."""
    delay: float = 0.0
    """Seconds before it may begin."""
    parent: SessionId | None = None
    depth: int = 0
    """Of a child: how many runs stand above it."""
    options: JsonObject = field(default_factory=dict[str, JsonValue])
    """The daemon's own: model, limits, tools, trigger. The store only keeps them."""


@dataclass(frozen=True)
class Beat:
    """What a driver says with a heartbeat."""

    ttl: float
    """Seconds the lease is to last from now."""
    doing: str | None = None
    """What it does; None: what it said last."""
    since: float = 0.0
    """Seconds it has been doing that."""
    driver: Driver | None = None
    """Its process; None: noted already."""


@dataclass(frozen=True)
class Claim:
    """A run that a worker was given."""

    lease: Lease
    order: RunOrder
    crashes: int
    """How often in a row a driver was lost without having recorded anything."""


@dataclass(frozen=True)
class Doing:
    """What a run does at this moment."""

    what: str
    """`thinking`, `in Bash`, …"""
    since: str
    """RFC 3339, UTC."""


@dataclass(frozen=True)
class Spent:
    """What a run has used."""

    turns: int = 0
    input_tokens: int = 0
    """Those read from and written to a cache included."""
    output_tokens: int = 0
    cost: int = 0
    """Millionths of a US dollar."""
    seconds: float = 0.0
    """Of work; waiting does not count."""


@dataclass(frozen=True)
class RunView:
    """A run as an operator sees it."""

    session_id: SessionId
    state: RunState
    priority: int
    lane: str | None
    worker: str | None
    """Who drives it, or did last: `host:process`."""
    epoch: int
    crashes: int
    rest: Rest | None
    """What it waits for, where it is parked."""
    wish: Wish | None
    outcome: RunOutcome | None
    said: str | None
    """Why it is parked or how it ended, in a sentence."""
    doing: Doing | None
    spent: Spent
    parent: SessionId | None
    depth: int
    options: JsonObject
    ordered_at: str
    began_at: str | None
    ended_at: str | None
    overdue: bool = False
    """Whether its driver has not been heard of for as long as a lease lasts."""


@dataclass(frozen=True)
class Entry:
    """A fact of a run, where it stands in the session's log."""

    seq: int
    at: str
    """RFC 3339, UTC."""
    event: AgentEvent


@dataclass(frozen=True)
class Message:
    """A message to a session, or to the operators."""

    number: int
    session_id: SessionId | None
    """None: to the operators."""
    sender: str
    """`operator`, a session's id, `daemon`."""
    body: JsonObject
    """`kind` names what it is: `steer`, `raise`, `question`, `answer`, `note`."""
    sent_at: str
    acknowledged_at: str | None


@dataclass(frozen=True)
class Place:
    """A position of a session a driver continues from."""

    node: NodeId
    token: str | None
    """Continues there; None at the end of the session."""
