"""How does a stranger's text reach the model as data?

Without what a person who reads it would not see: comments, characters without a shape, characters that
turn the direction of reading, terminal codes. And between two marks that name its source and that it
cannot close itself. That does not make the text harmless: what an agent may do is for the sandbox and
the policy of its tools to say.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from workrail_daemon.context.parts import cut_to

Mark: TypeAlias = Literal["untrusted", "workspace_rules", "operator_rules"]

_LINE_END: Final = re.compile("\r\n?|\u2028|\u2029|\x85")
_TERMINAL_CODE: Final = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[0-?]*[ -/]*[@-~]|\x1b[@-Z\\^_]"
)
_COMMENT_END: Final = re.compile(r"--!?>")
_EMPTY_COMMENT: Final = re.compile(r"<!---?>")
_OPEN_BLOCK: Final = re.compile(r"^ {0,3}<!--", re.MULTILINE)
_LINK_COMMENT: Final = re.compile(
    r"^[ \t>]*\[[^\]\n]{0,200}\]:[ \t]*(?:\#|<\#?>)[ \t]*\n?[ \t]*"
    r"""(?:"[^"]{0,4000}"|'[^']{0,4000}'|\([^)]{0,4000}\))[ \t]*$""",
    re.MULTILINE,
)
_MARK: Final = re.compile(
    r"<(?=\s{0,9}/?\s{0,9}(?:untrusted|workspace_rules|operator_rules)\b)", re.IGNORECASE
)
_PASSES: Final = 4
_LONGEST_SOURCE: Final = 160
_MOST_READ: Final = 1024 * 1024
# Not of the category "format", and still without a shape.
_SHAPELESS: Final = frozenset(
    (
        *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2065, 0x2800, 0x3164, 0xFFA0),
        *range(0x180B, 0x1810),
        *range(0xFE00, 0xFE10),
        *range(0xFFF0, 0xFFF9),
        *range(0xE0000, 0xE1000),
    )
)


@dataclass(frozen=True)
class Cleaned:
    """A text as a person sees it."""

    text: str
    removed: int
    """Characters that a person would not have seen."""


@dataclass(frozen=True)
class Marked:
    """A stranger's text between its marks."""

    text: str
    removed: int
    """Characters that a person would not have seen."""
    left_out: int
    """Bytes that did not fit."""


class _Shown(dict[int, int | None]):
    """What becomes of each character: itself, or nothing. Filled as characters are met."""

    def __missing__(self, code: int) -> int | None:
        is_hidden = unicodedata.category(chr(code)) in ("Cc", "Cf", "Cs") or code in _SHAPELESS
        self[code] = None if is_hidden else code
        return self[code]


_SHOWN: Final = _Shown({ord("\n"): ord("\n"), ord("\t"): ord("\t")})


def cleaned(text: str) -> Cleaned:
    """A text without what a person who reads it would not see.

    Emoji and scripts that are made up with joining characters may look a little different after it;
    comments go wherever they stand, in code as well.
    """
    whole = _LINE_END.sub("\n", text)
    shown = _TERMINAL_CODE.sub("", whole).translate(_SHOWN)
    for _ in range(_PASSES):  # what is left may make up another comment
        before = shown
        shown = _LINK_COMMENT.sub("", _without_comments(shown))
        if before == shown:
            break
    else:
        shown = shown.replace("<!--", "&lt;!--")
    return Cleaned(shown, max(0, len(whole) - len(shown)))


def as_data(text: str, source: str, limit: int) -> Marked:
    """A stranger's text between marks that name its source.

    Args:
        text: whatever it is.
        source: who wrote it or where it lies, for the model to read.
        limit: bytes of it at most.
    """
    read = text[:_MOST_READ]
    seen = cleaned(read)
    cut = cut_to(seen.text.strip("\n"), limit)
    left_out = cut.left_out + len(text) - len(read)
    body = cut.text.rstrip("\n")
    if left_out:
        body = f"{body}\n[{left_out:,} bytes more are left out]"
    return Marked(between_marks("untrusted", source, body), seen.removed, left_out)


def between_marks(mark: Mark, source: str, text: str) -> str:
    """A text between marks that say what it is and where it comes from; it cannot close them."""
    named = " ".join(cleaned(source).text.replace('"', "'").replace("<", "(").split())
    body = _MARK.sub("&lt;", text)
    return f'<{mark} source="{named[:_LONGEST_SOURCE]}">\n{body}\n</{mark}>'


def _without_comments(text: str) -> str:
    """A text without its comments; one that is never closed goes where it would hide the rest."""
    kept: list[str] = []
    at = 0
    while (begin := text.find("<!--", at)) >= 0:
        empty = _EMPTY_COMMENT.match(text, begin)
        end = empty or _COMMENT_END.search(text, begin + 4)
        if end is None:
            break
        kept.append(text[at:begin])
        at = end.end()
    rest = text[at:]
    hidden = _OPEN_BLOCK.search(rest)
    kept.append(rest if hidden is None else rest[: hidden.start()])
    return "".join(kept)
