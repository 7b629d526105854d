"""What an agent reads, whole."""

from dataclasses import replace

import pytest

from workrail_engine.outcomes import (
    Blocked,
    Blocker,
    BlockerCode,
    Completed,
    LoopPass,
    Preamble,
    Recap,
    Recorded,
    ReferenceView,
    Requirement,
    StepReady,
    StepView,
)
from workrail_mcp_server.present_step import present

SESSION = "sess_abcdefghijklmnopqrstuvwxyz"
TOKEN = "ct_AAAAAAAAAAAAAAAAAAAAAAAA"
NOTES = Requirement(kind="notes", text="notes")
PLAIN = StepView(
    step_id="look",
    title="Look around",
    text="Read the code that handles login.\n\nList what you find.",
    number=2,
    total=7,
    loop=None,
    requirements=(NOTES,),
    confirmation=None,
)


def ready(view: StepView = PLAIN, recorded: Recorded = Recorded.NOW) -> StepReady:
    return StepReady(SESSION, TOKEN, view, recorded=recorded)


@pytest.mark.rule("MCP-1")
def test_a_plain_step_reads_as_its_text_between_two_short_lines() -> None:
    assert present(ready()) == (
        "# Look around\n"
        "Step 2 of about 7\n"
        "\n"
        "Read the code that handles login.\n"
        "\n"
        "List what you find.\n"
        "\n"
        'Next: complete_step {"token": "ct_AAAAAAAAAAAAAAAAAAAAAAAA", "notes": "…"}'
    )


def test_the_tools_of_a_step_are_told_with_what_it_must_hand_in() -> None:
    said = "tools for this step: Read and those that steer the run; files to change: docs/**"
    bounds = Requirement(kind="tools", text=said)
    assert present(ready(replace(PLAIN, requirements=(bounds, NOTES)))).endswith(
        "List what you find.\n"
        "\n"
        "Required:\n"
        f"- {said}\n"
        'Next: complete_step {"token": "ct_AAAAAAAAAAAAAAAAAAAAAAAA", "notes": "…"}'
    )


@pytest.mark.rule("MCP-1")
@pytest.mark.parametrize(("number", "total"), [(1, 1), (100, 250), (99_999, 100_000)])
def test_a_plain_step_costs_at_most_350_bytes_beyond_what_was_authored(
    number: int, total: int
) -> None:
    loop = LoopPass("refine", "Refine until done", 12, 25)
    view = replace(PLAIN, number=number, total=total, loop=loop, model_tier="lightweight")

    reply = present(ready(view))

    authored = len(view.text.encode()) + len(view.title.encode()) + len(loop.title.encode())
    assert len(reply.encode()) - authored <= 350


def test_a_step_in_a_loop_says_which_pass_it_is_and_what_it_must_hand_in() -> None:
    view = replace(
        PLAIN,
        loop=LoopPass("refine", "Refine", 2, 5),
        confirmation='Ask the user to confirm before you complete this step if risk is "High".',
        model_tier="heavy",
        requirements=(
            Requirement(
                kind="artifact",
                text="an artifact of kind wr.loop_control",
                example={"kind": "wr.loop_control", "decision": "stop"},
            ),
            Requirement(kind="artifact", text="a diagram", required=False, example={"kind": "d"}),
            Requirement(kind="criterion", text='notes that contain "verdict"'),
            NOTES,
        ),
    )

    assert present(ready(view)) == (
        "# Look around\n"
        'Step 2 of about 7 · pass 2 of at most 5 of "Refine" · suits a heavy model\n'
        "\n"
        "Read the code that handles login.\n"
        "\n"
        "List what you find.\n"
        "\n"
        'Ask the user to confirm before you complete this step if risk is "High".\n'
        "Required:\n"
        "- an artifact of kind wr.loop_control, in this form:\n"
        '  {"kind":"wr.loop_control","decision":"stop"}\n'
        "- optional: a diagram, in this form:\n"
        '  {"kind":"d"}\n'
        '- notes that contain "verdict"\n'
        'Next: complete_step {"token": "ct_AAAAAAAAAAAAAAAAAAAAAAAA", "notes": "…", '
        '"artifacts": [{…}]}'
    )


def test_the_first_step_comes_with_what_holds_for_the_whole_workflow() -> None:
    preamble = Preamble(
        workflow_id="wr.bug-investigation",
        workflow_name="Investigate a bug",
        goal="Find why login fails",
        meta_guidance=("Change nothing before the cause is proven.",),
        preconditions=("The bug can be described.",),
        clarification_prompts=("Since when does it fail?",),
        references=(
            ReferenceView("Guide", "How we log", "docs/log.md", True, "/p/docs/log.md"),
            ReferenceView("Notes", "Old findings", "docs/old.md", False, None),
        ),
        model_tier="mid",
    )
    outcome = StepReady(
        SESSION, TOKEN, PLAIN, notices=("Skipped ask: it runs only if x.",), preamble=preamble
    )

    assert present(outcome) == (
        "Workflow: Investigate a bug (wr.bug-investigation) · suits a mid model\n"
        "Goal: Find why login fails\n"
        "\n"
        "Rules for the whole workflow:\n"
        "- Change nothing before the cause is proven.\n"
        "\n"
        "It takes for granted:\n"
        "- The bug can be described.\n"
        "\n"
        "Ask the person first, unless the goal already answers it:\n"
        "- Since when does it fail?\n"
        "\n"
        "Documents to open:\n"
        "- Guide (authoritative): /p/docs/log.md\n"
        "  How we log\n"
        "- Notes: docs/old.md (not found here)\n"
        "  Old findings\n"
        "\n"
        "# Look around\n"
        "Step 2 of about 7 · session sess_abcdefghijklmnopqrstuvwxyz\n"
        "\n"
        "- Skipped ask: it runs only if x.\n"
        "\n"
        "Read the code that handles login.\n"
        "\n"
        "List what you find.\n"
        "\n"
        'Next: complete_step {"token": "ct_AAAAAAAAAAAAAAAAAAAAAAAA", "notes": "…"}'
    )


