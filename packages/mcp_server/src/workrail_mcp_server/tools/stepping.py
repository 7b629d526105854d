"""What do the tools that move a session through its steps do?"""

from workrail_engine.canonical import JsonObject
from workrail_engine.engine import Engine, StartRequest, Submission
from workrail_engine.errors import InvalidSubmissionError
from workrail_engine.outcomes import AdvanceOutcome, Waiting
from workrail_mcp_server.failures import Question, Told
from workrail_mcp_server.present_approval import approval_question
from workrail_mcp_server.present_sessions import present_checkpoint
from workrail_mcp_server.present_step import present
from workrail_mcp_server.present_text import within_reply
from workrail_mcp_server.tools.arguments import Arguments
from workrail_mcp_server.tools.caller import Caller
from workrail_mcp_server.tools.workspace import chosen_workspace

_INTENT = "intent"


def start_workflow(engine: Engine, arguments: Arguments, caller: Caller) -> str:
    """Begin a session and show its first step."""
    request = StartRequest(
        workflow_id=arguments.text("workflowId"),
        goal=arguments.text("goal"),
        workspace=chosen_workspace(arguments.text_or_none("workspace"), caller.workspace),
        parent_session_id=arguments.text_or_none("parentSessionId"),
        context=arguments.object("context"),
        call_id=caller.call_id,
    )
    outcome = engine.start(request)
    caller.drives(outcome.session_id)
    return present(outcome)


def complete_step(engine: Engine, arguments: Arguments, caller: Caller) -> str | Told:
    """Hand in a step and show what comes next."""
    submission = Submission(
        notes=arguments.text_or_none("notes"),
        artifacts=arguments.objects("artifacts"),
        context=arguments.object("context"),
    )
    return _told(engine, caller, engine.advance(arguments.text("token"), submission, caller.told))


def continue_workflow(engine: Engine, arguments: Arguments, caller: Caller) -> str | Told:
    """Show where a token stands; in the deprecated form, hand in its step."""
    token = arguments.text("continueToken")
    submission = _submitted(arguments)
    sent = submission != Submission()
    intent = arguments.text_or_none("intent") or ("advance" if sent else "rehydrate")
    if intent == "advance":
        return _told(engine, caller, engine.advance(token, submission, caller.told))
    if sent:
        message = (
            "intent: rehydrate only shows where the session stands, but output or context was sent. "
            "Nothing was recorded. Send them with intent advance, or leave them out."
        )
        raise InvalidSubmissionError(message, field=_INTENT)
    return present(engine.rehydrate(token), arguments.number("offset", 0))


def checkpoint_workflow(engine: Engine, arguments: Arguments, _caller: Caller) -> str:
    """Record unfinished work beside the pending step."""
    context: JsonObject = arguments.object("context")
    submission = Submission(notes=arguments.text_or_none("notes"), context=context)
    return present_checkpoint(engine.checkpoint(arguments.text("token"), submission))


def _told(engine: Engine, caller: Caller, outcome: AdvanceOutcome) -> Told:
    """An outcome's text, and the question for a person where one must decide first."""
    caller.drives(outcome.session_id)
    question: Question | None = None
    if isinstance(outcome, Waiting) and outcome.approver == "human_approval":
        text = approval_question(engine.approvals.look(outcome.approval_id))
        if text is not None:
            question = Question(outcome.approval_id, outcome.digest, text)
    return Told(within_reply(present(outcome)), question)


def _submitted(arguments: Arguments) -> Submission:
    """Output in either of its two spellings: inside `output`, or beside it."""
    output = arguments.within("output")
    _refuse_both(output.given("notesMarkdown") and arguments.given("notes"), "notes")
    _refuse_both(output.given("artifacts") and arguments.given("artifacts"), "artifacts")
    notes = output.text_or_none("notesMarkdown")
    return Submission(
        notes=arguments.text_or_none("notes") if notes is None else notes,
        artifacts=output.objects("artifacts") or arguments.objects("artifacts"),
        context=arguments.object("context"),
    )


def _refuse_both(both: bool, name: str) -> None:  # noqa: FBT001 - a local guard, read in place
    if both:
        message = (
            f"{name}: sent both in output and beside it. Nothing was recorded; send it once, as "
            "complete_step takes it."
        )
        raise InvalidSubmissionError(message, field=name)
