"""A console over made-up sessions, and a real browser that looks at it.

Where there is no Chromium these tests are skipped, and say so. What drives it keeps an event loop running
in this thread, which tests of other modules want for themselves: it ends with each module.
"""

from collections.abc import Generator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from looking import Watched, addresses, browser, chromium, console, watched
from workrail_console.demo import made_up_store
from workrail_engine.demonstration.landmarks import Landmarks, landmarks
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations


@pytest.fixture(name="browser", scope="module")
def chromium_of_this_machine() -> Generator[Browser]:
    program = chromium()
    if program is None:
        pytest.skip("no Chromium on this machine; install the package chromium")
    with browser(program) as started:
        yield started


@pytest.fixture(name="home", scope="session")
def made_up_home() -> Generator[Path]:
    with made_up_store(lambda _line: None, every=0) as home:
        yield home


@pytest.fixture(name="marks", scope="session")
def landmarks_of_it(home: Path) -> Landmarks:
    with open_reader(Locations.under(home)) as reader:
        return landmarks(reader)


@pytest.fixture(name="site", scope="session")
def console_over_it(home: Path) -> Generator[str]:
    with console(home) as address:
        yield address


@pytest.fixture(name="addresses", scope="session")
def addresses_by_name(marks: Landmarks) -> Mapping[str, str]:
    return addresses(marks)


@pytest.fixture(name="tab", scope="module")
def tab_of_a_desktop(browser: Browser, site: str) -> Generator[Watched]:
    with browser.new_context() as context:
        yield watched(context.new_page(), site)


@pytest.fixture(name="window")
def window_of_a_desktop(tab: Watched) -> Watched:
    """A tab as if it had just been opened: making another one for each test takes long."""
    tab.page.goto("about:blank")
    tab.page.set_viewport_size({"width": 1280, "height": 900})
    tab.page.emulate_media(color_scheme="light")
    tab.asked.clear()
    tab.said.clear()
    return tab


@pytest.fixture(name="plain", scope="module")
def window_without_javascript(browser: Browser, site: str) -> Generator[Watched]:
    with browser.new_context(java_script_enabled=False) as context:
        yield watched(context.new_page(), site)
