"""Which sessions a request to resume finds, among all there are."""

from datetime import timedelta
from pathlib import Path

import pytest

from workrail_engine.projections.resume_ranking import RankedSession, ResumeAsk, rank
from workrail_engine.session.events import Workspace
from workrail_engine.store.database import open_for_writing
from workrail_engine.store.sql_store import SqlStore
from workrail_engine.testing.session_script import Sent, SessionScript
from workrail_engine.testing.world import MORNING


def add(
    store: SqlStore,
    name: str,
    goal: str,
    *notes: str,
    where: Workspace | None = None,
    hours: int = 0,
) -> SessionScript:
    script = SessionScript(name, goal, where, began=MORNING + timedelta(hours=hours))
    store.commit(script.start())
    for text in notes:
        store.commit(script.complete(Sent(notes=text)))
    return script


def found(store: SqlStore, ask: ResumeAsk) -> list[str]:
    return [one.summary.goal for one in ranked(store, ask)]


def ranked(store: SqlStore, ask: ResumeAsk) -> tuple[RankedSession, ...]:
    return rank(ask, store.sightings(ask).found)


def test_without_a_question_the_newest_come_first(store: SqlStore):
    add(store, "old", "Old work", hours=1)
    add(store, "new", "New work", hours=2)

    answer = ranked(store, ResumeAsk())

    assert [one.summary.goal for one in answer] == ["New work", "Old work"]
    assert answer[0].why == ("it changed recently",)
    assert answer[0].snippet == "New work"


def test_an_id_stands_for_itself(store: SqlStore):
    meant = add(store, "meant", "Fix the upload")
    add(store, "other", "Fix the upload", hours=3)

    (answer,) = ranked(store, ResumeAsk(session_id=meant.session_id, query="nonsense"))

    assert answer.summary.session_id == meant.session_id
    assert answer.why == ("it has the id you gave",)


def test_words_are_found_in_goals_notes_artifacts_and_titles(store: SqlStore):
    add(store, "goal", "Repair the pagination")
    add(store, "notes", "Something else", "It was the PAGINATION after all, see the cursor.")
    artifact = SessionScript("artifact", "Third thing")
    store.commit(artifact.start())
    store.commit(artifact.complete(Sent(artifacts=({"kind": "test.x", "area": "pagination"},))))
    add(store, "none", "Unrelated")

    assert set(found(store, ResumeAsk(query="pagination"))) == {
        "Repair the pagination",
        "Something else",
        "Third thing",
    }
    assert len(found(store, ResumeAsk(query="Step"))) == 4


@pytest.mark.rule("STORE-76")
def test_what_waits_for_a_person_is_found_by_its_notes_and_artifacts(store: SqlStore):
    script = SessionScript("waits", "Something to decide")
    plan = {"kind": "test.plan", "risk": "flooding"}
    checked = Sent(notes="Move the pagination.", artifacts=(plan,), checks=({"text": "quokka"},))
    store.commit(script.start())
    store.commit(script.wait(checked))
    add(store, "other", "Unrelated")

    (answer,) = ranked(store, ResumeAsk(query="pagination flooding"))
    assert (answer.summary.status, answer.snippet) == ("waiting", "Move the pagination.")
    assert found(store, ResumeAsk(query="quokka")) == []

    store.commit(script.approve("Go."))
    assert found(store, ResumeAsk(query="pagination flooding")) == ["Something to decide"]


def test_the_beginning_of_a_word_is_enough_and_accents_do_not_matter(store: SqlStore):
    add(store, "one", "Authentication für Gäste")

    assert found(store, ResumeAsk(query="authent gaste")) == ["Authentication für Gäste"]


def test_the_middle_of_a_word_is_found_where_nothing_better_is(store: SqlStore):
    add(store, "one", "Unauthenticated uploads")

    (answer,) = ranked(store, ResumeAsk(query="authent"))

    assert answer.summary.goal == "Unauthenticated uploads"
    assert answer.why == ('it speaks of "authent"',)


def test_words_may_lie_in_different_steps(store: SqlStore):
    add(store, "both", "Login fails", "The session cookie is dropped.")
    add(store, "half", "Login page colours")

    assert found(store, ResumeAsk(query="login cookie")) == ["Login fails"]


