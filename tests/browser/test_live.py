"""What changes shows by itself, and nobody loses their place."""

import shutil
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from looking import Watched, console, watched
from workrail_engine.demonstration.filling import opened
from workrail_engine.demonstration.ground import Ground
from workrail_engine.demonstration.tale import Tale, Turn
from workrail_engine.demonstration.telling import Teller, Telling
from workrail_engine.system import Locations, SystemClock

GOAL = "Convert the tables while someone watches"
TALE = Tale(goal=GOAL, workflow="acme.convert")
FIRST = Turn(notes="Four tables are left.", many={"tables": 4})
NOTES = Turn(notes="Converted and compared: every row is there.")
NOTHING = Turn(then="blocked")
MINE = "() => { document.activeElement.mine = true; }"
STILL_MINE = "() => document.activeElement.mine === true"


@dataclass
class Place:
    """A console, and an engine on the same store."""

    site: str
    teller: Teller


@pytest.fixture(name="place", scope="module")
def console_and_engine(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator[Place]:
    copy = tmp_path_factory.mktemp("live") / "home"
    shutil.copytree(home, copy)
    where = Locations.under(copy)
    with opened(where, SystemClock(), "live") as engine, console(copy) as site:
        yield Place(site, Teller(engine, Ground(copy / "work")))


@pytest.fixture(name="telling")
def session_that_goes_on(place: Place) -> Telling:
    telling = place.teller.begin(TALE, None)
    telling.take(FIRST)
    return telling


@pytest.fixture(name="live")
def window_on_it(browser: Browser, place: Place) -> Generator[Watched]:
    with browser.new_context(viewport={"width": 1280, "height": 700}) as context:
        yield watched(context.new_page(), place.site)


def follow(live: Watched, address: str) -> None:
    live.open(address)
    expect(live.page.locator("#live")).to_have_text("live")


@pytest.mark.rule("CON-189")
def test_a_row_changes_and_keeps_the_focus_the_place_and_what_is_open(
    live: Watched, telling: Telling
) -> None:
    page, row = live.page, f"#s-{telling.session_id}"
    follow(live, "/?all=1")
    page.locator("#facet-workflow > summary").click()
    page.locator(f"{row} a.goal-link").focus()
    page.evaluate(MINE)
    before = page.locator(row).inner_text()

    telling.take(NOTHING)
    expect(page.locator(f"{row} .status")).to_contain_text("blocked")

    assert page.locator(row).inner_text() != before
    assert page.evaluate(STILL_MINE)
    assert page.locator("#facet-workflow").get_attribute("open") is not None
    expect(page.locator(f"{row} a.goal-link")).to_be_in_viewport()
    assert live.said == []


@pytest.mark.rule("CON-189")
def test_what_is_selected_stays_selected_until_the_reader_asks_for_what_is_new(
    live: Watched, telling: Telling
) -> None:
    page, row = live.page, f"#s-{telling.session_id}"
    follow(live, "/?all=1")
    page.locator(f"{row} a.goal-link").select_text()
    selected = page.evaluate("() => String(getSelection())")

    telling.take(NOTHING)
    expect(page.locator("#news")).to_be_visible()
    kept = page.evaluate("() => String(getSelection())")
    unchanged = page.locator(f"{row} .status").inner_text()
    page.locator("#news").click()
    expect(page.locator(f"{row} .status")).to_contain_text("blocked")

    assert GOAL in selected
    assert kept == selected
    assert "running" in unchanged
    assert page.locator("#news").is_hidden()


@pytest.mark.rule("CON-189")
def test_a_session_grows_by_its_next_step_while_someone_reads_it(
    live: Watched, telling: Telling
) -> None:
    page = live.page
    follow(live, f"/sessions/{telling.session_id}")
    folds = page.locator("main details[id]:not([open]) > summary")
    name = folds.first.locator("xpath=..").get_attribute("id") if folds.count() else None
    if name is not None:
        page.locator(f"#{name} > summary").click()

    telling.take(NOTES)
    expect(page.locator("main")).to_contain_text("every row is there")

    assert name is None or page.locator(f"#{name}").get_attribute("open") is not None
    assert live.said == []


@pytest.mark.rule("CON-189")
def test_a_new_session_is_there_without_asking(live: Watched, telling: Telling) -> None:
    follow(live, "/?all=1")

    other = telling.teller.begin(TALE.model_copy(update={"goal": "One more"}), None)

    expect(live.page.locator(f"#s-{other.session_id}")).to_contain_text("One more")


@pytest.mark.rule("CON-189")
def test_who_pauses_is_shown_nothing_new_until_they_go_on(live: Watched, telling: Telling) -> None:
    page, status = live.page, f"#s-{telling.session_id} .status"
    follow(live, "/?all=1")
    page.keyboard.press("f")
    expect(page.locator("#live")).to_have_text("paused")

    telling.take(NOTHING)
    page.keyboard.press("f")

    expect(page.locator(status)).to_contain_text("blocked")


@pytest.mark.rule("CON-189")
def test_the_title_says_how_many_need_someone(live: Watched, telling: Telling) -> None:
    page = live.page
    follow(live, "/")
    before = page.title()

    telling.take(NOTHING)
    expect(page.locator(f"#need-{telling.session_id}")).to_be_visible()

    assert before.startswith("(")
    assert page.title() != before
