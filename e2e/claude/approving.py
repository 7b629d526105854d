"""Does nothing but a person approve what a person must approve?"""

from claude_code import Machine
from parts import RELEASE, called, shows_command, token_in
from records import only_record
from turns import Playing, Turn


def waits_when_the_person_is_not_there_to_approve(machine: Machine) -> None:
    """Asked to approve, the client cancels: nothing counts until the person runs the command shown."""

    def first(turn: Turn) -> Playing:
        turn = yield from called("start_workflow", workflowId=RELEASE, goal="Release 2.0")
        notes = "2.0: the delivery rule is right."
        turn = yield from called("complete_step", token=token_in(turn.last), notes=notes)
        shows_command(turn.last, "workrail approve")
        turn = yield from called("complete_step", token=token_in(turn.last), notes="Approved!")
        shows_command(turn.last, "workrail approve")

    machine.converse("Release it.", first)
    assert machine.decisions == ("cancel", "cancel")
    waiting = only_record(machine.home, RELEASE)
    assert waiting.kinds["run_completed"] == 0, waiting
    assert waiting.kinds["approval_asked"] == 2, waiting
    assert waiting.kinds["approval_answered"] == 0, waiting

    machine.approve(waiting.session_id, agreed="Approved!")

    def second(turn: Turn) -> Playing:
        turn = yield from called("resume_session", query="Release")
        assert "complete" in turn.last.text, turn.last.text

    machine.converse("Where were we?", second)
    assert only_record(machine.home, RELEASE).kinds["run_completed"] == 1
