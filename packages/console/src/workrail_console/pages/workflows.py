"""Which workflows were used, how, and what does each say? Catalogue, workflow, definition, diff."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from workrail_console.context import PageContext, get
from workrail_console.definition_text import DiffLine, difference, json_html
from workrail_engine.errors import WorkflowNotFoundError
from workrail_engine.projections.workflow_use import (
    PinnedDefinition,
    UsedDefinition,
    WorkflowStory,
    WorkflowUse,
)
from workrail_engine.reader import Reader

_HASH: Final = re.compile(r"(?:sha256:)?([0-9a-f]{8,64})")
_LONGEST: Final = 200
_SHORT: Final = 12
"""Digits of a hash in the address of a page."""


@dataclass(frozen=True)
class Workflows:
    """Every workflow any session runs."""

    workflows: tuple[WorkflowUse, ...]
    """Most used first."""


@dataclass(frozen=True)
class WorkflowPage:
    """One workflow: how it is used, and how it was written when it ran last."""

    story: WorkflowStory
    definition: PinnedDefinition | None
    """The one used last; None where it is not stored any more."""


@dataclass(frozen=True)
class DefinitionPage:
    """One definition, among the others of its workflow."""

    workflow_id: str
    used: UsedDefinition
    definition: PinnedDefinition
    others: tuple[UsedDefinition, ...]


@dataclass(frozen=True)
class DefinitionDiff:
    """What differs between two definitions of a workflow."""

    workflow_id: str
    old: UsedDefinition
    new: UsedDefinition
    lines: tuple[DiffLine, ...] | None
    """None where they are too long to compare."""


def routes(context: PageContext) -> APIRouter:
    """`/workflows` and all below it."""
    router = APIRouter()
    _catalogue(router, context)
    _one(router, context)
    _definitions(router, context)
    return router


def _catalogue(router: APIRouter, context: PageContext) -> None:
    def read() -> Workflows:
        with context.open_reader() as reader:
            return Workflows(context.pulse.workflows(reader))

    def workflows_json() -> Response:
        """Every workflow any session runs, most used first."""
        return JSONResponse(asdict(read()))

    def workflows_page() -> Response:
        """The same as a page."""
        return context.renderer.page("workflows.html", {"workflows": read().workflows})

    get(router, "/workflows.json", workflows_json)
    get(router, "/workflows", workflows_page)


def _one(router: APIRouter, context: PageContext) -> None:
    def read(workflow_id: str) -> WorkflowPage:
        with context.open_reader() as reader:
            story = _story(context, reader, workflow_id)
            newest = story.definitions[0].workflow_hash if story.definitions else None
            found = None if newest is None else reader.inspection.definition(newest)
        return WorkflowPage(story, found)

    def workflow_json(workflow_id: str) -> Response:
        """One workflow: its use, its definitions, and the outline of the newest."""
        return JSONResponse(asdict(read(workflow_id)))

    def workflow_page(workflow_id: str) -> Response:
        """The same as a page."""
        page = read(workflow_id)
        values = {
            "story": page.story,
            "use": page.story.use,
            "definition": page.definition,
            "prompt": start_prompt(page.story.use),
            "digits": _digits,
        }
        return context.renderer.page("workflow.html", values)

    get(router, "/workflows/{workflow_id}.json", workflow_json)
    get(router, "/workflows/{workflow_id}", workflow_page)


def _definitions(router: APIRouter, context: PageContext) -> None:
    def definition_json(workflow_id: str, workflow_hash: str) -> Response:
        """A definition as runs have it pinned; the hash may be shortened to 8 digits."""
        return JSONResponse(asdict(_definition(context, workflow_id, workflow_hash)))

    def definition_page(workflow_id: str, workflow_hash: str) -> Response:
        """The same as a page."""
        page = _definition(context, workflow_id, workflow_hash)
        values = {"page": page, "json_html": json_html, "digits": _digits, "diff": None}
        return context.renderer.page("definition.html", values)

    def diff_json(workflow_id: str, workflow_hash: str, other: str) -> Response:
        """What differs between two definitions of a workflow; the older one is named first."""
        return JSONResponse(asdict(_diff(context, workflow_id, workflow_hash, other)))

    def diff_page(workflow_id: str, workflow_hash: str, other: str) -> Response:
        """The same as a page."""
        diff = _diff(context, workflow_id, workflow_hash, other)
        values = {"diff": diff, "digits": _digits, "page": None}
        return context.renderer.page("definition.html", values)

    get(router, "/workflows/{workflow_id}/{workflow_hash}/diff/{other}.json", diff_json)
    get(router, "/workflows/{workflow_id}/{workflow_hash}/diff/{other}", diff_page)
    get(router, "/workflows/{workflow_id}/{workflow_hash}.json", definition_json)
    get(router, "/workflows/{workflow_id}/{workflow_hash}", definition_page)


def start_prompt(use: WorkflowUse) -> str:
    """What a person says to an agent to have the workflow run."""
    return (
        f"Use the WorkRail tools. Start the workflow {use.workflow_id} for this goal: "
        "<your goal>. Then do each step as it says until the run is complete."
    )


def _definition(context: PageContext, workflow_id: str, text: str) -> DefinitionPage:
    with context.open_reader() as reader:
        story = _story(context, reader, workflow_id)
        used = _used(story, text)
        found = _pinned(reader, used)
    others = tuple(one for one in story.definitions if one != used)
    return DefinitionPage(story.use.workflow_id, used, found, others)


def _diff(context: PageContext, workflow_id: str, one: str, other: str) -> DefinitionDiff:
    with context.open_reader() as reader:
        story = _story(context, reader, workflow_id)
        old, new = _used(story, one), _used(story, other)
        before, after = _pinned(reader, old).document, _pinned(reader, new).document
    return DefinitionDiff(story.use.workflow_id, old, new, difference(before, after))


def _story(context: PageContext, reader: Reader, workflow_id: str) -> WorkflowStory:
    usable = len(workflow_id) <= _LONGEST and workflow_id.isprintable()
    story = context.pulse.workflow(reader, workflow_id) if usable else None
    if story is None:
        message = (
            "No session in this store runs a workflow of this id. The list of workflows has those "
            "that were used; `workrail list` shows those that can be."
        )
        raise WorkflowNotFoundError(message)
    return story


def _used(story: WorkflowStory, text: str) -> UsedDefinition:
    found = _named(story.definitions, text)
    if len(found) == 1:
        return found[0]
    message = (
        "Several definitions of this workflow begin with these digits. Give more of them."
        if found
        else "No session ran this workflow with a definition of this hash. Its page lists them."
    )
    raise WorkflowNotFoundError(message)


def _named(definitions: Sequence[UsedDefinition], text: str) -> list[UsedDefinition]:
    match = _HASH.fullmatch(text)
    if match is None:
        return []
    start = f"sha256:{match[1]}"
    return [one for one in definitions if one.workflow_hash.startswith(start)]


def _pinned(reader: Reader, used: UsedDefinition) -> PinnedDefinition:
    found = reader.inspection.definition(used.workflow_hash)
    if found is None:
        message = (
            "The sessions name this definition, and it is not stored. `workrail session verify "
            "--all` says which records are damaged."
        )
        raise WorkflowNotFoundError(message)
    return found


def _digits(workflow_hash: str) -> str:
    return workflow_hash.removeprefix("sha256:")[:_SHORT]
