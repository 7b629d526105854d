"""What people type finds what they mean, whatever they type and however common it is."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workrail_engine.projections.resume_ranking import ResumeAsk, rank, words_of
from workrail_engine.reader import open_reader
from workrail_engine.session.events import Workspace
from workrail_engine.session.state import Status
from workrail_engine.store import word_pages, word_search
from workrail_engine.store.parts import parts_of, parts_wanted
from workrail_engine.store.sql_store import SqlStore, open_store
from workrail_engine.testing.session_script import PINNED, PINNED_HASH, Sent, SessionScript
from workrail_engine.testing.world import MORNING, SeededEntropy


def add(store: SqlStore, goal: str, *notes: str, where: Workspace | None = None) -> SessionScript:
    name = f"{store.sightings(ResumeAsk()).sessions}"
    script = SessionScript(name, goal, where, began=MORNING + timedelta(hours=int(name)))
    store.commit(script.start())
    for text in notes:
        store.commit(script.complete(Sent(notes=text)))
    return script


def found(store: SqlStore, query: str, repository: str | None = None) -> list[str]:
    ask = ResumeAsk(query=query, repository=repository)
    return [one.summary.goal for one in rank(ask, store.sightings(ask).found)]


@pytest.mark.rule("STORE-49")
@pytest.mark.parametrize("query", ["pars", "parser", "parsers", "parsing", "PARSED"])
def test_a_word_is_found_by_its_beginning_and_by_its_stem(store: SqlStore, query: str):
    add(store, "Mend the parser")
    add(store, "Paint the shed")

    assert found(store, query) == ["Mend the parser"]


@pytest.mark.rule("STORE-49")
def test_a_stem_is_only_tried_where_the_word_itself_is_nowhere(store: SqlStore):
    add(store, "Failing uploads")
    add(store, "A failure at night")

    assert found(store, "failing") == ["Failing uploads"]


def test_a_quoted_phrase_is_found_only_where_its_words_stand_together(store: SqlStore):
    add(store, "A stale price")
    add(store, "The price of a stale loaf")

    assert found(store, '"stale price"') == ["A stale price"]
    assert set(found(store, "stale price")) == {"A stale price", "The price of a stale loaf"}
    assert words_of('a "Stale  price" b') == ("a", "stale price", "b")


QUERIES = st.text(
    alphabet=st.one_of(
        st.sampled_from("\"*^():+-{}.,_%\\'~<>=&|! \x00\n"),
        st.sampled_from("abcäßλ漢9"),
        st.characters(codec="utf-8"),
    ),
    max_size=40,
) | st.lists(
    st.sampled_from(["AND", "OR", "NOT", "NEAR(", "goal:", '"', "x*", "^x", "(", ")", "plain", "_"])
).map(" ".join)


@pytest.mark.rule("STORE-48")
@settings(max_examples=150, deadline=None)
@given(query=QUERIES)
def test_nothing_that_is_typed_is_an_error(tmp_path_factory: pytest.TempPathFactory, query: str):
    path = tmp_path_factory.getbasetemp() / "typed" / "sessions.db"
    with open_store(path, SeededEntropy()) as store:
        if not store.sightings(ResumeAsk()).sessions:
            store.pin(PINNED_HASH, PINNED)
            add(store, "Plain work with x")
        assert store.sightings(ResumeAsk(query=query)).sessions == 1
        with open_reader(path) as reader:
            assert reader.sessions(query=query).total <= 1


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store in which twelve pieces are many."""
    monkeypatch.setattr(word_search, "MOST", 12)
    monkeypatch.setattr(word_search, "_ENOUGH", 3)


@pytest.mark.usefixtures("few")
def test_of_a_common_word_the_newest_are_found_and_that_there_are_more_is_said(
    store: SqlStore, place: Path | str
):
    for number in range(20):
        add(store, f"Repair {number}")

    seen = store.sightings(ResumeAsk(query="repair"))

    assert (seen.total, seen.more) == (12, True)
    assert {one.summary.goal for one in seen.found} == {f"Repair {n}" for n in range(8, 20)}
    with open_reader(place) as reader:
        page = reader.sessions(query="repair", limit=15)
    assert [one.goal for one in page.sessions] == [f"Repair {n}" for n in range(19, 4, -1)]
    assert (page.total, page.more) == (16, True)
    assert page.next_before is not None


@pytest.mark.usefixtures("few")
@pytest.mark.rule("STORE-16")
def test_with_a_rare_word_beside_it_a_common_word_hides_nothing_old(store: SqlStore):
    add(store, "Repair the lighthouse")
    add(store, "Repair the lamp", "It was the lighthouse after all.")
    for number in range(20):
        add(store, f"Repair {number}")

    seen = store.sightings(ResumeAsk(query="repair lighthouse"))

    assert found(store, "repair lighthouse") == ["Repair the lighthouse", "Repair the lamp"]
    assert (seen.total, seen.more) == (2, False)


@pytest.mark.usefixtures("few")
@pytest.mark.rule("STORE-16")
def test_two_common_words_that_meet_in_one_old_session_find_it(store: SqlStore):
    add(store, "Repair the shed", "Then I painted it.")
    for number in range(15):
        add(store, f"Repair {number}")
        add(store, f"Painted {number}")

    assert found(store, "repair painted") == ["Repair the shed"]


