"""Where do sessions speak of some words? The search page and its twin."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Final

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from pydantic.config import JsonDict

from workrail_console.context import PageContext, get
from workrail_console.search_query import STATUSES, Sought, sought
from workrail_engine.errors import InvalidInputError
from workrail_engine.projections.findings import FoundSession, SearchPage
from workrail_engine.projections.listing import ListAsk
from workrail_engine.reader import Reader

_A_PAGE: Final = 20
_TRIED: Final = 5
"""Ways to find more that are tried when nothing was found."""
# Told in the document alone: what does not fit is answered in plainer words than a pattern's.
_DAY: Final[JsonDict] = {"pattern": "^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"}
_LONGEST: Final = 300
"""Characters of a condition."""


class SearchForm(BaseModel):
    """The parameters of a search; an empty text leaves a condition out."""

    q: str = Field(
        default="",
        max_length=500,
        description="Words, and conditions as `status:blocked`, `workflow:…`, `repo:…`, `branch:…`, "
        "`after:2026-11-01`, `before:2026-12-01`, `has:artifact`, `artifact:KIND`.",
    )
    status: str = Field(default="", max_length=20, json_schema_extra={"enum": ["", *STATUSES]})
    workflow: str = Field(default="", max_length=_LONGEST, description="Its id, or a part of it.")
    repo: str = Field(default="", max_length=_LONGEST, description="Its path, or a part of it.")
    branch: str = Field(default="", max_length=_LONGEST, description="Its name, or a part of it.")
    after: str = Field(
        default="", max_length=10, description="A day, UTC; that day too.", json_schema_extra=_DAY
    )
    before: str = Field(
        default="", max_length=10, description="A day, UTC; not that day.", json_schema_extra=_DAY
    )
    artifact: str = Field(default="", max_length=_LONGEST, description="A kind, or `any`.")
    cursor: str = Field(default="", max_length=_LONGEST, description="From `next` of a page.")

    def sought(self) -> Sought:
        """What it asks for."""
        fields = self.model_dump(exclude={"q", "cursor"})
        return sought(_plain(self.q), {name: _plain(value) for name, value in fields.items()})


@dataclass(frozen=True)
class Wider:
    """A way to ask for more, and what it finds."""

    text: str
    link: str
    sessions: int


@dataclass(frozen=True)
class SearchAnswer:
    """What a search came to."""

    asked: Sought
    found: tuple[FoundSession, ...]
    """Sessions, newest change first, each with the texts that fit."""
    total: int
    more: bool
    """Whether there may be more than `total`."""
    notes: tuple[str, ...]
    """How the question was understood where that is not plain."""
    problems: tuple[str, ...]
    """What in the question nothing can fit; nothing was looked for then."""
    wider: tuple[Wider, ...]
    """Where nothing was found: what would be."""
    next: str | None
    """The address of the next page of the twin."""


def routes(context: PageContext) -> APIRouter:
    """`/search` and its twin."""
    router = APIRouter()

    def search_json(form: Annotated[SearchForm, Query()]) -> Response:
        """Sessions that speak of some words, with the places where they do."""
        answer = _read(context, form.sought(), form.cursor or None)
        if answer.problems:
            raise InvalidInputError(" ".join(answer.problems))
        return JSONResponse(asdict(answer))

    def search_page(form: Annotated[SearchForm, Query()]) -> Response:
        """The same as a page."""
        return _page(context, form.sought(), form.cursor or None)

    get(router, "/search.json", search_json)
    get(router, "/search", search_page)
    return router


def _plain(text: str) -> str:
    """Without control characters: no text that is searched has them, and databases refuse some."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _page(context: PageContext, asked: Sought, cursor: str | None) -> Response:
    answer = _read(context, asked, cursor)
    values = {
        "answer": answer,
        "asked": answer.asked,
        "next": None if answer.next is None else answer.next.replace("/search.json", "/search", 1),
        "cursor": cursor,
        "statuses": tuple(STATUSES),
        "store": context.store,
    }
    return context.renderer.page("search.html", values, 400 if answer.problems else 200)


def _read(context: PageContext, asked: Sought, cursor: str | None) -> SearchAnswer:
    problems = asked.problems()
    if problems or asked.empty:
        return SearchAnswer(
            asked, (), 0, more=False, notes=(), problems=problems, wider=(), next=None
        )
    with context.open_reader() as reader:
        page = reader.inspection.search(asked.ask(_A_PAGE, cursor))
        notes: tuple[str, ...] = ()
        if not page.found and cursor is None:
            asked, notes = _understood(context, reader, asked)
            if notes:
                page = reader.inspection.search(asked.ask(_A_PAGE, None))
        wider = () if page.found or cursor is not None else tuple(_wider(reader, asked))
    return SearchAnswer(
        asked=asked,
        found=page.found,
        total=page.total,
        more=page.more,
        notes=notes,
        problems=(),
        wider=wider,
        next=_next(asked, page),
    )


def _next(asked: Sought, page: SearchPage) -> str | None:
    return None if page.next_before is None else asked.link("/search.json", page.next_before)


def _understood(
    context: PageContext, reader: Reader, asked: Sought
) -> tuple[Sought, tuple[str, ...]]:
    """Parts of names put in full, where one name alone is meant, and what is said about it."""
    notes: list[str] = []
    for name in ("workflow", "repo", "branch"):
        part = asked.conditions.get(name)
        if part is None:
            continue
        names = _names(context, reader, name)
        meant = [one for one in names if part.lower() in one.lower()]
        if part in names or not meant:
            continue
        if len(meant) == 1:
            asked = replace(asked, **{name: meant[0]})
            notes.append(f"{name}:{part} was read as {name}:{meant[0]}.")
        else:
            listed = ", ".join(meant[:_TRIED])
            notes.append(f"{name}:{part} may be any of {listed}. Write one of them in full.")
    return asked, tuple(notes)


def _names(context: PageContext, reader: Reader, name: str) -> Sequence[str]:
    """The names sessions have; of repositories and branches those that most have."""
    if name == "workflow":
        return [use.workflow_id for use in reader.inspection.workflows()]
    facets = context.pulse.facets(reader, ListAsk())
    counted = facets.repositories if name == "repo" else facets.branches
    return [one.value for one in counted]


def _wider(reader: Reader, asked: Sought) -> Iterator[Wider]:
    """Questions that ask for less and find something."""
    questions = [
        (f"without {name}:{value}", asked.without(name)) for name, value in asked.conditions.items()
    ]
    words = asked.words.split()
    if len(words) > 1:
        questions += [(f"only “{word}”", replace(asked, words=word)) for word in words]
    for text, question in questions[:_TRIED]:
        if question.empty:
            continue
        page = reader.inspection.search(question.ask(1, None))
        yield Wider(text, question.link(), page.total)
