"""What is proved by a sound bundle, and what is not, in plain lines?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from workrail_engine.canonical import JsonValue
from workrail_engine.proofs.claims import Claim, short


@dataclass(frozen=True)
class Verdict:
    """What checking a bundle came to."""

    session_id: str
    events: int
    proofs: int
    problems: tuple[str, ...]
    """Each names its event or proof. Where there is one, nothing is proved."""
    proved: tuple[str, ...]
    not_proved: tuple[str, ...]


def completion_of(claims: Sequence[Claim]) -> Claim | None:
    """The last end of the run that is proved."""
    return next((claim for claim in reversed(claims) if claim.kind == "completion"), None)


def passed_for(claims: Sequence[Claim], tree: str | None) -> Mapping[str, Claim]:
    """The checks whose last result for some files is a pass, by their ids."""
    found: dict[str, Claim] = {}
    for claim in claims:
        if claim.kind == "check" and tree is not None and claim.tree == tree:
            found[_said(claim, "check")] = claim
    return {name: claim for name, claim in found.items() if claim.outcome == "pass"}


def verdict(
    session_id: str, events: int, claims: Sequence[Claim], problems: Sequence[str]
) -> Verdict:
    """What is to be said of a bundle."""
    if problems:
        lost = ("Anything: what is in the file is not what was signed.",)
        return Verdict(session_id, events, len(claims), tuple(problems), (), lost)
    return Verdict(
        session_id,
        events,
        len(claims),
        (),
        tuple(_proved(session_id, claims)),
        tuple(_not_proved(events, claims)),
    )


def _proved(session_id: str, claims: Sequence[Claim]) -> Iterator[str]:
    if not claims:
        return
    first, last = claims[0], claims[-1]
    base = "" if first.base is None else f", from commit {first.base}"
    yield f"Session {session_id} ran workflow {first.workflow_id} ({first.workflow_hash}){base}."
    yield f"Events 1 to {last.after.events} are those that were recorded, none changed or left out."
    end = completion_of(claims)
    if end is not None:
        steps = end.detail.get("stepsCompleted")
        files = "" if end.tree is None else f", with the files of {end.tree}"
        yield f"The run came to its end at {end.at}, after {steps} completed steps{files}."
    final = None if end is None else end.tree
    for name, claim in sorted(_last_checks(claims).items()):
        if claim.outcome == "pass":
            yield f"Check {name} passed at {claim.at} for {_which(claim, final)}{_how(claim)}."
    for claim in claims:
        if claim.kind == "approval":
            by, channel = _said(claim, "by"), _said(claim, "channel")
            what = f"what has the digest {_said(claim, 'shown')}"
            yield f"{by} {_said(claim, 'verdict')} {what} at {claim.at}, by {channel}."


def _not_proved(events: int, claims: Sequence[Claim]) -> Iterator[str]:
    if completion_of(claims) is None:
        yield "That the run came to its end: no proof says so, and what came later may be left out."
    sealed = claims[-1].after.events if claims else 0
    if sealed < events:
        yield f"Events {sealed + 1} to {events}: no proof comes after them."
    unproved = max((claim.unproved for claim in claims), default=0)
    if unproved:
        yield (
            f"What events 1 to {unproved} say of checks, approvals and assessments: they are older than "
            "proofs, or were copied from another session."
        )
    for name, claim in sorted(_last_checks(claims).items()):
        if claim.outcome != "pass":
            yield f"That check {name} holds: {_why_not(claim)}."
    end = completion_of(claims)
    if end is not None and end.tree is None:
        yield "Which files the run ended with: they could not be told."
    yield "What notes, artifacts and assessments claim: they are the agent's words, as it sent them."
    yield "That the key was out of the agent's reach: whoever could read it could sign anything."


def _why_not(claim: Claim) -> str:
    said = _said(claim, "outcome")
    return "it was not carried out" if said == "unchecked" else f"it {said} when it was last run"


def _last_checks(claims: Sequence[Claim]) -> Mapping[str, Claim]:
    return {_said(claim, "check"): claim for claim in claims if claim.kind == "check"}


def _which(claim: Claim, final: str | None) -> str:
    if claim.tree is None:
        return "files that could not be told"
    if final is None:
        return f"the files of {claim.tree}"
    same = claim.tree == final
    return "exactly the files the run ended with" if same else f"other files ({claim.tree})"


def _how(claim: Claim) -> str:
    argv, code = claim.detail.get("argv"), claim.detail.get("exitCode")
    told = ""
    if isinstance(argv, list) and argv:
        told = f": {' '.join(str(part) for part in argv)}"
    if code is not None:
        told += f" exited with {code}"
    counts = claim.detail.get("counts")
    if isinstance(counts, Mapping):
        told += f", {_tests(counts)}"
    return f"{told} ({short(claim.digest)})"


def _tests(counts: Mapping[str, JsonValue]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counts.items() if number)


def _said(claim: Claim, name: str) -> str:
    return str(claim.detail.get(name))
