"""How does source code become HTML whose parts are told apart by classes?

Only common languages and texts of a bounded size are coloured: lexers are made of patterns, and what
they read was written by agents. Everything else is shown plain.
"""

from functools import cache
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pygments.formatters.html import HtmlFormatter
    from pygments.lexer import Lexer

LONGEST: Final = 30_000
"""Characters of a text that is still coloured."""
PREFIX: Final = "t-"

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


@cache
def classes() -> frozenset[str]:
    """Every class a part of code may have."""
    from pygments.token import STANDARD_TYPES  # noqa: PLC0415 (heavy, and most pages show no code)

    return frozenset(f"{PREFIX}{name}" for name in STANDARD_TYPES.values() if name)


def code_html(text: str, language: str) -> str:
    """Code as escaped HTML with classes; without them where the language is not one we colour."""
    name = language.strip().lower()
    name = _ALIASES.get(name, name)
    if name not in _LANGUAGES or len(text) > LONGEST:
        return escape(text)
    from pygments import highlight  # noqa: PLC0415 (heavy, and most pages show no code)

    return highlight(text, _lexer(name), _plain())


@cache
def _plain() -> "HtmlFormatter[str]":
    from pygments.formatters.html import HtmlFormatter  # noqa: PLC0415 (heavy, for code alone)

    return HtmlFormatter[str](nowrap=True, classprefix=PREFIX)


@cache
def _lexer(name: str) -> "Lexer":
    from pygments.lexers import (  # noqa: PLC0415 (heavy, for code alone)
        get_lexer_by_name,  # pyright: ignore[reportUnknownVariableType]  # its stub leaves options open
    )

    return get_lexer_by_name(name, stripnl=False, ensurenl=False)
