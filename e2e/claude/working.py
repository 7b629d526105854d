"""Does an agent get through a workflow?"""

import json
from collections.abc import Mapping

from claude_code import Machine
from parts import (
    GOAL,
    LONG,
    LONG_END,
    MATERIAL,
    REVIEW,
    called,
    is_complete,
    shows_step,
    token_in,
    verdict,
)
from records import only_record, records
from turns import PREFIX, Playing, Turn, Use

_CLASSIFICATION: Mapping[str, object] = {
    "taskComplexity": "Small",
    "riskLevel": "Low",
    "hasUI": False,
    "touchesArchitecture": False,
    "taskType": "chore",
    "affectedDomains": ["docs"],
    "recommendedPipeline": ["wr.coding-task"],
    "rationale": "One page names an old command; nobody is harmed when it is wrong.",
}


def lists_starts_and_completes_a_workflow(machine: Machine) -> None:
    """From the list to the end, for one of the project's workflows and a bundled one."""

    def script(turn: Turn) -> Playing:
        turn = yield from called("list_workflows", query="review")
        shows_step(turn.last, REVIEW)
        turn = yield from called("start_workflow", workflowId=REVIEW, goal=GOAL)
        shows_step(turn.last, "Read it")
        turn = yield from called("complete_step", token=token_in(turn.last), notes="Read it all.")
        shows_step(turn.last, "Try it")
        notes = "`make test`, exit code 0."
        turn = yield from called("complete_step", token=token_in(turn.last), notes=notes)
        shows_step(turn.last, "Decide")
        given = {"notes": "It is right.", "artifacts": [verdict()]}
        turn = yield from called("complete_step", token=token_in(turn.last), **given)
        is_complete(turn.last)

        goal = "The install guide still names the old command"
        turn = yield from called("start_workflow", workflowId="wr.classify-task", goal=goal)
        answer = {
            "notes": f"```json\n{json.dumps(_CLASSIFICATION)}\n```",
            "artifacts": [{"kind": "wr.classification", **_CLASSIFICATION}],
        }
        turn = yield from called("complete_step", token=token_in(turn.last), **answer)
        is_complete(turn.last)

    machine.converse("Review this change by the workflow.", script)
    found = {one.workflow_id: one for one in records(machine.home)}
    assert found.keys() == {REVIEW, "wr.classify-task"}
    assert all(one.kinds["run_completed"] == 1 for one in found.values()), found
    assert found[REVIEW].kinds["step_completed"] == 3, found


def recovers_from_a_blocked_step(machine: Machine) -> None:
    """A step that is refused says why; sending what was missing completes it."""

    def script(turn: Turn) -> Playing:
        turn = yield from called("start_workflow", workflowId=REVIEW, goal=GOAL)
        turn = yield from called("complete_step", token=token_in(turn.last), notes="Read it all.")
        turn = yield from called("complete_step", token=token_in(turn.last), notes="It works.")
        assert "Name the exit code" in turn.last.text, turn.last.text
        notes = "`make test`, exit code 0."
        turn = yield from called("complete_step", token=token_in(turn.last), notes=notes)
        turn = yield from called("complete_step", token=token_in(turn.last), notes="It is right.")
        assert "wr.loop_control" in turn.last.text, turn.last.text
        given = {"token": token_in(turn.last), "artifacts": [verdict()]}
        turn = yield from called("complete_step", **given)
        is_complete(turn.last)

    machine.converse("Review this change by the workflow.", script)
    record = only_record(machine.home, REVIEW)
    assert record.kinds["attempt_blocked"] == 2, record
    assert record.kinds["run_completed"] == 1, record


def reads_a_long_step_whole(machine: Machine) -> None:
    """A step three times as long as a client shows inline is read to its end, page by page."""

    def script(turn: Turn) -> Playing:
        yield Use("ToolSearch", {"query": f"select:{PREFIX}continue_workflow"})
        given = {"workflowId": LONG, "goal": "Read it", "context": {"material": MATERIAL}}
        turn = yield from called("start_workflow", **given)
        pages = 1
        while LONG_END not in turn.last.text:
            offset = json.loads(turn.last.text.rpartition('"offset": ')[2].partition("}")[0])
            token = token_in(turn.last)
            turn = yield from called("continue_workflow", continueToken=token, offset=offset)
            pages += 1
        assert pages == 4, f"it took {pages} pages"
        turn = yield from called("complete_step", token=token_in(turn.last), notes="Read.")
        is_complete(turn.last)

    machine.converse("Read the long step.", script)
    assert only_record(machine.home, LONG).kinds["run_completed"] == 1
