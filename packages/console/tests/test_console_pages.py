"""What a browser gets for each address."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from fastapi.testclient import TestClient

from workrail_console.app import create_app
from workrail_console.door import StatusWord
from workrail_engine.errors import (
    CorruptSessionError,
    InvalidInputError,
    SessionNotFoundError,
    StoreUnavailableError,
    WorkRailError,
)
from workrail_engine.ids import Digest, NodeId, SessionId
from workrail_engine.outcomes import Blocker, BlockerCode
from workrail_engine.projections.session_detail import ArtifactLine, NodeLine, SessionDetail
from workrail_engine.projections.session_summary import SessionPage, SessionSummary
from workrail_engine.projections.verification import Verification

ONE = SessionId("sess_" + "a" * 26)
CHILD = SessionId("sess_" + "b" * 26)
ADDRESS = "http://127.0.0.1:3456"


class FixedClock:
    def now(self) -> datetime:
        return datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass
class Shelf:
    """A reader over values made by a test."""

    details: list[SessionDetail] = field(default_factory=list[SessionDetail])
    problems: tuple[str, ...] = ()
    failure: Exception | None = None
    asked: list[tuple[str | None, str | None, str | None]] = field(
        default_factory=list[tuple[str | None, str | None, str | None]]
    )

    @contextmanager
    def open(self) -> Generator["Shelf"]:
        if self.failure is not None:
            raise self.failure
        yield self

    def sessions(
        self,
        limit: int = 50,
        before: str | None = None,
        status: StatusWord | None = None,
        query: str | None = None,
    ) -> SessionPage:
        self.asked.append((before, status, query))
        lines = [detail.summary for detail in self.details]
        found = [line for line in lines if status in (None, line.status)]
        more = "cursor/1" if before is None and len(found) > 1 else None
        return SessionPage(tuple(found[: 1 if more else limit]), len(found), more)

    def session(self, session_id: SessionId) -> SessionDetail:
        for detail in self.details:
            if detail.summary.session_id == session_id:
                return detail
        message = f"No session {session_id} is in this store."
        raise SessionNotFoundError(message)

    def verify(self, session_id: SessionId) -> Verification:
        return Verification(session_id, 7, "sha256:1", self.problems)


SUMMARY = SessionSummary(
    session_id=ONE,
    workflow_id="wr.look-around",
    workflow_name="Look around",
    goal="Find out why the <b>lamp</b> is dark",
    status="running",
    step_title="Collect evidence",
    steps_completed=1,
    event_count=7,
    origin="mcp",
    parent_session_id=None,
    repository="/repo/lamp",
    branch="fix/lamp",
    created_at="2026-11-22T11:00:00Z",
    updated_at="2026-11-22T11:57:00Z",
)
BLOCKER = Blocker(
    BlockerCode.MISSING_ARTIFACT,
    "wr.report",
    "The step needs a report.",
    "Send an artifact of kind wr.report.",
    {"kind": "wr.report"},
)
DETAIL = SessionDetail(
    summary=SUMMARY,
    workflow_hash="sha256:" + "c" * 64,
    nodes=(
        NodeLine(
            node_id=NodeId(1),
            parent=None,
            kind="step",
            step_id="look",
            title="Look at the lamp",
            iteration=None,
            reached_at="2026-11-22T11:00:00Z",
            completed_at="2026-11-22T11:05:00Z",
            notes="The **bulb** is dead. <script>alert(1)</script>",
            artifacts=(ArtifactLine(Digest("sha256:" + "d" * 64), "wr.report", 1234, True),),
            blockers=(),
            notices=("Skipped: Measure the socket.",),
            on_tip_branch=True,
        ),
        NodeLine(
            node_id=NodeId(2),
            parent=NodeId(1),
            kind="step",
            step_id="collect",
            title="Collect evidence",
            iteration=1,
            reached_at="2026-11-22T11:05:00Z",
            completed_at=None,
            notes=None,
            artifacts=(),
            blockers=(),
            notices=(),
            on_tip_branch=True,
        ),
    ),
    context={"room": "cellar", "tries": [1, 2]},
    children=(replace(SUMMARY, session_id=CHILD, parent_session_id=ONE, goal="Buy a bulb"),),
)
BLOCKED = replace(
    DETAIL,
    summary=replace(SUMMARY, status="blocked"),
    nodes=(
        *DETAIL.nodes,
        replace(
            DETAIL.nodes[1],
            node_id=NodeId(3),
            parent=NodeId(2),
            kind="blocked",
            blockers=(BLOCKER,),
            notes="Not enough.",
        ),
    ),
)


def browser(shelf: Shelf, *, raises: bool = True) -> TestClient:
    app = create_app(shelf.open, FixedClock(), port=3456, store="/home/me/.workrail")
    return TestClient(app, base_url=ADDRESS, follow_redirects=False, raise_server_exceptions=raises)


class PageText(HTMLParser):
    """The words of a page, and everything in it that a strict policy would refuse."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.refused: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style", "img", "iframe", "object", "embed"):
            self.refused.append(tag)
        for name, value in attrs:
            loads = name in ("src", "action") or (name == "href" and tag == "link")
            if name == "style" or name.startswith("on"):
                self.refused.append(f"{tag} {name}")
            if loads and not (value or "").startswith("/"):
                self.refused.append(f"{tag} {name}={value}")

    def handle_data(self, data: str) -> None:
        self.words.extend(data.split())


