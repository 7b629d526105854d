"""Which elements of a page were asked for? Live updates need a few, not the page.

The pages are made by templates that escape every text, so an element's tags can be counted without a
parser: no `<` in them is anything but a tag.
"""

import re
from typing import Final

MOST: Final = 100
"""Elements one request may ask for; the rest are left out, and the page asks again for them."""

_TITLE = re.compile(r"<title>.*?</title>", re.DOTALL)
_ID: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]{0,127}")


def wanted_parts(header: str) -> tuple[str, ...]:
    """The ids a request names, at most `MOST`; what cannot be an id is left out."""
    names = (name.strip() for name in header[:10_000].split(","))
    return tuple(dict.fromkeys(name for name in names if _ID.fullmatch(name)))[:MOST]


def parts_of(html: str, ids: tuple[str, ...]) -> str:
    """The page's title and the elements with these ids, as far as it has them, in their order.

    Each stands in a `template` of its own: a row of a table is none outside of one.
    """
    title = _TITLE.search(html)
    found = [element for name in ids if (element := _element(html, name)) is not None]
    wrapped = [f"<template>{element}</template>" for element in found]
    return "\n".join([title[0] if title else "", *wrapped])


def _element(html: str, name: str) -> str | None:
    at = html.find(f' id="{name}"')
    if at < 0:
        return None
    start = html.rfind("<", 0, at)
    tag = re.match(r"<([a-z][a-z0-9]*)", html[start:at])
    if tag is None:
        return None
    depth = 0
    for found in re.compile(rf"<(/?){tag[1]}(?=[\s>])[^>]*>").finditer(html, start):
        depth += -1 if found[1] else 1
        if depth == 0:
            return html[start : found.end()]
    return None
