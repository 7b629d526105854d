"""What can a program ask the console for, and what does it get? The OpenAPI 3.1 document.

Addresses and parameters are taken from the routes, the shapes of answers from the values that the
pages are made of; so the document cannot say what the code does not do.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from fastapi.openapi.utils import get_openapi
from pydantic import JsonValue, TypeAdapter
from pydantic.json_schema import JsonSchemaMode
from starlette.routing import BaseRoute

_REFERENCE: Final = "#/components/schemas/{model}"
_DESCRIPTION: Final = (
    "Every page of the console has a `.json` twin with the value the page is made of. Nothing here "
    "writes. HEAD is answered wherever GET is. Times are RFC 3339 in UTC. Requests must name this "
    "machine as host and may not come from another web page."
)
_SESSION: Final = {"pattern": "^sess_[a-z2-7]{26}$"}
_WORKFLOW: Final = {"minLength": 1, "maxLength": 200}
_PLACES: Final[Mapping[str, Mapping[str, Any]]] = {
    "session_id": _SESSION,
    "digest": {"pattern": "^sha256:[0-9a-f]{64}$"},
    "workflow_id": _WORKFLOW,
    "workflow_hash": {"pattern": "^(sha256:)?[0-9a-f]{8,64}$"},
    "other": {"pattern": "^(sha256:)?[0-9a-f]{8,64}$"},
    "proof_id": {"pattern": "^(sha256:)?[0-9a-f]{8,64}$"},
}
"""What the parts of addresses look like, by the names the routes give them."""
_JSON: Final = {"JsonValue": JsonValue, "Mapping": Mapping, "Sequence": Sequence}
_ENDINGS: Final = (
    (".trace.json", "application/json"),
    (".json", "application/json"),
    (".jsonl", "application/x-ndjson"),
    (".md", "text/markdown"),
    (".atom", "application/atom+xml"),
    ("/metrics", "text/plain"),
    ("/healthz", "application/json"),
    ("/live", "text/event-stream"),
    ("/artifacts/{digest}", "application/octet-stream"),
    ("/contents/{digest}", "text/plain"),
)
_SAME: Final = "The same as a page."
"""What a page's own function says of it; the document says more."""
_START: Final = "/"
"""The one address that leads elsewhere, once it was told until when someone looked."""
_FAILURES: Final = {
    "400": "The address asks for something odd; the answer says what would be accepted.",
    "404": "What was asked for is not in this store.",
    "500": "What is stored of it is damaged, or the console failed.",
    "503": "The store cannot be read now.",
}
_PROBLEM: Final[Mapping[str, Any]] = {
    "title": "Problem",
    "description": "Why there is no answer (RFC 9457), and what to do next.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "remedy"],
    "properties": {
        "type": {"type": "string", "description": "Always about:blank: `status` says it all."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened."},
        "remedy": {"type": "string", "description": "What to do next."},
        "record": {
            "type": "object",
            "description": "Of a session whose record is damaged: its log as far as it is whole.",
        },
    },
}


def document(
    routes: Sequence[BaseRoute], answers: Mapping[str, Any], version: str
) -> dict[str, Any]:
    """The document.

    Args:
        routes: those of the application.
        answers: by address, the type its JSON is made from.
        version: of the console.
    """
    made = get_openapi(
        title="WorkRail console", version=version, description=_DESCRIPTION, routes=routes
    )
    shapes = _Shapes(answers)
    paths: dict[str, Any] = {
        path: {"get": _operation(path, _told(path, made["paths"]), shapes)}
        for path, operations in sorted(made["paths"].items())
        if "get" in operations
    }
    made["paths"] = paths
    made["components"] = {"schemas": dict(sorted({**shapes.named, "Problem": _PROBLEM}.items()))}
    return made


class _Shapes:
    """The schemas of all answers, and those they name."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        adapters: list[tuple[str, JsonSchemaMode, TypeAdapter[Any]]] = [
            (path, "serialization", _adapter(kind)) for path, kind in answers.items()
        ]
        found, whole = TypeAdapter.json_schemas(adapters, ref_template=_REFERENCE)
        self.by_path: dict[str, Any] = {path: shape for (path, _), shape in found.items()}
        self.named: dict[str, Any] = whole.get("$defs", {})


def _adapter(kind: Any) -> TypeAdapter[Any]:
    """What describes a type; the engine's own name for JSON refers to itself, which is told here."""
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    adapter.rebuild(force=True, _types_namespace=_JSON)
    return adapter


def _operation(path: str, operation: Mapping[str, Any], shapes: _Shapes) -> dict[str, Any]:
    kind = _media_type(path)
    shape = shapes.by_path.get(path, {"type": "string"} if kind != "application/json" else {})
    return {
        "operationId": _name(path),
        "summary": operation.get("summary", ""),
        **({"description": operation["description"]} if "description" in operation else {}),
        "tags": ["pages" if kind == "text/html" else "data"],
        "parameters": [_parameter(one) for one in operation.get("parameters", ())],
        "responses": {
            "200": {"description": "What was asked for.", "content": {kind: {"schema": shape}}},
            **(
                {"303": {"description": "Your visit is noted: look there."}}
                if path == _START
                else {}
            ),
            **dict(_failures(path)),
        },
    }


def _told(path: str, paths: Mapping[str, Any]) -> Mapping[str, Any]:
    """An address's operation; a page says what its twin says."""
    operation: Mapping[str, Any] = paths[path]["get"]
    twin = paths.get(f"{'/openapi' if path == '/docs' else path}.json", {}).get("get")
    if operation.get("description") != _SAME or twin is None:
        return operation
    return {**operation, "description": f"{twin['description']} As a page."}


def _failures(path: str) -> Iterator[tuple[str, Any]]:
    content: dict[str, Any] = {
        "application/problem+json": {"schema": {"$ref": _REFERENCE.format(model="Problem")}}
    }
    if not path.endswith(".json"):  # who asks for anything else is a person, unless they say not
        content["text/html"] = {"schema": {"type": "string"}}
    for status, about in _FAILURES.items():
        yield status, {"description": about, "content": content}


def _parameter(parameter: Mapping[str, Any]) -> dict[str, Any]:
    if parameter["in"] != "path":
        return dict(parameter)
    return {**parameter, "schema": {**parameter["schema"], **_PLACES.get(parameter["name"], {})}}


def _media_type(path: str) -> str:
    return next((kind for end, kind in _ENDINGS if path.endswith(end)), "text/html")


def _name(path: str) -> str:
    """An operation's id: `/sessions/{session_id}.json` is `get_sessions_session_id_json`."""
    words = "".join(letter if letter.isalnum() else " " for letter in path).split()
    return "_".join(["get", *words])
