"""What an attempt would record: this submission, and what an earlier one left.

A retry sends only what was missing. Sending notes replaces kept notes; sending an artifact of a kind
replaces every kept artifact of that kind (of that assessment, for assessments).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from workrail_engine.canonical import JsonObject, canonical_bytes, digest_bytes
from workrail_engine.ids import Digest
from workrail_engine.session.commands import Submission
from workrail_engine.session.events import ArtifactRef
from workrail_engine.session.state import Node
from workrail_engine.workflow.assessments import ASSESSMENT_KIND


@dataclass(frozen=True)
class Output:
    """Notes and artifacts as they would be recorded, kept parts included."""

    notes: str | None
    artifacts: tuple[JsonObject, ...]
    """What was sent now, in order, then what was kept."""
    refs: tuple[ArtifactRef, ...]
    """Names of `artifacts`, in the same order."""


def merged(
    node: Node,
    sent: Submission,
    fresh: Sequence[tuple[ArtifactRef, bytes]],
    kept: Sequence[JsonObject],
) -> Output:
    """What a submission at a node amounts to.

    Args:
        node: where it is sent; a blocked or waiting node holds what earlier attempts sent.
        sent: the submission.
        fresh: its artifacts as `stored` made them.
        kept: content of the node's own artifacts, in order.
    """
    blank = sent.notes is None or not sent.notes.strip()
    notes = node.notes if blank and node.holds_attempt else sent.notes
    replaced = {_slot(ref) for ref, _ in fresh}
    left = [
        (content, ref)
        for content, ref in zip(kept, node.artifacts, strict=True)
        if _slot(ref) not in replaced
    ]
    return Output(
        notes=notes,
        artifacts=(*sent.artifacts, *(content for content, _ in left)),
        refs=(*(ref for ref, _ in fresh), *(ref for _, ref in left)),
    )


def stored(artifact: JsonObject) -> tuple[ArtifactRef, bytes]:
    """An artifact's name in the log, and its canonical JSON."""
    content = canonical_bytes(artifact)
    assessment = artifact.get("assessmentId") if artifact["kind"] == ASSESSMENT_KIND else None
    ref = ArtifactRef(
        digest=Digest(digest_bytes(content)),
        kind=str(artifact["kind"]),
        size=len(content),
        assessment_id=assessment if isinstance(assessment, str) else None,
    )
    return ref, content


def _slot(ref: ArtifactRef) -> tuple[str, str | None]:
    return ref.kind, ref.assessment_id
