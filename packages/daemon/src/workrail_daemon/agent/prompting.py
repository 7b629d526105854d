"""What is a run told before its first turn?

The system prompt is made once and kept in the log; a run that is taken up again is told the same.
"""

from collections.abc import Collection, Sequence
from pathlib import Path

from workrail_daemon.agent.site import Site
from workrail_daemon.agent.walls import Walls
from workrail_daemon.context.changed_files import changed_part, git_in_sandbox
from workrail_daemon.context.parts import decoded, joined
from workrail_daemon.context.prior_sessions import prior_sessions
from workrail_daemon.context.prompt import Bounds, Material, prompt_of
from workrail_daemon.context.rule_files import rules_of
from workrail_daemon.context.soul import soul_part
from workrail_daemon.ground import Ground
from workrail_daemon.models.protocol import ToolSpec
from workrail_daemon.options import RunOptions
from workrail_daemon.stopping import Stop
from workrail_engine.agent_events import Content, RunBegun
from workrail_engine.ids import SessionId
from workrail_engine.projections.runs import Entry


def kept_prompt(ground: Ground, entries: Sequence[Entry]) -> tuple[str, Content] | None:
    """The system prompt of an earlier time, and where it lies; None: there was none."""
    contents = [entry.event.prompt for entry in entries if isinstance(entry.event, RunBegun)]
    content = next((each for each in reversed(contents) if each is not None), None)
    if content is None:
        return None
    return joined(decoded(ground.call(lambda engine: engine.journal.content(content)))), content


def new_prompt(
    ground: Ground,
    site: Site,
    walls: Walls,
    options: RunOptions,
    tools: Sequence[ToolSpec],
    besides: Collection[SessionId],
) -> tuple[str, bytes]:
    """A system prompt, as the model reads it and as the log keeps it.

    Args:
        ground: reaches the engine.
        site: whose operator's rules count.
        walls: that hold the tools.
        options: of the run.
        tools: the run has.
        besides: sessions that are no earlier ones: its own, its parent.

    Raises:
        ConfigError: the operator's rules cannot be read.
    """
    workspace = walls.workshop.workspace
    chosen = options.soul or site.settings.agent.soul
    soul = soul_part(site.home, None if chosen is None else Path(chosen).expanduser())
    git = git_in_sandbox(walls.sandbox, workspace, Stop())
    prior = ground.call(lambda engine: prior_sessions(engine, str(workspace), besides))
    prompt = prompt_of(
        Material(
            workspace=workspace,
            soul=soul,
            rules=rules_of(workspace),
            tools=tools,
            bounds=Bounds(
                writable=walls.tools.writable,
                hosts=walls.policy.hosts,
                sandbox=walls.sandbox.kind,
                git_is_protected=walls.policy.protect_git,
            ),
            prior=prior,
            changed=changed_part(git),
        )
    )
    return prompt.text, prompt.kept
