"""The tree of a piece of work, over a real store."""

import sqlite3

import pytest
from fastapi.testclient import TestClient

from workrail_console.app import create_app
from workrail_engine.engine import Engine, StartRequest, Submission
from workrail_engine.outcomes import StepReady
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations, SystemClock


def begin(engine: Engine, goal: str, parent: str | None = None) -> StepReady:
    outcome = engine.start(StartRequest("careful", goal, parent_session_id=parent))
    assert isinstance(outcome, StepReady)
    return outcome


@pytest.mark.rule("CON-40")
def test_every_session_of_a_tree_is_a_row_whichever_is_asked_for(
    acting: Engine, console: TestClient
) -> None:
    root = begin(acting, "The whole <i>thing</i>").session_id
    part = begin(acting, "A part", root).session_id
    small = begin(acting, "A small part", part)
    acting.advance(small.token, Submission())
    for asked in (root, part, small.session_id):
        page = console.get(f"/units/{asked}").text
        found = console.get(f"/units/{asked}.json").json()

        assert [line["listed"]["summary"]["goal"] for line in found["lines"]] == [
            "The whole <i>thing</i>",
            "A part",
            "A small part",
        ]
        assert [line["depth"] for line in found["lines"]] == [0, 1, 2]
        assert found["asked"] == asked
        assert "3 sessions on 3 levels" in page
        assert "The whole &lt;i&gt;thing" in page
        for session_id in (root, part, small.session_id):
            assert f'<tr id="s-{session_id}"' in page
        assert page.count('aria-current="true"') == 1


@pytest.mark.rule("CON-40")
def test_the_states_below_a_session_are_rolled_up_with_icon_and_word(
    acting: Engine, console: TestClient
) -> None:
    root = begin(acting, "The whole").session_id
    begin(acting, "Goes on", root)
    acting.advance(begin(acting, "Is stuck", root).token, Submission())

    page = console.get(f"/units/{root}").text
    row = page.split(f'id="s-{root}"')[1].split("</tr>")[0]

    assert '<span aria-hidden="true">✕</span> 1 blocked' in row
    assert '<span aria-hidden="true">▶</span> 1 running' in row
    assert "Which session" not in page


@pytest.mark.rule("CON-40")
def test_a_parent_that_is_not_stored_is_said(
    acting: Engine, home: Locations, console: TestClient
) -> None:
    root = begin(acting, "The whole").session_id
    part = begin(acting, "A part", root).session_id
    gone = "sess_" + "z" * 26
    with sqlite3.connect(home.database) as connection:  # noqa: TID251  # plants a missing parent
        connection.execute(
            "UPDATE sessions SET parent_session_id = ? WHERE session_id = ?", (gone, part)
        )
    connection.close()

    page = console.get(f"/units/{part}").text

    assert "Its parent is not in this store" in page
    assert gone in page


@pytest.mark.rule("CON-40")
def test_a_circle_of_parents_ends_and_is_said(
    acting: Engine, home: Locations, console: TestClient
) -> None:
    root = begin(acting, "The whole").session_id
    part = begin(acting, "A part", root).session_id
    with sqlite3.connect(home.database) as connection:  # noqa: TID251  # plants a circle
        connection.execute(
            "UPDATE sessions SET parent_session_id = ? WHERE session_id = ?", (part, root)
        )
    connection.close()

    answer = console.get(f"/units/{part}")

    assert answer.status_code == 200
    assert "A session is its own ancestor" in answer.text


@pytest.mark.rule("CON-40")
def test_a_damaged_record_in_a_tree_keeps_its_row_and_says_so(
    acting: Engine, home: Locations
) -> None:
    root = begin(acting, "The whole").session_id
    part = begin(acting, "A part", root).session_id
    with sqlite3.connect(home.database) as connection:  # noqa: TID251  # plants the damage
        connection.execute(
            "UPDATE events SET payload = '{' WHERE session ="
            " (SELECT number FROM sessions WHERE session_id = ?)",
            (part,),
        )
    connection.close()
    app = create_app(lambda: open_reader(home), SystemClock())
    with open_reader(home) as reader:
        for line in reader.sessions().sessions:
            app.state.context.integrity.check(reader, line.session_id, line.event_count)
    page = TestClient(app, base_url="http://127.0.0.1:3456").get(f"/units/{root}").text

    hurt, whole = (page.split(f'id="s-{one}"')[1].split("</tr>")[0] for one in (part, root))
    assert "The record is damaged" in hurt
    assert "damaged" not in whole


def test_a_session_alone_is_a_unit_of_one(acting: Engine, console: TestClient) -> None:
    page = console.get(f"/units/{begin(acting, 'Alone').session_id}").text

    assert "1 session: " in page


@pytest.mark.parametrize("text", ["sess_" + "a" * 26, "nonsense", "%00", "..%2f..%2fetc%2fpasswd"])
def test_a_unit_of_no_session_is_a_page_that_says_so(
    acting: Engine, console: TestClient, text: str
) -> None:
    begin(acting, "Something else")

    assert console.get(f"/units/{text}").status_code == 404
    assert console.get(f"/units/{text}.json").status_code == 404
