"""What can be proved, and what does one proof state? The list of proofs, one proof, their twins."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Final, Literal, TypeAlias, TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from workrail_console.context import PageContext, get
from workrail_console.definition_text import json_html
from workrail_engine.errors import InvalidInputError, ProofNotFoundError
from workrail_engine.ids import SessionId, is_session_id
from workrail_engine.projections.proofs import ProofAsk, ProofLine, ShownProof
from workrail_engine.projections.retention import age_of

ProofKind: TypeAlias = Literal["check", "approval", "assessment", "completion"]
ProofOutcome: TypeAlias = Literal["pass", "fail"]

Word = TypeVar("Word", bound=str)

_KINDS: Final[Mapping[str, ProofKind]] = {
    kind: kind for kind in ("check", "approval", "assessment", "completion")
}
_OUTCOMES: Final[Mapping[str, ProofOutcome]] = {outcome: outcome for outcome in ("pass", "fail")}
_FEW: Final = 50
_MOST: Final = 1_000
_SAYS: Final[Mapping[tuple[str, str], str]] = {
    ("check", "pass"): "WorkRail itself ran this check on the files named here, and it passed.",
    ("check", "fail"): "WorkRail itself ran this check on the files named here; it did not pass.",
    ("approval", "pass"): "WorkRail was given this approval for exactly what has this digest.",
    ("approval", "fail"): "WorkRail was given this refusal for exactly what has this digest.",
    ("assessment", "pass"): "The agent gave these levels, and the workflow accepted them.",
    ("assessment", "fail"): "The agent's own judgement sent the step back.",
    ("completion", "pass"): "The run came to its end with this log; nothing was left out of it.",
}
_SAYS_NOT: Final[Mapping[str, tuple[str, ...]]] = {
    "check": ("that the check is a good one: a command that exits with 0 is all it takes",),
    "approval": ("who the person is: the name and the way are what the channel knew",),
    "assessment": ("that the judgement is right: it is the agent's word",),
    "completion": ("that the steps were done well: only what checks and people said of them",),
}
_NEVER: Final = (
    "that the key was safe: whoever can read it can sign",
    "the time: it is the clock of the machine that signed",
)


@dataclass(frozen=True)
class ProofsAsked:
    """Which proofs are wanted, as it was written; an empty text leaves a condition out."""

    module: str = ""
    kind: str = ""
    outcome: str = ""
    since: str = ""
    session: str = ""
    limit: int = _FEW

    @property
    def filtered(self) -> bool:
        """Whether proofs may be left out."""
        return any((self.module, self.kind, self.outcome, self.since, self.session))

    def link(self, path: str = "/proofs", limit: int | None = None) -> str:
        """The address that asks for this."""
        pairs = {**asdict(self), "limit": limit or (self.limit if self.limit != _FEW else "")}
        query = urlencode({name: value for name, value in pairs.items() if value})
        return f"{path}?{query}" if query else path


@dataclass(frozen=True)
class Proofs:
    """Some proofs, newest first."""

    asked: ProofsAsked
    proofs: tuple[ProofLine, ...]
    more: bool
    """Whether there may be more: ask with a greater `limit`."""


@dataclass(frozen=True)
class ProofPage:
    """One proof, in words and whole."""

    proof: ShownProof
    states: str
    """What it states, in words."""
    states_not: tuple[str, ...]
    """What must not be read into it."""
    commands: tuple[str, ...]
    """To check it elsewhere."""


# Patterns and choices are told in the document alone: what does not fit is answered in plainer words.
Path = Annotated[str, Query(max_length=500, description="A path, a folder or a glob.")]
Kind = Annotated[str, Query(max_length=500, json_schema_extra={"enum": ["", *_KINDS]})]
Outcome = Annotated[str, Query(max_length=500, json_schema_extra={"enum": ["", *_OUTCOMES]})]
Since = Annotated[
    str,
    Query(
        max_length=500,
        description="An age as `30d`, or a day as `2026-11-01`.",
        json_schema_extra={"pattern": "^([1-9][0-9]{0,2}[hdw]|[0-9]{4}-[0-9]{2}-[0-9]{2})?$"},
    ),
]
Session = Annotated[
    str, Query(max_length=500, json_schema_extra={"pattern": "^(sess_[a-z2-7]{26})?$"})
]
Limit = Annotated[int, Query(ge=1, le=_MOST)]


def routes(context: PageContext) -> APIRouter:
    """`/proofs`, `/proofs/{id}` and their twins."""
    router = APIRouter()
    _list(router, context)
    _one(router, context)
    return router


def _list(router: APIRouter, context: PageContext) -> None:
    def proofs_json(
        module: Path = "",
        kind: Kind = "",
        outcome: Outcome = "",
        since: Since = "",
        session: Session = "",
        limit: Limit = _FEW,
    ) -> Response:
        """Proofs by path, kind, outcome, age and session, newest first."""
        asked = ProofsAsked(module.strip(), kind, outcome, since.strip(), session, limit)
        return JSONResponse(asdict(_read(context, asked)))

    def proofs_page(
        module: Path = "",
        kind: Kind = "",
        outcome: Outcome = "",
        since: Since = "",
        session: Session = "",
        limit: Limit = _FEW,
    ) -> Response:
        """The same as a page."""
        asked = ProofsAsked(module.strip(), kind, outcome, since.strip(), session, limit)
        page = _read(context, asked)
        more = _MOST if limit > _FEW else 4 * _FEW
        values = {
            "page": page,
            "asked": asked,
            "kinds": tuple(_KINDS),
            "outcomes": tuple(_OUTCOMES),
            "more": asked.link(limit=more) if page.more and limit < _MOST else None,
        }
        return context.renderer.page("proofs.html", values)

    get(router, "/proofs.json", proofs_json)
    get(router, "/proofs", proofs_page)


def _one(router: APIRouter, context: PageContext) -> None:
    def proof_json(proof_id: str) -> Response:
        """One proof: its statement, its envelope, and whether its signature holds."""
        return JSONResponse(asdict(_proof(context, proof_id)))

    def proof_page(proof_id: str) -> Response:
        """The same as a page."""
        values = {"page": _proof(context, proof_id), "json_html": json_html}
        return context.renderer.page("proof.html", values)

    get(router, "/proofs/{proof_id}.json", proof_json)
    get(router, "/proofs/{proof_id}", proof_page)


def _read(context: PageContext, asked: ProofsAsked) -> Proofs:
    ask = ProofAsk(
        session_id=_session(asked.session),
        module=_path(asked.module),
        kind=_one_of(asked.kind, _KINDS, "kind"),
        outcome=_one_of(asked.outcome, _OUTCOMES, "outcome"),
        since=_moment(asked.since, context.clock.now()),
        limit=asked.limit + 1,
    )
    with context.open_reader() as reader:
        found = reader.proofs(ask)
    return Proofs(asked, found[: asked.limit], len(found) > asked.limit)


def _proof(context: PageContext, proof_id: str) -> ProofPage:
    with context.open_reader() as reader:
        try:
            shown = reader.proof(proof_id)
        except InvalidInputError as error:
            raise ProofNotFoundError(str(error)) from error
    line = shown.line
    key = "" if shown.key is None else f" --key {shown.key}"
    return ProofPage(
        proof=shown,
        states=_SAYS.get((line.kind, line.outcome), "See its statement below."),
        states_not=(*_SAYS_NOT.get(line.kind, ()), *_NEVER),
        commands=(
            f"workrail proof export {line.session_id} --out proofs.jsonl",
            f"workrail proof verify proofs.jsonl{key}",
        ),
    )


def _session(text: str) -> SessionId | None:
    if not text:
        return None
    if not is_session_id(text):
        message = "This is not a session id: one is `sess_` and 26 letters or digits."
        raise InvalidInputError(message)
    return SessionId(text)


def _path(text: str) -> str | None:
    if not text.isprintable():
        message = "No path of a proof has control characters. Write one as src/auth or src/**/*.py."
        raise InvalidInputError(message)
    return text or None


def _one_of(text: str, known: Mapping[str, Word], name: str) -> Word | None:
    if text and text not in known:
        message = f"No proof has the {name} “{text[:80]}”. Choose one of: {', '.join(known)}."
        raise InvalidInputError(message)
    return known.get(text)


def _moment(text: str, now: datetime) -> datetime | None:
    """The beginning of a day, or so long ago: `2026-11-01`, `12h`, `30d`, `8w`."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return now - age_of(text)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
