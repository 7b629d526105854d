"""How does an agent say that something is wrong?"""

from typing import Final, Literal, TypeAlias

from pydantic import Field

from workrail_daemon.stopping import Stop
from workrail_daemon.tools.contract import Answered, Call, Ends, Tool, ToolAnswer
from workrail_daemon.tools.making import Arguments, Doing, make
from workrail_engine.agent_events import Noticed
from workrail_engine.canonical import JsonObject

Kind: TypeAlias = Literal[
    "tool_failure", "blocked", "unexpected_behavior", "needs_human", "self_correction"
]
Severity: TypeAlias = Literal["info", "warn", "error", "fatal"]
_SUMMARY: Final = 200
_DETAIL: Final = 4000
_DESCRIPTION: Final = (
    "Report a problem to whoever operates this run: a tool that fails, something that blocks the work "
    "or is not as the task says, a mistake of your own that you mended. The run goes on, except after "
    "severity fatal, which ends it: only where nothing more can be done."
)


class _Issue(Arguments):
    kind: Kind = Field(description="What kind of problem it is.")
    severity: Severity = Field(description="How bad it is; fatal ends the run.")
    summary: str = Field(
        min_length=1, max_length=_SUMMARY, description="The problem in a sentence."
    )
    context: str | None = Field(
        default=None, max_length=_DETAIL, description="What was tried, and what happened."
    )
    tool_name: str | None = Field(
        default=None, alias="toolName", max_length=100, description="The tool it is about."
    )
    command: str | None = Field(
        default=None, max_length=_DETAIL, description="The command it is about."
    )
    suggested_fix: str | None = Field(
        default=None, alias="suggestedFix", max_length=_DETAIL, description="What may mend it."
    )


def report_issue_tool() -> Tool:
    """The tool `report_issue`."""
    return make(
        ("report_issue", _DESCRIPTION),
        "reads",
        _Issue,
        _reported,
        lambda issue: f"{issue.severity}: {issue.summary}",
    )


def _reported(issue: _Issue, call: Call, _stop: Stop, _doing: Doing) -> ToolAnswer:
    facts: JsonObject = issue.model_dump(exclude_none=True, by_alias=True)
    noticed = Noticed(call.node, "issue_reported", issue.summary, facts)
    if issue.severity != "fatal":
        return Answered("It was reported. Go on as far as that is possible.", events=(noticed,))
    said = f"The agent reported a fatal problem: {issue.summary}"
    return Ends("It was reported, and ends the run.", "stuck", said, (noticed,))
