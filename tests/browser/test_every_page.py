"""What must hold for each page of the console, looked at in Chromium."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import pytest

from looking import Watched, objections

PAGES = (
    "sessions",
    "sessions, all",
    "sessions, blocked",
    "sessions, none",
    "session",
    "session, outline",
    "session, timeline",
    "session, events",
    "session, context",
    "session, artifacts",
    "session, proofs",
    "session, raw",
    "session, graph",
    "reviewed",
    "blocked",
    "waiting",
    "forked",
    "long",
    "damaged",
    "run, in a tool",
    "run, healed",
    "run, stuck",
    "run, out of budget",
    "run, asking",
    "run, incomplete",
    "run, timeline",
    "runs, tree",
    "hostile",
    "hostile, context",
    "hostile, artifacts",
    "hostile, events",
    "step",
    "work unit",
    "search",
    "search, found",
    "search, none",
    "workflows",
    "workflow",
    "definition",
    "difference",
    "proofs",
    "proof",
    "health",
    "docs",
    "nowhere",
)
WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
TOO_WIDE = """() => [...document.querySelectorAll('main *')]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
  .filter((one) => { for (let up = one; up; up = up.parentElement)
    if (getComputedStyle(up).overflowX !== 'visible') return false; return true; })
  .slice(0, 5).map((one) => one.outerHTML.slice(0, 120))"""


def test_the_pages_that_are_looked_at_are_those_there_are(addresses: Mapping[str, str]) -> None:
    assert set(PAGES) == set(addresses)


@pytest.mark.rule("CON-184")
@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_nothing_axe_objects_to_in_either_theme(
    name: str, addresses: Mapping[str, str], window: Watched
) -> None:
    window.page.emulate_media(color_scheme="light")
    window.open(addresses[name])
    in_light = objections(window.page)
    window.page.emulate_media(color_scheme="dark")
    in_dark = objections(window.page, ["color-contrast"])

    assert in_light == []
    assert in_dark == []


@pytest.mark.rule("CON-185")
@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_nobody_else_and_breaks_no_rule_of_its_own(
    name: str, addresses: Mapping[str, str], window: Watched
) -> None:
    status = window.open(addresses[name])
    window.page.wait_for_load_state("load")

    strangers = [
        one for one in window.asked if urlsplit(one).netloc != urlsplit(window.site).netloc
    ]
    failed = "Failed to load resource: the server responded with a status of"
    own = [line for line in window.said if status < 400 or not line.startswith(failed)]
    assert strangers == []
    assert own == []
    assert status == (404 if name == "nowhere" else 200)


@pytest.mark.rule("CON-186")
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_a_phone(name: str, addresses: Mapping[str, str], window: Watched) -> None:
    window.page.set_viewport_size({"width": 390, "height": 844})
    window.open(addresses[name])

    assert window.page.evaluate(TOO_WIDE) == []
    assert window.page.evaluate(WIDE) <= 0


@pytest.mark.rule("CON-187")
@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_read_without_javascript(
    name: str, addresses: Mapping[str, str], plain: Watched
) -> None:
    plain.open(addresses[name])

    assert plain.page.locator("h1").count() == 1
    assert len(plain.page.locator("main").inner_text()) > 40
    dead = "main button:visible:not([type=submit]):not([popovertarget]):not(form button)"
    assert plain.page.locator(dead).count() == 0
