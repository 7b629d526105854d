"""Which workflow does a skill, a slash command, a section or a checklist amount to?

Headings that are numbered, ordered lists and checkboxes say what the steps are; where there is none
of these, other headings or lists do. Every word of the proposal is the author's: what belongs to no
step stands in `metaGuidance`, where it is a rule of a list, or in `about`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from workrail_engine.errors import InvalidInputError
from workrail_engine.proposing.check_commands import ProposedCheck, proposed_checks
from workrail_engine.proposing.text_parts import Part

_NUMBERED: Final = re.compile(r"(?:step|phase|stage|part)?\s*\d{1,2}\s*[.):\-–—]*\s+(.+)", re.I)  # noqa: RUF001 (dashes as people write them)
_STEP_PROMPT: Final = 8192
_ABOUT: Final = 4096
_RULE: Final = 256
_TITLE: Final = 128
_DESCRIPTION: Final = 512
_ID: Final = 40
_MARKS: Final = re.compile(r"\*\*|`")
_LINK: Final = re.compile(r"\[([^\]]+)\]\([^)]*\)")
_SENTENCE: Final = re.compile(r"(.+?[.!?:])(?:\s|$)")


@dataclass(frozen=True)
class ProposedStep:
    """One step."""

    step_id: str
    title: str
    prompt: str
    line: int
    """Where it is written."""
    checks: tuple[ProposedCheck, ...]


@dataclass(frozen=True)
class Proposal:
    """A workflow that was read out of a text."""

    workflow_id: str
    name: str
    description: str
    about: str
    about_is_cut: bool
    rules: tuple[str, ...]
    steps: tuple[ProposedStep, ...]


@dataclass(frozen=True)
class _Unit:
    """What becomes a step: its heading or first words, and all that belongs to it."""

    title: str
    text: str
    line: int


def propose(parts: Sequence[Part], name: str, description: str | None) -> Proposal:
    """The workflow a text amounts to.

    Args:
        parts: of the text.
        name: what it is called.
        description: what it is for, where its author says so.

    Raises:
        InvalidInputError: there is nothing in it, or a part is too long for a step.
    """
    units, rest = _divided(parts)
    if not units:
        message = (
            f'There is nothing to do in "{name}": no heading, list or paragraph. Name another text.'
        )
        raise InvalidInputError(message)
    rules = tuple(
        dict.fromkeys(_flat(part.text) for part in rest if part.kind != "text" and _is_rule(part))
    )
    others = list(_with_content([part for part in rest if _flat(part.text) not in rules]))
    about = "\n\n".join(_as_written(part) for part in others)
    told = description or _first_words(rest, units)
    return Proposal(
        workflow_id=_id_of(name, "skill"),
        name=_cut(_flat(name) or name, _TITLE),
        description=_cut(_flat(told) or " ".join(units[0].text.split()), _DESCRIPTION),
        about=_cut(about, _ABOUT),
        about_is_cut=len(about) > _ABOUT,
        rules=rules,
        steps=tuple(_steps(units)),
    )


def _divided(parts: Sequence[Part]) -> tuple[list[_Unit], list[Part]]:
    """What becomes steps, and what does not."""
    top = next((part for part in parts if part.kind == "heading" and part.level == 1), None)
    body = [part for part in parts if part is not top]
    numbered = [p for p in body if p.kind == "heading" and _NUMBERED.fullmatch(p.text)]
    if len(numbered) >= 2:
        return _by_headings(body, min(part.level for part in numbered), only_numbered=True)
    listed = [part for part in body if part.kind in ("ordered", "checkbox")]
    if len(listed) >= 2:
        return _by_items(body, listed)
    levels = [part.level for part in body if part.kind == "heading"]
    common = next((level for level in sorted(set(levels)) if levels.count(level) >= 2), None)
    if common is not None:
        return _by_headings(body, common, only_numbered=False)
    bullets = [part for part in body if part.kind == "bullet"]
    if len(bullets) >= 2:
        return _by_items(body, bullets)
    text = "\n\n".join(_as_written(part) for part in body)
    return ([_Unit(_title_of(text), text, body[0].line)] if body else []), []


def _by_headings(
    parts: Sequence[Part], level: int, *, only_numbered: bool
) -> tuple[list[_Unit], list[Part]]:
    units: list[_Unit] = []
    rest: list[Part] = []
    inside: list[Part] | None = None
    heading: Part | None = None

    def close() -> None:
        if heading is not None and inside is not None:
            text = "\n\n".join([heading.text, *(_as_written(part) for part in inside)])
            named = _NUMBERED.fullmatch(heading.text)
            units.append(_Unit(named[1] if named else heading.text, text, heading.line))

    for part in parts:
        if part.kind == "heading" and part.level <= level:
            close()
            begins = part.level == level and (
                not only_numbered or _NUMBERED.fullmatch(part.text) is not None
            )
            heading, inside = (part, []) if begins else (None, None)
            if not begins:
                rest.append(part)
        elif inside is not None:
            inside.append(part)
        else:
            rest.append(part)
    close()
    return units, rest


def _by_items(parts: Sequence[Part], items: Sequence[Part]) -> tuple[list[_Unit], list[Part]]:
    """Items, each with the fenced code that follows it."""
    units: list[_Unit] = []
    rest: list[Part] = []
    open_item = False
    for part in parts:
        if part in items:
            units.append(_Unit(_title_of(part.text), part.text, part.line))
            open_item = True
        elif part.kind == "fence" and open_item:
            last = units[-1]
            units[-1] = _Unit(last.title, f"{last.text}\n\n{part.text}", last.line)
        else:
            open_item = False
            rest.append(part)
    return units, rest


def _steps(units: Iterable[_Unit]) -> Iterable[ProposedStep]:
    step_ids: set[str] = set()
    check_ids: set[str] = set()
    for unit in units:
        if len(unit.text) > _STEP_PROMPT:
            message = (
                f'Line {unit.line}: "{_cut(unit.title, 60)}" has {len(unit.text):,} characters, and a '
                f"step may have {_STEP_PROMPT:,}. Divide it with headings or a list."
            )
            raise InvalidInputError(message)
        title = _cut(_flat(unit.title) or " ".join(unit.text.split()), _TITLE)
        step_id, number = _id_of(title, "step"), 2
        name = step_id
        while name in step_ids:
            name, number = f"{step_id}-{number}", number + 1
        step_ids.add(name)
        checks = proposed_checks(unit.text, check_ids)[:20]
        yield ProposedStep(name, title, unit.text, unit.line, checks)


def _title_of(text: str) -> str:
    """The first bold words, else the first sentence, else the first line."""
    line = next((line for line in text.splitlines() if line.strip()), text)
    bold = re.match(r"\s*\*\*(.+?)\*\*", line)
    if bold is not None:
        return bold[1].rstrip(".:")
    sentence = _SENTENCE.match(_flat(line))
    return (sentence[1] if sentence is not None else _flat(line)).rstrip(".:")


def _flat(text: str) -> str:
    """A text on one line, without marks of emphasis and links."""
    return " ".join(_MARKS.sub("", _LINK.sub(r"\1", text)).split())


def _cut(text: str, most: int) -> str:
    """A text, ended at a word where it is too long."""
    return text if len(text) <= most else f"{text[: most - 1].rsplit(None, 1)[0]}…"


def _is_rule(part: Part) -> bool:
    return part.kind in ("bullet", "ordered", "checkbox") and 0 < len(_flat(part.text)) <= _RULE


def _with_content(parts: Sequence[Part]) -> Iterator[Part]:
    """The parts without headings below which nothing is left."""
    for part, following in zip_longest(parts, parts[1:]):
        ends = following is None or (following.kind == "heading" and following.level <= part.level)
        if part.kind != "heading" or not ends:
            yield part


def _as_written(part: Part) -> str:
    marks = {
        "heading": f"{'#' * part.level} ",
        "bullet": "- ",
        "ordered": "- ",
        "checkbox": "- [ ] ",
    }
    return f"{marks.get(part.kind, '')}{part.text}"


def _first_words(rest: Sequence[Part], units: Sequence[_Unit]) -> str:
    prose = next((part.text for part in rest if part.kind == "text"), None)
    return prose or units[0].title


def _id_of(text: str, otherwise: str) -> str:
    words = re.sub(r"[^a-z0-9]+", " ", text.lower()).split()
    slug = "-".join(words)[: _ID + 1]
    if len(slug) > _ID:
        slug = slug.rpartition("-")[0] or slug[:_ID]
    return slug if len(slug) >= 3 else f"{otherwise}-{slug}".strip("-")
