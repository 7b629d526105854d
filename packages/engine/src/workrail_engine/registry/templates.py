"""Which routines can be put in the place of a step?

Every usable file of a `routines` folder, of every source. A routine of a higher source replaces one
of a lower source, but never one of the bundled library: workflows rely on what those do.
"""

from collections.abc import Iterable

from workrail_engine.registry.reading import ReadFile, Usable
from workrail_engine.registry.sources import is_reserved
from workrail_engine.workflow.expand import RoutineTemplate

_TEMPLATE_PREFIX = "wr.templates.routine."
_ID_PREFIXES = ("wr.routine-", "routine-")


def templates_of(files: Iterable[ReadFile]) -> dict[str, RoutineTemplate]:
    """Templates by their id; `files` come lowest source first, each source's in path order."""
    templates: dict[str, RoutineTemplate] = {}
    origin: dict[str, ReadFile] = {}
    for file in files:
        if not file.found.routine or not isinstance(file.reading, Usable):
            continue
        definition = file.reading.definition
        if is_reserved(definition.id, file.found.source.name):
            continue
        template_id = f"{_TEMPLATE_PREFIX}{_short(definition.id)}"
        holder = origin.get(template_id)
        if holder is None or _replaces(file, holder):
            templates[template_id] = RoutineTemplate(template_id, definition)
            origin[template_id] = file
    return templates


def _replaces(file: ReadFile, holder: ReadFile) -> bool:
    return holder.found.source.name != "bundled" and holder.found.source != file.found.source


def _short(workflow_id: str) -> str:
    for prefix in _ID_PREFIXES:
        if workflow_id.startswith(prefix):
            return workflow_id.removeprefix(prefix)
    return workflow_id
