"""A feed that every reader can read."""

from datetime import datetime
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from workrail_console.machine.atom import EPOCH, Masthead, News, atom

ATOM = "{http://www.w3.org/2005/Atom}"
ABOUT = Masthead("urn:workrail:feed:1", "Feed", "WorkRail", "http://h/feed.atom", "http://h/")


def news(text: str, at: str = "2026-11-22T10:00:00Z", name: str = "urn:workrail:x") -> News:
    return News(name, text, text, "blocked", at, "http://h/sessions/x")


def test_a_feed_has_what_atom_demands_and_the_newest_entry_first() -> None:
    feed = ElementTree.fromstring(  # noqa: S314 (our own)
        atom(ABOUT, [news("old", "2026-11-21T10:00:00Z", "urn:1"), news("new", name="urn:2")])
    )

    assert feed.tag == f"{ATOM}feed"
    assert feed.findtext(f"{ATOM}id") == "urn:workrail:feed:1"
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == "WorkRail"
    assert feed.findtext(f"{ATOM}updated") == "2026-11-22T10:00:00Z"
    assert [one.findtext(f"{ATOM}id") for one in feed.iter(f"{ATOM}entry")] == ["urn:2", "urn:1"]
    for entry in feed.iter(f"{ATOM}entry"):
        for tag in ("id", "title", "updated", "summary", "link", "category"):
            assert entry.find(f"{ATOM}{tag}") is not None
        datetime.fromisoformat(entry.findtext(f"{ATOM}updated", ""))


def test_an_empty_feed_and_an_unknown_time_are_valid_too() -> None:
    feed = ElementTree.fromstring(atom(ABOUT, []))  # noqa: S314 (our own)
    lost = ElementTree.fromstring(atom(ABOUT, [news("x", at="")]))  # noqa: S314 (our own)

    assert feed.findtext(f"{ATOM}updated") == EPOCH
    assert lost.findtext(f"{ATOM}entry/{ATOM}updated") == EPOCH


@given(st.text())
def test_any_text_makes_a_document_that_can_be_parsed(text: str) -> None:
    feed = ElementTree.fromstring(atom(ABOUT, [news(text)]))  # noqa: S314 (our own)

    assert feed.find(f"{ATOM}entry") is not None
