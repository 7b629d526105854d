"""A start whose answer was lost is made again."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from workrail_engine.engine import Engine, StartRequest, Submission, open_engine
from workrail_engine.errors import WorkflowNotFoundError
from workrail_engine.outcomes import Completed, Recorded, StartOutcome, StepReady
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations

CALL = "conversation/toolu_1"


@pytest.fixture(name="request_")
def request_of_a_call(tmp_path: Path) -> StartRequest:
    """A start of a workflow whose first step is passed over unless the context says otherwise."""
    steps = [
        {
            "id": "inquire",
            "title": "Inquire",
            "prompt": "Ask.",
            "runCondition": {"var": "x", "equals": 1},
        },
        {"id": "work", "title": "Work", "prompt": "Do {{goal}}"},
    ]
    head = {"id": "flow", "name": "Flow", "description": "A flow.", "version": "1.0.0"}
    folder = tmp_path / "project" / ".workrail" / "workflows"
    folder.mkdir(parents=True)
    (folder / "flow.json").write_text(json.dumps({**head, "steps": steps}))
    return StartRequest("flow", "Reach the end.", tmp_path / "project", call_id=CALL)


def ready(outcome: StartOutcome) -> StepReady:
    assert isinstance(outcome, StepReady), outcome
    return outcome


def sessions_in(locations: Locations) -> int:
    with open_reader(locations) as reader:
        return reader.sessions().total


@pytest.mark.rule("MCP-80")
def test_the_same_call_begins_one_session_and_gets_its_recorded_start(
    engine: Engine, locations: Locations, request_: StartRequest
) -> None:
    once = ready(engine.start(request_))
    again = engine.start(request_)

    assert again == replace(once, recorded=Recorded.BEFORE)
    assert once.notices  # the step that was passed over is said both times
    assert sessions_in(locations) == 1


@pytest.mark.rule("MCP-80")
def test_another_process_on_the_store_knows_the_call_too(
    engine: Engine, locations: Locations, request_: StartRequest
) -> None:
    once = ready(engine.start(request_))

    with open_engine(locations) as respawned:
        again = ready(respawned.start(request_))
        assert again == replace(once, recorded=Recorded.BEFORE)
        assert isinstance(respawned.advance(again.token, Submission(notes="Done.")), Completed)


@pytest.mark.rule("MCP-80")
def test_the_recorded_start_is_given_whatever_became_of_the_session_and_the_file(
    engine: Engine, locations: Locations, request_: StartRequest, tmp_path: Path
) -> None:
    once = ready(engine.start(request_))
    engine.advance(once.token, Submission(notes="Done."))
    (tmp_path / "project" / ".workrail" / "workflows" / "flow.json").unlink()

    assert engine.start(request_) == replace(once, recorded=Recorded.BEFORE)
    assert sessions_in(locations) == 1


@pytest.mark.rule("MCP-81")
@pytest.mark.parametrize(
    "other",
    [
        {"call_id": None},
        {"call_id": "conversation/toolu_2"},
        {"goal": "Reach another end."},
        {"context": {"x": 2}},
        {"workspace": None, "workflow_id": "wr.bug-investigation"},
        {"origin": "cli"},
    ],
    ids=lambda other: "-".join(other),
)
def test_another_call_begins_a_session_of_its_own(
    engine: Engine, locations: Locations, request_: StartRequest, other: dict[str, object]
) -> None:
    once = ready(engine.start(request_))
    another = ready(engine.start(replace(request_, **other)))

    assert another.recorded is Recorded.NOW
    assert another.session_id != once.session_id
    assert another.token != once.token
    assert sessions_in(locations) == 2


@pytest.mark.rule("MCP-81")
def test_calls_without_an_id_never_share_a_session(
    engine: Engine, locations: Locations, request_: StartRequest
) -> None:
    nameless = replace(request_, call_id=None)

    assert engine.start(nameless).session_id != engine.start(nameless).session_id
    assert sessions_in(locations) == 2


def test_a_start_that_was_refused_can_be_made_again(
    engine: Engine, locations: Locations, request_: StartRequest, tmp_path: Path
) -> None:
    file = tmp_path / "project" / ".workrail" / "workflows" / "flow.json"
    text = file.read_text()
    file.unlink()
    with pytest.raises(WorkflowNotFoundError):
        engine.start(request_)
    file.write_text(text)

    assert engine.start(request_).recorded is Recorded.NOW


def test_a_start_that_is_complete_at_once_is_repeated_like_any_other(
    engine: Engine, locations: Locations, request_: StartRequest, tmp_path: Path
) -> None:
    file = tmp_path / "project" / ".workrail" / "workflows" / "flow.json"
    document = json.loads(file.read_text())
    file.write_text(json.dumps({**document, "steps": document["steps"][:1]}))

    once = engine.start(request_)

    assert isinstance(once, Completed)
    assert engine.start(request_) == replace(once, recorded=Recorded.BEFORE)
    assert sessions_in(locations) == 1


@pytest.mark.rule("MCP-82")
def test_of_processes_that_get_one_call_at_once_one_begins_the_session_and_all_answer_it(
    locations: Locations, request_: StartRequest
) -> None:
    callers = 4
    together = threading.Barrier(callers)

    def call(_number: int) -> StepReady:
        with open_engine(locations) as engine:
            together.wait(30)
            return ready(engine.start(request_))

    with open_engine(locations):  # makes the store
        pass
    with ThreadPoolExecutor(callers) as pool:
        answers = list(pool.map(call, range(callers)))

    assert {replace(one, recorded=Recorded.NOW) for one in answers} == {
        replace(answers[0], recorded=Recorded.NOW)
    }
    assert [one.recorded for one in answers].count(Recorded.NOW) == 1
    assert sessions_in(locations) == 1
