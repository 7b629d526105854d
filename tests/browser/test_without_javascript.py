"""Everything works where scripts are off."""

from collections.abc import Mapping

import pytest

from looking import Watched


@pytest.mark.rule("CON-187")
def test_a_search_is_sent_and_answered(plain: Watched) -> None:
    plain.open("/search")

    plain.page.locator("main input[type=search]").fill("ledger")
    plain.page.locator("main input[type=search]").press("Enter")
    plain.page.wait_for_url("**q=ledger*")

    assert plain.page.locator("main mark").count() > 0
    assert plain.page.get_by_text("The ledger knows two providers").count() > 0


@pytest.mark.rule("CON-187")
def test_the_list_is_filtered_by_links(plain: Watched) -> None:
    plain.open("/?all=1")
    everything = plain.page.locator("tr.row").count()

    plain.page.locator("nav.filters a.blocked").click()
    plain.page.wait_for_url("**status=blocked*")

    assert 0 < plain.page.locator("tr.row").count() < everything


@pytest.mark.rule("CON-187")
def test_what_is_folded_unfolds_and_what_needs_scripts_is_not_offered(
    plain: Watched, addresses: Mapping[str, str]
) -> None:
    plain.open(addresses["forked"])
    fold = plain.page.locator("main details:not([open]) > summary").first

    fold.click()

    assert plain.page.locator("main details[open]").count() > 0
    assert plain.page.locator("#live, #keys, #news").locator("visible=true").count() == 0


@pytest.mark.rule("CON-187")
def test_each_view_of_a_session_is_a_link(plain: Watched, addresses: Mapping[str, str]) -> None:
    plain.open(addresses["session"])
    views = plain.page.locator("nav.views a")
    names = [one.strip().lower() for one in views.all_inner_texts()]

    for place in range(len(names)):
        plain.page.locator("nav.views a").nth(place).click()
        plain.page.wait_for_load_state("load")
        assert plain.page.locator("nav.views a[aria-current]").count() == 1

    assert len(names) >= 7
