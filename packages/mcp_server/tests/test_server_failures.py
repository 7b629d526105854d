"""What an agent is told when a call fails."""

import logging

import pytest

from workrail_engine.errors import (
    ConflictError,
    InvalidDefinitionError,
    InvalidSourceError,
    InvalidSubmissionError,
    InvalidTokenError,
    MissingContextError,
    SessionNotFoundError,
    SourceNotFoundError,
    StoreUnavailableError,
    TokenFault,
    UntrustedWorkflowError,
    WorkflowNotFoundError,
    WorkRailError,
)
from workrail_mcp_server.failures import FAILURE_LIMIT, Reply, bounded, failure_text, guarded
from workrail_mcp_server.tools.listing import COMPLETE_STEP, RESUME_SESSION, START_WORKFLOW

MEND = (
    "\nMend the file until `workrail validate` finds nothing, then call again. "
    "For another workflow: list_workflows {}"
)


def failing(error: BaseException) -> str:
    raise error


@pytest.mark.parametrize(
    "error",
    [
        InvalidTokenError(TokenFault.EMPTY, "No token was given. Copy it."),
        ConflictError("Others kept writing. Call again."),
        StoreUnavailableError("The disk is full. Nothing was recorded."),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_expected_failure_is_its_message_after_the_tools_name(error: WorkRailError) -> None:
    reply = guarded(COMPLETE_STEP, lambda: failing(error))

    assert reply == Reply(f"complete_step: {error}", failed=True)


@pytest.mark.rule("MCP-86")
@pytest.mark.parametrize(
    ("error", "following"),
    [
        (WorkflowNotFoundError("None."), "Next: list_workflows {}"),
        (SessionNotFoundError("None."), "Next: resume_session {}"),
        (SourceNotFoundError("None."), 'Next: manage_workflow_source {"action": "list"}'),
        (UntrustedWorkflowError("None."), "Tell the person."),
        (
            MissingContextError("slices", "None."),
            'Next: start_workflow again, with context {"slices": …}.',
        ),
        (
            InvalidSubmissionError("goal: empty.", field="goal"),
            "Next: start_workflow again, with goal mended.",
        ),
        (InvalidSourceError("name: bad."), "Next: start_workflow again, with that mended."),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_failure_ends_with_the_next_call(error: WorkRailError, following: str) -> None:
    assert failure_text(START_WORKFLOW, error) == f"start_workflow: {error} {following}"


@pytest.mark.rule("MCP-9")
@pytest.mark.parametrize("letter", ["a", "é", "😀", "\ud800"])
def test_a_failure_is_at_most_600_bytes_and_keeps_its_end(letter: str) -> None:
    error = InvalidSubmissionError(f"{letter * 5_000} Call again with less.", field="notes")

    text = failure_text(COMPLETE_STEP, error)

    assert len(text.encode()) <= FAILURE_LIMIT
    assert text.endswith("Call again with less. Next: complete_step again, with notes mended.")
    assert "left out" in text


@pytest.mark.rule("MCP-9")
def test_a_broken_workflow_shows_whole_problems_and_counts_the_others() -> None:
    lines = [f"/p/w.json:{line}: /steps/{line}: {'x' * 60}" for line in range(40)]

    text = failure_text(START_WORKFLOW, InvalidDefinitionError("\n".join(lines)))

    assert len(text.encode()) <= FAILURE_LIMIT
    *shown, rest, following = text.removeprefix("start_workflow: ").split("\n")
    assert shown == lines[: len(shown)]
    assert len(shown) >= 4
    assert rest == f"({40 - len(shown)} more)"
    assert f"\n{following}" == MEND


def test_a_broken_workflow_with_few_problems_shows_all_of_them() -> None:
    text = failure_text(START_WORKFLOW, InvalidDefinitionError("a\nb"))

    assert text == f"start_workflow: a\nb{MEND}"


def test_a_problem_too_long_for_a_failure_is_shortened_where_it_says_so() -> None:
    text = failure_text(START_WORKFLOW, InvalidDefinitionError("x" * 3_000))

    assert len(text.encode()) <= FAILURE_LIMIT
    assert "left out" in text


@pytest.mark.rule("MCP-10")
@pytest.mark.parametrize(
    "error",
    [
        ValueError("secret detail"),
        SystemExit(3),
        KeyboardInterrupt(),
        MemoryError(),
        RecursionError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_unexpected_failure_is_a_plain_reply_with_its_detail_in_the_log(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        reply = guarded(COMPLETE_STEP, lambda: failing(error))

    assert reply == Reply(
        "complete_step: internal error in WorkRail; the server goes on and its log (stderr) holds "
        "it. Call again with the same arguments: what is already recorded is not recorded twice. "
        "If it fails again, tell the person.",
        failed=True,
    )
    assert type(error).__name__ in caplog.text


def test_an_unexpected_failure_of_a_start_says_to_look_before_starting_again() -> None:
    reply = guarded(START_WORKFLOW, lambda: failing(ValueError()))

    assert "Call resume_session to see whether the session was started" in reply.text


def test_an_unexpected_failure_of_a_read_says_that_nothing_was_changed() -> None:
    reply = guarded(RESUME_SESSION, lambda: failing(ValueError()))

    assert "Nothing was changed. Call again;" in reply.text


def test_a_text_within_its_bound_is_left_alone() -> None:
    assert bounded("é" * 5, 10) == "é" * 5
