"""What holds for every page, whichever it is."""

import gzip

import pytest
from fastapi.testclient import TestClient

from workrail_console.app import create_app
from workrail_console.masking import HIDDEN, masked
from workrail_console.parts import parts_of, wanted_parts
from workrail_engine.engine import Engine, StartRequest, Submission
from workrail_engine.errors import (
    CorruptSessionError,
    InvalidInputError,
    ProofNotFoundError,
    SessionNotFoundError,
    StoreUnavailableError,
    WorkRailError,
)
from workrail_engine.outcomes import StepReady
from workrail_engine.system import SystemClock

PAGES = ["/", "/search", "/workflows", "/proofs", "/health", "/nowhere"]
LETTERS = "a1B2c3D4e5F6g7H8i9J0"
SECRETS = [  # put together here, so that no scanner takes this file for a leak
    "sk" + "-proj-" + LETTERS,
    "gh" + "p_" + LETTERS,
    "github" + "_pat_" + LETTERS,
    "gl" + "pat-" + LETTERS,
    "AK" + "IA" + "ABCDEFGH" * 2,
    "xo" + "xb-" + LETTERS,
    "ey" + f"J{LETTERS}.eyJ{LETTERS}.{LETTERS}",
]


def begin(engine: Engine, goal: str) -> StepReady:
    outcome = engine.start(StartRequest("careful", goal))
    assert isinstance(outcome, StepReady)
    return outcome


@pytest.mark.parametrize("path", PAGES)
def test_each_page_has_one_main_heading_a_title_a_language_and_a_way_past_the_head(
    console: TestClient, path: str
) -> None:
    html = console.get(path).text

    assert html.count("<h1") == 1
    assert html.count("<main") == 1
    assert '<html lang="en">' in html
    assert "· WorkRail</title>" in html
    assert '<a class="skip" href="#main">' in html


@pytest.mark.parametrize("path", ["/", "/search", "/workflows", "/proofs", "/health"])
def test_the_page_that_is_open_is_marked_in_the_head(console: TestClient, path: str) -> None:
    assert f'<a href="{path}" aria-current="page">' in console.get(path).text


def test_every_page_leads_to_the_script_and_the_style_sheet_as_they_are_now(
    console: TestClient,
) -> None:
    page = console.get("/search").text
    sheets = (("console.css", "text/css"), ("pages.css", "text/css"))
    for name, kind in (("console.js", "text/javascript"), *sheets):
        address = page.split(f"/static/{name}?v=")[1].split('"')[0]
        asset = console.get(f"/static/{name}?v={address}")
        old = console.get(f"/static/{name}?v=older")

        assert asset.headers["content-type"].startswith(kind)
        assert "immutable" in asset.headers["cache-control"]
        assert old.headers["cache-control"] == "no-cache"
    assert "font-face" not in console.get("/static/console.css").text


def test_the_script_is_small(console: TestClient) -> None:
    assert len(console.get("/static/console.js").content) <= 6 * 1024


def test_the_title_and_the_head_say_how_many_sessions_need_a_person(
    console: TestClient, acting: Engine
) -> None:
    acting.advance(begin(acting, "Stuck").token, Submission())

    for path in ("/", "/health", "/nowhere"):
        page = console.get(path).text
        assert "<title>(1) " in page
        assert '1<span class="unseen"> need a person</span>' in page