def words(html: str) -> str:
    return " ".join(PageText(html).words)


def test_the_list_shows_each_session_with_status_goal_step_and_age() -> None:
    answer = browser(Shelf([DETAIL])).get("/")

    text = words(answer.text)
    assert answer.status_code == 200
    for part in (
        "1 session",
        "▶ running",
        "Find out why the <b>lamp</b> is dark",
        "now at Collect evidence",
        "Look around",
        "fix/lamp",
        "3 min ago",
    ):
        assert part in text
    assert f'href="/sessions/{ONE}"' in answer.text


def test_filters_and_the_cursor_reach_the_reader_as_given() -> None:
    shelf = Shelf([DETAIL, BLOCKED])

    browser(shelf).get("/", params={"q": " dark lamp ", "status": "blocked", "before": "x/1"})
    browser(shelf).get("/", params={"q": "", "status": "", "before": ""})

    assert shelf.asked == [("x/1", "blocked", "dark lamp"), (None, None, None)]


def test_a_longer_list_links_to_older_sessions_and_keeps_the_filters() -> None:
    answer = browser(Shelf([DETAIL, DETAIL])).get("/?q=lamp&status=running")

    assert 'href="/?q=lamp&amp;status=running&amp;before=cursor%2F1"' in answer.text
    assert 'href="/?q=lamp&amp;status=blocked"' in answer.text
    twin = browser(Shelf([DETAIL, DETAIL])).get("/sessions.json?q=lamp&status=running").json()
    assert twin["next"] == "/sessions.json?q=lamp&status=running&before=cursor%2F1"


@pytest.mark.rule("CON-8")
def test_an_empty_store_says_how_the_first_session_is_made() -> None:
    text = words(browser(Shelf()).get("/").text)

    assert "There is no session yet" in text
    assert "claude mcp add workrail -- workrail start" in text
    assert "/home/me/.workrail" in text


def test_a_search_without_a_match_offers_a_way_back() -> None:
    text = words(browser(Shelf()).get("/?q=unicorn").text)

    assert "0 sessions found for unicorn" in text
    assert "No session matches" in text
    assert "There is no session yet" not in text


def test_a_session_page_tells_the_story_with_notes_context_artifacts_and_children() -> None:
    answer = browser(Shelf([DETAIL])).get(f"/sessions/{ONE}")

    text = words(answer.text)
    for part in (
        "Now at Collect evidence",
        "1 Look at the lamp ✓ done",
        "5 min",
        "Skipped: Measure the socket.",
        "The bulb is dead. <script>alert(1)</script>",
        "2 Collect evidence pass 2 ▶ in progress",
        "wr.report 1,234 bytes, accepted, at Look at the lamp",
        "room cellar",
        "tries [ 1, 2 ]",
        "Buy a bulb",
        "✓ whole 7 events checked",
    ):
        assert part in text
    assert "<strong>bulb</strong>" in answer.text


