"""How does a server's entry get into a client's settings without anything else changing?

The text is changed where the entry stands, or where a new one goes; every other character stays,
comments, order and unknown members too.
"""

import json
import re
from typing import Final

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_mcp_server.clients.commented_json import (
    Member,
    Node,
    NotJsonError,
    as_object,
    read_document,
)
from workrail_mcp_server.clients.known import Settings

_USUAL_INDENT: Final = "  "
_REST_OF_LINE: Final = re.compile(r"[ \t]*(//[^\n]*?|/\*[^\n]*?\*/[ \t]*)?(?=\r?\n)")


class NoRoomError(ValueError):
    """A document that has no place for the entry; the message says why."""


def entered(text: str, settings: Settings, name: str, entry: JsonObject) -> str:
    """A document with the entry in it; the same text when it says so already.

    An entry of this name keeps what this one does not speak of.

    Args:
        text: the document as it is; empty for a new one.
        settings: what the client reads, and where in it the servers stand.
        name: what the server is called there.
        entry: how it is started.

    Raises:
        NotJsonError: the document cannot be read.
        NoRoomError: it is of another shape, or the name stands for a server that is not started here.
    """
    if not text.strip("\ufeff \t\r\n"):
        return json.dumps({settings.key: {name: entry}}, indent=2, ensure_ascii=False) + "\n"
    present = present_entry(text, settings, name)
    if present is None:
        return _with(text, (settings.key, name), entry, comments=settings.comments)
    if "url" in present or "serverUrl" in present:
        message = f'"{name}" is a server at an address there; give ours another name with --name'
        raise NoRoomError(message)
    for path, value in _leaves(entry, (settings.key, name)):
        text = _with(text, path, value, comments=settings.comments)
    return text


def present_entry(text: str, settings: Settings, name: str) -> JsonObject | None:
    """What a document says of a server; None when it does not name it.

    Raises:
        NotJsonError: the document cannot be read.
        NoRoomError: it is of another shape.
    """
    root = as_object(read_document(text, comments=settings.comments).value)
    if root is None:
        message = "the document is not an object"
        raise NoRoomError(message)
    servers = as_object(root.get(settings.key, {}))
    if servers is None:
        message = f'"{settings.key}" is not an object'
        raise NoRoomError(message)
    if name not in servers:
        return None
    entry = as_object(servers[name])
    if entry is None:
        message = f'"{name}" in "{settings.key}" is not an object'
        raise NoRoomError(message)
    return entry


def merged(present: JsonObject, entry: JsonObject) -> JsonObject:
    """An entry with what another says of the same things in its place, all the way down."""
    result = dict(present)
    for name, value in entry.items():
        old, new = as_object(result.get(name)), as_object(value)
        result[name] = merged(old, new) if old is not None and new is not None else value
    return result


def _leaves(entry: JsonObject, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], JsonValue]]:
    leaves: list[tuple[tuple[str, ...], JsonValue]] = []
    for name, value in entry.items():
        inner = as_object(value)
        place = (*path, name)
        leaves.extend(_leaves(inner, place) if inner is not None else [(place, value)])
    return leaves


def _with(text: str, path: tuple[str, ...], value: JsonValue, *, comments: bool) -> str:
    """A document with a value at a path; the objects on the way are made where they are missing."""
    node = read_document(text, comments=comments)
    for depth, name in enumerate(path):
        if node.members is None:
            message = f'"{path[depth - 1]}" is not an object'
            raise NoRoomError(message)
        member = node.members.get(name)
        if member is None:
            for inner in reversed(path[depth + 1 :]):
                value = {inner: value}
            return _inserted(text, node, name, value)
        node = member.node
    if node.value == value:
        return text
    margin = _margin(text, node.start)
    return text[: node.start] + _written(text, value, margin) + text[node.end :]


def _inserted(text: str, where: Node, name: str, value: JsonValue) -> str:
    last = _last(where)
    if last is None:
        return _first(text, where, name, value)
    if not _begins_line(text, last.start):
        written = f", {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}"
        at = where.after_comma or last.node.end
        return text[:at] + (written[1:] if where.after_comma else written) + text[at:]
    margin = _margin(text, last.start)
    body = f"{_newline(text)}{margin}{json.dumps(name)}: {_written(text, value, margin)}"
    at = where.after_comma or last.node.end
    # A comment on the last member's line goes on speaking of that member.
    rest = _REST_OF_LINE.match(text, at)
    line_end = at if rest is None else rest.end()
    if where.after_comma is not None:
        return text[:line_end] + body + "," + text[line_end:]
    return text[:at] + "," + text[at:line_end] + body + text[line_end:]


def _first(text: str, where: Node, name: str, value: JsonValue) -> str:
    """A member into an object without any."""
    outer = _margin(text, where.start)
    margin = outer + _unit(text)
    newline = _newline(text)
    inside = text[where.start + 1 : where.end - 1]
    body = f"{newline}{margin}{json.dumps(name)}: {_written(text, value, margin)}"
    rest = inside.rstrip() + newline + outer if inside.strip() else newline + outer
    if inside.strip() and not inside.startswith(("\n", "\r")):
        rest = " " + rest.lstrip(" \t")
    return text[: where.start + 1] + body + rest + text[where.end - 1 :]


def _last(node: Node) -> Member | None:
    members = (node.members or {}).values()
    return max(members, key=lambda member: member.node.end, default=None)


def _written(text: str, value: JsonValue, margin: str) -> str:
    lines = json.dumps(value, indent=_unit(text), ensure_ascii=False).split("\n")
    return f"{_newline(text)}{margin}".join(lines)


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _unit(text: str) -> str:
    """How far the document moves an inner line to the right."""
    found = re.search(r"^([ \t]+)\"", text, re.MULTILINE)
    return found[1] if found is not None else _USUAL_INDENT


def _margin(text: str, place: int) -> str:
    """The blanks a place's line begins with."""
    line = text.rfind("\n", 0, place) + 1
    return text[line : line + len(text[line:]) - len(text[line:].lstrip(" \t"))]


def _begins_line(text: str, place: int) -> bool:
    line = text.rfind("\n", 0, place) + 1
    return line > 0 and not text[line:place].strip(" \t")


__all__ = ["NoRoomError", "NotJsonError", "entered", "merged", "present_entry"]
