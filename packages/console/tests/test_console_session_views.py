"""A session in each of its views, over a real store."""

import json
import sqlite3
from html.parser import HTMLParser

import pytest
from fastapi.testclient import TestClient

from workrail_engine.engine import Engine, StartRequest, Submission
from workrail_engine.ids import SessionId
from workrail_engine.outcomes import AdvanceOutcome, Blocked, Completed, StartOutcome, StepReady
from workrail_engine.system import Locations

VIEWS = ("story", "outline", "timeline", "events", "context", "artifacts", "proofs", "graph", "raw")
FINDINGS = {
    "kind": "wr.review_verdict",
    "verdict": "minor",
    "confidence": "high",
    "summary": "One <i>gap</i>.",
    "findings": [{"severity": "minor", "summary": "the retry has no bound"}],
}


class Ids(HTMLParser):
    """Every id and every link of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.ids.append(value)
            if name == "href" and value and tag == "a":
                self.links.append(value)


def ready(outcome: StartOutcome | AdvanceOutcome) -> StepReady:
    assert isinstance(outcome, StepReady)
    return outcome


def a_careful_look(engine: Engine, goal: str = "See the garden") -> StepReady:
    return ready(engine.start(StartRequest("careful", goal, context={"broken": False})))


def to_the_end(engine: Engine, goal: str = "See the garden") -> SessionId:
    """Look, skip the mending, polish twice; the first attempt is blocked."""
    first = a_careful_look(engine, goal)
    blocked = engine.advance(first.token, Submission())
    assert isinstance(blocked, Blocked)
    look = Submission(notes="A **green** garden.", context={"seen": 3}, artifacts=(FINDINGS,))
    at = ready(engine.advance(blocked.token, look))
    at = ready(engine.advance(at.token, Submission(notes="Polished once.", context={"seen": 4})))
    assert isinstance(engine.advance(at.token, Submission(notes="Polished twice.")), Completed)
    return SessionId(first.session_id)


@pytest.mark.rule("CON-5")
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_a_page_with_a_twin(acting: Engine, console: TestClient, view: str) -> None:
    page = f"/sessions/{to_the_end(acting)}"

    answer = console.get(f"{page}?view={view}")
    twin = console.get(f"{page}.json?view={view}").json()

    assert answer.status_code == 200
    assert answer.text.count("<h1") == 1
    ids = Ids(answer.text).ids
    assert len(ids) == len(set(ids))
    assert (twin["view"], twin["standing"]["lifecycle"]) == (view, "completed")


@pytest.mark.parametrize(
    "odd",
    [
        "view=diagram",
        "around=0",
        "around=x",
        "after=-1",
        f"node={10**12}",
        f"kind={'k' * 99}",
        "kind=%00",
    ],
)
def test_an_odd_question_is_refused_and_not_a_failure(
    acting: Engine, console: TestClient, odd: str
) -> None:
    page = f"/sessions/{to_the_end(acting)}"

    assert console.get(f"{page}?{odd}").status_code == 400


def test_a_form_with_empty_fields_asks_for_everything(acting: Engine, console: TestClient) -> None:
    page = f"/sessions/{to_the_end(acting)}"

    assert "session_started" in console.get(f"{page}?view=events&kind=&node=&after=").text


@pytest.mark.rule("CON-61")
def test_the_story_tells_passes_skips_attempts_and_the_outcome(
    acting: Engine, console: TestClient
) -> None:
    page = console.get(f"/sessions/{to_the_end(acting)}").text

    assert "Skipped <strong><bdi>mend</bdi></strong>" in page
    assert "runs only if broken equals true, and broken is false" in page
    assert 'aria-label="Pass 2 of a loop"' in page
    assert "Attempt 1 was blocked" in page
    assert "What came of it" in page
    assert "the retry has no bound" in page
    assert "One &lt;i&gt;gap&lt;/i&gt;." in page
    assert "1 attempt was refused on the way. 1 step was skipped" in page


@pytest.mark.rule("CON-6")
def test_a_blocked_session_says_what_was_sent_how_often_and_what_to_do(
    acting: Engine, console: TestClient
) -> None:
    first = a_careful_look(acting)
    again = acting.advance(first.token, Submission())
    assert isinstance(again, Blocked)
    assert isinstance(acting.advance(again.token, Submission(notes=" ")), Blocked)

    page = console.get(f"/sessions/{first.session_id}").text

    why = page.split('id="p-why"')[1].split("</section>")[0]
    assert "Why it is blocked at <bdi>Look &lt;b&gt;closely&lt;/b&gt;</bdi>" in why
    assert "(attempt 2)" in why
    assert "MISSING_NOTES" in why
    assert f"Use WorkRail to resume session {first.session_id}" in why


def test_events_can_be_kept_to_a_kind_or_a_node_and_name_their_hash(
    acting: Engine, console: TestClient
) -> None:
    page = f"/sessions/{to_the_end(acting)}"

    skipped = console.get(f"{page}.json?view=events&kind=step_skipped").json()
    second = console.get(f"{page}.json?view=events&node=2").json()
    shown = console.get(f"{page}?view=events&kind=step_skipped").text

    assert [row["line"]["kind"] for row in skipped["rows"]] == ["step_skipped"]
    assert skipped["rows"][0]["words"] == "mend skipped: it runs only if broken equals true"
    assert skipped["matching"] == 1
    assert {row["line"]["node"] for row in second["rows"]} == {2}
    assert f'id="e-{skipped["rows"][0]["line"]["seq"]}"' in shown
    assert skipped["rows"][0]["line"]["hash"] in shown


@pytest.mark.rule("CON-63")
def test_the_context_tells_who_set_what_when_and_what_it_is_now(
    acting: Engine, console: TestClient
) -> None:
    page = f"/sessions/{to_the_end(acting)}"

    variables = console.get(f"{page}.json?view=context").json()["variables"]

    seen = next(one for one in variables if one["name"] == "seen")
    assert (seen["value"], seen["present"]) == (4, True)
    assert [(change["value"], change["how"]) for change in seen["changes"]] == [
        (3, "by the completed step"),
        (4, "by the completed step"),
    ]
    broken = next(one for one in variables if one["name"] == "broken")
    assert [change["how"] for change in broken["changes"]] == ["given at the start"]


@pytest.mark.rule("CON-64")
def test_an_artifact_is_kept_as_a_file_and_never_shown_as_a_page(
    acting: Engine, console: TestClient
) -> None:
    page = f"/sessions/{to_the_end(acting)}"
    steps = console.get(f"{page}.json?view=artifacts").json()["steps"]
    digest = steps[0]["shown"][0]["line"]["digest"]

    file = console.get(f"{page}/artifacts/{digest}?as=text")
    missing = console.get(f"{page}/artifacts/sha256:{'0' * 64}")
    odd = console.get(f"{page}/artifacts/..%2f..%2fetc%2fpasswd")

    assert json.loads(file.content) == FINDINGS
    assert file.headers["content-type"] == "application/json"
    assert file.headers["content-disposition"].startswith("attachment; filename=")
    assert missing.status_code == 404
    assert odd.status_code in (400, 404)


@pytest.mark.rule("CON-65")
def test_a_graph_is_offered_where_there_is_a_fork_or_a_child(
    acting: Engine, console: TestClient
) -> None:
    straight = f"/sessions/{to_the_end(acting)}"
    forked = a_careful_look(acting, "Try twice")
    acting.advance(forked.token, Submission(notes="The first way."))
    again = ready(acting.rehydrate(forked.token))
    acting.advance(again.token, Submission(notes="The second way."))

    without, with_graph = console.get(straight), console.get(f"/sessions/{forked.session_id}")
    drawn = console.get(f"/sessions/{forked.session_id}?view=graph").text

    assert "view=graph" not in without.text
    assert "view=graph" in with_graph.text
    assert drawn.count('<rect class="box') == 3
    assert "Another branch, left behind: 1 entry" in with_graph.text


@pytest.mark.rule("CON-66")
def test_a_long_session_is_told_in_parts_and_every_step_is_found(
    acting: Engine, home: Locations, console: TestClient
) -> None:
    steps = [{"id": f"part-{n}", "title": f"Part {n}", "prompt": "Do."} for n in range(1, 321)]
    long = {"id": "long", "name": "Long", "description": "d", "version": "1.0.0", "steps": steps}
    (home.user_workflows / "long.json").write_text(json.dumps(long))
    at = ready(acting.start(StartRequest("long", "All of it")))
    session = at.session_id
    for number in range(1, 321):
        done = acting.advance(at.token, Submission(notes=f"Part {number} is done."))
        at = done if isinstance(done, StepReady) else at
    page = f"/sessions/{session}"

    newest, oldest = console.get(page).text, console.get(f"{page}?around=7").text

    assert 'id="n201"' in newest
    assert 'id="n7"' not in newest
    assert 'id="n7"' in oldest
    assert "Go to where it stands now" in oldest
    assert "What came of it" in newest
    assert '<span class="step-number">201</span> <bdi>Part 201</bdi>' in newest
    assert f'href="{page}?around=1"' in newest
    assert console.get(f"{page}.json?view=outline").json()["nodes"] == 321
    assert "Part 7 is done." in console.get(f"{page}/steps/7").text
    assert console.get(f"{page}.md").text.count("\n### ") == 321


def test_links_within_a_view_lead_somewhere(acting: Engine, console: TestClient) -> None:
    page = f"/sessions/{to_the_end(acting)}"

    for view in VIEWS:
        told = Ids(console.get(f"{page}?view={view}").text)
        for link in told.links:
            path, _, anchor = link.partition("#")
            if not path:
                assert anchor in told.ids, (view, link)
            elif path.startswith(page):
                answer = console.get(path)
                assert answer.status_code == 200, (view, link)
                assert not anchor or anchor in Ids(answer.text).ids, (view, link)


@pytest.mark.rule("CON-9")
def test_a_record_that_cannot_be_told_shows_its_log_and_says_what_is_wrong(
    acting: Engine, home: Locations, console: TestClient
) -> None:
    session = to_the_end(acting)
    with sqlite3.connect(home.database) as connection:  # noqa: TID251  # plants the damage
        connection.execute("UPDATE events SET payload = '{' WHERE kind = 'step_completed'")
    connection.close()

    page = console.get(f"/sessions/{session}").text
    log = console.get(f"/sessions/{session}.jsonl").text

    assert "Its story cannot be told" in page
    assert f"workrail session repair {session}" in page
    assert page.count("its content is not a JSON object that can be shown") >= 3
    assert "Run complete" in page
    assert any("problem" in json.loads(line) for line in log.splitlines())


def test_what_is_too_long_for_the_story_has_a_page(acting: Engine, console: TestClient) -> None:
    first = a_careful_look(acting)
    acting.advance(first.token, Submission(notes="word\n" * 5_000 + "the very end"))
    page = f"/sessions/{first.session_id}"

    story, step = console.get(page).text, console.get(f"{page}/steps/1").text

    assert "the very end" not in story
    assert f'href="{page}/steps/1">Show all of it' in story
    assert "the very end" in step
