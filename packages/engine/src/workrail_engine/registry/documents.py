"""Is this text a workflow, and if not, which lines have to change?"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Final, TypeAlias

from workrail_engine.canonical import JsonValue
from workrail_engine.registry.document_faults import TextFault, Unreadable
from workrail_engine.registry.json_text import json_lines, read_json
from workrail_engine.registry.yaml_text import YamlContent, read_yaml
from workrail_engine.workflow.definition import WorkflowDefinition, parse_definition
from workrail_engine.workflow.expand import Surroundings
from workrail_engine.workflow.json_limits import beyond_limits, without_excess
from workrail_engine.workflow.pointers import parent, upwards
from workrail_engine.workflow.problems import Problem, in_document_order
from workrail_engine.workflow.salvage import other_problems
from workrail_engine.workflow.structure import check_structure

_BOM: Final = "\ufeff"
_LONG_POINTER: Final = 200
_UNKNOWN: Final = Surroundings()


@dataclass(frozen=True)
class Document:
    """The value of a text, and a way back to its lines."""

    value: JsonValue
    lines: Callable[[], Mapping[str, int]]
    """The 1-based line of every key and value, by JSON pointer; found when first asked for."""

    def line_of(self, pointer: str) -> int:
        """The line of a place; of the nearest place around it, when it is not there itself."""
        lines = self.lines()
        while pointer and pointer not in lines:
            pointer = parent(pointer)
        return lines.get(pointer, 1)


@dataclass(frozen=True)
class LocatedProblem:
    """A problem with the file and line to go to."""

    path: str
    line: int
    """1-based."""
    pointer: str
    message: str
    expected: str | None = None
    suggestion: str | None = None

    def __str__(self) -> str:
        """One line for a person or an editor: `path:line: pointer: message (…)`."""
        hints = [
            *([f"expected {self.expected}"] if self._expectation_is_news() else []),
            *([self.suggestion] if self.suggestion else []),
        ]
        subject = f"{_shortened(self.pointer)}: " if self.pointer else ""
        tail = f" ({'; '.join(hints)})" if hints else ""
        return f"{self.path}:{self.line}: {subject}{self.message}{tail}"

    def _expectation_is_news(self) -> bool:
        return self.expected is not None and self.expected not in self.message


@dataclass(frozen=True)
class Loaded:
    """A definition without problems, and the document it was read from."""

    definition: WorkflowDefinition
    document: Document


@dataclass(frozen=True)
class Rejected:
    """Every problem of a text that is not a workflow (at least one), by line."""

    problems: tuple[LocatedProblem, ...]
    document: Document | None
    """What could be read of it; None when it is not even JSON or YAML."""


LoadResult: TypeAlias = Loaded | Rejected


def load_definition(
    path_label: str, text: str, *, yaml: bool, surroundings: Surroundings = _UNKNOWN
) -> LoadResult:
    """Read a workflow from a text.

    Args:
        path_label: how messages call the file.
        text: the content of the file; keep it below 1 MB.
        yaml: whether it is YAML; else it is JSON.
        surroundings: what the workflow may refer to outside itself. Calls of routines and bindings
            are judged as far as this is known, and only in a text with problems of its own.
    """
    text = text.removeprefix(_BOM)
    read = _read(text, yaml=yaml)
    doubted = _spread(read.doubted)
    faults = tuple(_located_fault(path_label, fault) for fault in read.faults)
    document = read.document
    if document is None:
        return Rejected(faults, None)
    definition = parse_definition(document.value)
    if isinstance(definition, WorkflowDefinition):
        if not faults and not check_structure(definition):
            return Loaded(definition, document)
        schema: tuple[Problem, ...] = ()
    else:
        schema = tuple(problem for problem in definition if not _in_doubt(problem, doubted))
    problems = (*schema, *other_problems(document.value, surroundings, doubted))
    told = _by_line([*faults, *located(problems, document, path_label)])
    return Rejected(told, document)


def read_document(text: str, *, yaml: bool) -> Document | Unreadable:
    """Read a JSON or YAML 1.2 text that holds one value.

    The value consists of plain dicts, lists and scalars that have a canonical form. A byte order
    mark at the start is ignored.
    """
    read = _read(text.removeprefix(_BOM), yaml=yaml)
    if read.document is None or read.faults:
        return Unreadable(read.faults)
    return read.document


def located(
    problems: Iterable[Problem], document: Document, path: str
) -> tuple[LocatedProblem, ...]:
    """The same problems with file and line, by line; those of one line in document order."""
    return _by_line(
        LocatedProblem(
            path,
            document.line_of(problem.pointer),
            problem.pointer,
            problem.message,
            problem.expected,
            problem.suggestion,
        )
        for problem in in_document_order(problems, document.value)
    )


def describe(problems: Iterable[LocatedProblem]) -> str:
    """The problems as text, one a line, fit for the message of an `InvalidDefinitionError`."""
    return "\n".join(str(problem) for problem in problems)


def _shortened(pointer: str) -> str:
    return pointer if len(pointer) <= _LONG_POINTER else f"{pointer[:_LONG_POINTER]}…"


@dataclass(frozen=True)
class _Read:
    """What a text holds, as far as it can be told, and what is wrong with it as a text."""

    document: Document | None
    faults: tuple[TextFault, ...]
    doubted: frozenset[str]
    """Pointers of the places where something else may be meant than what was read."""


def _read(text: str, *, yaml: bool) -> _Read:
    content = _content(text, yaml=yaml)
    if isinstance(content, Document):
        faults, document, doubted = (), content, frozenset[str]()
    else:
        faults, rest = content.faults, content.rest
        if rest is None:
            return _Read(None, faults, frozenset())
        document, doubted = Document(rest.value, cache(rest.lines)), rest.doubted
    beyond = beyond_limits(document.value)
    if not beyond:
        return _Read(document, faults, doubted)
    more = tuple(_fault_at(problem, document) for problem in beyond)
    value = without_excess(document.value)
    kept = None if value is None else Document(value, document.lines)
    return _Read(kept, (*faults, *more), doubted | {problem.pointer for problem in beyond})


def _content(text: str, *, yaml: bool) -> Document | Unreadable:
    if not yaml:
        value = read_json(text)
        if isinstance(value, Unreadable):
            return value
        return Document(value, cache(partial(json_lines, text)))
    content = read_yaml(text)
    if isinstance(content, YamlContent):
        lines = content.lines
        return Document(content.value, lambda: lines)
    return content


def _spread(doubted: frozenset[str]) -> frozenset[str]:
    """The places, and the objects whose meaning hangs on one of them."""
    deciding = (place for place in doubted if place.endswith(("/type", "/kind")))
    return doubted | {parent(place) for place in deciding}


def _in_doubt(problem: Problem, doubted: Collection[str]) -> bool:
    """Whether a problem lies in a place where something else may be meant."""
    return not upwards(problem.pointer).isdisjoint(doubted)


def _by_line(problems: Iterable[LocatedProblem]) -> tuple[LocatedProblem, ...]:
    """Each problem once, from the first line to the last."""
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: problem.line))


def _fault_at(problem: Problem, document: Document) -> TextFault:
    line = document.line_of(problem.pointer)
    return TextFault(line, problem.message, problem.pointer, problem.suggestion)


def _located_fault(path: str, fault: TextFault) -> LocatedProblem:
    return LocatedProblem(
        path, fault.line, fault.pointer, fault.message, suggestion=fault.suggestion
    )
