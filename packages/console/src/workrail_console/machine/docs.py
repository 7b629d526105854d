"""Where can a program read what there is? `/openapi.json`, and the same as a page: `/docs`."""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from workrail_console.context import PageContext, get


@dataclass(frozen=True)
class ShownParameter:
    """A parameter of an address, in words."""

    name: str
    place: str
    """`path` or `query`."""
    shape: str
    about: str


@dataclass(frozen=True)
class ShownField:
    """A field of a value, in words."""

    name: str
    shape: str
    type_name: str | None
    """The value it names, where that is described here too."""


@dataclass(frozen=True)
class ShownAddress:
    """An address, in words."""

    path: str
    about: str
    kind: str
    """Its media type."""
    answer: str | None
    """The value it answers with, where that is described here too."""
    parameters: tuple[ShownParameter, ...]


@dataclass(frozen=True)
class ShownValue:
    """A value that answers are made of."""

    name: str
    about: str
    fields: tuple[ShownField, ...]


def routes(context: PageContext) -> APIRouter:
    """`/openapi.json` and `/docs`."""
    router = APIRouter()
    made = _MadeOnce()

    def openapi(request: Request) -> Response:
        """This document: OpenAPI 3.1."""
        return JSONResponse(made.document(request))

    def docs(request: Request) -> Response:
        """The same as a page."""
        described = made.document(request)
        values = {
            "info": described["info"],
            "addresses": tuple(_addresses(described)),
            "values": tuple(_values(described)),
        }
        return context.renderer.page("docs.html", values)

    get(router, "/openapi.json", openapi)
    get(router, "/docs", docs)
    return router


class _MadeOnce:
    """The document, made when it is first asked for: that takes longer than a page may."""

    def __init__(self) -> None:
        self._document: dict[str, Any] | None = None
        self._lock = threading.Lock()

    def document(self, request: Request) -> dict[str, Any]:
        """The document of the application that was asked."""
        with self._lock:
            if self._document is None:
                from workrail_console.machine.openapi import document  # noqa: PLC0415 (only for this page)
                from workrail_console.machine.shapes import ANSWERS  # noqa: PLC0415 (only for this page)

                release = version("workrail-console")
                self._document = document(request.app.routes, ANSWERS, release)
            return self._document


def _addresses(described: Mapping[str, Any]) -> Iterator[ShownAddress]:
    for path, operations in described["paths"].items():
        operation = operations["get"]
        ((kind, content),) = operation["responses"]["200"]["content"].items()
        yield ShownAddress(
            path=path,
            about=operation.get("description", ""),
            kind=kind,
            answer=_named(content["schema"]),
            parameters=tuple(
                ShownParameter(
                    one["name"], one["in"], _shape(one["schema"]), one.get("description", "")
                )
                for one in operation["parameters"]
            ),
        )


def _values(described: Mapping[str, Any]) -> Iterator[ShownValue]:
    for name, schema in described["components"]["schemas"].items():
        properties: Mapping[str, Any] = schema.get("properties", {})
        yield ShownValue(
            name=name,
            about=schema.get("description", ""),
            fields=tuple(
                ShownField(field, _shape(shape), _named(shape))
                for field, shape in properties.items()
            ),
        )


def _named(schema: Mapping[str, Any]) -> str | None:
    """The value a schema names, itself or for each of its items."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for one in (schema.get("items"), schema.get("additionalProperties"), *schema.get("anyOf", ())):
        if isinstance(one, Mapping):
            found = _named(one)  # pyright: ignore[reportUnknownArgumentType]  # a value of JSON
            if found is not None:
                return found
    return None


def _shape(schema: Mapping[str, Any]) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_shape(one) for one in schema["anyOf"]))
    if "enum" in schema:
        return ", ".join(str(one) for one in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    kind = str(schema.get("type", "anything"))
    if kind == "array":
        return f"list of {_shape(schema['items'])}" if "items" in schema else "list"
    if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return f"object of {_shape(schema['additionalProperties'])}"
    bounds = [
        f"{word} {schema[name]}"
        for name, word in (
            ("maxLength", "at most"),
            ("minimum", "from"),
            ("maximum", "to"),
            ("pattern", "as"),
        )
        if name in schema
    ]
    return ", ".join([kind, *bounds])
