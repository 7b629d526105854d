"""The start page, over a real store: what needs a person, what runs, what there is."""

import re
import socket
import sqlite3
from datetime import UTC, datetime, timedelta

import psutil
import pytest
from fastapi.testclient import TestClient

from workrail_console.app import create_app
from workrail_console.visits import visit_from, visited
from workrail_engine.engine import Engine, StartRequest, Submission
from workrail_engine.outcomes import Blocked, StepReady
from workrail_engine.projections.driving import Driver
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations, SystemClock
from workrail_engine.testing.approving import plan_a_checked_release

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def begin(engine: Engine, goal: str, parent: str | None = None) -> StepReady:
    outcome = engine.start(StartRequest("careful", goal, parent_session_id=parent))
    assert isinstance(outcome, StepReady)
    return outcome


def part(page: str, name: str) -> str:
    """An element of a page, as text up to the next part."""
    return page.split(f'id="{name}"')[1].split('id="p-')[0]


@pytest.mark.rule("CON-8")
def test_an_empty_store_says_how_the_first_session_is_made_and_stays_empty(
    console: TestClient, home: Locations
) -> None:
    page = console.get("/").text

    assert "There is no session yet" in page
    assert "claude mcp add workrail -- workrail start" in page
    assert str(home.home) in page
    assert not home.database.exists()


@pytest.mark.rule("CON-6")
def test_a_blocked_session_is_on_the_start_page_with_its_reason_and_remedy(
    console: TestClient, acting: Engine
) -> None:
    first = begin(acting, "See the garden")
    blocked = acting.advance(first.token, Submission())
    assert isinstance(blocked, Blocked)
    again = acting.advance(blocked.token, Submission())
    assert isinstance(again, Blocked)

    needs = part(console.get("/").text, "p-needs")

    assert f'id="need-{first.session_id}"' in needs
    assert "Look &lt;b&gt;closely&lt;/b&gt; (attempt 2)" in needs
    blocker = again.blockers[0]
    assert blocker.message.split("`")[0].strip() in needs
    assert "To mend it" in needs
    assert f"Use WorkRail to resume session {first.session_id}" in needs