@pytest.mark.usefixtures("few")
@pytest.mark.rule("STORE-16")
def test_a_common_word_in_a_small_repository_finds_its_old_sessions(store: SqlStore):
    add(store, "Repair here", where=Workspace("/w/small", "/w/small"))
    for number in range(20):
        add(store, f"Repair {number}")

    assert found(store, "repair", "/w/small") == ["Repair here"]
    assert found(store, "repair", "small") == ["Repair here"]


@pytest.mark.usefixtures("few")
def test_when_no_session_has_all_words_the_rare_ones_lead(store: SqlStore):
    for number in range(20):
        add(store, f"Repair {number}")
    add(store, "Feed the heron")
    add(store, "Newer repair")

    assert found(store, "repair heron")[0] == "Feed the heron"


def listed(place: Path | str, query: str, limit: int, status: Status | None = None) -> list[str]:
    """The goals of all pages, one after another."""
    goals: list[str] = []
    before: str | None = None
    with open_reader(place) as reader:
        while True:
            page = reader.sessions(limit, before, status, query)
            goals += [one.goal for one in page.sessions]
            assert page.total >= len(page.sessions)
            before = page.next_before
            if before is None:
                return goals


@pytest.mark.usefixtures("few")
@pytest.mark.rule("STORE-70")
@pytest.mark.parametrize("visited", [0, 6, 6_000])
def test_pages_of_a_common_word_show_each_session_once_in_the_order_of_the_list(
    store: SqlStore, place: Path | str, monkeypatch: pytest.MonkeyPatch, visited: int
):
    monkeypatch.setattr(word_pages, "_MOST_VISITED", visited)
    monkeypatch.setattr(word_pages, "_NEAR", 1)
    scripts = [add(store, f"Repair {n}" if n % 3 else f"Paint {n}") for n in range(40)]
    for number in (1, 20, 2, 9):  # work on some old ones goes on
        scripts[number].at += timedelta(hours=50 + number)
        store.commit(scripts[number].complete(Sent(notes="More of it.")))

    everything = listed(place, "", 7)
    assert len(everything) == 40
    assert everything[0] not in ("Paint 39", "Repair 39")
    assert listed(place, "repair", 5) == [goal for goal in everything if "Repair" in goal]
    assert set(listed(place, "repair more", 2)) == {"Repair 1", "Repair 2", "Repair 20"}


@pytest.mark.usefixtures("few")
@pytest.mark.rule("STORE-70")
def test_a_status_hides_no_old_session_that_speaks_of_a_common_word(
    store: SqlStore, place: Path | str
):
    old = add(store, "Repair the shed")
    store.commit(old.block())
    for number in range(20):
        add(store, f"Repair {number}")

    assert listed(place, "repair", 5, "blocked") == ["Repair the shed"]


@pytest.mark.usefixtures("few")
@pytest.mark.rule("STORE-16")
def test_a_long_session_does_not_hide_the_others(store: SqlStore, place: Path | str):
    for number in range(5):
        add(store, f"Heron {number}")
    add(store, "A long one", *(f"The heron, day {day}." for day in range(40)))

    assert found(store, "heron")[0] == "A long one"
    assert set(found(store, "heron")) == {"A long one", *(f"Heron {n}" for n in range(1, 5))}
    assert listed(place, "heron", 2) == ["A long one", *(f"Heron {n}" for n in (4, 3, 2, 1, 0))]


LINE = Workspace("/w/shop", "/w/shop", "fix/TICKET-7421_b")


@pytest.mark.rule("STORE-49")
@pytest.mark.parametrize(
    "query",
    ["thenti", "AUTHENTIC", "enti icat", "gast", "äste", "icket", "421", "b", '"ted ga"', "ixt"],
)
def test_the_middle_of_a_word_is_found_in_what_a_list_shows(
    store: SqlStore, place: Path | str, query: str
):
    add(store, "Unauthenticated Gäste", where=LINE)
    add(store, "Something else", where=Workspace("/w/shop", "/w/shop", "main"))

    expected = [] if query == "ixt" else ["Unauthenticated Gäste"]
    assert found(store, query) == expected
    assert listed(place, query, 5) == expected


@pytest.mark.usefixtures("few")
@pytest.mark.rule("STORE-70")
def test_the_middle_of_a_word_that_all_goals_have_is_listed_to_the_end(
    store: SqlStore, place: Path | str
):
    for number in range(20):
        add(store, f"Repair {number}")

    seen = store.sightings(ResumeAsk(query="epai"))

    assert (seen.total, seen.more) == (12, True)
    assert listed(place, "epai", 4) == [f"Repair {n}" for n in range(19, -1, -1)]


@given(text=st.text(max_size=30), at=st.integers(0, 30), size=st.integers(3, 9))
def test_any_piece_of_a_text_has_parts_that_follow_one_another_in_it(text: str, at: int, size: int):
    held = parts_of("first", text, "last").split()
    wanted, goes_on = parts_wanted(text[at : at + size])

    assert goes_on or any(held[start : start + len(wanted)] == wanted for start in range(len(held)))


def test_a_piece_that_reaches_from_one_text_into_the_next_is_not_held():
    held = " ".join(parts_of("mend the shed", "paint").split())

    assert " ".join(parts_wanted("shed paint")[0]) not in held
    assert " ".join(parts_wanted("edpa")[0]) not in held
