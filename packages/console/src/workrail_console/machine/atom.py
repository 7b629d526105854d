"""How is a list of news written as an Atom feed (RFC 4287)?"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree

MEDIA_TYPE: Final = "application/atom+xml"
EPOCH: Final = "1970-01-01T00:00:00Z"
"""Stands for a time that is not known: Atom demands one."""
_NAMESPACE: Final = "http://www.w3.org/2005/Atom"
_UNWRITABLE: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters XML 1.0 has no way to write."""


@dataclass(frozen=True)
class News:
    """One entry."""

    name: str
    """Its id: a URN that stays the same for the same piece of news."""
    title: str
    text: str
    category: str
    at: str
    """RFC 3339; empty where it is not known."""
    address: str
    """The page to look at."""


@dataclass(frozen=True)
class Masthead:
    """The feed itself."""

    name: str
    """Its id."""
    title: str
    author: str
    address: str
    """The feed's own."""
    page: str
    """The page that shows the same."""


def atom(about: Masthead, news: Sequence[News]) -> bytes:
    """The feed as a document; the newest entry first."""
    newest_first = sorted(news, key=lambda one: one.at, reverse=True)
    feed = ElementTree.Element("feed", {"xmlns": _NAMESPACE})
    _text(feed, "id", about.name)
    _text(feed, "title", about.title)
    _text(feed, "updated", (newest_first[0].at if newest_first else "") or EPOCH)
    _text(ElementTree.SubElement(feed, "author"), "name", about.author)
    _link(feed, "self", about.address, MEDIA_TYPE)
    _link(feed, "alternate", about.page, "text/html")
    for one in newest_first:
        _entry(feed, one)
    ElementTree.indent(feed)
    return ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)


def _entry(feed: ElementTree.Element, one: News) -> None:
    entry = ElementTree.SubElement(feed, "entry")
    _text(entry, "id", one.name)
    _text(entry, "title", one.title)
    _text(entry, "updated", one.at or EPOCH)
    _text(entry, "summary", one.text)
    ElementTree.SubElement(entry, "category", {"term": one.category})
    _link(entry, "alternate", one.address, "text/html")


def _text(parent: ElementTree.Element, tag: str, text: str) -> None:
    ElementTree.SubElement(parent, tag).text = _UNWRITABLE.sub("�", text)


def _link(parent: ElementTree.Element, relation: str, address: str, kind: str) -> None:
    ElementTree.SubElement(parent, "link", {"rel": relation, "type": kind, "href": address})
