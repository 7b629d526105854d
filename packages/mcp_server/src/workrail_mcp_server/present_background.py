"""What does an agent read about the whole workflow, and about what was done so far?"""

from collections.abc import Sequence

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.outcomes import Preamble, Recap, ReferenceView
from workrail_mcp_server.present_text import as_json, paragraphs, section

_CONTEXT_SHOWN = 8_000
"""Characters of session variables in one reply."""


def background(session_id: str, preamble: Preamble | None, recap: Recap | None) -> str:
    """Everything an agent is told before the step itself; empty in the middle of a run."""
    goal = None if preamble is None else preamble.goal
    return paragraphs((_preamble(preamble), _recap(recap, session_id, goal)))


def _preamble(preamble: Preamble | None) -> str:
    if preamble is None:
        return ""
    tier = "" if preamble.model_tier is None else f" · suits a {preamble.model_tier} model"
    return paragraphs(
        (
            f"Workflow: {preamble.workflow_name} ({preamble.workflow_id}){tier}\n"
            f"Goal: {preamble.goal}",
            section("Rules for the whole workflow:", preamble.meta_guidance),
            section("It takes for granted:", preamble.preconditions),
            section(
                "Ask the person first, unless the goal already answers it:",
                preamble.clarification_prompts,
            ),
            section("Documents to open:", [_reference(item) for item in preamble.references]),
        )
    )


def _reference(reference: ReferenceView) -> str:
    weight = " (authoritative)" if reference.authoritative else ""
    place = reference.path if reference.path is not None else f"{reference.source} (not found here)"
    return f"{reference.title}{weight}: {place}\n{reference.purpose}"


def _recap(recap: Recap | None, session_id: str, goal: str | None) -> str:
    if recap is None:
        return ""
    left_out = (
        f"({recap.omitted} older notes are left out; `workrail session show {session_id}` prints "
        "them all.)"
        if recap.omitted
        else ""
    )
    return paragraphs(
        (
            recap.branch_note,
            f"Done so far, newest first:\n{recap.text}" if recap.text else "",
            left_out,
            _variables(recap.context, goal),
        )
    )


def _variables(context: JsonObject, goal: str | None) -> str:
    """The session's variables, without a goal that has been shown already."""
    shown: dict[str, JsonValue] = {}
    left_out: list[str] = []
    room = _CONTEXT_SHOWN
    for name, value in context.items():
        if name == "goal" and value == goal:
            continue
        size = len(as_json(name)) + len(as_json(value)) + 4
        if size <= room:
            shown[name] = value
            room -= size
        else:
            left_out.append(name)
    return "\n".join(_variable_lines(shown, left_out))


def _variable_lines(shown: JsonObject, left_out: Sequence[str]) -> tuple[str, ...]:
    lines = (f"Session variables: {as_json(shown)}",) if shown else ()
    if left_out:
        return (*lines, f"(Set, but too long to show: {', '.join(left_out)}.)")
    return lines
