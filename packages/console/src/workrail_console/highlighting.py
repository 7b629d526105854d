"""How does source code become HTML whose parts are told apart by classes?

Only common languages and texts of a bounded size are coloured: lexers are made of patterns, and what
they read was written by agents. Everything else is shown plain.
"""

from functools import cache
from html import escape
from typing import Final

from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import (
    get_lexer_by_name,  # pyright: ignore[reportUnknownVariableType]  # its stub leaves options open
)
from pygments.token import STANDARD_TYPES

LONGEST: Final = 30_000
"""Characters of a text that is still coloured."""
PREFIX: Final = "t-"
CLASSES: Final = frozenset(f"{PREFIX}{name}" for name in STANDARD_TYPES.values() if name)
"""Every class a part of code may have."""

_ALIASES: Final = {
    "c++": "cpp",
    "cs": "csharp",
    "dockerfile": "docker",
    "golang": "go",
    "js": "javascript",
    "jsonc": "json",
    "jsx": "javascript",
    "makefile": "make",
    "patch": "diff",
    "py": "python",
    "rb": "ruby",
    "rs": "rust",
    "sh": "bash",
    "shell": "bash",
    "ts": "typescript",
    "tsx": "typescript",
    "yml": "yaml",
    "zsh": "bash",
}
_LANGUAGES: Final = {
    *(
        "bash",
        "c",
        "console",
        "cpp",
        "csharp",
        "css",
        "diff",
        "docker",
        "go",
        "html",
        "ini",
        "java",
    ),
    *(
        "javascript",
        "json",
        "kotlin",
        "lua",
        "make",
        "php",
        "pycon",
        "python",
        "ruby",
        "rust",
        "sql",
    ),
    *("swift", "toml", "typescript", "xml", "yaml"),
}
_PLAIN: Final = HtmlFormatter[str](nowrap=True, classprefix=PREFIX)


def code_html(text: str, language: str) -> str:
    """Code as escaped HTML with classes; without them where the language is not one we colour."""
    name = language.strip().lower()
    name = _ALIASES.get(name, name)
    if name not in _LANGUAGES or len(text) > LONGEST:
        return escape(text)
    return highlight(text, _lexer(name), _PLAIN)


@cache
def _lexer(name: str) -> Lexer:
    return get_lexer_by_name(name, stripnl=False, ensurenl=False)
