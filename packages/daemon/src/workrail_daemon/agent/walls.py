"""What holds the tools of one run?"""

from dataclasses import dataclass, replace
from pathlib import Path

from workrail_daemon.agent.site import Site
from workrail_daemon.options import RunOptions
from workrail_daemon.sandbox.choosing import sandbox_for
from workrail_daemon.sandbox.contract import Sandbox, SandboxPolicy, SandboxWish
from workrail_daemon.tools.contract import ToolPolicy, Workshop
from workrail_daemon.tools.policy import allows, in_step, policy_of
from workrail_engine.ids import SessionId
from workrail_engine.outcomes import StepTools


@dataclass(frozen=True)
class Walls:
    """Where the tools of a run work, and what they may do there."""

    workshop: Workshop
    sandbox: Sandbox
    tools: ToolPolicy
    policy: SandboxPolicy
    wish: SandboxWish


def walls_of(site: Site, session_id: SessionId, workspace: Path, options: RunOptions) -> Walls:
    """What holds the tools of a run.

    Raises:
        SandboxUnavailableError: one is required, and there is none that works.
    """
    settings, tools = site.settings.sandbox, policy_of(options.tools)
    policy = SandboxPolicy(
        workspace=workspace,
        hosts=(*settings.hosts, *options.tools.hosts),
        environment=settings.environment,
        readable=settings.readable,
        hidden=(site.home,),
    )
    scratch = site.home / "scratch" / session_id
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    wish: SandboxWish = options.sandbox or settings.wish
    held = _held(policy, tools)
    sandbox = sandbox_for(wish, held, scratch)
    site.checks.learn(wish, held)
    return Walls(Workshop(workspace, scratch), sandbox, tools, held, wish)


def walls_in_step(walls: Walls, step: StepTools | None) -> Walls:
    """What holds the tools in a step: the walls of the run, or narrower ones.

    Raises:
        SandboxUnavailableError: as for the run, should the machine have changed since.
    """
    tools = in_step(walls.tools, step)
    if tools == walls.tools:
        return walls
    policy = _held(walls.policy, tools)
    sandbox = sandbox_for(walls.wish, policy, walls.workshop.scratch)
    return replace(walls, sandbox=sandbox, tools=tools, policy=policy)


def _held(policy: SandboxPolicy, tools: ToolPolicy) -> SandboxPolicy:
    changes = allows(tools, "Write") or allows(tools, "Edit")
    return replace(
        policy,
        writable=changes and bool(tools.writable),
        parts=tools.writable,
        hosts=policy.hosts if tools.network else (),
    )
