"""How does a proposal read as a workflow file, and which text is it read from?"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from workrail_engine.errors import InvalidDefinitionError, InvalidInputError, NotFoundError
from workrail_engine.proposing.check_commands import ProposedCheck
from workrail_engine.proposing.proposal import Proposal, ProposedStep, propose
from workrail_engine.proposing.text_parts import Part, parts_of
from workrail_engine.registry.discovery import MAX_FILE_BYTES
from workrail_engine.registry.document_faults import Unreadable
from workrail_engine.registry.documents import Rejected, describe, load_definition, read_document

_FRONT: Final = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.MULTILINE | re.DOTALL)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ufffe\uffff\ud800-\udfff]")
_NAMELESS: Final = frozenset({"skill", "readme", "index", "agents", "claude"})


@dataclass(frozen=True)
class ProposedFile:
    """A workflow file to look through."""

    proposal: Proposal
    text: str
    """YAML that is a valid workflow."""


def proposed_from(path: Path, section: str | None) -> ProposedFile:
    """The workflow that a text amounts to.

    Args:
        path: of a Markdown file, or of the folder of a skill.
        section: the heading of the part that is meant; None: all of it.

    Raises:
        NotFoundError: there is no such file or section.
        InvalidInputError: the text cannot be read, or nothing in it can be done.
        InvalidDefinitionError: no valid workflow comes of it; the message says why.
    """
    file = path / "SKILL.md" if path.is_dir() else path
    text = _text_of(file)
    front, body, first_line = _divided(text)
    parts = parts_of(body, first_line)
    if section is not None:
        parts = _section(parts, section, file)
    name, description = _head(front, parts, file, section)
    proposal = propose(parts, name, description)
    written = as_yaml(proposal, file.name)
    loaded = load_definition("the proposal", written, yaml=True)
    if isinstance(loaded, Rejected):
        message = (
            f"{file}: the workflow proposed from it is not valid; mend the text.\n"
            f"{describe(loaded.problems)}"
        )
        raise InvalidDefinitionError(message)
    return ProposedFile(proposal, written)


def as_yaml(proposal: Proposal, origin: str) -> str:
    """A proposal as a workflow file, with what to look at as comments."""
    return "\n".join(_lines(proposal, origin)) + "\n"


def _text_of(file: Path) -> str:
    try:
        data = file.read_bytes()
    except FileNotFoundError as error:
        message = f"{file} is not there. Name a Markdown file, or the folder of a skill."
        raise NotFoundError(message) from error
    except OSError as error:
        message = f"{file} cannot be read: {error.strerror}."
        raise InvalidInputError(message) from error
    if len(data) > MAX_FILE_BYTES:
        message = f"{file} is larger than 1 MB. Name a shorter text, or a section of it."
        raise InvalidInputError(message)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"{file} is not UTF-8 text. Save it as UTF-8."
        raise InvalidInputError(message) from error
    return _CONTROL.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))


def _divided(text: str) -> tuple[Mapping[str, object], str, int]:
    """Front matter, the rest, and the line the rest begins on."""
    front = _FRONT.match(text)
    if front is None:
        return {}, text, 1
    read = read_document(front[1], yaml=True)
    fields = None if isinstance(read, Unreadable) else read.value
    known: Mapping[str, object] = fields if isinstance(fields, dict) else {}
    return known, text[front.end() :], text[: front.end()].count("\n") + 1


def _section(parts: tuple[Part, ...], wanted: str, file: Path) -> tuple[Part, ...]:
    """The parts below a heading, the heading itself first."""
    asked = wanted.strip().lstrip("#").strip().lower()
    headings = [index for index, part in enumerate(parts) if part.kind == "heading"]
    start = next((at for at in headings if parts[at].text.strip().lower() == asked), None)
    if start is None:
        listed = ", ".join(f'"{parts[at].text}"' for at in headings) or "no headings at all"
        message = f'{file} has no section "{wanted}". It has: {listed}.'
        raise NotFoundError(message)
    level = parts[start].level
    end = next((at for at in headings if at > start and parts[at].level <= level), len(parts))
    top = Part("heading", parts[start].text, parts[start].line, 1)
    return (top, *parts[start + 1 : end])


def _head(
    front: Mapping[str, object], parts: tuple[Part, ...], file: Path, section: str | None
) -> tuple[str, str | None]:
    """What the text is called and what it is for."""
    titled = next((part.text for part in parts if part.kind == "heading" and part.level == 1), None)
    named, told = front.get("name"), front.get("description")
    plain = file.resolve().parent.name if file.stem.lower() in _NAMELESS else file.stem
    if section is not None:
        return titled or section, None
    name = named if isinstance(named, str) and named.strip() else titled or plain or "skill"
    return name, told if isinstance(told, str) and told.strip() else None


def _lines(proposal: Proposal, origin: str) -> Iterator[str]:
    yield f"# Proposed from {_quoted(origin)}. Every word is its author's."
    yield "# Look it through, and run `workrail lint` on it: it says what nobody verifies yet."
    yield f"id: {_quoted(proposal.workflow_id)}"
    yield f"name: {_quoted(proposal.name)}"
    yield f"description: {_quoted(proposal.description)}"
    yield "version: 0.1.0"
    if proposal.about:
        if proposal.about_is_cut:
            yield "# There is more that belongs to no step than fits here; the rest is left out."
        yield from _block("about", proposal.about, "")
    if proposal.rules:
        yield "metaGuidance:"
        for rule in proposal.rules:
            yield f"  - {_quoted(rule)}"
    yield "steps:"
    for step in proposal.steps:
        yield from _step(step)


def _step(step: ProposedStep) -> Iterator[str]:
    yield f"  - id: {_quoted(step.step_id)}  # line {step.line}"
    yield f"    title: {_quoted(step.title)}"
    yield from _block("prompt", step.prompt, "    ")
    if step.checks:
        yield "    # Proposed: the engine would run these itself. Keep those that fail while the work is not done."
        yield "    checks:"
        for check in step.checks:
            yield from _check(check)


def _check(check: ProposedCheck) -> Iterator[str]:
    yield f"      - id: {_quoted(check.check_id)}"
    yield "        kind: command"
    yield f"        run: [{', '.join(_quoted(word) for word in check.argv)}]"


def _block(name: str, text: str, margin: str) -> Iterator[str]:
    """A text of several lines as it stands."""
    lines = [line.rstrip() for line in text.expandtabs(4).strip("\n").splitlines()]
    if len(lines) == 1:
        yield f"{margin}{name}: {_quoted(lines[0])}"
        return
    yield f"{margin}{name}: |2-"
    for line in lines:
        yield f"{margin}  {line}".rstrip()


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