@pytest.mark.rule("CON-6")
def test_a_blocked_session_says_why_and_how_to_mend_it_without_a_click() -> None:
    answer = browser(Shelf([BLOCKED])).get(f"/sessions/{ONE}")

    before_story = words(answer.text.split("What happened")[0])
    assert "Why it is blocked at Collect evidence" in before_story
    assert "The step needs a report." in before_story
    assert "Send an artifact of kind wr.report." in before_story
    assert "MISSING_ARTIFACT · wr.report" in before_story


@pytest.mark.rule("CON-11")
def test_a_session_that_waits_for_a_person_says_which_command_they_run() -> None:
    waiting = replace(
        DETAIL,
        summary=replace(SUMMARY, status="waiting"),
        nodes=(
            *DETAIL.nodes,
            replace(DETAIL.nodes[1], node_id=NodeId(3), parent=NodeId(2), kind="waiting"),
        ),
    )
    page = browser(Shelf([waiting])).get(f"/sessions/{ONE}").text
    before_story = words(page.split("What happened")[0])
    assert "Collect evidence waits for approval" in before_story
    assert f"workrail approve {ONE}" in before_story
    assert "waits for approval" in words(page.split("What happened")[1])
    listed = browser(Shelf([waiting])).get("/").text
    assert "waits for approval of Collect evidence" in words(listed)


def test_a_child_links_to_the_session_that_started_it() -> None:
    child = replace(DETAIL, summary=DETAIL.children[0], children=())

    answer = browser(Shelf([child])).get(f"/sessions/{CHILD}")

    assert f'Started by session</dt><dd><a href="/sessions/{ONE}">' in answer.text


@pytest.mark.rule("CON-9")
def test_a_record_that_fails_its_check_is_called_damaged_with_the_reason() -> None:
    shelf = Shelf([DETAIL], problems=("event 4: the hash does not match",))

    answer = browser(shelf).get(f"/sessions/{ONE}")

    text = words(answer.text)
    assert answer.status_code == 200
    assert "⚠ damaged" in text
    assert "event 4: the hash does not match" in text


def test_a_very_long_record_is_checked_only_when_asked() -> None:
    long = replace(DETAIL, summary=replace(SUMMARY, event_count=200_000))
    client = browser(Shelf([long]))

    assert "200000 events, check them" in words(client.get(f"/sessions/{ONE}").text)
    assert client.get(f"/sessions/{ONE}.json").json()["verification"] is None
    assert "✓ whole" in words(client.get(f"/sessions/{ONE}?check=yes").text)


@pytest.mark.rule("CON-5")
def test_the_json_twin_of_a_session_holds_what_the_page_shows() -> None:
    twin = browser(Shelf([BLOCKED])).get(f"/sessions/{ONE}.json").json()

    assert twin["session"]["summary"]["goal"] == SUMMARY.goal
    assert twin["session"]["nodes"][2]["blockers"][0]["code"] == "MISSING_ARTIFACT"
    assert twin["session"]["nodes"][0]["artifacts"][0]["size"] == 1234
    assert twin["session"]["context"] == {"room": "cellar", "tries": [1, 2]}
    assert twin["verification"] == {
        "session_id": ONE,
        "events": 7,
        "head_hash": "sha256:1",
        "problems": [],
    }


@pytest.mark.rule("CON-5")
def test_the_json_twin_of_the_list_holds_its_rows_and_the_next_address() -> None:
    twin = browser(Shelf([DETAIL])).get("/sessions.json").json()

    assert [line["session_id"] for line in twin["sessions"]] == [ONE]
    assert (twin["total"], twin["next"]) == (1, None)


FAILURES: list[tuple[WorkRailError, int, str]] = [
    (SessionNotFoundError("No such session here."), 404, "No such session"),
    (CorruptSessionError("Event 4 has no hash."), 500, "This session's record is damaged"),
    (StoreUnavailableError("The disk is gone."), 503, "The session store cannot be read"),
    (InvalidInputError("This cursor is odd."), 400, "This address asks for something odd"),
]