@pytest.mark.rule("CON-11")
def test_a_session_that_waits_shows_the_command_that_answers_it(
    console: TestClient, acting: Engine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    asked = plan_a_checked_release(acting, tmp_path_factory.mktemp("shop"))

    needs = part(console.get("/").text, "p-needs")

    assert "Waits for a person to approve Plan" in needs
    assert f"<code>workrail approve {asked.session_id}</code>" in needs


@pytest.mark.rule("CON-9")
def test_a_damaged_record_needs_a_person_once_it_was_found(home: Locations, acting: Engine) -> None:
    hurt = begin(acting, "Hurt")
    acting.advance(hurt.token, Submission(notes="Found it."))
    begin(acting, "Whole")
    with sqlite3.connect(home.database) as connection:  # noqa: TID251  # plants the damage
        connection.execute("UPDATE events SET payload = replace(payload, 'Found it.', 'Lost it.')")
    connection.close()
    app = create_app(lambda: open_reader(home), SystemClock())
    client = TestClient(app, base_url="http://127.0.0.1:3456")
    with open_reader(home) as reader:
        for line in reader.sessions().sessions:
            app.state.context.integrity.check(reader, line.session_id, line.event_count, line.goal)

    page = client.get("/").text

    assert f'id="damaged-{hurt.session_id}"' in part(page, "p-needs")
    assert f"workrail session verify {hurt.session_id}" in page
    assert "⚠</span> damaged" in page.split(f'id="s-{hurt.session_id}"')[1].split("</tr>")[0]
    assert client.get("/sessions.json").json()["needed"]["damaged_total"] == 1


def test_what_runs_is_named_with_its_step_and_its_strip_of_marks(
    console: TestClient, acting: Engine
) -> None:
    first = begin(acting, "See the garden")
    acting.advance(first.token, Submission(notes="Seen."))

    running = part(console.get("/").text, "p-running")

    assert f'id="run-{first.session_id}"' in running
    assert "Now at <bdi>Polish</bdi>" in running
    assert "2 steps: 1 done, 1 current" in running


def test_a_driver_that_has_ended_is_said_so(console: TestClient, acting: Engine) -> None:
    session_id = begin(acting, "Driven").session_id
    acting.driven_by(session_id, Driver("mcp", socket.gethostname(), 2**22 - 1, 1))

    page = console.get("/").text

    assert "⊘</span> gone" in page.split(f'id="s-{session_id}"')[1].split("</tr>")[0]
    assert "Process 4194303 has ended" in page
    assert "can be resumed" in page


def test_a_driver_that_is_there_is_live(console: TestClient, acting: Engine) -> None:
    here = psutil.Process()
    driver = Driver("mcp", socket.gethostname(), here.pid, round(here.create_time() * 1_000_000))
    session_id = begin(acting, "Driven").session_id
    acting.driven_by(session_id, driver)

    page = console.get("/").text

    assert "●</span> live" in page.split(f'id="run-{session_id}"')[1]
    assert f"Process {here.pid} ({here.name()}) is there; last call just now." in page


def test_children_are_folded_below_the_session_that_started_them(
    console: TestClient, acting: Engine
) -> None:
    root = begin(acting, "The whole").session_id
    child = begin(acting, "A part", root).session_id

    page = console.get("/").text
    rows = part(page, "p-rows")
    every = part(console.get("/?all=1").text, "p-rows")

    assert f'id="s-{child}"' not in rows
    assert f'<details class="kids" id="kids-{root}"><summary>1 child: 1 running' in rows
    assert f'href="/sessions/{child}"' in rows
    assert f'href="/units/{root}"' in rows
    assert f'id="s-{child}"' in every


def test_facets_count_combine_and_can_be_taken_back(console: TestClient, acting: Engine) -> None:
    for number in range(3):
        begin(acting, f"Run {number}")
    acting.advance(begin(acting, "Stuck fence").token, Submission())

    whole = console.get("/").text
    kept = console.get("/?status=blocked&q=fence").text

    facets = part(whole, "p-facets")
    assert re.search(
        r'href="/\?status=running"[^>]*>.*?running <span class="count">3</span>', facets
    )
    assert re.search(
        r'href="/\?status=blocked"[^>]*>.*?blocked <span class="count">1</span>', facets
    )
    assert "1 work unit with status blocked found for" in kept
    assert 'href="/?q=fence" class="blocked" aria-current="true"' in kept
    assert '<input type="hidden" name="status" value="blocked">' in kept


def test_an_empty_list_says_which_filter_hides_how_many(
    console: TestClient, acting: Engine
) -> None:
    begin(acting, "Paint the fence")

    page = console.get("/?q=fence&status=completed").text
    neither = console.get("/?q=unicorn").text

    assert "No session matches" in page
    assert '<a href="/?q=fence">With any status</a>: 1' in page
    assert "Without the words" not in page
    assert '<a href="/">Without the words</a>: 1' in neither
    assert "There is no session yet" not in neither


@pytest.mark.rule("CON-5")
def test_the_twin_leads_through_the_whole_list(console: TestClient, acting: Engine) -> None:
    for number in range(52):
        begin(acting, f"Count to {number}")

    first = console.get("/sessions.json?status=running").json()
    second = console.get(first["next"]).json()
    page = console.get("/?status=running").text

    assert (len(first["sessions"]), first["total"]) == (50, 52)
    assert first["next"].startswith("/sessions.json?status=running&before=")
    assert (len(second["sessions"]), second["next"]) == (2, None)
    assert 'rel="next" href="/?status=running&amp;before=' in page
    assert first["sessions"][0]["standing"]["lifecycle"] == "running"


def test_a_status_that_does_not_exist_is_refused_with_those_that_do(console: TestClient) -> None:
    answer = console.get("/?status=<script>")

    assert answer.status_code == 400
    assert "Choose one of: running, waiting, blocked, completed." in answer.text
    assert "&lt;script&gt;" not in answer.text


def test_what_is_new_is_counted_from_the_last_visit_and_can_be_put_away(
    home: Locations, acting: Engine
) -> None:
    clock = MovingClock()
    app = create_app(lambda: open_reader(home), clock)
    client = TestClient(app, base_url="http://127.0.0.1:3456", follow_redirects=False)

    assert "Since you last looked" not in client.get("/").text
    begin(acting, "Overnight")
    clock.later(timedelta(hours=9))
    morning = client.get("/").text
    reloaded = client.get("/").text
    put_away = client.get("/?seen=1")
    clock.later(timedelta(minutes=1))
    after = client.get("/").text

    assert "1 started" in part(morning, "p-since")
    assert "1 started" in part(reloaded, "p-since")
    assert put_away.headers["location"] == "/"
    assert "nothing changed" in part(after, "p-since")


@pytest.mark.parametrize("cookie", ["", "~", "x~y", "9999-01-01~9999-01-01", "a" * 5000])
def test_a_cookie_that_is_not_ours_is_a_first_visit(cookie: str) -> None:
    assert visit_from(cookie, NOW) is None


def test_a_visit_goes_on_while_pages_are_opened_and_begins_anew_after_a_pause() -> None:
    first = visited(None, NOW, all_seen=False)
    soon, late = NOW + timedelta(minutes=29), NOW + timedelta(hours=2)
    second = visit_from(first.written(), soon)
    assert second is not None
    third = visit_from(visited(second, soon, all_seen=False).written(), late)

    assert second.since == NOW
    assert third is not None
    assert third.since == soon


class MovingClock:
    """A clock that a test moves on; it begins with the present."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return SystemClock().now() + self._ahead

    def later(self, by: timedelta) -> None:
        self._ahead += by
