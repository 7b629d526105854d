"""How does Markdown that an agent wrote become HTML that is safe to show?

Agents repeat what they read, so their notes are untrusted. Raw HTML in them is shown as text; what
Markdown produces is then cleaned against a list of allowed tags; images become links, because a
picture fetched from elsewhere tells its server that the page was read.
"""

from collections.abc import MutableMapping, Sequence
from functools import cache
from html import escape
from typing import Any
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

_TAGS = {
    *("p", "br", "hr", "blockquote", "pre", "code", "em", "strong", "s", "a"),
    *("ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td"),
    *("h4", "h5", "h6"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_LEVELS_DOWN = 3
"""A note sits below the page's own three levels of headings."""
_LINKS_TO = {"http", "https", "mailto"}


def notes_html(text: str) -> str:
    """Markdown as clean HTML: no scripts, no images, no styles, no raw HTML."""
    reader = _markdown()
    tokens = reader.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + _LEVELS_DOWN)}"
    html = reader.renderer.render(tokens, reader.options, {})
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_LINKS_TO,
        link_rel="noopener noreferrer nofollow",
    )


@cache
def _markdown() -> MarkdownIt:
    # Agents end a line where they mean to, as people do in a chat.
    reader = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(
        ["table", "strikethrough"]
    )
    reader.add_render_rule("image", _image_as_link)
    return reader


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
