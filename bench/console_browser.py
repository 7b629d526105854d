"""What does someone who looks at the console in Chromium wait for?"""

import shutil
import sys
from statistics import median
from typing import Final

from console_store import Made, gone_on_with, ready
from figures import Figure, p50_p95
from material import notes
from playwright.sync_api import Browser, Page, expect, sync_playwright

from workrail_engine.engine import Submission, open_engine
from workrail_engine.system import Locations, SystemClock

PAINT_MS: Final = 400.0
VISIBLE_MS: Final = 500.0
_CHROMIUM: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_LONGEST_MS: Final = 30_000
_VISITS: Final = 7
_WRITES: Final = 30
_PAINTED: Final = """() => new Promise((tell) => new PerformanceObserver((seen) => {
  const [one] = seen.getEntriesByName('first-contentful-paint'); if (one) tell(one.startTime);
}).observe({type: 'paint', buffered: true}))"""
_WATCH: Final = """(text) => { window.seen = new Promise((tell) => {
  const look = () => document.querySelector('main').textContent.includes(text) && tell(Date.now());
  new MutationObserver(look).observe(document.body, {subtree: true, childList: true, characterData: true});
}); }"""


def in_chromium(where: Locations, port: int, store: Made) -> tuple[Figure, ...]:
    """First paint of the list and a session, and how soon a write is seen; nothing without Chromium."""
    program = next((found for name in _CHROMIUM if (found := shutil.which(name))), None)
    if program is None:
        print("  no Chromium on this machine: left out", file=sys.stderr)
        return ()
    site = f"http://127.0.0.1:{port}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        figures = (
            _paint(browser, "list", site),
            _paint(browser, "session of 41 steps", f"{site}/sessions/{store.usual}"),
            *_visible(browser, where, site, store),
        )
        browser.close()
    return figures


def _paint(browser: Browser, name: str, address: str) -> Figure:
    """Median of visits with nothing cached."""
    took: list[float] = []
    for _ in range(_VISITS):
        with browser.new_context() as context:
            page = context.new_page()
            page.goto(address)
            took.append(page.evaluate(_PAINTED))
    return Figure(f"first paint, {name}", median(took), "ms", PAINT_MS, samples=_VISITS)


def _visible(browser: Browser, where: Locations, site: str, store: Made) -> tuple[Figure, ...]:
    """From an answered step to its text on a page that is open, for the list and the session."""
    figures: list[Figure] = []
    with open_engine(where) as engine, browser.new_context() as context:
        outcome = gone_on_with(engine, store.watched)
        places = {"list": "/?all=1", "session": f"/sessions/{store.watched}"}
        for name, address in places.items():
            page = context.new_page()
            page.goto(site + address)
            expect(page.locator("#live")).to_have_text("live", timeout=_LONGEST_MS)
            took: list[float] = []
            for _ in range(_WRITES):
                number = outcome.step.number + 1
                awaited = f"Part {number}" if name == "list" else f"seen before part {number}."
                page.evaluate(_WATCH, awaited)
                text = f"{notes(number, 200)} seen before part {number}."
                outcome = ready(engine.advance(outcome.token, Submission(notes=text)))
                took.append(_until_seen(page))
            middle, high = p50_p95(f"write to visible, {name}", took)
            figures += [middle, Figure(high.name, high.value, "ms", VISIBLE_MS, samples=_WRITES)]
            page.close()
    return tuple(figures)


def _until_seen(page: Page) -> float:
    """Seconds from now to the moment the page had it; less than nothing where that was before."""
    written = SystemClock().now().timestamp()
    return max(page.evaluate("() => window.seen") / 1000 - written, 0.0)