@pytest.mark.rule("CON-9")
@pytest.mark.parametrize(("failure", "status", "title"), FAILURES)
def test_each_failure_of_the_reader_has_a_page_and_a_json_twin_that_say_why(
    failure: WorkRailError, status: int, title: str
) -> None:
    client = browser(Shelf(failure=failure))

    page = client.get(f"/sessions/{ONE}")
    twin = client.get(f"/sessions/{ONE}.json")

    assert (page.status_code, twin.status_code) == (status, status)
    assert title in words(page.text)
    assert str(failure) in words(page.text)
    assert twin.json()["error"]["title"] == title
    assert twin.json()["error"]["message"] == str(failure)


@pytest.mark.rule("CON-9")
@pytest.mark.parametrize(
    "path",
    [
        f"/sessions/{CHILD}",
        "/sessions/nothing",
        "/sessions/..%2f..%2fetc%2fpasswd",
        "/sessions/%2e%2e",
        "/sessions/" + "a" * 5000,
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/docs",
        "/openapi.json",
        "/sessions/",
        "/nowhere",
    ],
)
def test_unknown_addresses_get_a_friendly_page(path: str) -> None:
    answer = browser(Shelf([DETAIL])).get(path)

    assert answer.status_code == 404
    assert "All sessions" in answer.text or answer.json()["error"]["title"] == "No such page"
    assert "passwd" not in answer.text
    assert "create_app" not in answer.text


def test_a_text_that_is_no_session_id_never_reaches_the_reader() -> None:
    unread = Shelf(failure=StoreUnavailableError("nobody may open this"))

    answer = browser(unread).get("/sessions/..%5c..%5cetc")

    assert answer.status_code == 404
    assert "This is not a session id" in words(answer.text)


def test_an_unknown_status_or_an_endless_search_is_refused_with_what_is_accepted() -> None:
    client = browser(Shelf([DETAIL]))

    odd = client.get("/?status=<script>")
    endless = client.get("/", params={"q": "x" * 1001})

    assert (odd.status_code, endless.status_code) == (400, 400)
    assert "Choose one of: running, blocked, waiting, completed." in words(odd.text)
    assert "at most 1000 characters" in words(endless.text)
    assert PageText(odd.text).refused == []


def test_an_unexpected_failure_has_a_page_without_its_details() -> None:
    answer = browser(Shelf(failure=ZeroDivisionError("secret")), raises=False).get("/")

    assert answer.status_code == 500
    assert "The console failed" in answer.text
    assert "secret" not in answer.text
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(1)> {{ 7*7 }} 'x'"


def hostile() -> SessionDetail:
    """A session in which every text that an agent or a workflow gives is an attack."""
    summary = replace(
        SUMMARY,
        goal=HOSTILE * 9,
        workflow_id=HOSTILE,
        workflow_name=HOSTILE,
        step_title=HOSTILE,
        status="blocked",
        origin=HOSTILE,
        repository=HOSTILE,
        branch=HOSTILE,
    )
    blocker = replace(BLOCKER, subject=HOSTILE, message=HOSTILE, remedy=HOSTILE, example=HOSTILE)
    nodes = tuple(
        replace(node, title=HOSTILE, step_id=HOSTILE, notices=(HOSTILE,), notes=HOSTILE)
        for node in BLOCKED.nodes
    )
    nodes = (*nodes[:2], replace(nodes[2], blockers=(blocker,)))
    artifact = ArtifactLine(Digest(HOSTILE), HOSTILE, 1, accepted=False)
    return replace(
        BLOCKED,
        summary=summary,
        nodes=(replace(nodes[0], artifacts=(artifact,)), *nodes[1:]),
        context={HOSTILE: HOSTILE, "list": [HOSTILE]},
        children=(replace(summary, session_id=CHILD),),
    )


@pytest.mark.rule("CON-4")
@pytest.mark.parametrize("path", ["/", "/?q=%22%3E%3Cscript%3E", f"/sessions/{ONE}"])
def test_hostile_text_anywhere_in_a_session_adds_nothing_active_to_its_pages(path: str) -> None:
    shelf = Shelf([hostile()], problems=(HOSTILE,))

    answer = browser(shelf).get(path)

    assert answer.status_code == 200
    assert PageText(answer.text).refused == []
    assert "{{ 7*7 }}" in words(answer.text)


