"""Is a bundle what was signed, whole and in its order?

Nothing in the file is trusted but the signatures, and those only by the keys the reader brings.
Every problem names its event or its proof.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from workrail_engine.canonical import JsonObject, digest_bytes
from workrail_engine.errors import InvalidProofError
from workrail_engine.outcomes import BlockerCode
from workrail_engine.projections.bundle import Bundle
from workrail_engine.projections.link import NO_HASH, Link, spelled
from workrail_engine.projections.statement import Seal
from workrail_engine.proofs.claims import Claim, claim_of, short
from workrail_engine.proofs.envelope import digest_of, opened
from workrail_engine.proofs.public_key import PublicKey

_PROVED_BY: Final[Mapping[str, str]] = {
    "check_recorded": "check",
    "approval_answered": "approval",
    "assessment_recorded": "assessment",
    "attempt_blocked": "assessment",
    "run_completed": "completion",
}


@dataclass(frozen=True)
class Judged:
    """What a bundle holds, and what is wrong with it."""

    claims: tuple[Claim, ...]
    """Of the proofs whose signatures are good, in the order of the file."""
    problems: tuple[str, ...]


def judge(bundle: Bundle, keys: Sequence[PublicKey], unproved: int = 0) -> Judged:
    """Compare a bundle with what was signed.

    Args:
        bundle: as it was read.
        keys: those the reader trusts.
        unproved: so many first events may be without proofs, where no proof says otherwise.
    """
    known = {key.key_id: key for key in keys}
    digests = [digest_of(envelope) for envelope in bundle.envelopes]
    problems = list(_log_problems(bundle))
    claims: list[Claim | None] = []
    for place, (envelope, digest) in enumerate(
        zip(bundle.envelopes, digests, strict=True), start=1
    ):
        try:
            signed = opened(envelope, known)
            claims.append(claim_of(signed.statement, digest, signed.key))
        except InvalidProofError as error:
            claims.append(None)
            problems.append(f"proof {place} ({short(digest)}): {error}")
    heads = _heads(bundle.links)
    for place, claim in enumerate(claims, start=1):
        if claim is not None:
            problems += _order_problems(claim, place, digests)
            problems += _seal_problems(claim, bundle, heads)
    sound = tuple(claim for claim in claims if claim is not None)
    problems += _one_run_problems(bundle, sound)
    if len(sound) == len(claims):
        problems += _gap_problems(bundle, sound, unproved)
    return Judged(sound, tuple(problems))


def needs_proof(link: Link) -> bool:
    """Whether an event is of a kind that is proved."""
    return _kind_proved(link) is not None


def _log_problems(bundle: Bundle) -> Iterator[str]:
    before = NO_HASH
    for place, link in enumerate(bundle.links, start=1):
        if link.seq != place:
            yield f"event {place} is missing: event {link.seq} stands in its place"
            return
        if link.prev_hash != before and place == 1:
            yield "event 1 does not begin a log"
        elif link.prev_hash != before:
            yield f"event {place - 1} was changed: event {place} recorded another hash of it"
        before = link.hash()
    if spelled(before) != bundle.head:
        yield f"event {len(bundle.links)} was changed, or events after it were dropped"


def _heads(links: Sequence[Link]) -> list[str]:
    """The hash of the log after each number of events, worked out anew."""
    before, heads = NO_HASH, [spelled(NO_HASH)]
    for link in links:
        again = Link(link.seq, link.kind, link.node, link.at, before, link.payload)
        before = again.hash()
        heads.append(spelled(before))
    return heads


def _order_problems(claim: Claim, place: int, digests: Sequence[str]) -> Iterator[str]:
    before = digests[place - 2] if place > 1 else None
    if claim.order != place or claim.previous != before:
        yield (
            f"{claim.name} stands at place {place} and does not follow the proof before it there: "
            "one was dropped, moved, put in or changed"
        )
    if claim.kind != "completion":
        return
    named = claim.detail.get("proofs")
    listed = list(cast("Sequence[str]", named)) if isinstance(named, list) else []
    there = list(digests[: place - 1])
    for number, digest in enumerate(listed, start=1):
        if digest not in there:
            yield f"proof {number} ({short(digest)}) is missing or changed: {claim.name} names it"
    for digest in there:
        if digest not in listed:
            yield f"proof {short(digest)} was put in: {claim.name} does not name it"
    if sorted(listed) == sorted(there) and listed != there:
        yield f"the proofs before {claim.name} are not in the order it names"


def _seal_problems(claim: Claim, bundle: Bundle, heads: Sequence[str]) -> Iterator[str]:
    seals: tuple[tuple[str, Seal], ...] = (("before", claim.before), ("after", claim.after))
    for _, seal in seals:
        if not 0 <= seal.events < len(heads):
            yield f"{claim.name} seals {seal.events} events, and there are {len(heads) - 1}"
            return
        if heads[seal.events] != seal.head:
            yield f"{claim.name}: the events up to {seal.events} are not those it was signed over"
            return
    if not claim.before.events < claim.event <= claim.after.events:
        yield f"{claim.name} speaks of event {claim.event}, which is not of its change"
    elif _kind_proved(bundle.links[claim.event - 1]) != claim.kind:
        yield f"{claim.name} speaks of event {claim.event}, which is of another kind"


def _one_run_problems(bundle: Bundle, claims: Sequence[Claim]) -> Iterator[str]:
    """Everything must be of one session, one workflow and of the keys the first line names."""
    for claim in claims:
        if claim.session_id != bundle.session_id:
            yield f"{claim.name} is of another session ({claim.session_id})"
    started: JsonObject = _payload(bundle.links[0]) if bundle.links else {}
    if started.get("session_id") != bundle.session_id:
        yield f"event 1 does not begin session {bundle.session_id}"
    hashes = {claim.workflow_hash for claim in claims} | {str(started.get("workflow_hash"))}
    if bundle.workflow is None or hashes != {digest_bytes(bundle.workflow.encode())}:
        yield "the workflow is missing, was changed, or is not the one the proofs name"
    used = sorted({claim.key.text for claim in claims})
    if len(claims) == len(bundle.envelopes) and used != sorted(bundle.keys):
        yield "the first line names other keys than those the proofs are signed with"


def _gap_problems(bundle: Bundle, claims: Sequence[Claim], unproved: int) -> Iterator[str]:
    """Every event that is proved has exactly one proof."""
    start = max((claim.unproved for claim in claims), default=unproved)
    proved = [claim.event for claim in claims]
    for link in bundle.links[start:]:
        kind = _kind_proved(link)
        if kind is not None and link.seq not in proved:
            yield f"event {link.seq} ({link.kind}) has no proof: the {kind} proof of it was dropped"
    for seq in sorted({seq for seq in proved if proved.count(seq) > 1}):
        yield f"event {seq} has more than one proof"


def _kind_proved(link: Link) -> str | None:
    """The kind of proof an event has; None for one that needs none."""
    if link.kind == "attempt_blocked":
        codes = [
            blocker.get("code")
            for blocker in cast("Sequence[JsonObject]", _payload(link).get("blockers", []))
        ]
        return "assessment" if BlockerCode.ASSESSMENT_FOLLOWUP.value in codes else None
    return _PROVED_BY.get(link.kind)


def _payload(link: Link) -> JsonObject:
    try:
        value: object = json.loads(link.payload)
    except ValueError:
        value = None
    return cast("JsonObject", value) if isinstance(value, dict) else {}
