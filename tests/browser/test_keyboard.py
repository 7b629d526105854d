"""Someone without a mouse gets everywhere, and sees where they are."""

from collections.abc import Mapping

import pytest

from looking import Watched

FOCUSED = "document.activeElement"
OUTLINED = f"""() => {{ const style = getComputedStyle({FOCUSED});
  return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0; }}"""
WHERE = f"() => {FOCUSED} === document.body ? '' : {FOCUSED}.outerHTML.slice(0, 90)"
STOPS = """() => [...document.querySelectorAll(
  'a[href],button,input,select,summary,textarea,[tabindex="0"]')]
  .filter((one) => one.checkVisibility({visibilityProperty: true}) && !one.disabled
    && one.tabIndex >= 0 && one.type !== 'hidden').length"""


@pytest.mark.rule("CON-188")
def test_a_tour_needs_no_mouse(window: Watched) -> None:
    page, press = window.page, window.page.keyboard.press
    window.open("/")
    press("Tab")
    assert page.evaluate(f"() => {FOCUSED}.className") == "skip"
    press("Enter")
    assert page.url.endswith("#main")

    press("j")
    assert page.evaluate(f"() => !!{FOCUSED}.closest('.row')")
    press("Enter")
    page.wait_for_url("**/sessions/sess_*")
    press("2")
    page.wait_for_url("**view=*")
    press("u")
    page.wait_for_url(lambda url: "view=" not in url)

    window.open("/")
    press("/")
    assert page.evaluate(f"() => {FOCUSED}.type") == "search"
    page.keyboard.type("ledger")
    press("Enter")
    page.wait_for_url("**q=ledger*")
    assert page.locator("main").get_by_text("The ledger knows two providers").count() > 0


@pytest.mark.rule("CON-188")
def test_trouble_is_gone_through_with_n_and_p(window: Watched) -> None:
    page, press = window.page, window.page.keyboard.press
    window.open("/")

    press("n")
    first = page.evaluate(f"() => {FOCUSED}.closest('.trouble').id")
    press("n")
    second = page.evaluate(f"() => {FOCUSED}.closest('.trouble').id")
    press("p")

    assert first != second
    assert page.evaluate(f"() => {FOCUSED}.closest('.trouble').id") == first


@pytest.mark.rule("CON-188")
def test_the_keys_are_told_and_the_list_of_them_closes(window: Watched) -> None:
    page, press = window.page, window.page.keyboard.press
    window.open("/")

    press("?")
    assert page.locator("dialog#help").is_visible()
    press("Escape")

    assert page.locator("dialog#help").is_hidden()


@pytest.mark.rule("CON-188")
def test_keys_that_are_typed_into_a_field_are_text(window: Watched) -> None:
    page = window.page
    window.open("/")
    page.locator("input[type=search]").first.focus()

    page.keyboard.type("/jn?u2")

    assert page.locator("input[type=search]").first.input_value() == "/jn?u2"
    assert page.url.endswith("/")


@pytest.mark.rule("CON-188")
def test_keys_of_the_browser_are_left_to_it(window: Watched) -> None:
    page = window.page
    window.open("/")
    page.evaluate(
        "() => addEventListener('keydown', (e) => { window.taken = e.defaultPrevented; })"
    )

    for keys in ("Control+f", "Alt+j", "Meta+c", "Enter", "Space"):
        page.keyboard.press(keys)
        assert page.evaluate("() => window.taken") is False, keys


@pytest.mark.rule("CON-188")
@pytest.mark.parametrize("name", ["sessions", "blocked", "workflow", "search, found", "health"])
def test_tab_reaches_everything_and_shows_where_it_is(
    name: str, addresses: Mapping[str, str], window: Watched
) -> None:
    page = window.page
    window.open(addresses[name])
    stops: int = page.evaluate(STOPS)

    seen: set[str] = set()
    for _ in range(stops):
        page.keyboard.press("Tab")
        assert page.evaluate(OUTLINED), page.evaluate(WHERE)
        seen.add(page.evaluate(WHERE))
    page.keyboard.press("Tab")

    assert len(seen) > 5
    assert page.evaluate(WHERE) in ("", *seen)
