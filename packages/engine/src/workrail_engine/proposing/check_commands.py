"""Which commands in a text look like checks?

A command counts if its program, or what a runner such as `uv run` is told to start, is one that
people check their work with. What needs a shell, or has a blank to fill in, does not count.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from workrail_engine.workflow.command_line import CommandLineError, arguments

_FENCES: Final = re.compile(
    r"^[ \t]*(`{3,}|~{3,})[ \t]*([\w-]*)[^\n]*\n(.*?)^[ \t]*\1", re.MULTILINE | re.DOTALL
)
_INLINE: Final = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_SHELLS: Final = frozenset({"", "sh", "bash", "shell", "console", "zsh", "text"})
_BLANK: Final = re.compile(r"<[^>]*>|\.\.\.|…|\$\{?\w|\{[^}]*\}|\[[^\]]*\]")
_RUNNERS: Final = (
    ("uv", "run"),
    ("poetry", "run"),
    ("pdm", "run"),
    ("hatch", "run"),
    ("bundle", "exec"),
    ("npx",),
    ("bunx",),
    ("pnpm", "exec"),
    ("yarn", "exec"),
    ("python", "-m"),
    ("python3", "-m"),
)
_ALWAYS: Final = frozenset(
    {"pytest", "tox", "nox", "mypy", "pyright", "basedpyright", "flake8", "pylint", "unittest"}
    | {
        "eslint",
        "tsc",
        "jest",
        "vitest",
        "mocha",
        "rspec",
        "rubocop",
        "phpunit",
        "phpstan",
        "ctest",
    }
    | {"shellcheck", "hadolint", "golangci-lint", "lint-imports", "markdownlint", "yamllint"}
)
_WITH: Final[dict[str, frozenset[str]]] = {
    "ruff": frozenset({"check", "format"}),
    "cargo": frozenset({"test", "check", "clippy", "build", "fmt", "nextest"}),
    "go": frozenset({"test", "vet", "build"}),
    "mvn": frozenset({"test", "verify"}),
    "gradle": frozenset({"test", "check", "build"}),
    "./gradlew": frozenset({"test", "check", "build"}),
    "dotnet": frozenset({"test", "build"}),
    "mix": frozenset({"test"}),
    "rake": frozenset({"test", "spec"}),
    "pre-commit": frozenset({"run"}),
    "terraform": frozenset({"validate"}),
    "swift": frozenset({"test", "build"}),
    "workrail": frozenset({"validate", "test", "lint"}),
}
_SCRIPTED: Final = frozenset({"make", "just", "task", "npm", "pnpm", "yarn", "bun", "deno"})
"""Programs whose arguments name what a project calls its checks."""
_CHECKING: Final = re.compile(
    r"(test|check|lint|verify|validate|typecheck|ci|build)([:._-].*)?|.*[:._-](test|check|lint)s?"
)


@dataclass(frozen=True)
class ProposedCheck:
    """A command that an engine could run in an agent's place."""

    check_id: str
    argv: tuple[str, ...]
    written: str
    """As the author wrote it."""


def proposed_checks(text: str, taken: set[str]) -> tuple[ProposedCheck, ...]:
    """The commands of a text that look like checks, each once, in order.

    Args:
        text: the author's words.
        taken: ids that are in use; grows.
    """
    found: dict[tuple[str, ...], str] = {}
    for written in _commands(text):
        argv = _check(written)
        if argv is not None:
            found.setdefault(argv, written)
    return tuple(
        ProposedCheck(_free(_slug(argv), taken), argv, written) for argv, written in found.items()
    )


def _commands(text: str) -> Iterator[str]:
    """Commands in the order they are written: lines of fenced blocks, and what is in backticks."""
    places: list[tuple[int, str]] = []
    for block in _FENCES.finditer(text):
        if block[2].lower() in _SHELLS:
            lines = (line.strip().removeprefix("$ ").strip() for line in block[3].splitlines())
            places.extend((block.start(), line) for line in lines)
    bare = _FENCES.sub(lambda block: " " * len(block[0]), text)
    places.extend((each.start(), each[1].strip()) for each in _INLINE.finditer(bare))
    places.sort(key=lambda place: place[0])
    for _, command in places:
        yield command


def _check(written: str) -> tuple[str, ...] | None:
    if not written or written.startswith("#") or _BLANK.search(written):
        return None
    try:
        argv = arguments(written)
    except CommandLineError:
        return None
    return argv if _is_check(argv) else None


def _is_check(argv: Sequence[str]) -> bool:
    for runner in _RUNNERS:
        if tuple(argv[: len(runner)]) == runner:
            return _is_check(argv[len(runner) :])
    if not argv:
        return False
    program, *rest = argv
    words = [word for word in rest if not word.startswith("-")]
    if program in _ALWAYS:
        return True
    if program in _SCRIPTED:
        named = words[1:] if words[:1] == ["run"] else words
        return bool(named) and _CHECKING.fullmatch(named[0]) is not None
    if tuple(argv[:2]) == ("git", "diff"):
        return "--exit-code" in rest or "--check" in rest
    return bool(words) and words[0] in _WITH.get(program, frozenset())


def _slug(argv: Sequence[str]) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", " ".join(argv).lower()).strip("-")
    return (words if words[:1].isalpha() else f"check-{words}")[:40].strip("-")


def _free(name: str, taken: set[str]) -> str:
    free, number = name, 2
    while free in taken:
        free, number = f"{name}-{number}", number + 1
    taken.add(free)
    return free