def test_an_answer_that_the_browser_has_is_not_sent_again(
    console: TestClient, acting: Engine
) -> None:
    begin(acting, "Look")
    first = console.get("/sessions.json")
    again = console.get("/sessions.json", headers={"if-none-match": first.headers["etag"]})
    begin(acting, "Look again")
    changed = console.get("/sessions.json", headers={"if-none-match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["x-frame-options"] == "DENY"
    assert changed.status_code == 200


def test_answers_are_packed_for_who_can_unpack_them(console: TestClient) -> None:
    plain = console.get("/", headers={"accept-encoding": "identity"})
    with console.stream("GET", "/", headers={"accept-encoding": "gzip"}) as packed:
        raw = b"".join(packed.iter_raw())

    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert len(raw) < len(plain.content) / 2
    assert gzip.decompress(raw).startswith(b"<!doctype html>")


@pytest.mark.rule("CON-15")
def test_what_looks_like_a_secret_is_hidden_on_every_page_and_kept_in_the_record(
    console: TestClient, acting: Engine
) -> None:
    said = " and ".join([*SECRETS, "postgres://ada:pass-word@db.example/shop"])
    first = begin(acting, f"Use {said}")
    acting.advance(first.token, Submission(notes=f"Used {said}", context={"key": said}))
    session = f"/sessions/{first.session_id}"

    for path in ("/", "/sessions.json", session, f"{session}.json", f"{session}?view=context"):
        answer = console.get(path).text
        assert HIDDEN in answer, path
        assert not [secret for secret in [*SECRETS, "pass-word"] if secret in answer], path
    export = console.get(f"{session}.jsonl")
    assert SECRETS[0] in export.text


def test_a_private_key_is_hidden_whole_also_where_its_end_was_cut_off() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAKC\n-----END RSA PRIVATE KEY-----"

    assert masked(f"a {key} b") == f"a {HIDDEN} b"
    assert masked(f'{{"k":"{key[:50]}"}}') == f'{{"k":"{HIDDEN}"}}'
    assert masked(f"<b>{key[:50]}</b>") == f"<b>{HIDDEN}</b>"


@pytest.mark.parametrize(
    "text",
    [
        "a task-force-of-people-that-is-long-enough-to-match",
        "https://example.org/a:b@c",
        "http://127.0.0.1:3456/sessions",
        "sess_abcdefghijklmnopqrstuvwxyz",
        "sha256:" + "a" * 64,
        "the PRIVATE KEY of happiness",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert masked(text) == text


def test_only_the_parts_that_were_asked_for_are_sent(console: TestClient, acting: Engine) -> None:
    begin(acting, "Look")
    answer = console.get("/", headers={"x-parts": "p-rows, p-nothing, <script>"})

    assert answer.text.startswith("<title>")
    assert '<template><table class="sessions" id="p-rows"' in answer.text
    assert answer.text.endswith("</table></template>")
    assert "<main" not in answer.text
    assert "set-cookie" not in answer.headers


def test_a_part_ends_where_its_element_does() -> None:
    html = (
        '<p id="x">1</p><div><div id="a"><div>2</div><divx></divx></div><div id="b">3</div></div>'
    )

    assert parts_of(html, ("a", "b")) == (
        '\n<template><div id="a"><div>2</div><divx></divx></div></template>'
        '\n<template><div id="b">3</div></template>'
    )
    assert wanted_parts("a,b,a, ,1x,p-{}") == ("a", "b")


FAILURES: list[tuple[WorkRailError, int, str]] = [
    (SessionNotFoundError("No such session here."), 404, "No such session"),
    (ProofNotFoundError("No such proof here."), 404, "No such proof"),
    (CorruptSessionError("Event 4 has no hash."), 500, "This session&#39;s record is damaged"),
    (StoreUnavailableError("The disk is gone."), 503, "The session store cannot be read"),
    (InvalidInputError("This cursor is odd."), 400, "This address asks for something odd"),
]


@pytest.mark.rule("CON-9")
@pytest.mark.parametrize(("failure", "status", "title"), FAILURES)
def test_each_failure_of_the_reader_has_a_page_and_a_problem_document_that_say_why(
    failure: WorkRailError, status: int, title: str
) -> None:
    def fails() -> None:
        raise failure

    app = create_app(fails, SystemClock())  # type: ignore[arg-type]  # the point is that it fails
    client = TestClient(app, base_url="http://127.0.0.1:3456")

    page = client.get("/")
    twin = client.get("/sessions.json")
    asked = client.get("/", headers={"accept": "application/json"})

    assert (page.status_code, twin.status_code, asked.status_code) == (status, status, status)
    assert title in page.text
    assert str(failure) in page.text
    assert twin.headers["content-type"] == "application/problem+json"
    assert twin.json()["detail"] == asked.json()["detail"] == str(failure)
    assert twin.json()["status"] == status


def test_an_address_with_a_part_that_is_far_too_long_is_refused_without_repeating_it(
    console: TestClient,
) -> None:
    answer = console.get("/", params={"q": "x" * 1001})

    assert answer.status_code == 400
    assert "1000" in answer.text
    assert "xxxxxxxxxx" not in answer.text