def test_a_returning_agent_reads_what_was_done_before_the_step() -> None:
    recap = Recap(
        text="### plan\nThree files.",
        omitted=4,
        context={"risk": "High", "dump": "x" * 9_000},
        branch_note="The session has moved on from this position.",
    )
    outcome = StepReady(SESSION, TOKEN, PLAIN, recap=recap)

    assert present(outcome) == (
        "The session has moved on from this position.\n"
        "\n"
        "Done so far, newest first:\n"
        "### plan\n"
        "Three files.\n"
        "\n"
        "(4 older notes are left out; `workrail session show "
        "sess_abcdefghijklmnopqrstuvwxyz` prints them all.)\n"
        "\n"
        'Session variables: {"risk": "High"}\n'
        "(Set, but too long to show: dump.)\n"
        "\n"
        "# Look around\n"
        "Step 2 of about 7 · session sess_abcdefghijklmnopqrstuvwxyz\n"
        "\n"
        "Read the code that handles login.\n"
        "\n"
        "List what you find.\n"
        "\n"
        'Next: complete_step {"token": "ct_AAAAAAAAAAAAAAAAAAAAAAAA", "notes": "…"}'
    )


@pytest.mark.rule("MCP-2")
def test_a_repeated_call_is_told_that_nothing_was_written() -> None:
    assert present(ready(recorded=Recorded.BEFORE)).startswith(
        "This call was made before. This is its recorded answer; nothing was written.\n\n# Look"
    )


@pytest.mark.rule("MCP-2")
def test_other_content_under_a_used_token_is_told_that_it_was_not_kept() -> None:
    assert present(ready(recorded=Recorded.BEFORE_DIFFERENT)).startswith(
        "This token was used before, with other content. This is the answer recorded then; nothing "
        "was written, and what you sent now is not kept. To do that step over, call "
        "continue_workflow with that token alone and complete the step with the token it gives: "
        "that starts a new branch.\n\n# Look"
    )


BLOCKED = Blocked(
    SESSION,
    TOKEN,
    PLAIN,
    blockers=(
        Blocker(
            BlockerCode.MISSING_ARTIFACT,
            "wr.contracts.loop_control",
            'This step needs an artifact of kind "wr.loop_control", and none was sent.',
            "Send it in artifacts, in this form:",
            {"kind": "wr.loop_control", "decision": "stop"},
        ),
        Blocker(
            BlockerCode.INVALID_CONTEXT,
            "metrics_outcome",
            "It is 'fine', which is not one of success, partial.",
            "Send context with one of these values.",
            {"metrics_outcome": "success"},
        ),
    ),
    kept=("notes", "artifact wr.assessment"),
)


@pytest.mark.rule("MCP-3")
def test_a_blocked_attempt_reads_every_reason_its_remedy_and_what_was_kept() -> None:
    assert present(BLOCKED) == (
        "# Not complete yet: Look around\n"
        "Step 2 of about 7\n"
        "\n"
        "1. MISSING_ARTIFACT (wr.contracts.loop_control): This step needs an artifact of kind "
        '"wr.loop_control", and none was sent.\n'
        "   Send it in artifacts, in this form:\n"
        '   {"kind":"wr.loop_control","decision":"stop"}\n'
        "2. INVALID_CONTEXT (metrics_outcome): It is 'fine', which is not one of success, partial.\n"
        "   Send context with one of these values.\n"
        '   {"metrics_outcome":"success"}\n'
        "\n"
        "Kept, so it need not be sent again: notes, artifact wr.assessment.\n"
        'Next: complete_step {"token": "ct_AAAAAAAAAAAAAAAAAAAAAAAA", '
        '"artifacts": [{…}], "context": {…}}'
    )


def test_an_agent_that_returns_to_a_blocked_step_reads_the_step_again() -> None:
    recap = Recap(text="", omitted=0, context={}, branch_note=None)
    missing = Blocker(BlockerCode.MISSING_NOTES, "notes", "None were sent.", "Send notes.")
    outcome = Blocked(SESSION, TOKEN, PLAIN, blockers=(missing,), kept=(), recap=recap)

    assert present(outcome) == (
        "# Not complete yet: Look around\n"
        "Step 2 of about 7 · session sess_abcdefghijklmnopqrstuvwxyz\n"
        "\n"
        "Read the code that handles login.\n"
        "\n"
        "List what you find.\n"
        "\n"
        "1. MISSING_NOTES (notes): None were sent.\n"
        "   Send notes.\n"
        "\n"
        'Next: complete_step {"token": "ct_AAAAAAAAAAAAAAAAAAAAAAAA", "notes": "…"}'
    )


def test_a_complete_run_reads_its_session_its_count_and_what_never_ran() -> None:
    outcome = Completed(
        SESSION, "wr.classify-task", 3, notices=("Never ran in this session: ask, tell.",)
    )

    assert present(outcome) == (
        "# Workflow complete\n"
        "wr.classify-task · 3 steps completed · session sess_abcdefghijklmnopqrstuvwxyz\n"
        "\n"
        "- Never ran in this session: ask, tell.\n"
        "\n"
        "Nothing is left to complete. Tell the person what came of it."
    )
