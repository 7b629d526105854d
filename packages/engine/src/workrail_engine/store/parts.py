"""How is the middle of a word found without reading every row?

What a list shows of a session and never changes is cut into parts: three signs each, one part from
every sign on, fewer at the end. A text holds a piece of a word where the parts of that piece follow
one another. A sign of our own stands before each part, so that no typed word is taken for one.
"""

import re
import unicodedata
from collections import defaultdict
from typing import Final

from workrail_engine.session.events import SessionStarted
from workrail_engine.store.said import Said

WORD: Final = re.compile(r"[^\W_]+")
LAST_PLACE: Final = 16_383
"""PostgreSQL counts the places in a text so far."""
_LENGTH: Final = 3
_MARK: Final = "\ue000"
_BLANK: Final = "\ue001"
"""Signs for private use: letters to both databases, and to no writer."""


def plain(text: str) -> str:
    """A text as its words are compared: lower case, no accents."""
    apart = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in apart if not unicodedata.combining(sign)).lower()


def parts_of(*texts: str | None) -> str:
    """The parts of some texts, in their order, with blanks between them."""
    return " ".join(part for text in texts for part in _cut(_joined(text or "")))


def parts_wanted(text: str) -> tuple[list[str], bool]:
    """The parts that must follow one another where a text is held, and whether the last may go on."""
    joined = _joined(text)
    if len(joined) < _LENGTH:
        return _cut(joined)[:1], True
    return [part for part in _cut(joined) if len(part) == len(_MARK) + _LENGTH], False


def places_of(parts: str) -> str:
    """Parts as PostgreSQL keeps them: each with the places it stands at, as in `'part':1,7`."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    for at, part in enumerate(parts.split(), start=1):
        places[part].append(str(min(at, LAST_PLACE)))
    return " ".join(f"'{part}':{','.join(at)}" for part, at in places.items())


def shown(started: SessionStarted) -> Said:
    """What can be found of a session's line in a list by the middle of a word."""
    return Said(parts=parts_of(started.goal, started.workflow_id, started.workspace.branch))


def _cut(joined: str) -> list[str]:
    return [f"{_MARK}{joined[at : at + _LENGTH]}" for at in range(len(joined))]


def _joined(text: str) -> str:
    return _BLANK.join(WORD.findall(plain(text)))
