"""What does a prompt written in blocks read like?

Sections come in a fixed order under headings of their own, joined by blank lines. What features add
stands after what the author wrote.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from workrail_engine.workflow.definition import PromptBlocks, PromptValue, TextPart
from workrail_engine.workflow.pointers import child
from workrail_engine.workflow.problems import Problem, unknown_name
from workrail_engine.workflow.refs import REFS, Feature

Fill: TypeAlias = Callable[[str, str], str]
"""Makes a text out of an authored one and where that stands."""


def rendered(
    blocks: PromptBlocks,
    features: Sequence[Feature],
    pointer: str,
    fill: Fill,
    kept: Fill,
    problems: list[Problem],
) -> str:
    """The prompt that some blocks amount to.

    Args:
        blocks: as authored.
        features: of the workflow, in declared order.
        pointer: where the blocks are written.
        fill: puts bindings into plain texts.
        kept: looks through the texts of parts, which hold no bindings.
        problems: gets what is wrong; the prompt is then of no use.
    """
    if not _says_anything(blocks):
        sections = "goal, constraints, procedure, outputRequired, verify"
        expected = f"at least one of {sections}"
        problems.append(Problem(pointer, "has nothing in it", expected, rests_on=(pointer,)))
    return "\n\n".join(_Sections(blocks, tuple(features), pointer, fill, kept, problems).all())


def _says_anything(blocks: PromptBlocks) -> bool:
    return any(getattr(blocks, name) for name in type(blocks).model_fields)


@dataclass(frozen=True)
class _Sections:
    blocks: PromptBlocks
    features: tuple[Feature, ...]
    pointer: str
    fill: Fill
    kept: Fill
    problems: list[Problem]

    def all(self) -> Iterator[str]:
        if self.blocks.goal:
            yield f"## Goal\n\n{self._value(self.blocks.goal, child(self.pointer, 'goal'))}"
        constraints = self._values("constraints", self.blocks.constraints)
        constraints += [line for feature in self.features for line in feature.constraints]
        yield from _section("Constraints", [_item("- ", line) for line in constraints])
        procedure = self._values("procedure", self.blocks.procedure)
        procedure += [line for feature in self.features for line in feature.procedure]
        numbered = [_item(f"{number}. ", line) for number, line in enumerate(procedure, start=1)]
        yield from _section("Procedure", numbered)
        yield from _section("Output Required", self._outputs())
        verify = self._values("verify", self.blocks.verify)
        verify += [line for feature in self.features for line in feature.verify]
        yield from _section("Verify", [_item("- ", line) for line in verify])

    def _values(self, name: str, values: Sequence[PromptValue] | None) -> list[str]:
        place = child(self.pointer, name)
        return [self._value(value, child(place, at)) for at, value in enumerate(values or ())]

    def _outputs(self) -> list[str]:
        place = child(self.pointer, "outputRequired")
        outputs = self.blocks.output_required or {}
        return [
            _item("- ", f"**{key}**: {self._value(value, child(place, key))}")
            for key, value in outputs.items()
        ]

    def _value(self, value: PromptValue, pointer: str) -> str:
        if isinstance(value, str):
            return self.fill(value, pointer)
        parts: list[str] = []
        for at, part in enumerate(value):
            if isinstance(part, TextPart):
                parts.append(self.kept(part.text, f"{child(pointer, at)}/text"))
            elif part.ref_id in REFS:
                parts.append(REFS[part.ref_id])
            else:
                place = child(child(pointer, at), "refId")
                self.problems.append(unknown_name("ref", place, part.ref_id, REFS, rests_on=()))
        return "".join(parts)


def _section(heading: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        body = "\n".join(lines)
        yield f"## {heading}\n\n{body}"


def _item(mark: str, text: str) -> str:
    """A list item; further lines of it are indented to stand under the first."""
    return mark + text.replace("\n", f"\n{' ' * len(mark)}")