def test_when_no_session_has_all_words_those_with_some_are_offered(store: SqlStore):
    add(store, "half", "Login page colours")

    assert found(store, ResumeAsk(query="login walrus")) == ["Login page colours"]
    assert found(store, ResumeAsk(query="walrus")) == []


def test_a_goal_that_says_it_beats_notes_that_mention_it(store: SqlStore):
    add(store, "goal", "Speed up checkout")
    add(store, "notes", "Anything", "Then I looked at the checkout as well, briefly.", hours=5)

    assert found(store, ResumeAsk(query="checkout")) == ["Speed up checkout", "Anything"]


def test_the_snippet_shows_the_words(store: SqlStore):
    add(store, "long", "Anything", "word " * 100 + "and then the walrus appeared " + "word " * 100)

    (answer,) = ranked(store, ResumeAsk(query="walrus"))

    assert "the walrus appeared" in answer.snippet
    assert answer.snippet.startswith("… ")
    assert answer.snippet.endswith(" …")
    assert len(answer.snippet) < 260


def test_branch_and_repository_narrow_each_other_down(store: SqlStore):
    here = Workspace("/w/shop", "/w/shop", "fix/upload")
    add(store, "a", "Here", where=here)
    add(store, "b", "Same branch elsewhere", where=Workspace("/w/blog", "/w/blog", "fix/upload"))
    add(store, "c", "Same repository", where=Workspace("/w/shop/api", "/w/shop", "main"))

    both = ranked(store, ResumeAsk(branch="fix/upload", repository="/w/shop/"))
    assert [one.summary.goal for one in both] == ["Here"]
    assert both[0].why == ("it began on branch fix/upload", "it works in /w/shop/")
    assert set(found(store, ResumeAsk(repository="shop"))) == {"Here", "Same repository"}
    assert found(store, ResumeAsk(repository="/w/shop/api")) == ["Same repository"]
    assert len(found(store, ResumeAsk(branch="main", repository="/w/blog"))) == 2
    assert found(store, ResumeAsk(repository="%")) == []


def test_words_in_the_right_repository_come_before_the_same_words_elsewhere(store: SqlStore):
    add(store, "a", "Cache is stale", where=Workspace("/w/shop", "/w/shop"))
    add(store, "b", "Cache is stale", where=Workspace("/w/blog", "/w/blog"), hours=9)

    (answer,) = ranked(store, ResumeAsk(query="cache", repository="/w/shop"))

    assert answer.summary.repository == "/w/shop"


@pytest.mark.rule("STORE-16")
def test_the_oldest_of_many_sessions_is_found(store: SqlStore):
    add(store, "first", "The walrus problem")
    for number in range(300):
        add(store, f"n{number}", f"Routine work {number}", hours=1 + number)

    ask = ResumeAsk(query="walrus")

    assert found(store, ask) == ["The walrus problem"]
    everything = store.sightings(ResumeAsk(query="routine"))
    assert (everything.total, everything.sessions) == (300, 301)


@pytest.mark.parametrize(
    "query", ['"', "*", "a AND", "NEAR(", "(x", "goal:x", "-", "'; --", "\x00"]
)
def test_a_query_is_never_read_as_search_syntax(store: SqlStore, query: str):
    add(store, "one", "Plain work")

    assert store.sightings(ResumeAsk(query=query)).sessions == 1


def test_a_session_whose_text_is_damaged_is_still_found(store: SqlStore, place: Path | str):
    add(store, "one", "The walrus problem")
    opened = open_for_writing(place)
    with opened.writing() as connection:
        connection.exec_driver_sql("UPDATE events SET payload = '{'")
    opened.close()

    assert ranked(store, ResumeAsk(query="walrus"))[0].snippet == "The walrus problem"


def test_a_text_of_hundreds_of_thousands_of_words_is_kept_and_found_by_its_first(store: SqlStore):
    long = " ".join(f"walrus{number:x}" for number in range(150_000))
    script = add(store, "long", "Anything", f"beginning {long} \x00 {'x' * 5_000} 'quoted' \\ :*")

    assert found(store, ResumeAsk(query="beginning")) == ["Anything"]
    assert store.head(script.session_id).event_count == 4
