"""Which kinds of lines does the daemon's log have?

docs/daemon-log.md explains each; a test holds the two together. The kinds are closed: a reader may rely
on them.
"""

from typing import Final, Literal, TypeAlias, get_args

Kind: TypeAlias = Literal[
    "daemon_started",
    "daemon_stopped",
    "daemon_heartbeat",
    "session_queued",
    "session_started",
    "session_parked",
    "session_completed",
    "session_failed",
    "step_advanced",
    "llm_turn_completed",
    "llm_retried",
    "tool_called",
    "tool_completed",
    "tool_failed",
    "message_given",
    "artifact_saved",
    "issue_reported",
    "signal_emitted",
    "agent_stuck",
    "sandbox_downgraded",
    "limits_raised",
    "context_pruned",
    "child_spawned",
    "child_ended",
    "question_asked",
    "tooling_failure_detected",
    "self_heal_started",
    "self_heal_succeeded",
    "self_heal_failed",
]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
