"""What does a workspace offer at a glance?

Small plain values: enough to name a workflow or a session in a list, and no more.
"""

from dataclasses import dataclass

from workrail_engine.projections.catalog import Catalog
from workrail_engine.session.state import Status


@dataclass(frozen=True)
class Offer:
    """A workflow that can be started as it is."""

    id: str
    name: str
    description: str
    steps: int
    """Steps an author wrote, those inside loops counted once."""


@dataclass(frozen=True)
class Recent:
    """A session that changed lately."""

    session_id: str
    workflow_name: str
    goal: str
    status: Status
    changed_at: str
    """RFC 3339, UTC."""


def offers_in(catalog: Catalog) -> tuple[Offer, ...]:
    """What a catalog offers by itself, by id: no routines, and nothing that is not trusted."""
    return tuple(
        Offer(entry.id, entry.name, entry.description, entry.steps)
        for entry in catalog.entries
        if not entry.routine and not entry.untrusted
    )
