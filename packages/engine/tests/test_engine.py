"""The acting door on a real store and real files."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.engine import Engine, ResumeRequest, StartRequest, Submission, open_engine
from workrail_engine.errors import (
    ArtifactNotFoundError,
    InvalidSubmissionError,
    InvalidTokenError,
    SessionNotFoundError,
    TokenFault,
    WorkflowNotFoundError,
)
from workrail_engine.ids import SessionId
from workrail_engine.outcomes import (
    AdvanceOutcome,
    Blocked,
    Completed,
    Found,
    NothingFound,
    Recorded,
    StepReady,
)
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations


def plain(*ids: str) -> list[JsonObject]:
    return [{"id": one, "title": one.title(), "prompt": f"Do {one}."} for one in ids]


@pytest.fixture
def locations(tmp_path: Path, place: Path | str) -> Locations:
    return replace(
        Locations.under(tmp_path / "home"), database_url=place if isinstance(place, str) else None
    )


@pytest.fixture
def engine(locations: Locations) -> Iterator[Engine]:
    with open_engine(locations) as opened:
        yield opened


@pytest.fixture
def begin(engine: Engine, tmp_path: Path) -> Callable[..., StepReady]:
    """Writes a workflow into the project and starts it."""

    def start(*steps: JsonObject, context: JsonObject | None = None, **fields: object) -> StepReady:
        folder = tmp_path / "project" / ".workrail" / "workflows"
        folder.mkdir(parents=True, exist_ok=True)
        document = {
            "id": "flow",
            "name": "Flow",
            "description": "A flow.",
            "version": "1.0.0",
            "steps": steps,
            **fields,
        }
        (folder / "flow.json").write_text(json.dumps(document))
        request = StartRequest(
            "flow", "Reach the end.", tmp_path / "project", context=context or {}
        )
        outcome = engine.start(request)
        assert isinstance(outcome, StepReady)
        return outcome

    return start


def ready(outcome: AdvanceOutcome) -> StepReady:
    assert isinstance(outcome, StepReady), outcome
    return outcome


def notes(text: str = "Done.", **context: JsonValue) -> Submission:
    return Submission(notes=text, context=context)


def test_a_run_from_start_to_completed(engine: Engine, begin: Callable[..., StepReady]):
    first = begin(*plain("one", "two"))
    assert (first.step.number, first.step.total, first.step.text) == (1, 2, "Do one.")
    second = ready(engine.advance(first.token, notes()))
    assert (second.step.step_id, second.session_id) == ("two", first.session_id)
    done = engine.advance(second.token, notes())
    assert done == Completed(first.session_id, "flow", steps_completed=2)


@pytest.mark.rule("TOKEN-2")
def test_the_same_call_again_gives_the_same_answer_and_writes_nothing(
    engine: Engine, begin: Callable[..., StepReady], locations: Locations
):
    first = begin(*plain("one", "two"))
    once = ready(engine.advance(first.token, notes()))
    before = events_of(locations, first.session_id)
    again = ready(engine.advance(first.token, notes()))
    assert again.recorded is Recorded.BEFORE
    assert (again.token, again.step) == (once.token, once.step)
    assert events_of(locations, first.session_id) == before


@pytest.mark.rule("TOKEN-3")
def test_a_used_token_with_another_payload_gives_the_recorded_answer_and_says_so(
    engine: Engine, begin: Callable[..., StepReady], locations: Locations
):
    first = begin(*plain("one", "two"))
    once = ready(engine.advance(first.token, notes()))
    before = events_of(locations, first.session_id)
    other = ready(engine.advance(first.token, notes("Something else.")))
    assert other.recorded is Recorded.BEFORE_DIFFERENT
    assert other.token == once.token
    assert events_of(locations, first.session_id) == before


@pytest.mark.rule("TOKEN-4")
def test_a_blocked_answer_is_repeated_too_and_its_token_retries(
    engine: Engine, begin: Callable[..., StepReady]
):
    first = begin(*plain("one", "two"))
    blocked = engine.advance(first.token, Submission())
    assert isinstance(blocked, Blocked)
    again = engine.advance(first.token, Submission())
    assert again == replace(blocked, recorded=Recorded.BEFORE)
    assert ready(engine.advance(blocked.token, notes())).step.step_id == "two"


@pytest.mark.rule("RUN-6")
def test_going_back_and_doing_it_differently_is_a_branch_that_says_so(
    engine: Engine, begin: Callable[..., StepReady]
):
    first = begin(*plain("one", "two", "three"))
    engine.advance(first.token, notes(way="first"))
    back = ready(engine.rehydrate(first.token))
    assert back.step.step_id == "one"
    assert back.recap is not None
    assert back.recap.branch_note is not None
    assert back.token != first.token
    branch = ready(engine.advance(back.token, notes("Otherwise.", way="second")))
    assert any("new branch" in notice for notice in branch.notices)
    story = ready(engine.rehydrate(branch.token))
    assert story.recap is not None
    assert story.recap.context["way"] == "second"
    assert "Otherwise." in story.recap.text
    assert "Done." not in story.recap.text


@pytest.mark.rule("RUN-12")
def test_coming_back_writes_nothing(
    engine: Engine, begin: Callable[..., StepReady], locations: Locations
):
    first = begin(*plain("one", "two"))
    engine.advance(first.token, notes())
    before = events_of(locations, first.session_id)
    tokens = {ready(engine.rehydrate(first.token)).token for _ in range(3)}
    assert len(tokens) == 1
    assert events_of(locations, first.session_id) == before


def test_coming_back_to_a_blocked_step_brings_the_kept_output_and_the_retry_token(
    engine: Engine, begin: Callable[..., StepReady]
):
    step: JsonObject = {
        **plain("one")[0],
        "outputContract": {"contractRef": "wr.contracts.loop_control"},
    }
    first = begin(step, *plain("two"))
    blocked = engine.advance(first.token, notes("Long work."))
    back = engine.rehydrate(first.token)
    assert isinstance(blocked, Blocked)
    assert isinstance(back, Blocked)
    assert back.kept == ("notes",)
    assert back.token == blocked.token
    stop: JsonObject = {"kind": "wr.loop_control", "decision": "stop"}
    assert ready(engine.advance(back.token, Submission(artifacts=(stop,)))).step.step_id == "two"


@pytest.mark.rule("RUN-13")
def test_a_recap_has_the_newest_notes_first_and_says_how_many_it_left_out(
    engine: Engine, begin: Callable[..., StepReady]
):
    outcome: AdvanceOutcome = begin(*plain(*(f"step-{number}" for number in range(13))))
    for number in range(12):
        outcome = engine.advance(ready(outcome).token, notes(f"Note {number}. " + "x" * 3_500))
    recap = ready(engine.rehydrate(ready(outcome).token)).recap
    assert recap is not None
    assert recap.text.startswith("### step-11\nNote 11.")
    assert recap.omitted > 0
    assert recap.text.count("### ") + recap.omitted == 12


def test_resume_finds_a_session_by_words_id_and_repository_and_its_token_returns(
    engine: Engine, begin: Callable[..., StepReady]
):
    first = begin(*plain("one", "two"))
    second = ready(engine.advance(first.token, notes("The parser drops commas.")))
    for request in (
        ResumeRequest(query="parser commas"),
        ResumeRequest(session_id=first.session_id),
        ResumeRequest(query="reach end"),
    ):
        found = engine.resume(request)
        assert isinstance(found, Found)
        (candidate,) = found.candidates
        back = ready(engine.rehydrate(candidate.token))
        assert (back.session_id, back.token) == (first.session_id, second.token)
        assert candidate.why


def test_a_resume_token_cannot_complete_a_step(engine: Engine, begin: Callable[..., StepReady]):
    first = begin(*plain("one"))
    found = engine.resume(ResumeRequest(session_id=first.session_id))
    assert isinstance(found, Found)
    with pytest.raises(InvalidTokenError) as caught:
        engine.advance(found.candidates[0].token, notes())
    assert caught.value.fault is TokenFault.WRONG_KIND


def test_a_completed_session_is_found_and_comes_back_as_completed(
    engine: Engine, begin: Callable[..., StepReady]
):
    first = begin(*plain("one"))
    engine.advance(first.token, notes("All done."))
    found = engine.resume(ResumeRequest(session_id=first.session_id))
    assert isinstance(found, Found)
    back = engine.rehydrate(found.candidates[0].token)
    assert isinstance(back, Completed)
    assert back.recap is not None
    assert "All done." in back.recap.text


def test_resume_says_when_nothing_matches(engine: Engine, begin: Callable[..., StepReady]):
    begin(*plain("one"))
    missing = engine.resume(ResumeRequest(session_id="sess_" + "a" * 26))
    assert missing == NothingFound(asked="session sess_" + "a" * 26, sessions=1)


def test_a_checkpoint_keeps_notes_and_context_and_its_token_returns_there(
    engine: Engine, begin: Callable[..., StepReady]
):
    first = begin(*plain("one", "two"))
    taken = engine.checkpoint(first.token, notes("Half way.", found=7))
    assert engine.checkpoint(first.token, notes("Half way.", found=7)).recorded is Recorded.BEFORE
    assert taken.step_token == first.token
    back = ready(engine.rehydrate(taken.checkpoint_token))
    assert back.recap is not None
    assert back.recap.context["found"] == 7
    assert "Half way." in back.recap.text
    onward = ready(engine.advance(back.token, notes()))
    assert onward.notices == ()


@pytest.mark.rule("RUN-14")
def test_a_session_keeps_the_workflow_it_started_with(
    engine: Engine, begin: Callable[..., StepReady], tmp_path: Path
):
    first = begin(*plain("one", "two"))
    (tmp_path / "project" / ".workrail" / "workflows" / "flow.json").unlink()
    assert ready(engine.advance(first.token, notes())).step.text == "Do two."


def test_artifacts_are_read_back_by_digest(
    engine: Engine, begin: Callable[..., StepReady], locations: Locations
):
    first = begin(*plain("one"))
    engine.advance(first.token, Submission("N.", ({"kind": "report", "rows": [1, 2]},)))
    with open_reader(locations) as reader:
        (line,) = reader.session(SessionId(first.session_id)).nodes[0].artifacts
    assert engine.artifact(line.digest) == b'{"kind":"report","rows":[1,2]}'
    with pytest.raises(ArtifactNotFoundError):
        engine.artifact("sha256:" + "0" * 64)


def test_a_child_session_knows_its_parent(
    engine: Engine, begin: Callable[..., StepReady], locations: Locations, tmp_path: Path
):
    parent = begin(*plain("one"))
    request = StartRequest(
        "flow", "Help.", tmp_path / "project", parent_session_id=parent.session_id
    )
    child = engine.start(request)
    with open_reader(locations) as reader:
        (line,) = reader.session(SessionId(parent.session_id)).children
    assert line.session_id == child.session_id


@pytest.mark.parametrize(
    ("request_", "failure"),
    [
        (StartRequest("nowhere", "Go."), WorkflowNotFoundError),
        (StartRequest("wr.classify-task", "  "), InvalidSubmissionError),
        (StartRequest("wr.classify-task", "x" * 9_000), InvalidSubmissionError),
        (
            StartRequest("wr.classify-task", "Go.", parent_session_id="sess_" + "b" * 26),
            SessionNotFoundError,
        ),
    ],
)
def test_a_start_that_cannot_be_is_refused_and_leaves_nothing(
    engine: Engine, locations: Locations, request_: StartRequest, failure: type[Exception]
):
    with pytest.raises(failure):
        engine.start(request_)
    with open_reader(locations) as reader:
        assert reader.sessions().total == 0


@pytest.mark.rule("STORE-21")
def test_of_two_callers_with_one_token_both_get_the_one_recorded_answer(
    locations: Locations, begin: Callable[..., StepReady]
):
    first = begin(*plain("one", "two"))

    def call(_: int) -> AdvanceOutcome:
        with open_engine(locations) as own:
            return own.advance(first.token, notes())

    with ThreadPoolExecutor(4) as pool:
        answers = [ready(outcome) for outcome in pool.map(call, range(4))]
    assert len({answer.token for answer in answers}) == 1
    assert [answer.recorded for answer in answers].count(Recorded.NOW) == 1
    with open_reader(locations) as reader:
        assert len(reader.session(SessionId(first.session_id)).nodes) == 2


def test_loop_passes_are_shown_with_their_variables(
    engine: Engine, begin: Callable[..., StepReady]
):
    body: JsonObject = {"id": "each", "title": "File {{file}}", "prompt": "Read {{file}}."}
    loop: JsonObject = {
        "id": "files",
        "type": "loop",
        "title": "Files",
        "loop": {"type": "forEach", "items": "files", "itemVar": "file", "maxIterations": 10},
        "body": [body],
    }
    first = begin(loop, context={"files": ["a.py", "b.py"]})
    assert first.step.loop is not None
    assert (first.step.title, first.step.text) == ("File a.py", "Read a.py.")
    assert (first.step.loop.number, first.step.loop.limit) == (1, 2)
    second = ready(engine.advance(first.token, notes()))
    assert second.step.title == "File b.py"


@pytest.mark.rule("RUN-10")
def test_the_confirmation_of_a_loop_is_asked_for_once_when_it_is_entered(
    engine: Engine, begin: Callable[..., StepReady]
):
    loop: JsonObject = {
        "id": "twice",
        "type": "loop",
        "title": "Twice",
        "loop": {"type": "for", "count": 2, "maxIterations": 2},
        "requireConfirmation": True,
        "body": plain("one", "two"),
    }
    outcome: AdvanceOutcome = begin(loop)
    asked: list[str | None] = []
    while isinstance(outcome, StepReady):
        asked.append(outcome.step.confirmation)
        outcome = engine.advance(outcome.token, notes())
    assert asked == ["Ask the user to confirm before you complete this step.", None, None, None]


@pytest.mark.rule("RUN-15")
def test_audit_verification_and_synthesis_are_steps_like_any_other(
    engine: Engine, begin: Callable[..., StepReady]
):
    step: JsonObject = {
        **plain("one")[0],
        "verification": {"prompt": "Run the tests."},
        "audit": {"rubric": ["It is correct."]},
    }
    outcome: AdvanceOutcome = begin(step, *plain("two"))
    seen: list[str] = []
    while isinstance(outcome, StepReady):
        seen.append(outcome.step.step_id)
        outcome = engine.advance(outcome.token, notes())
    assert seen == ["one", "one__verification", "one__audit", "two"]


def test_the_preamble_carries_what_the_author_says_of_the_whole_workflow(
    begin: Callable[..., StepReady], tmp_path: Path
):
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "style.md").write_text("# Style")
    first = begin(
        *plain("one"),
        metaGuidance=["Be brief."],
        preconditions=["There is a bug."],
        clarificationPrompts=["Which one?"],
        references=[
            {
                "id": "style",
                "title": "Style",
                "source": "style.md",
                "purpose": "How we write.",
                "authoritative": True,
            }
        ],
    )
    assert first.preamble is not None
    assert first.preamble.goal == "Reach the end."
    assert first.preamble.meta_guidance == ("Be brief.",)
    assert first.preamble.preconditions == ("There is a bug.",)
    assert first.preamble.clarification_prompts == ("Which one?",)
    assert first.preamble.references[0].path == str(tmp_path / "project" / "style.md")


def events_of(locations: Locations, session_id: str) -> int:
    with open_reader(locations) as reader:
        assert reader.verify(SessionId(session_id)).problems == ()
        return len(list(reader.events(SessionId(session_id))))


def test_a_checkpoint_of_an_old_step_does_not_move_the_session(
    engine: Engine, begin: Callable[..., StepReady], locations: Locations
):
    first = begin(*plain("one", "two", "three"))
    engine.advance(first.token, notes())
    engine.checkpoint(first.token, notes("Looking back."))
    with open_reader(locations) as reader:
        detail = reader.session(SessionId(first.session_id))
    assert (detail.summary.step_title, detail.summary.steps_completed) == ("Two", 1)
    assert [node.title for node in detail.nodes] == ["One", "Two", "One"]
    assert events_of(locations, first.session_id) == 5
