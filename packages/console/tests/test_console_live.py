"""Who is told when something changes, over a real server and a real store."""

import asyncio
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from fastapi.testclient import TestClient

from workrail_console.app import create_app
from workrail_console.cli import listen_on
from workrail_console.live import (
    MOST_FOLLOWERS,
    RESYNC,
    WAITING,
    Follower,
    Hub,
    driven_anew,
    message_of,
)
from workrail_engine.engine import Engine, StartRequest, Submission
from workrail_engine.errors import InvalidInputError, StoreUnavailableError
from workrail_engine.ids import SessionId
from workrail_engine.outcomes import StepReady
from workrail_engine.projections.listing import Changes
from workrail_engine.reader import open_reader, open_watch
from workrail_engine.system import Locations, SystemClock

ONE = SessionId("sess_" + "a" * 26)
TWO = SessionId("sess_" + "b" * 26)


def begin(engine: Engine, goal: str) -> StepReady:
    outcome = engine.start(StartRequest("careful", goal))
    assert isinstance(outcome, StepReady)
    return outcome


@dataclass(frozen=True)
class Running:
    """A console that listens."""

    port: int
    hub: Hub

    @contextmanager
    def stream(self, query: str = "", last: str = "") -> Generator[Iterator[dict[str, str]]]:
        """The events of a stream, each by its fields; a comment has the field ``."""
        headers = {"Last-Event-ID": last} if last else {}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request("GET", f"/live{query}", headers=headers)
            answer = connection.getresponse()
            assert answer.status == 200
            assert answer.getheader("content-type", "").startswith("text/event-stream")
            yield _events(answer)

    def cursor(self) -> str:
        """The place the start page is made from."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request("GET", "/")
            page = connection.getresponse().read().decode()
        return page.split('data-cursor="')[1].split('"')[0]


def _events(answer: http.client.HTTPResponse) -> Iterator[dict[str, str]]:
    fields: dict[str, str] = {}
    while line := answer.readline().decode():
        if line == "\n":
            yield fields
            fields = {}
        else:
            name, _, value = line.rstrip("\n").partition(":")
            fields[name] = value.strip()


@pytest.fixture(params=["watch", "reading"])
def running(home: Locations, request: pytest.FixtureRequest) -> Iterator[Running]:
    """A console that listens; it looks for changes by the engine's watch, or by reading again."""
    watch = (lambda: open_watch(home)) if request.param == "watch" else None
    with listen_on("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        app = create_app(lambda: open_reader(home), SystemClock(), port=port, open_watch=watch)
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield Running(port, app.state.context.hub)
        app.state.context.hub.close()
        server.should_exit = True
        thread.join(20)
    assert not thread.is_alive()


@pytest.mark.rule("CON-18")
def test_a_change_is_told_with_its_place_and_its_session(running: Running, acting: Engine) -> None:
    first = begin(acting, "Look")
    with running.stream(f"?topics=sessions&since={running.cursor()}") as events:
        opening = next(events)
        acting.advance(first.token, Submission(notes="Seen."))
        change = next(events)

    assert opening == {"retry": "2000"}
    assert change["event"] == "change"
    assert json.loads(change["data"]) == {"sessions": [first.session_id]}
    assert change["id"] == running.cursor()


@pytest.mark.rule("CON-18")
def test_who_comes_back_is_told_what_it_missed(running: Running, acting: Engine) -> None:
    first = begin(acting, "Look")
    before = running.cursor()
    acting.advance(first.token, Submission(notes="Seen."))
    second = begin(acting, "Look again")

    for query, last in ((f"?since={before}", ""), ("", before), ("?since=odd", before)):
        with running.stream(query, last) as events:
            next(events)
            missed = next(events)
        assert set(json.loads(missed["data"])["sessions"]) == {first.session_id, second.session_id}
        assert missed["id"] == running.cursor()


@pytest.mark.rule("CON-18")
def test_who_follows_one_session_hears_of_no_other(running: Running, acting: Engine) -> None:
    mine, other = begin(acting, "Mine"), begin(acting, "Other")
    query = f"?topics=session:{mine.session_id}&since={running.cursor()}"
    with running.stream(query) as events:
        next(events)
        acting.advance(other.token, Submission(notes="Seen."))
        acting.advance(mine.token, Submission(notes="Seen."))
        change = next(events)

    assert json.loads(change["data"]) == {"sessions": [mine.session_id]}


@pytest.mark.rule("CON-18")
def test_the_first_session_of_a_store_that_was_not_there_is_told(
    running: Running, home: Locations, request: pytest.FixtureRequest
) -> None:
    with running.stream("?since=" + running.cursor()) as events:
        next(events)
        assert not home.database.exists()
        first = begin(request.getfixturevalue("acting"), "Look")
        change = next(events)

    assert change["event"] in ("change", "resync")
    assert first.session_id in change["data"] or change["event"] == "resync"


@pytest.mark.rule("CON-18")
def test_a_place_that_is_not_of_this_store_means_to_look_at_everything(
    running: Running, acting: Engine
) -> None:
    begin(acting, "Look")
    with running.stream("?since=yesterday") as events:
        next(events)

        assert next(events)["event"] == "resync"


def test_who_leaves_is_forgotten(running: Running, acting: Engine) -> None:
    begin(acting, "Look")
    with running.stream() as events:
        next(events)
        followed = running.hub.followers
    waited = threading.Event()
    for _ in range(200):
        if running.hub.followers == 0:
            break
        waited.wait(0.05)

    assert followed == 1
    assert running.hub.followers == 0


@pytest.mark.parametrize(
    "topics", ["", "nothing", "session:", "session:..", "sess_" + "a" * 26, "sessions,<script>"]
)
def test_a_topic_that_is_none_is_refused(console: TestClient, topics: str) -> None:
    assert console.get("/live", params={"topics": topics}).status_code == 400


def test_more_topics_than_a_page_has_are_refused(console: TestClient) -> None:
    many = ",".join(
        f"session:sess_{'a' * 24}{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(65)
    )

    assert console.get("/live", params={"topics": many}).status_code == 400


def test_more_followers_than_there_may_be_are_told_so(home: Locations) -> None:
    async def follow() -> tuple[int, str, int]:
        app = create_app(lambda: open_reader(home), SystemClock())
        hub: Hub = app.state.context.hub
        standing = [hub.following(frozenset({"sessions"})) for _ in range(MOST_FOLLOWERS)]
        for one in standing:
            assert one.__enter__() is not None
        client = TestClient(app, base_url="http://127.0.0.1:3456")
        answer = await asyncio.to_thread(client.get, "/live")
        with hub.following(frozenset({"sessions"})) as beyond:
            assert beyond is None
        for one in standing:
            one.__exit__(None, None, None)
        hub.close()
        return answer.status_code, answer.text, hub.followers

    status, text, left = asyncio.run(follow())

    assert (status, left) == (503, 0)
    assert "Close some tabs" in text


@pytest.mark.rule("CON-18")
def test_a_follower_that_does_not_read_is_told_to_look_at_everything() -> None:
    async def slow() -> list[str]:
        follower = Follower(frozenset({"sessions"}))
        for number in range(WAITING + 3):
            follower.tell(Changes(f"1.{number}", (ONE,), complete=True))
        follower.end()
        return [message async for message in follower.messages()]

    messages = asyncio.run(slow())

    assert len(messages) <= WAITING
    assert messages[0] == RESYNC


def test_changes_that_are_too_many_to_name_reach_everyone() -> None:
    topics = frozenset({f"session:{TWO}"})

    assert message_of(Changes("7.1", (ONE,), complete=True), topics) is None
    told = message_of(Changes("7.1", (ONE,), complete=False), topics)
    assert told == 'id: 7.1\nevent: resync\ndata: {"sessions":[]}\n\n'


def test_ctrl_c_ends_a_console_that_is_followed(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("worktrain-console")
    environ = {**os.environ, "WORKRAIL_HOME": str(tmp_path / "home")}
    with subprocess.Popen(
        [program, "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environ,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            found = re.search(r":(\d+)/", process.stdout.readline())
            assert found is not None
            with closing(
                http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=20)
            ) as line:
                line.request("GET", "/live")
                answer = line.getresponse()
                answer.readline()
                process.send_signal(signal.SIGINT)
                rest = answer.read()
            _, said = process.communicate(timeout=20)
        finally:
            process.kill()

    assert process.returncode == 0
    assert b"event" not in rest
    assert "Traceback" not in said
    assert "Cancel" not in said


@pytest.mark.rule("CON-18")
def test_what_came_while_the_store_could_not_be_read_is_told_afterwards() -> None:
    looks: list[Changes | Exception | None] = [
        Changes("1.1", (), complete=True),
        StoreUnavailableError("away"),
        Changes("1.2", (ONE,), complete=True),
        InvalidInputError("another store"),
        Changes("9.9", (), complete=True),
    ]

    class Script:
        def changed(self, cursor: str | None) -> Changes | None:
            assert cursor in (None, "1.1", "1.2", "9.9")
            found = looks.pop(0) if looks else None
            if isinstance(found, Exception):
                raise found
            return found

        def driven(self) -> dict[SessionId, str]:
            return {}

    @contextmanager
    def opened() -> Generator[Script]:
        yield Script()

    async def follow() -> list[str]:
        hub = Hub(opened)
        with hub.following(frozenset({"sessions"})) as follower:
            assert follower is not None
            messages = follower.messages()
            told = [await anext(messages), await anext(messages)]
        hub.close()
        return told

    first, second = asyncio.run(asyncio.wait_for(follow(), 20))

    assert first.startswith("id: 1.2\nevent: change\n")
    assert second == RESYNC


@pytest.mark.rule("CON-208")
def test_what_a_run_does_is_told_though_its_log_says_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("workrail_console.live.EVERY", 0.01)
    does: list[dict[SessionId, str]] = [
        {},
        {ONE: "thinking"},
        {ONE: "thinking"},
        {ONE: "in Bash"},
        {},
    ]
    asked = 0

    class Script:
        def changed(self, cursor: str | None) -> Changes | None:
            return Changes("1.1", (), complete=True) if cursor is None else None

        def driven(self) -> dict[SessionId, str]:
            nonlocal asked
            asked += 1
            return does[min(asked, len(does)) - 1]

    @contextmanager
    def opened() -> Generator[Script]:
        yield Script()

    async def follow() -> list[str]:
        hub = Hub(opened)
        with hub.following(frozenset({f"session:{ONE}"})) as follower:
            assert follower is not None
            messages = follower.messages()
            told = [await anext(messages) for _ in range(3)]
        hub.close()
        assert hub.beats == 3
        return told

    told = asyncio.run(asyncio.wait_for(follow(), 20))

    assert all(message.startswith("id: 1.1\nevent: change\n") for message in told)
    assert asked == 5


@pytest.mark.rule("CON-208")
def test_what_goes_on_is_told_again_now_and_then_so_that_its_time_moves_on() -> None:
    same = {ONE: "in Bash"}

    assert driven_anew(same, same, again=False) == ()
    assert driven_anew(same, same, again=True) == (ONE,)
    assert driven_anew(same, {ONE: "thinking", TWO: "queued"}, again=False) == (ONE, TWO)
    assert driven_anew(same, {}, again=False) == (ONE,)
