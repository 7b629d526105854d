"""What do words and tags find in a catalog?"""

from dataclasses import replace

from workrail_engine.projections.catalog import Catalog, FileProblem, WorkflowEntry
from workrail_engine.projections.catalog_search import search, tag_counts

BUG = WorkflowEntry(
    id="wr.bug-investigation",
    name="Bug investigation",
    description="Find and prove the cause of a defect before anything is changed.",
    version="1.0.0",
    about="Works for flaky tests too.",
    source="bundled",
    path="/b/bug.yaml",
    tags=("bundled", "coding", "wr"),
    steps=7,
    routine=False,
)
REVIEW = replace(
    BUG,
    id="team.review",
    name="Review a change",
    description="Read a pull request and judge it.",
    about=None,
    source="project",
    tags=("project", "review", "team"),
)
ROUTINE = replace(
    BUG,
    id="wr.routine-context",
    name="Context gathering",
    description="Collect what matters around a bug.",
    about=None,
    tags=("bundled", "routine", "wr"),
    routine=True,
)
CATALOG = Catalog(entries=(REVIEW, BUG, ROUTINE), broken=())


def test_no_words_list_everything_with_routines_last() -> None:
    assert search(CATALOG) == (REVIEW, BUG, ROUTINE)


def test_a_word_in_the_id_comes_before_the_same_word_in_a_description() -> None:
    assert search(CATALOG, "bug") == (BUG, ROUTINE)


def test_the_beginning_of_a_word_is_enough() -> None:
    assert search(CATALOG, "invest") == (BUG,)


def test_the_middle_of_a_word_is_not() -> None:
    assert search(CATALOG, "vestigation") == ()


def test_the_exact_id_comes_first() -> None:
    longer = replace(BUG, id="wr.bug", name="Bug bug", description="bug", about="bug")
    assert search(Catalog((longer, BUG), ()), "wr.bug-investigation")[0] == BUG


def test_a_goal_written_as_a_sentence_finds_what_shares_a_word_with_it() -> None:
    assert search(CATALOG, "please judge the pull request of my colleague") == (REVIEW,)


def test_common_words_alone_match_nothing_by_accident() -> None:
    assert search(CATALOG, "defect in the a") == (BUG,)


def test_all_tags_must_be_carried() -> None:
    assert search(CATALOG, tags=["bundled"]) == (BUG, ROUTINE)
    assert search(CATALOG, tags=["bundled", "Routine"]) == (ROUTINE,)
    assert search(CATALOG, "bug", tags=["project"]) == ()


def test_the_long_text_of_a_workflow_is_searched_too() -> None:
    assert search(CATALOG, "flaky") == (BUG,)


def test_tags_are_counted_most_used_first() -> None:
    assert tag_counts(CATALOG) == (
        ("bundled", 2),
        ("wr", 2),
        ("coding", 1),
        ("project", 1),
        ("review", 1),
        ("routine", 1),
        ("team", 1),
    )


def test_a_problem_is_told_on_one_line_with_its_place_and_advice() -> None:
    problem = FileProblem(
        4, "/steps/0/titel", "is not a field here", "title", "did you mean title?"
    )
    assert problem.located("a.yaml") == (
        "a.yaml:4: /steps/0/titel: is not a field here (expected title; did you mean title?)"
    )
    assert FileProblem(None, "", "is empty").located("a.yaml") == "a.yaml: is empty"
