"""What is the frozen form of a workflow that a run is bound to?

A pinned document is canonical JSON of the expanded definition and its bindings. Its digest names the
workflow: the same definition has the same hash wherever it lies and however it was written down.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from workrail_engine.canonical import JsonObject, canonical_bytes
from workrail_engine.errors import InvalidDefinitionError
from workrail_engine.workflow.definition import WorkflowDefinition, parse_definition
from workrail_engine.workflow.expand import Expanded

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Pinned:
    """What a pinned document holds."""

    definition: WorkflowDefinition
    bindings: Mapping[str, str]


def pin(expanded: Expanded) -> bytes:
    """The pinned document of an expanded definition; fields nobody set are left out."""
    return canonical_bytes(
        {
            "schemaVersion": SCHEMA_VERSION,
            "workflow": expanded.definition.as_json(),
            "bindings": dict(expanded.bindings),
        }
    )


def unpin(document: bytes) -> Pinned:
    """Read a pinned document back.

    Raises:
        InvalidDefinitionError: these bytes are not a pinned workflow of this version.
    """
    try:
        held: object = json.loads(document)
    except ValueError as error:
        message = f"The pinned workflow is not JSON ({error}). Start a new session."
        raise InvalidDefinitionError(message) from error
    if not isinstance(held, dict):
        raise InvalidDefinitionError(_UNKNOWN_FORM)
    fields = cast("JsonObject", held)
    bindings = fields.get("bindings")
    if fields.get("schemaVersion") != SCHEMA_VERSION or not isinstance(bindings, dict):
        raise InvalidDefinitionError(_UNKNOWN_FORM)
    definition = parse_definition(fields.get("workflow"), pinned=True)
    if isinstance(definition, tuple):
        problems = "\n".join(f"{problem.pointer} {problem.message}" for problem in definition)
        message = f"The pinned workflow is not valid. Start a new session.\n{problems}"
        raise InvalidDefinitionError(message)
    return Pinned(definition, cast("Mapping[str, str]", bindings))


_UNKNOWN_FORM = (
    "The pinned workflow has a form this version does not know. Start a new session, or use the "
    "version of WorkRail that pinned it."
)
