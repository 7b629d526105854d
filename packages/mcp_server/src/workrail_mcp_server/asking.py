"""How does a client ask its person for an approval?

In the stateless era a call is answered with what is to be asked, and the client makes the call again
with the answer. In the era of handshakes the client is asked while the call waits. Either way the
answer travels beside the arguments of the tool, where an agent cannot write. Anything but a plain yes
or no of the person decides nothing.
"""

import json
from typing import Any, Literal, cast

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError

from workrail_mcp_server.failures import PersonsAnswer, Question

_KEY = "approval"
_STATELESS = "2026-07-28"
_FORM: dict[str, Any] = {
    "type": "object",
    "properties": {
        "decision": {
            "type": "string",
            "title": "Decision",
            "enum": ["approve", "reject"],
            "description": "Approve exactly what is shown above, or send it back to the agent.",
        },
        "note": {
            "type": "string",
            "title": "Note",
            "description": "For the agent, when you reject: what is to be changed.",
        },
    },
    "required": ["decision"],
}


def can_ask(context: ServerRequestContext[Any]) -> bool:
    """Whether the client says it can put a form before its person."""
    capabilities = context.session.client_capabilities
    elicitation = None if capabilities is None else capabilities.elicitation
    return elicitation is not None and (elicitation.form is not None or elicitation.url is None)


def is_stateless(context: ServerRequestContext[Any]) -> bool:
    """Whether the client is asked by the answer to its call."""
    return context.protocol_version >= _STATELESS


def input_required(question: Question) -> types.InputRequiredResult:
    """The answer to a call that waits for a person, in the stateless era."""
    params = types.ElicitRequestFormParams(message=question.text, requested_schema=_FORM)
    state = {"approval": question.approval_id, "digest": question.digest}
    return types.InputRequiredResult(
        input_requests={_KEY: types.ElicitRequest(params=params)},
        request_state=json.dumps(state),
    )


def was_asked(params: types.CallToolRequestParams) -> bool:
    """Whether this call comes back with whatever the person said to a question."""
    return params.request_state is not None or params.input_responses is not None


def answer_brought(
    context: ServerRequestContext[Any], params: types.CallToolRequestParams
) -> PersonsAnswer | None:
    """The decision a call came back with; None when there is none in it."""
    responses = params.input_responses or {}
    response = responses.get(_KEY)
    try:
        state = json.loads(params.request_state or "")
    except ValueError:
        return None
    if not isinstance(response, types.ElicitResult) or not isinstance(state, dict):
        return None
    told = cast("dict[str, object]", state)
    question = Question(str(told.get("approval")), str(told.get("digest")), "")
    return _decision(question, response, _client(context))


async def ask_now(context: ServerRequestContext[Any], question: Question) -> PersonsAnswer | None:
    """Ask the client's person while the call waits; None when nothing was decided."""
    try:
        response = await context.session.elicit_form(question.text, _FORM, context.request_id)
    except MCPError:  # the client cannot after all; the terminal still can
        return None
    return _decision(question, response, _client(context))


def _decision(
    question: Question, response: types.ElicitResult, client: str
) -> PersonsAnswer | None:
    content = response.content or {}
    verdicts: dict[object, Literal["approved", "rejected"]] = {
        "approve": "approved",
        "reject": "rejected",
    }
    verdict = verdicts.get(content.get("decision"))
    if response.action != "accept" or verdict is None:
        return None
    note = content.get("note")
    return PersonsAnswer(
        approval_id=question.approval_id,
        digest=question.digest,
        verdict=verdict,
        note=note if isinstance(note, str) and note.strip() else None,
        client=client,
    )


def _client(context: ServerRequestContext[Any]) -> str:
    params = context.session.client_params
    return "a client" if params is None else params.client_info.name
