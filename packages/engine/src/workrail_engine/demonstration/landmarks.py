"""Where in a made-up store is what? For whoever shows it, photographs it or tests pages with it."""

from dataclasses import dataclass

from workrail_engine.ids import Digest, SessionId, WorkflowHash
from workrail_engine.projections.proofs import ProofAsk
from workrail_engine.reader import Reader

_ALL = 500


@dataclass(frozen=True)
class Landmarks:
    """One of each kind."""

    mended: SessionId
    """Complete, in two passes of a loop, with checks that failed and passed, and a handoff."""
    reviewed: SessionId
    """Complete, with an assessment that was sent back and a verdict with findings."""
    blocked: SessionId
    """Refused twice by its checks."""
    waiting: SessionId
    """For a person, with a diff."""
    forked: SessionId
    """With a branch that was left, and a checkpoint."""
    long: SessionId
    """Of 300 steps."""
    root: SessionId
    """Of a work unit of three levels."""
    damaged: SessionId
    """One of its events was changed."""
    unreadable: SessionId
    """One of its events cannot be read."""
    driven: SessionId
    """Its run is in a tool, which goes on."""
    healed: SessionId
    """Its run was healed, and completed."""
    stuck: SessionId
    """Its run went in a circle."""
    spent: SessionId
    """Its run used up its budget, and rests."""
    asking: SessionId
    """Its run asks the operator something."""
    incomplete: SessionId
    """Its run ended before its work was done."""
    crew: SessionId
    """The root of three levels of runs."""
    hostile: SessionId
    """Every text tries to do harm."""
    workflow: str
    hashes: tuple[WorkflowHash, ...]
    """Two forms of that workflow."""
    proof: Digest


_GOALS = {
    "mended": "charged twice",
    "reviewed": "#491",
    "blocked": "after midnight",
    "waiting": "Release 4.2",
    "forked": "price list",
    "long": "old warehouse",
    "root": "Move the checkout",
    "damaged": "Reconcile",
    "unreadable": "Archive the mails",
    "driven": "first page loads",
    "healed": "flaky stock",
    "stuck": "coupon",
    "spent": "invoice layout",
    "asking": "old addresses",
    "incomplete": "picture sizes",
    "crew": "basket",
    "hostile": "alert('goal')",
}
_WORKFLOW = "acme.mend-a-bug"


def landmarks(reader: Reader) -> Landmarks:
    """The landmarks of a store that `filling` made."""
    lines = reader.sessions(limit=_ALL).sessions
    found = {
        name: next(line.session_id for line in lines if words in line.goal)
        for name, words in _GOALS.items()
    }
    forms = {
        reader.session(line.session_id).workflow_hash: None
        for line in lines
        if line.workflow_id == _WORKFLOW
    }
    return Landmarks(
        **found,
        workflow=_WORKFLOW,
        hashes=tuple(WorkflowHash(one) for one in forms),
        proof=reader.proofs(ProofAsk())[0].digest,
    )
