"""What does a project bind to the slots of a workflow?

`<workspace>/.workrail/bindings.json` comes in two forms: `{"<workflow id>": {"<slot>": "<id>"}}`, or
one flat object of texts that holds for every workflow. It is read anew each time, so an edit counts
from the next start on; a run that has started keeps what was bound then.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import cast

from workrail_engine.errors import InvalidDefinitionError
from workrail_engine.registry.sources import BINDINGS_FILE
from workrail_engine.workflow.definition import WorkflowDefinition

_NOTHING: Mapping[str, str] = MappingProxyType({})
_FORMS = (
    'Write {"<workflow id>": {"<slot>": "<id>"}}, or {"<slot>": "<id>"} to hold for every workflow'
)


def bindings_of(definition: WorkflowDefinition, workspace: Path | None) -> Mapping[str, str]:
    """What a project binds to a workflow's slots; for one without slots no file is read.

    Raises:
        InvalidDefinitionError: the file is there and cannot be understood.
    """
    return overrides_for(definition.id, workspace) if definition.extension_points else _NOTHING


def known_overrides(workflow_id: str | None, workspace: Path | None) -> Mapping[str, str] | None:
    """What a project binds to the slots of a workflow whose id may be in doubt (None).

    Returns:
        None where it depends on the id.

    Raises:
        InvalidDefinitionError: the file is there and cannot be understood.
    """
    if workflow_id is not None or workspace is None:
        return overrides_for(workflow_id or "", workspace)
    slots = _read(workspace / BINDINGS_FILE)
    texts = {slot: bound for slot, bound in slots.items() if isinstance(bound, str)}
    return texts if len(texts) == len(slots) else None


def overrides_for(workflow_id: str, workspace: Path | None) -> Mapping[str, str]:
    """The project's bindings of one workflow's slots; empty where there are none.

    Raises:
        InvalidDefinitionError: the file is there and cannot be understood.
    """
    if workspace is None:
        return {}
    path = workspace / BINDINGS_FILE
    slots = _read(path)
    if not all(isinstance(bound, str) for bound in slots.values()):
        chosen = slots.get(workflow_id, {})
        if not isinstance(chosen, dict):
            raise _invalid(path, None, f"mixes both forms: {workflow_id!r} is not an object")
        slots = cast("dict[str, object]", chosen)
    for slot, bound in slots.items():
        if not isinstance(bound, str):
            raise _invalid(path, None, f"binds slot {slot!r} to something that is not a text")
    return cast("dict[str, str]", slots)


def _read(path: Path) -> dict[str, object]:
    try:
        value: object = json.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise _invalid(path, None, f"cannot be read: {error.strerror}") from error
    except json.JSONDecodeError as error:
        raise _invalid(path, error.lineno, f"is not JSON: {error.msg}") from error
    except (ValueError, RecursionError) as error:
        raise _invalid(path, None, "is not JSON text in UTF-8") from error
    if not isinstance(value, dict):
        raise _invalid(path, None, "does not hold an object")
    return cast("dict[str, object]", value)


def _invalid(path: Path, line: int | None, what: str) -> InvalidDefinitionError:
    where = f"{path}:{line}" if line is not None else str(path)
    return InvalidDefinitionError(f"{where}: the bindings file {what}. {_FORMS}.")
