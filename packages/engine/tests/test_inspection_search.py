"""A search says which sessions speak of the words, where in them, and shows the words."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workrail_engine.canonical import JsonObject
from workrail_engine.errors import InvalidInputError
from workrail_engine.projections.findings import Finding, FoundSession, SearchAsk, SearchPage
from workrail_engine.reader import Reader, open_reader
from workrail_engine.session.events import Workspace
from workrail_engine.store import utterances, word_search
from workrail_engine.store.database import open_for_writing
from workrail_engine.store.snippets import Marker
from workrail_engine.store.sql_store import SqlStore, open_store
from workrail_engine.store.wanted import Term
from workrail_engine.system import Locations
from workrail_engine.testing.session_script import PINNED, PINNED_HASH, Sent, SessionScript
from workrail_engine.testing.world import MORNING, SeededEntropy


@pytest.fixture
def store(locations: Locations) -> Iterator[SqlStore]:
    with open_store(locations.store, SeededEntropy()) as opened:
        opened.pin(PINNED_HASH, PINNED)
        yield opened


@pytest.fixture
def reader(locations: Locations, store: SqlStore) -> Iterator[Reader]:
    with open_reader(locations) as opened:
        yield opened


def add(
    store: SqlStore,
    goal: str,
    *said: str | JsonObject,
    where: Workspace | None = None,
    hours: int = 0,
) -> SessionScript:
    script = SessionScript(goal, goal, where, began=MORNING + timedelta(hours=hours))
    store.commit(script.start())
    for one in said:
        sent = Sent(notes=one) if isinstance(one, str) else Sent(notes=None, artifacts=(one,))
        store.commit(script.complete(sent))
    return script


def search(reader: Reader, words: str) -> SearchPage:
    return reader.inspection.search(SearchAsk(words))


def goals(page: SearchPage) -> list[str]:
    return [one.summary.goal for one in page.found]


def only(page: SearchPage) -> FoundSession:
    (one,) = page.found
    return one


def marked(finding: Finding) -> str:
    return "".join(f"[{piece.text}]" if piece.hit else piece.text for piece in finding.snippet)


def told(page: SearchPage) -> list[tuple[str, int | None, str]]:
    return [(f.spot, f.node_id, marked(f)) for f in only(page).findings]


@pytest.mark.rule("CON-95")
def test_a_finding_says_where_it_was_written_and_shows_the_word(store: SqlStore, reader: Reader):
    add(
        store,
        "Mend the walrus",
        "Nothing yet.",
        "It was the walrus, who else?",
        {"kind": "test.log", "animal": "walrus"},
    )
    add(store, "Unrelated", "Nothing either.")

    page = search(reader, "walrus")

    assert (page.total, page.more, page.next_before) == (1, False, None)
    assert told(page) == [
        ("goal", None, "Mend the [walrus]"),
        ("artifact", 3, '{"animal":"[walrus]","kind":"test.log"}'),
        ("notes", 2, "It was the [walrus], who else?"),
    ]
    goal, artifact, notes = only(page).findings
    assert [goal.step_title, artifact.step_title, notes.step_title] == [None, "Step 3", "Step 2"]
    assert goal.at == "2026-03-02T09:01:00.000000Z"
    assert notes.at == "2026-03-02T09:03:00.000000Z"
    assert only(page).summary == reader.sessions(query="walrus").sessions[0]


@pytest.mark.rule("CON-95")
@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("CAFÉ", "Le [café] décomposé est fermé"),
        ("cafe ferme", "Le [café] décomposé est [fermé]"),
        ("décomposé", "Le café [décomposé] est fermé"),
        ("decompo", "Le café [décomposé] est fermé"),
        ('"est fermé"', "Le café décomposé [est fermé]"),
    ],
)
def test_case_and_accents_are_folded_as_the_index_does(
    store: SqlStore, reader: Reader, words: str, shown: str
):
    add(store, "Goal", "Le café décomposé est fermé")

    assert told(search(reader, words)) == [("notes", 1, shown)]


def test_an_ending_that_was_left_off_is_marked_with_its_word(store: SqlStore, reader: Reader):
    add(store, "Mend the parser of prices")

    assert told(search(reader, "parsers")) == [("goal", None, "Mend the [parser] of prices")]


def test_a_word_in_the_middle_of_another_is_marked_there(store: SqlStore, reader: Reader):
    add(store, "Unauthenticated uploads")

    assert told(search(reader, "authent")) == [("goal", None, "Un[authent]icated uploads")]


def test_a_session_found_by_its_branch_alone_is_shown_without_a_text(
    store: SqlStore, reader: Reader
):
    add(store, "Goal", where=Workspace("/w", "/w", "fix/walrus-song"))

    assert only(search(reader, "alrus")).findings == ()


def test_what_speaks_of_more_words_comes_first_and_the_goal_before_all(
    store: SqlStore, reader: Reader
):
    add(store, "A walrus", "Fish, and the walrus.", "Only fish.", "Only the walrus.")

    assert [text for _, _, text in told(search(reader, "walrus fish"))] == [
        "A [walrus]",
        "[Fish], and the [walrus].",
        "Only the [walrus].",
        "Only [fish].",
    ]


@pytest.mark.rule("CON-95")
def test_of_one_session_five_findings_are_told_and_that_there_are_more(
    store: SqlStore, reader: Reader
):
    add(store, "Seldom", *(f"Walrus {number}." for number in range(5)))
    add(store, "Often", *(f"Walrus {number}." for number in range(40)), hours=5)

    often, seldom = search(reader, "walrus").found

    assert ([marked(f) for f in seldom.findings], seldom.more) == (
        [f"[Walrus] {number}." for number in range(4, -1, -1)],
        False,
    )
    assert ([f.node_id for f in often.findings], often.more) == ([40, 39, 38, 37, 36], True)


def test_what_a_refused_attempt_said_and_the_next_kept_is_told_once(
    store: SqlStore, reader: Reader
):
    script = add(store, "Goal")
    plan = {"kind": "test.plan", "risk": "walrus"}
    store.commit(script.block(Sent(notes="A walrus.", artifacts=(plan,))))
    store.commit(script.complete(Sent(notes="A walrus.", artifacts=(plan,))))

    assert told(search(reader, "walrus")) == [
        ("notes", 2, "A [walrus]."),
        ("artifact", 2, '{"kind":"test.plan","risk":"[walrus]"}'),
    ]


def test_refused_attempts_waiting_ones_and_checkpoints_speak_too(store: SqlStore, reader: Reader):
    script = add(store, "Goal")
    store.commit(script.block(Sent(notes="A blocked walrus.")))
    store.commit(script.checkpoint("A saved walrus."))
    store.commit(script.wait(Sent(notes="A waiting walrus.", checks=({"said": "fine"},))))

    assert told(search(reader, "walrus")) == [
        ("notes", 4, "A waiting [walrus]."),
        ("notes", 3, "A saved [walrus]."),
        ("notes", 2, "A blocked [walrus]."),
    ]


@pytest.mark.rule("CON-95")
def test_the_title_of_a_step_is_told_where_nothing_else_speaks(store: SqlStore, reader: Reader):
    add(store, "Goal", "Nothing of note.")
    add(store, "Begun")
    add(store, "A step", "Nothing of note.", hours=9)

    third, *others = search(reader, "step").found

    assert [
        [(f.spot, f.node_id, f.step_title, marked(f)) for f in one.findings] for one in others
    ] == [
        [("title", 2, "Step 2", "[Step] 2")],
        [("title", 1, "Step 1", "[Step] 1")],
    ]
    assert [f.spot for f in third.findings] == ["goal"]


def test_a_word_nobody_wrote_finds_an_empty_page(store: SqlStore, reader: Reader):
    add(store, "Goal", "Notes.")

    assert search(reader, "walrus") == SearchPage((), 0, more=False, next_before=None)
    assert search(reader, "…") == SearchPage((), 0, more=False, next_before=None)
    assert search(reader, "") == SearchPage((), 0, more=False, next_before=None)


@pytest.mark.rule("CON-96")
def test_conditions_narrow_a_search_and_stand_without_words(store: SqlStore, reader: Reader):
    log = {"kind": "test.log", "text": "nothing"}
    shop, site = Workspace("/w/shop", "/w/shop", "main"), Workspace("/w/site", "/w/site", "dev")
    add(store, "Walrus one", where=shop, hours=0)
    add(store, "Walrus two", log, where=site, hours=24)
    blocked = add(store, "Walrus three", where=shop, hours=48)
    store.commit(blocked.block())
    add(store, "Unrelated", where=shop, hours=72)

    def found(words: str = "walrus", **conditions: str) -> list[str]:
        ask = SearchAsk(words, **conditions)  # type: ignore[arg-type]  # names of its fields
        return [goal.removeprefix("Walrus ") for goal in goals(reader.inspection.search(ask))]

    assert found() == ["three", "two", "one"]
    assert found(status="blocked") == ["three"]
    assert found(repository="/w/shop") == ["three", "one"]
    assert found(branch="dev") == ["two"]
    assert found(workflow="test.linear", branch="main") == ["three", "one"]
    assert found(workflow="test.other") == []
    assert found(since="2026-03-03") == ["three", "two"]
    assert found(until="2026-03-03") == ["two", "one"]
    assert found(since="2026-03-03", until="2026-03-03") == ["two"]
    assert found(since="0001-01-01", until="9999-12-31") == ["three", "two", "one"]
    assert found(artifact="any") == ["two"]
    assert found(artifact="test.log") == ["two"]
    assert found(artifact="test.plan") == []
    assert found("", repository="/w/shop") == ["Unrelated", "three", "one"]
    assert found("…", repository="/w/shop") == []


def test_a_narrowed_search_tells_how_many_there_are(store: SqlStore, reader: Reader):
    for number in range(5):
        script = add(store, f"Walrus {number}", hours=number)
        if number % 2:
            store.commit(script.block())

    page = reader.inspection.search(SearchAsk("walrus", status="blocked", limit=1))

    assert (goals(page), page.total) == (["Walrus 3"], 2)
    assert only(page).findings[0].spot == "goal"


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", "2026-3-2T", "", "9" * 5_000])
def test_a_day_that_is_none_is_refused(reader: Reader, day: str):
    with pytest.raises(InvalidInputError, match="is not a day"):
        reader.inspection.search(SearchAsk("walrus", since=day))
    with pytest.raises(InvalidInputError, match="is not a day"):
        reader.inspection.search(SearchAsk("walrus", until=day))


@pytest.mark.parametrize("words", ["walrus", ""])
def test_pages_of_a_search_follow_each_other_without_gap_or_overlap(
    store: SqlStore, reader: Reader, words: str
):
    for number in range(5):
        add(store, f"Walrus {number}", hours=number)

    pages: list[SearchPage] = []
    before: str | None = None
    for _ in range(3):
        ask = SearchAsk(words, limit=2, before=before, workflow="test.linear")
        pages.append(reader.inspection.search(ask))
        before = pages[-1].next_before

    assert [goals(page) for page in pages] == [
        ["Walrus 4", "Walrus 3"],
        ["Walrus 2", "Walrus 1"],
        ["Walrus 0"],
    ]
    assert {page.total for page in pages} == {5}
    assert before is None
    with pytest.raises(InvalidInputError, match="is not a place in a list"):
        reader.inspection.search(SearchAsk("walrus", before="yesterday"))


def test_a_common_word_is_not_counted_to_the_end_and_that_is_said(
    store: SqlStore, reader: Reader, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(word_search, "MOST", 2)
    for number in range(4):
        add(store, f"Walrus {number}", hours=number)

    page = reader.inspection.search(SearchAsk("walrus", limit=3))
    whole = reader.inspection.search(SearchAsk("walrus", limit=4))

    assert (goals(page), page.more) == (["Walrus 3", "Walrus 2", "Walrus 1"], True)
    assert (len(whole.found), whole.total, whole.more) == (4, 4, False)


def test_an_artifact_too_large_to_look_through_is_found_and_not_shown(
    store: SqlStore, reader: Reader, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(utterances, "LONGEST", 100)
    add(store, "Small", {"kind": "test.log", "text": "walrus"})
    add(store, "Large", {"kind": "test.log", "text": "walrus " * 20}, hours=9)

    large, small = search(reader, "walrus").found

    assert (large.summary.goal, large.findings) == ("Large", ())
    assert len(small.findings) == 1


@pytest.mark.rule("STORE-10")
@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE events SET payload = '{' WHERE session = 1",
        "UPDATE events SET payload = '{\"notes\":7}' WHERE session = 1",
        "DELETE FROM events WHERE session = 1",
        "DELETE FROM nodes WHERE session = 1",
        "DELETE FROM blobs",
    ],
)
def test_a_damaged_session_is_found_and_hides_no_other(
    locations: Locations, store: SqlStore, reader: Reader, damage: str
):
    add(store, "Broken", "A walrus.", {"kind": "test.log", "animal": "walrus"})
    add(store, "Whole", "A walrus.", hours=9)
    opened = open_for_writing(locations.store)
    with opened.writing() as connection:
        connection.exec_driver_sql(damage)
    opened.close()

    whole, broken = search(reader, "walrus").found

    assert [marked(f) for f in whole.findings] == ["A [walrus]."]
    assert broken.summary.goal == "Broken"


def test_a_session_that_lies_where_the_file_is_damaged_is_found_by_its_line(tmp_path: Path):
    home = Locations.under(tmp_path / "home")
    mark = "the marked middle of very long notes"
    with open_store(home.store, SeededEntropy()) as store:
        add(store, "Broken", f"Walrus {'x' * 12_000}{mark}{'y' * 12_000}")
        add(store, "Whole", "A walrus.", hours=9)
    data = bytearray(home.database.read_bytes())
    page = data.index(mark.encode()) // 4096 * 4096
    data[page : page + 4] = b"\xff\xff\xff\xff"
    home.database.write_bytes(data)

    with open_reader(home) as reader:
        whole, broken = search(reader, "walrus").found

    assert [marked(f) for f in whole.findings] == ["A [walrus]."]
    assert (broken.summary.goal, broken.findings, broken.more) == ("Broken", (), True)


def test_where_nothing_was_stored_nothing_is_found(tmp_path: Path):
    with open_reader(tmp_path / "none.db") as reader:
        assert search(reader, "walrus") == SearchPage((), 0, more=False, next_before=None)


def snippet(text: str, *terms: str) -> str:
    return "".join(
        f"[{piece.text}]" if piece.hit else piece.text
        for piece in Marker([Term(term, beginning=True) for term in terms]).snippet(text)
    )


def test_a_snippet_is_a_line_around_the_first_hit():
    text = f"{'before ' * 60}\n\n   the walrus\t appeared {'after ' * 60}"

    shown = snippet(text, "walrus")

    assert "the [walrus] appeared after" in shown
    assert shown.startswith("… before")
    assert shown.endswith("after …")
    assert 120 < len(shown) < 180


@pytest.mark.parametrize("text", ["walrus", f"{'x' * 500}-walrus-{'y' * 500}", "\n\n\twalrus  "])
def test_a_snippet_always_shows_the_word(text: str):
    assert "[walrus]" in snippet(text, "walrus")


def test_parts_of_words_are_not_marked_where_words_were_asked_for():
    assert (
        snippet("A walruses' wal and a seawalrus.", "walrus")
        == "A [walruses]' wal and a seawalrus."
    )
    assert (
        "".join(p.text for p in Marker([Term("wal")]).snippet("A walrus or a wal"))
        == "A walrus or a wal"
    )
    assert [p.text for p in Marker([Term("wal")]).snippet("A walrus or a wal") if p.hit] == ["wal"]


def test_a_text_without_the_words_has_no_snippet():
    assert snippet("Nothing.", "walrus") == ""
    assert snippet("Nothing.") == ""
    assert snippet("Nothing.", "…") == ""


ANYTHING = st.text(st.sampled_from("ab é e\u0301ßΣςİﬁ\n\t_-.漢한"), max_size=400) | st.text(
    max_size=80
)


@settings(max_examples=200, deadline=None)
@given(ANYTHING, ANYTHING)
def test_a_snippet_is_a_part_of_the_text_whatever_it_holds(text: str, term: str):
    pieces = Marker([Term(term.lower())]).snippet(text)

    line = " ".join(text.split())
    shown = "".join(piece.text for piece in pieces).removeprefix("… ").removesuffix(" …")
    assert shown in line
    assert all(piece.text for piece in pieces)
    if pieces and len(term) < 50:
        assert any(piece.hit for piece in pieces)
