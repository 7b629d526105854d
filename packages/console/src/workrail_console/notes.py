"""How does Markdown that an agent wrote become HTML that is safe to show?

Agents repeat what they read, so their notes are untrusted. Raw HTML in them is shown as text; what
Markdown produces is then cleaned against a list of allowed tags; images become links, because a
picture fetched from elsewhere tells its server that the page was read.
"""

import re
from collections import OrderedDict
from collections.abc import MutableMapping, Sequence
from functools import cache
from hashlib import sha256
from html import escape
from threading import Lock
from typing import Any, Final
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from workrail_console import highlighting

LONGEST: Final = 200_000
"""Characters of notes that are read as Markdown; longer ones are shown as they are."""
_TAGS = {
    *("p", "br", "hr", "blockquote", "pre", "code", "em", "strong", "s", "a", "span"),
    *("ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td"),
    *("h2", "h3", "h4", "h5", "h6"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_SCROLLS = {"<pre>": '<pre tabindex="0">', "<table>": '<table tabindex="0">'}
"""What may be wider than the page scrolls, and can be reached by keys."""
_LINKS_TO = {"http", "https", "mailto"}
_TASK = re.compile(r"\[([ xX])\]\s+")
_BOXES = {" ": "☐", "x": "☑", "X": "☑"}
_KEPT_BYTES: Final = 16 * 1024 * 1024


def notes_html(text: str, below: int = 3) -> str:
    """Markdown as clean HTML: no scripts, no images, no styles, no raw HTML.

    Args:
        text: the notes.
        below: the level of the heading they stand under; theirs begin one lower.
    """
    key = sha256(f"{below} {text}".encode(errors="surrogatepass")).digest()
    html = _kept.get(key)
    if html is None:
        html = _html(text, below)
        _kept.put(key, html)
    return html


def beginning(text: str, limit: int) -> str | None:
    """The first lines of a long text, at most `limit` characters; None where all of it fits."""
    if len(text) <= limit:
        return None
    cut = text.rfind("\n", limit // 2, limit)
    return text[: cut if cut > 0 else limit]


class _Kept:
    """HTML that was made lately, by the digest of its text; the oldest goes when it is too much."""

    def __init__(self) -> None:
        self._pages: OrderedDict[bytes, str] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def get(self, key: bytes) -> str | None:
        with self._lock:
            if key in self._pages:
                self._pages.move_to_end(key)
            return self._pages.get(key)

    def put(self, key: bytes, html: str) -> None:
        with self._lock:
            self._size += len(html) - len(self._pages.pop(key, ""))
            self._pages[key] = html
            while self._size > _KEPT_BYTES:
                self._size -= len(self._pages.popitem(last=False)[1])


_kept: Final = _Kept()


def _html(text: str, below: int) -> str:
    if len(text) > LONGEST:
        return f'<pre tabindex="0">{escape(text)}</pre>'
    reader = _markdown()
    tokens = reader.parse(text)
    _lower_headings(tokens, below)
    _tick_boxes(tokens)
    html = reader.renderer.render(tokens, reader.options, {})
    clean = nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        allowed_classes={"span": set(highlighting.classes())},
        url_schemes=_LINKS_TO,
        link_rel="noopener noreferrer nofollow",
    )
    for tag, focusable in _SCROLLS.items():
        clean = clean.replace(tag, focusable)
    return clean


def _lower_headings(tokens: Sequence[Token], below: int) -> None:
    """Headings go on from the page's own, and none skips a level."""
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    levels = sorted({token.tag for token in headings})
    last = below
    for opens, closes in zip(headings[::2], headings[1::2], strict=True):
        last = min(below + 1 + levels.index(opens.tag), last + 1, 6)
        opens.tag = closes.tag = f"h{last}"


def _tick_boxes(tokens: Sequence[Token]) -> None:
    """`[ ]` and `[x]` at the start of a list's item become boxes."""
    for item, _paragraph, inline in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if item.type == "list_item_open" and inline.type == "inline" and inline.children:
            first = inline.children[0]
            found = _TASK.match(first.content) if first.type == "text" else None
            if found is not None:
                first.content = f"{_BOXES[found[1]]} {first.content[found.end() :]}"


@cache
def _markdown() -> MarkdownIt:
    # Agents end a line where they mean to, as people do in a chat.
    options = {"html": False, "breaks": True, "highlight": _highlighted}
    reader = MarkdownIt("commonmark", options).enable(["table", "strikethrough"])
    reader.add_render_rule("image", _image_as_link)
    return reader


def _highlighted(code: str, language: str, _attributes: str) -> str:
    return highlighting.code_html(code, language)


def _image_as_link(
    _renderer: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    _options: OptionsDict,
    _env: MutableMapping[str, Any],
) -> str:
    token = tokens[index]
    source = str(token.attrs.get("src", ""))
    label = escape(f"[image: {token.content or source}]")
    if urlsplit(source).scheme not in ("http", "https"):
        return label
    return f'<a href="{escape(source)}">{label}</a>'
