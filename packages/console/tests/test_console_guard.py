"""Who is answered at all, and under which rules."""

import json
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from workrail_console.app import create_app
from workrail_engine.agent_events import (
    ArtifactSaved,
    MessageGiven,
    Noticed,
    RunBegun,
    RunParked,
    ToolBegun,
    ToolFinished,
    TurnTaken,
    Usage,
    content_of,
)
from workrail_engine.engine import Engine, StartRequest, Submission
from workrail_engine.ids import SessionId
from workrail_engine.outcomes import Blocked, StepReady
from workrail_engine.projections.runs import Beat, RunOrder
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations, SystemClock

PAGES = ["/", "/search", "/workflows", "/proofs", "/health", "/nowhere"]
HOSTILE = (
    "\"><script>alert(1)</script><img src=https://evil.example/x onerror=alert(1)> {{ 7*7 }} 'x'"
)
TOKEN = "let-me-in-please"


class Active(HTMLParser):
    """Everything in a page that a strict policy would refuse, or that is fetched from elsewhere."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("style", "img", "iframe", "object", "embed", "form") and not (
            tag == "form" and (given.get("action") or "/").startswith("/")
        ):
            self.found.append(tag)
        if tag == "script" and not (given.get("src") or "").startswith("/static/console.js?v="):
            self.found.append("script")
        for name, value in attrs:
            loads = name in ("src", "action", "srcset") or (
                name == "href" and tag in ("link", "use")
            )
            if name == "style" or name.startswith("on"):
                self.found.append(f"{tag} {name}")
            if loads and not (value or "").startswith(("/", "#")):
                self.found.append(f"{tag} {name}={value}")

    def handle_data(self, data: str) -> None:
        self.words.extend(data.split())


def guarded(home: Locations) -> TestClient:
    app = create_app(lambda: open_reader(home), SystemClock(), token=TOKEN)
    return TestClient(app, base_url="http://127.0.0.1:3456", follow_redirects=False)


def app_of(console: TestClient) -> FastAPI:
    app = console.app
    assert isinstance(app, FastAPI)
    return app


def methods_of(routes: Sequence[Any]) -> Iterator[tuple[str, set[str]]]:
    """Every address of an app and what it takes, those of included routers too."""
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is not None:
            yield from methods_of(included.routes)
        else:
            yield route.path, set(route.methods)


@pytest.mark.rule("CON-1")
def test_every_route_takes_only_get(console: TestClient) -> None:
    served = list(methods_of(app_of(console).routes))

    assert {"/", "/live", "/sessions/{session_id}", "/static/{name}"} <= {
        path for path, _ in served
    }
    assert [path for path, methods in served if methods != {"GET"}] == []


@pytest.mark.rule("CON-1")
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", [*PAGES, "/live", "/static/console.css", "/sessions.json"])
def test_methods_that_could_change_something_are_refused(
    console: TestClient, method: str, path: str
) -> None:
    answer = console.request(method, path)

    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["/", "/sessions.json", "/static/console.css", "/health"])
def test_head_answers_like_get_without_a_body(console: TestClient, path: str) -> None:
    whole = console.get(path, headers={"accept-encoding": "identity"})
    head = console.head(path, headers={"accept-encoding": "identity"})

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == whole.headers["content-type"]
    assert int(head.headers["content-length"]) > 0


@pytest.mark.rule("CON-2")
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:3456", "127.0.0.1", "localhost:80", "[::1]", ""]
)
def test_a_host_name_that_is_not_this_console_is_refused(console: TestClient, host: str) -> None:
    answer = console.get("/", headers={"host": host})

    assert answer.status_code == 421
    assert "sess" not in answer.text.replace("sessions", "")


@pytest.mark.rule("CON-2")
@pytest.mark.parametrize("host", ["127.0.0.1:3456", "localhost:3456", "[::1]:3456"])
def test_the_names_of_this_machine_are_answered(console: TestClient, host: str) -> None:
    assert console.get("/", headers={"host": host}).status_code == 200


FETCHES: list[tuple[dict[str, str], int]] = [
    ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}, 403),
    ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors"}, 403),
    ({"sec-fetch-site": "same-site", "sec-fetch-mode": "cors"}, 403),
    (
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"},
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
    ({"origin": "http://127.0.0.1:3456"}, 200),
    ({"origin": "http://127.0.0.1:3457"}, 403),
    ({"origin": "http://localhost:3456"}, 403),
    ({"origin": "https://evil.example"}, 403),
    ({"origin": "null"}, 403),
]


@pytest.mark.rule("CON-2")
@pytest.mark.parametrize(("headers", "status"), FETCHES)
@pytest.mark.parametrize("path", ["/", "/live?topics=nothing", "/sessions.json"])
def test_other_pages_may_link_here_but_not_fetch_or_frame(
    console: TestClient, headers: dict[str, str], status: int, path: str
) -> None:
    answer = console.get(path, headers=headers)

    assert (answer.status_code == 403) == (status == 403)


@pytest.mark.rule("CON-3")
@pytest.mark.parametrize(
    ("path", "host"),
    [
        *((page, "127.0.0.1:3456") for page in PAGES),
        ("/static/console.css", "127.0.0.1:3456"),
        ("/sessions.json", "127.0.0.1:3456"),
        ("/", "evil.example"),
    ],
)
def test_every_answer_carries_the_headers_that_keep_it_harmless(
    console: TestClient, path: str, host: str
) -> None:
    headers = console.get(path, headers={"host": host}).headers

    policy = dict(
        part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";")
    )
    assert policy == {
        "default-src": "'none'",
        "style-src": "'self'",
        "script-src": "'self'",
        "connect-src": "'self'",
        "img-src": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert not [name for name in headers if name.startswith("access-control-")]


@pytest.mark.rule("CON-3")
@pytest.mark.parametrize("path", PAGES)
def test_pages_need_nothing_that_the_policy_forbids(console: TestClient, path: str) -> None:
    assert Active(console.get(path).text).found == []


@pytest.mark.rule("CON-3")
def test_the_page_of_an_unexpected_failure_carries_the_headers_too(home: Locations) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    app = create_app(broken, SystemClock())  # type: ignore[arg-type]  # the point is that it fails
    client = TestClient(app, base_url="http://127.0.0.1:3456", raise_server_exceptions=False)
    answer = client.get("/sessions.json")

    assert answer.status_code == 500
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "ZeroDivision" not in answer.text


def hostile_session(engine: Engine) -> str:
    """A session every one of whose texts is an attack; blocked at its second step."""
    first = engine.start(StartRequest("careful", HOSTILE))
    assert isinstance(first, StepReady)
    notes = f"{HOSTILE}\n\n![x](https://evil.example/pixel.png) [y](javascript:alert(1))"
    second = engine.advance(
        first.token,
        Submission(
            notes=notes,
            context={"html": HOSTILE, "broken": True},
            artifacts=({"kind": "acme.note", "text": HOSTILE},),
        ),
    )
    assert isinstance(second, StepReady)
    assert isinstance(engine.advance(second.token, Submission()), Blocked)
    hostile_run(engine, SessionId(first.session_id))
    return first.session_id


def hostile_run(engine: Engine, session_id: SessionId) -> None:
    """A run every one of whose texts is an attack; it waits for a person."""
    engine.runs.order(RunOrder(session_id, lane=HOSTILE, options={"model": HOSTILE}))
    claim = engine.runs.claim_this(session_id, HOSTILE, 600)
    assert claim is not None
    node, bad = engine.place(session_id).node, HOSTILE.encode()
    prompt = json.dumps([{"name": HOSTILE, "source": HOSTILE, "text": HOSTILE}]).encode()
    content = content_of(bad)
    events = (
        RunBegun(node, 1, HOSTILE, HOSTILE, HOSTILE, content_of(prompt)),
        MessageGiven(node, 0, 1, "child", HOSTILE),
        TurnTaken(
            *(node, 1, HOSTILE, HOSTILE, HOSTILE, (HOSTILE,), content, Usage(1, 1), 5, 1, 2),
        ),
        ToolBegun(node, 1, 1, HOSTILE, HOSTILE),
        ToolFinished(node, 1, 1, HOSTILE, "error", HOSTILE, content, content, 3),
        ArtifactSaved(node, 1, 1, HOSTILE, HOSTILE, content),
        Noticed(node, "stuck", HOSTILE, {HOSTILE: HOSTILE}),
        Noticed(node, "self_heal_failed", HOSTILE, {}),
        Noticed(node, "sandbox_downgraded", HOSTILE, {}),
        RunParked(node, "operator", HOSTILE, None, ()),
    )
    engine.journal.append(claim.lease, events, (bad, prompt))
    engine.runs.beat(claim.lease, Beat(600, HOSTILE, 1))
    engine.runs.park(claim.lease, "operator", HOSTILE)


@pytest.mark.rule("CON-4")
def test_hostile_text_anywhere_in_a_session_adds_nothing_active_to_any_page(
    console: TestClient, acting: Engine
) -> None:
    session_id = hostile_session(acting)
    views = (
        "story",
        "turns",
        "outline",
        "timeline",
        "events",
        "context",
        "artifacts",
        "proofs",
        "graph",
        "raw",
    )
    paths = [
        *("/", "/?all=1", "/?q=%22%3E%3Cscript%3E", "/workflows", "/workflows/careful"),
        *("/search?q=script", f"/units/{session_id}", "/health"),
        *(f"/sessions/{session_id}?view={view}" for view in views),
    ]
    for path in paths:
        answer = console.get(path)

        assert answer.status_code == 200, path
        assert Active(answer.text).found == [], path
    assert "{{ 7*7 }}" in " ".join(Active(console.get("/").text).words)


@pytest.mark.rule("CON-9")
@pytest.mark.parametrize(
    "path",
    [
        "/sessions/nothing",
        "/sessions/..%2f..%2fetc%2fpasswd",
        "/sessions/..%5c..%5cetc%5cpasswd",
        "/sessions/%2e%2e",
        "/sessions/" + "a" * 5000,
        "/units/..%2f..%2fetc%2fpasswd",
        "/workflows/..%2f..%2fetc%2fpasswd",
        "/proofs/..%2f..%2fetc%2fpasswd",
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/css%2f00_base.css",
        "/static/..%2fapp.py",
        "/sessions/",
        "/nowhere",
    ],
)
def test_an_address_that_leads_nowhere_gets_a_page_that_does_not_repeat_it(
    console: TestClient, path: str
) -> None:
    answer = console.get(path)

    assert answer.status_code in (400, 404)
    assert "All sessions" in answer.text
    assert "passwd" not in answer.text
    assert "create_app" not in answer.text
    assert "aaaaaaaaaa" not in answer.text


@pytest.mark.rule("CON-14")
@pytest.mark.parametrize("path", ["/", "/sessions.json", "/health", "/live", "/static/console.js"])
def test_with_a_token_who_does_not_bring_it_sees_nothing(home: Locations, path: str) -> None:
    client = guarded(home)

    assert client.get(path).status_code == 401
    assert client.get(path, headers={"cookie": "worktrain_console_3456=wrong"}).status_code == 401
    assert client.get(path, params={"token": "wrong"}).status_code == 401
    assert client.get("/healthz").status_code == 200


@pytest.mark.rule("CON-14")
def test_a_token_goes_from_the_address_into_a_cookie_that_no_script_reads(home: Locations) -> None:
    client = guarded(home)

    opened = client.get("/", params={"token": TOKEN, "status": "blocked"})
    shown = client.get("/")

    assert opened.status_code == 303
    assert opened.headers["location"] == "/?status=blocked"
    cookie = opened.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert shown.status_code == 200
    assert TOKEN not in shown.text


@pytest.mark.rule("CON-14")
def test_a_program_brings_the_token_in_a_header(home: Locations) -> None:
    client = guarded(home)

    answer = client.get("/sessions.json", headers={"authorization": f"Bearer {TOKEN}"})

    assert answer.status_code == 200


@pytest.mark.rule("CON-14")
def test_a_token_redirect_never_leads_to_another_host(home: Locations) -> None:
    answer = guarded(home).get(f"//evil.example/?token={TOKEN}")

    assert answer.headers.get("location", "/").startswith("/")
    assert not answer.headers.get("location", "/").startswith("//")
