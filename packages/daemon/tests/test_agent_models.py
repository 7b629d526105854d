"""Does a run live with a real client, and with a provider that fails?"""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from workrail_daemon.testing.model_messages import Answer
from workrail_daemon.testing.model_server import Broken, Deed, Failing, ModelServer, serving
from workrail_daemon.testing.worksite import NOTES, Worksite, step, worksite
from workrail_engine.agent_events import AgentEvent, Noticed, RunParked, TurnTaken

LAST = Answer(calls=[("complete_step", {"notes": NOTES})])
MODEL = {"model": "here/model"}


@contextmanager
def site_and_model(folder: Path, deeds: Iterable[Deed]) -> Generator[tuple[Worksite, ModelServer]]:
    """A daemon whose model is a server on this machine."""
    with serving(deeds) as server:
        settings = f"""[models.providers.here]
kind = "anthropic"
base_url = "{server.address}"
headers = {{ authorization = "none" }}

[models.retries]
tries = 3
first_wait = 0.01
longest_wait = 0.05

[models.prices."here/model"]
input = 3
output = 15
cache_read = 0.3
cache_write = 3.75
since = 2026-11-01

[agent]
stall_seconds = 1
"""
        with worksite(folder, settings=settings) as site:
            yield site, server


@pytest.mark.rule("AGENT-17")
def test_a_rate_limit_is_retried_and_told(tmp_path: Path) -> None:
    deeds = [Failing(429, "0"), Failing(529), LAST]
    with site_and_model(tmp_path, deeds) as (site, server):
        view = site.run([step("one")], [], **MODEL)
    assert view.outcome == "completed"
    events = _facts(site)
    retried = [e for e in events if isinstance(e, Noticed) and e.what == "model_retried"]
    (turn,) = [e for e in events if isinstance(e, TurnTaken)]
    assert (len(retried), turn.tries, len(server.heard)) == (2, 3, 3)
    assert turn.cost == 10 * 3 + 5 * 15


def _facts(site: Worksite) -> list[AgentEvent]:
    return [event for _session, event in site.told]


@pytest.mark.rule("AGENT-18")
def test_a_long_tool_is_no_stall_and_a_hung_stream_is(tmp_path: Path) -> None:
    slow = Answer(calls=[("Bash", {"command": "sleep 2; echo woke"})])
    deeds = [slow, Broken(then="hang"), LAST]
    with site_and_model(tmp_path, deeds) as (site, _server):
        view = site.run([step("one")], [], **MODEL)
        assert site.answers(view.session_id, "Bash")[0].startswith("woke")
    assert view.outcome == "completed"
    notices = [e for e in _facts(site) if isinstance(e, Noticed)]
    assert [notice.what for notice in notices] == ["model_retried"]


@pytest.mark.rule("AGENT-19")
def test_a_model_that_stays_busy_gives_the_slot_back(tmp_path: Path) -> None:
    deeds = [Failing(529, "1"), LAST]
    with site_and_model(tmp_path, deeds) as (site, _server):
        session_id = site.ordered([step("one")], [], **MODEL)
        with site.working():
            view = site.settled(session_id, "ended")
    assert view.outcome == "completed"
    (rest,) = [e for e in _facts(site) if isinstance(e, RunParked)]
    assert rest.why == "rate_limit"
    assert rest.until is not None


@pytest.mark.rule("AGENT-20")
def test_a_refused_key_ends_the_run_with_what_to_do(tmp_path: Path) -> None:
    with site_and_model(tmp_path, [Failing(401)]) as (site, _server):
        view = site.run([step("one")], [], **MODEL)
    assert view.outcome == "error"
    assert "key" in (view.said or "")


@pytest.mark.rule("AGENT-21")
def test_what_does_not_change_is_marked_for_the_cache_and_sent_byte_for_byte(
    tmp_path: Path,
) -> None:
    deeds = [
        Answer(text="I look.", calls=[("Glob", {"pattern": "*"})]),
        Answer(calls=[("Read", {"file_path": "a.py"})]),
        LAST,
    ]
    with site_and_model(tmp_path, deeds) as (site, server):
        site.run([step("one")], [], **MODEL)
    bodies = [heard.body for heard in server.heard]
    assert len({str(body["system"]) for body in bodies}) == 1
    assert len({str(body["tools"]) for body in bodies}) == 1
    assert all("cache_control" in str(body["system"][-1]) for body in bodies)
    for before, after in pairwise(bodies):
        shown = [_plain(message) for message in before["messages"]]
        assert [_plain(message) for message in after["messages"]][: len(shown)] == shown


def _plain(message: dict[str, object]) -> str:
    return str(message).replace(", 'cache_control': {'type': 'ephemeral'}", "")
