"""Which events does a YAML text consist of? The YAML library's, with types and plain words."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeAlias, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    MappingStartEvent,
    ScalarEvent,
)
from ruamel.yaml.reader import ReaderError

from workrail_engine.registry.document_faults import FaultyTextError, TextFault

_PLAIN_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "mapping values are not allowed here": (
            "a colon followed by a space inside a plain text; put the text in quotes"
        ),
        "found character '\\t' that cannot start any token": (
            "a tab is used for indentation; use spaces"
        ),
        "expected ',' or ']'": "a comma or the closing bracket ] is missing before this place",
        "expected ',' or '}'": "a comma or the closing bracket } is missing before this place",
        "found character": "a plain text cannot begin with this character; put the text in quotes",
        "could not find expected ':'": "a colon is missing after the key before this place",
        "found unexpected end of stream": "the closing quote of a text is missing",
        "expected <block end>, but found '-'": "a list item is indented wrongly",
        "expected <block end>, but found '<block mapping start>'": "a key is indented wrongly",
        "expected the node content, but found '<stream end>'": (
            "the file ends within a list or an object that is still open"
        ),
    }
)
"""How the library's problems begin, and what to say instead; the first that fits is used."""


@dataclass(frozen=True)
class DocumentStart:
    """A document begins."""

    line: int


@dataclass(frozen=True)
class Alias:
    """`*name` stands for what `&name` marked."""

    line: int
    name: str


@dataclass(frozen=True)
class ScalarText:
    """A text, number or word."""

    line: int
    text: str
    tag: str | None
    plain: bool
    """Whether it was written without quotes."""
    anchor: str | None


@dataclass(frozen=True)
class Opening:
    """A mapping or sequence begins."""

    line: int
    is_mapping: bool
    tag: str | None
    anchor: str | None


@dataclass(frozen=True)
class Closing:
    """The innermost mapping or sequence ends."""

    line: int


YamlEvent: TypeAlias = DocumentStart | Alias | ScalarText | Opening | Closing


def yaml_events(text: str) -> Iterator[YamlEvent]:
    """The events of a text, in order, with 1-based lines.

    Raises:
        FaultyTextError: the text is not YAML from some place on.
    """
    reader = cast("Any", YAML(typ="safe", pure=True))  # the library is not typed
    line = 1
    try:
        for event in cast("Iterable[object]", reader.parse(text)):
            translated = _translated(event, event)
            if translated is not None:
                line = translated.line
                yield translated
    except MarkedYAMLError as error:
        raise FaultyTextError(_syntax_fault(error)) from error
    except ReaderError as error:
        raise FaultyTextError(_character_fault(error, text)) from error
    except (ValueError, OverflowError) as error:  # what it makes of \U00110000
        message = "not valid YAML: an escape or a version after this line is out of range"
        raise FaultyTextError(TextFault(line, message)) from error
    except YAMLError as error:
        raise FaultyTextError(TextFault(1, f"not valid YAML: {error}")) from error


def _translated(event: object, raw: Any) -> YamlEvent | None:
    line = raw.start_mark.line + 1
    match event:
        case DocumentStartEvent():
            return DocumentStart(line)
        case AliasEvent():
            return Alias(line, raw.anchor)
        case ScalarEvent():
            plain = raw.style in (None, "")
            return ScalarText(line, raw.value, raw.tag, plain, raw.anchor)
        case CollectionStartEvent():
            return Opening(line, isinstance(event, MappingStartEvent), raw.tag, raw.anchor)
        case CollectionEndEvent():
            return Closing(line)
        case _:
            return None


def _syntax_fault(error: Any) -> TextFault:
    mark = error.problem_mark or error.context_mark
    said = " ".join(str(part) for part in (error.context, error.problem) if part)
    problem = str(error.problem)
    plain = next(
        (words for start, words in _PLAIN_WORDS.items() if problem.startswith(start)), said
    )
    if mark is None:
        return TextFault(1, f"not valid YAML: {plain}")
    return TextFault(mark.line + 1, f"not valid YAML at column {mark.column + 1}: {plain}")


def _character_fault(error: Any, text: str) -> TextFault:
    line = text.count("\n", 0, error.position) + 1
    message = f"holds the character U+{error.character:04X}, which YAML does not allow"
    return TextFault(line, message, suggestion="remove it")
