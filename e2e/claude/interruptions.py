"""Is anything lost or done twice when servers die?"""

from claude_code import Machine
from parts import (
    GOAL,
    REVIEW,
    called,
    called_again_if_lost,
    is_complete,
    lost,
    shows_step,
    token_in,
    verdict,
)
from records import only_record
from turns import PREFIX, Playing, Turn, Use


def goes_on_after_its_server_was_killed(machine: Machine) -> None:
    """Killed mid-way, respawned, killed again, resumed in a second conversation, and completed."""

    def first(turn: Turn) -> Playing:
        turn = yield from called("start_workflow", workflowId=REVIEW, goal=GOAL)
        machine.kill_server()
        given = {"token": token_in(turn.last), "notes": "Read all 12 lines."}
        turn = yield from called_again_if_lost("complete_step", **given)
        shows_step(turn.last, "Try it")
        machine.kill_server()

    machine.converse("Review this change by the workflow.", first)
    assert len(set(machine.servers)) == 2, "the killed server was not started anew"
    assert only_record(machine.home, REVIEW).kinds["run_completed"] == 0

    def second(turn: Turn) -> Playing:
        turn = yield from called("resume_session", query="delivery rule")
        shows_step(turn.last, GOAL)
        loaded = f"select:{PREFIX}continue_workflow"
        yield Use("ToolSearch", {"query": loaded})
        turn = yield from called("continue_workflow", continueToken=token_in(turn.last))
        shows_step(turn.last, "Try it")
        assert "Read all 12 lines." in turn.last.text, "what was done before is not shown"
        notes = "`make test`, exit code 0."
        turn = yield from called("complete_step", token=token_in(turn.last), notes=notes)
        given = {"notes": "It is right.", "artifacts": [verdict()]}
        turn = yield from called("complete_step", token=token_in(turn.last), **given)
        is_complete(turn.last)

    machine.converse("Where were we? Go on.", second)
    record = only_record(machine.home, REVIEW)
    assert record.kinds["run_completed"] == 1, record
    assert record.kinds["step_completed"] == 3, record


def repeats_a_call_whose_answer_was_lost(machine: Machine) -> None:
    """The server is killed after it recorded a step; the same call again gets the recorded answer."""

    def script(turn: Turn) -> Playing:
        turn = yield from called("start_workflow", workflowId=REVIEW, goal=GOAL)
        given = {"token": token_in(turn.last), "notes": "Read it all."}
        machine.lose_next_answer()
        turn = yield from lost("complete_step", **given)
        assert only_record(machine.home, REVIEW).kinds["step_completed"] == 1
        turn = yield from called("complete_step", **given)
        shows_step(turn.last, "Try it")
        told = token_in(turn.last)
        turn = yield from called("complete_step", **given)
        assert token_in(turn.last) == told
        notes = "`make test`, exit code 0."
        turn = yield from called("complete_step", token=told, notes=notes)
        shows_step(turn.last, "Decide")

    machine.converse("Review this change by the workflow.", script)
    record = only_record(machine.home, REVIEW)
    assert record.kinds["step_completed"] == 2, record
    assert record.kinds["run_completed"] == 0, record
