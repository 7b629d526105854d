"""How do proofs look to a program?"""

from workrail_engine.canonical import JsonObject
from workrail_engine.projections.proofs import ProofLine, ShownProof
from workrail_engine.proving import Checked


def proof_json(line: ProofLine) -> JsonObject:
    """A line of a list."""
    return {
        "id": line.digest,
        "sessionId": line.session_id,
        "workflowId": line.workflow_id,
        "goal": line.goal,
        "kind": line.kind,
        "outcome": line.outcome,
        "event": line.seq,
        "node": line.node,
        "at": line.at,
    }


def shown_proof_json(shown: ShownProof) -> JsonObject:
    """One proof, whole."""
    return {
        **proof_json(shown.line),
        "signedBy": shown.key,
        "problem": shown.problem,
        "statement": shown.statement,
        "envelope": shown.envelope,
    }


def checked_json(checked: Checked) -> JsonObject:
    """What checking a file came to."""
    found = checked.verdict
    return {
        "sessionId": found.session_id,
        "events": found.events,
        "proofs": found.proofs,
        "problems": list(found.problems),
        "missing": list(checked.missing),
        "proved": list(found.proved),
        "notProved": list(found.not_proved),
    }
