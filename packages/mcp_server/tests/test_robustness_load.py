"""Much at once, in both eras: large messages, many requests, many notifications."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from workrail_mcp_server.testing import token_in
from workrail_mcp_server.testing_process import BOUND, ERAS, SERVE, Era, Peer, opened

LARGE = 20_000_000
# The limit that answers have is lifted, so that a large one comes out.
TALKATIVE = f"""
from workrail_mcp_server import server
from workrail_mcp_server.failures import Reply
def call(self, name, arguments, use_id=None):
    return Reply("x" * arguments["limit"] + str(len(arguments.get("query", ""))))
server.Tools.call = call
{SERVE}
"""


@pytest.mark.rule("MCP-38")
@pytest.mark.parametrize("era", ERAS)
def test_a_message_of_20_megabytes_comes_through_in_either_direction(
    environment: dict[str, str], era: Era
) -> None:
    with opened(environment, era, TALKATIVE) as peer, ThreadPoolExecutor() as pool:
        frame = peer.frame(
            "tools/call",
            7,
            name="list_workflows",
            arguments={"query": "é" * (LARGE // 6), "limit": LARGE},
        )
        assert len(frame) > LARGE
        writing = pool.submit(peer.write, frame)
        assert len(peer.text(7)) == LARGE + len(str(LARGE // 6))
        writing.result(BOUND)
        peer.ping()


@pytest.mark.rule("MCP-38")
def test_notes_of_20_megabytes_are_refused_or_kept_and_never_end_the_server(peer: Peer) -> None:
    token = token_in(peer.call("start_workflow", workflowId="two-steps", goal="Much"))
    reply = peer.call("complete_step", token=token, notes="n" * LARGE)
    assert len(reply) < 50_000
    assert "Step" in peer.call("continue_workflow", continueToken=token)


@pytest.mark.rule("MCP-38")
def test_two_thousand_requests_written_at_once_are_each_answered(peer: Peer) -> None:
    wanted = range(1_000, 3_000)
    frames = [
        peer.frame("tools/list", number)
        if number % 2
        else peer.frame("tools/call", number, name="list_workflows", arguments={})
        for number in wanted
    ]
    with ThreadPoolExecutor() as pool:
        writing = pool.submit(peer.write, b"".join(frames))
        answers = [peer.next() for _ in wanted]
        writing.result(BOUND)
    assert Counter(answer["id"] for answer in answers) == Counter(wanted)
    assert not any("error" in answer or answer["result"].get("isError") for answer in answers)


@pytest.mark.rule("MCP-38")
def test_twenty_thousand_notifications_hold_up_no_request_for_good(peer: Peer) -> None:
    frame = peer.frame("notifications/progress", None, progressToken=1, progress=1)
    peer.write(frame * 20_000)
    peer.ping()