@pytest.mark.rule("CON-1")
def test_every_route_takes_only_get_and_head() -> None:
    app = create_app(Shelf().open, FixedClock())

    methods = {
        method for route in app.routes for method in getattr(route, "methods", None) or {"GET"}
    }

    assert methods == {"GET", "HEAD"}


@pytest.mark.rule("CON-1")
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", ["/", f"/sessions/{ONE}", "/static/console.css"])
def test_methods_that_could_change_something_are_refused(method: str, path: str) -> None:
    answer = browser(Shelf([DETAIL])).request(method, path)

    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["/", "/sessions.json", f"/sessions/{ONE}"])
def test_head_answers_like_get_without_a_body(path: str) -> None:
    answer = browser(Shelf([DETAIL])).head(path)

    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.rule("CON-2")
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:3456", "127.0.0.1", "localhost:80", "[::1]", ""]
)
def test_a_host_name_that_is_not_this_console_is_refused(host: str) -> None:
    answer = browser(Shelf([DETAIL])).get("/", headers={"host": host})

    assert answer.status_code == 421
    assert "lamp" not in answer.text


@pytest.mark.rule("CON-2")
@pytest.mark.parametrize("host", ["127.0.0.1:3456", "localhost:3456", "[::1]:3456"])
def test_the_names_of_this_machine_are_answered(host: str) -> None:
    assert browser(Shelf([DETAIL])).get("/", headers={"host": host}).status_code == 200


FETCHES: list[tuple[dict[str, str], int]] = [
    ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}, 403),
    ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors"}, 403),
    ({"sec-fetch-site": "same-site", "sec-fetch-mode": "cors"}, 403),
    (
        {
            "sec-fetch-site": "cross-site",
            "sec-fetch-mode": "navigate",
            "sec-fetch-dest": "iframe",
        },
        403,
    ),
    (
        {
            "sec-fetch-site": "cross-site",
            "sec-fetch-mode": "navigate",
            "sec-fetch-dest": "document",
        },
        200,
    ),
    ({"sec-fetch-site": "same-origin", "sec-fetch-mode": "no-cors"}, 200),
    ({"sec-fetch-site": "none", "sec-fetch-mode": "navigate"}, 200),
]


@pytest.mark.rule("CON-2")
@pytest.mark.parametrize(("headers", "status"), FETCHES)
def test_other_pages_may_link_here_but_not_fetch_or_frame(
    headers: dict[str, str], status: int
) -> None:
    assert browser(Shelf([DETAIL])).get("/", headers=headers).status_code == status


@pytest.mark.rule("CON-3")
@pytest.mark.parametrize(
    ("path", "host"),
    [
        ("/", "127.0.0.1:3456"),
        ("/nowhere", "127.0.0.1:3456"),
        ("/static/console.css", "127.0.0.1:3456"),
        ("/sessions.json", "127.0.0.1:3456"),
        ("/", "evil.example"),
    ],
)
def test_every_answer_carries_the_headers_that_keep_it_harmless(path: str, host: str) -> None:
    headers = browser(Shelf([DETAIL])).get(path, headers={"host": host}).headers

    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert not [name for name in headers if name.startswith("access-control-")]


@pytest.mark.rule("CON-3")
@pytest.mark.parametrize("path", ["/", f"/sessions/{ONE}", "/nowhere"])
def test_pages_need_nothing_that_the_policy_forbids(path: str) -> None:
    answer = browser(Shelf([BLOCKED])).get(path)

    assert PageText(answer.text).refused == []


CHECK_PAGES: list[tuple[str, Callable[[], Shelf]]] = [
    ("/", lambda: Shelf([DETAIL])),
    ("/", Shelf),
    (f"/sessions/{ONE}", lambda: Shelf([BLOCKED])),
    ("/nowhere", Shelf),
]


@pytest.mark.parametrize(("path", "shelf"), CHECK_PAGES)
def test_each_page_has_one_main_heading_a_title_and_a_language(
    path: str, shelf: Callable[[], Shelf]
) -> None:
    html = browser(shelf()).get(path).text

    assert html.count("<h1>") == 1
    assert html.count("<main") == 1
    assert '<html lang="en">' in html
    assert "· WorkRail</title>" in html
