"""What an agent reads of sessions, checkpoints and artifacts, whole."""

import re

import pytest

from workrail_engine.canonical import canonical_bytes
from workrail_engine.outcomes import Candidate, Checkpointed, Found, NothingFound, Recorded
from workrail_mcp_server.present_sessions import (
    ARTIFACT_PAGE,
    present_artifact,
    present_checkpoint,
    present_resume,
)
from workrail_mcp_server.present_text import REPLY_LIMIT

SESSION = "sess_abcdefghijklmnopqrstuvwxyz"
TOKEN = "ct_AAAAAAAAAAAAAAAAAAAAAAAA"


def test_a_checkpoint_reads_how_to_go_on_and_how_to_come_back() -> None:
    outcome = Checkpointed(SESSION, "cp_BBBBBBBBBBBBBBBBBBBBBBBB", TOKEN, "Look around")

    assert present_checkpoint(outcome) == (
        'Checkpoint recorded, in the step "Look around" · session '
        "sess_abcdefghijklmnopqrstuvwxyz\n"
        "The step is still pending. When it is done: "
        'complete_step {"token": "ct_AAAAAAAAAAAAAAAAAAAAAAAA", "notes": "…"}\n'
        "To come back to this point later: "
        'continue_workflow {"continueToken": "cp_BBBBBBBBBBBBBBBBBBBBBBBB"}'
    )


def test_a_repeated_checkpoint_is_told_that_nothing_was_written() -> None:
    outcome = Checkpointed(SESSION, "cp_B", TOKEN, "Look around", recorded=Recorded.BEFORE)

    assert present_checkpoint(outcome).startswith(
        'This checkpoint was recorded before and nothing was written, in the step "Look around"'
    )


def test_found_sessions_read_why_they_fit_and_the_call_that_returns_to_each() -> None:
    running = Candidate(
        session_id=SESSION,
        workflow_id="wr.bug-investigation",
        workflow_name="Investigate a bug",
        goal="Find why login fails",
        status="running",
        step_title="Look around",
        updated_at="2026-11-22T16:35:00Z",
        branch="main",
        repository="/home/me/shop",
        snippet="The token expires\n\ntoo early.",
        why=("goal holds “login”", "same branch"),
        token="rs_CCCCCCCCCCCCCCCCCCCCCCCC",
    )
    done = Candidate(
        session_id=SESSION,
        workflow_id="w",
        workflow_name="W",
        goal="g" * 300,
        status="completed",
        step_title=None,
        updated_at="2026-11-21T00:00:00Z",
        branch=None,
        repository=None,
        snippet="g" * 300,
        why=("newest",),
        token="rs_D",
    )

    assert present_resume(Found((running, done), total=14)) == (
        "2 of 14 matching sessions, best first. Make the call of the one you mean.\n"
        "\n"
        "1. Investigate a bug (wr.bug-investigation): Find why login fails\n"
        '   running at "Look around" · changed 2026-11-22 16:35 UTC · branch main · '
        "/home/me/shop · sess_abcdefghijklmnopqrstuvwxyz\n"
        "   Fits because: goal holds “login”; same branch\n"
        "   It says: The token expires too early.\n"
        '   continue_workflow {"continueToken": "rs_CCCCCCCCCCCCCCCCCCCCCCCC"}\n'
        "\n"
        f"2. W (w): {'g' * 159}…\n"
        "   completed · changed 2026-11-21 00:00 UTC · sess_abcdefghijklmnopqrstuvwxyz\n"
        "   Fits because: newest\n"
        '   continue_workflow {"continueToken": "rs_D"}'
    )


@pytest.mark.rule("MCP-4")
def test_a_search_without_a_match_says_so_and_what_to_try() -> None:
    assert present_resume(NothingFound('query "tax"', 1_200)) == (
        'Nothing found for query "tax". 1,200 sessions are recorded here. Try fewer or other words, '
        "or see the newest: resume_session {}"
    )
    assert present_resume(NothingFound("the newest sessions", 0)) == (
        "No session is recorded here yet. To begin one, choose a workflow: list_workflows {}"
    )


def test_a_short_artifact_is_shown_whole() -> None:
    assert present_artifact("sha256:ab", b'{"kind":"d"}', 0) == (
        'sha256:ab · 12 characters\n\n{"kind":"d"}'
    )


@pytest.mark.rule("MCP-5")
def test_pages_of_a_long_artifact_join_to_the_whole_by_following_the_calls() -> None:
    content = canonical_bytes({"kind": "d", "text": "añ😀" * 30_000})
    offset, pages = 0, list[str]()
    while True:
        reply = present_artifact("sha256:ab", content, offset)
        assert len(reply) <= REPLY_LIMIT
        _, body, last = reply.split("\n\n")
        pages.append(body)
        following = re.search(r'read_artifact {"digest": "sha256:ab", "offset": (\d+)}', last)
        if following is None:
            break
        offset = int(following[1])

    assert last == "This is the end."
    assert "".join(pages).encode() == content
    assert len(pages) == -(-len(content.decode()) // ARTIFACT_PAGE)


def test_an_offset_past_the_end_of_an_artifact_names_the_first_page() -> None:
    assert present_artifact("sha256:ab", b"{}", 7) == (
        "sha256:ab has 2 characters; nothing stands at 7. "
        'Begin: read_artifact {"digest": "sha256:ab"}'
    )
