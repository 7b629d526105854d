"""What an agent reads when it chooses a workflow, whole."""

from dataclasses import replace

from workrail_engine.outcomes import ReferenceView
from workrail_engine.projections.catalog import (
    BrokenFile,
    Catalog,
    FileProblem,
    StepOutline,
    WorkflowEntry,
    WorkflowOutline,
)
from workrail_mcp_server.present_catalog import (
    present_catalog,
    present_outline,
    present_outline_step,
)

REVIEW = WorkflowEntry(
    id="review",
    name="Review a change",
    description="Read a change and give a verdict.",
    version="1.2.0",
    about="For pull requests.",
    source="project",
    path="/p/review.json",
    tags=("project", "review"),
    steps=3,
    routine=False,
)
WRITE = replace(REVIEW, id="write", name="Write", description="w" * 200, tags=("project",), steps=1)
ROUTINE = replace(
    REVIEW, id="gather", name="Gather", routine=True, tags=("project", "routine"), steps=2
)
NEXT = 'Next, if it fits: start_workflow {"workflowId": "review", "goal": "…"}'


def test_a_list_is_a_line_a_workflow_and_the_call_that_starts_one() -> None:
    assert present_catalog(Catalog((REVIEW, WRITE, ROUTINE), ()), "", (), 20) == (
        "- review (3 steps): Review a change. Read a change and give a verdict.\n"
        f"- write (1 step): Write. {'w' * 139}…\n"
        "\n"
        '1 routine, made to be part of other workflows: list_workflows {"tags": ["routine"]}\n'
        "\n"
        'Next, if it fits: start_workflow {"workflowId": "…", "goal": "…"}'
    )


def test_a_list_that_is_cut_says_how_many_more_there_are() -> None:
    entries = tuple(replace(REVIEW, id=f"review-{number:02}") for number in range(30))

    reply = present_catalog(Catalog(entries, ()), "review", (), 2)

    assert reply.startswith("- review-00 (3 steps)")
    assert reply.count("\n- ") == 1
    assert "28 more fit; narrow the query, or raise limit." in reply


def test_routines_are_listed_when_they_are_asked_for() -> None:
    reply = present_catalog(Catalog((REVIEW, ROUTINE), ()), "", ("routine",), 20)

    assert reply.startswith("- gather (routine, 2 steps): Gather.")
    assert "review" not in reply.split("\n")[0]


def test_a_query_that_fits_nothing_says_what_there_is() -> None:
    assert present_catalog(Catalog((REVIEW, WRITE), ()), "zebra", (), 20) == (
        "No workflow fits. 2 are there: list_workflows {}. Tags: project (2), review (1)."
    )


def test_an_empty_catalog_says_where_a_workflow_would_go() -> None:
    assert present_catalog(Catalog((), ()), "", (), 20) == (
        "There are no workflows here. Put one into .workrail/workflows of the project, "
        "or name another folder with workspace."
    )


def test_files_that_cannot_be_used_are_named_with_their_first_problem() -> None:
    unreadable = BrokenFile("/p/a.json", "project", None, (FileProblem(None, "", "Not readable."),))
    broken = BrokenFile(
        "/p/b.json",
        "project",
        "b",
        (FileProblem(7, "/steps/0", "No prompt."), FileProblem(9, "/steps/1", "No title.")),
    )
    many = tuple(replace(unreadable, path=f"/p/{number}.json") for number in range(5))

    reply = present_catalog(Catalog((REVIEW,), (broken, unreadable, *many)), "", (), 20)

    assert (
        "Files that cannot be used:\n"
        "- /p/b.json:7: /steps/0: No prompt. (and 1 more)\n"
        "- /p/a.json: Not readable.\n"
        "- /p/0.json: Not readable.\n"
        "- /p/1.json: Not readable.\n"
        "- /p/2.json: Not readable.\n"
        "- 2 more; `workrail validate` names them all.\n"
        "\n" + NEXT
    ) in reply


READ = StepOutline(
    step_id="read",
    title="Read it",
    kind="step",
    text="Read every line.",
    runs_when='risk equals "High"',
    repeats=None,
    requirements=("notes",),
    confirmation="a person is asked to approve",
)
LOOP = StepOutline(
    step_id="polish",
    title="Polish",
    kind="loop",
    text="",
    runs_when=None,
    repeats="until told to stop, at most 3 times",
    requirements=(),
    confirmation=None,
    steps=(replace(READ, step_id="fix", title="Fix", runs_when=None, confirmation=None),),
)
OUTLINE = WorkflowOutline(
    entry=REVIEW,
    workflow_hash="sha256:00",
    model_tier="mid",
    meta_guidance=("Change nothing.",),
    preconditions=("There is a diff.",),
    clarification_prompts=("Which branch?",),
    examples=(),
    references=(ReferenceView("Guide", "How we review", "docs/review.md", True, None),),
    bindings=(),
    context_variables=("risk",),
    steps=(READ, LOOP),
)


def test_an_outline_shows_every_step_and_when_it_runs() -> None:
    assert present_outline(OUTLINE) == (
        "# Review a change (review)\n"
        "3 steps · suits a mid model · version 1.2.0 · project: /p/review.json\n"
        "\n"
        "Read a change and give a verdict.\n"
        "\n"
        "For pull requests.\n"
        "\n"
        "Steps:\n"
        '- Read it [read] (only when risk equals "High")\n'
        "- Polish [polish] (loop; until told to stop, at most 3 times)\n"
        "  - Fix [fix]\n"
        "\n"
        "It takes for granted:\n"
        "- There is a diff.\n"
        "\n"
        "Rules for the whole workflow:\n"
        "- Change nothing.\n"
        "\n"
        "It asks the person:\n"
        "- Which branch?\n"
        "\n"
        "Documents:\n"
        "- Guide: docs/review.md\n"
        "\n"
        "Variables its conditions and loops read: risk\n"
        "\n"
        'A step\'s full text: inspect_workflow {"workflowId": "review", "step": "read"}\n'
        'Next: start_workflow {"workflowId": "review", "goal": "…"}'
    )


def test_one_step_is_shown_with_its_text_and_demands() -> None:
    assert present_outline_step(OUTLINE, READ) == (
        "# Read it\n"
        'review · read (only when risk equals "High")\n'
        "\n"
        "Read every line.\n"
        "\n"
        "To complete it:\n"
        "- notes\n"
        "\n"
        "Before it is complete, a person is asked to approve."
    )


def test_a_loop_is_shown_with_its_body() -> None:
    assert present_outline_step(OUTLINE, LOOP) == (
        "# Polish\n"
        "review · polish (loop; until told to stop, at most 3 times)\n"
        "\n"
        "In each pass:\n"
        "- Fix [fix]"
    )
