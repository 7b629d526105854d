"""What stands in for `{{wr.bindings.<slot>}}`?

A project's override, else the slot's default. The tokens stand in prompts and in prompt block values
that are plain texts.
"""

import re
from collections.abc import Mapping

from workrail_engine.workflow.definition import WorkflowDefinition
from workrail_engine.workflow.problems import Problem, unknown_name

_TOKEN = re.compile(r"\{\{wr\.bindings\.([^{}]*)\}\}")
_DECLARATIONS = ("/extensionPoints/*/slotId",)


class Bindings:
    """The slots of one definition, and what they are bound to."""

    def __init__(self, definition: WorkflowDefinition, overrides: Mapping[str, str] | None) -> None:
        defaults = {point.slot_id: point.default for point in definition.extension_points}
        self._known = {**defaults, **(overrides or {})}
        self._all_known = overrides is not None
        self.bound = {slot: self._known[slot] for slot in defaults}
        """Every declared slot, and every other that a text used."""

    def fill(
        self, text: str, pointer: str, problems: list[Problem], rests_on: tuple[str, ...] = ()
    ) -> str:
        """A text with its bindings in place; unknown slots are added to the problems.

        Args:
            text: as written.
            pointer: where it is written.
            problems: gets the unknown slots, unless the project's bindings are not known.
            rests_on: what decides which text stands there, see `Problem`.
        """

        def value_of(match: re.Match[str]) -> str:
            slot = match[1]
            if slot not in self._known:
                if self._all_known:
                    what, grounds = "extension point", (*_DECLARATIONS, *rests_on)
                    problems.append(
                        unknown_name(what, pointer, slot, self._known, rests_on=grounds)
                    )
                return slot
            self.bound[slot] = self._known[slot]
            return self._known[slot]

        return _TOKEN.sub(value_of, text)
