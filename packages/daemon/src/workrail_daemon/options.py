"""What is a run ordered with, besides its session?

These values lie with the run in the store, so a daemon that takes it over keeps to them. Everything
left out comes from the settings.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from workrail_daemon.sandbox.contract import SandboxWish

Tier = Literal["lightweight", "mid", "heavy"]
StuckPolicy = Literal["notify_only", "abort"]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Limits(_Closed):
    """How much one run may use. A child has what its parent has left."""

    minutes: float = Field(default=60, gt=0)
    """Of work; waiting does not count."""
    turns: int = Field(default=200, gt=0)
    tokens: int | None = Field(default=None, gt=0)
    """All that is read and written, caches included."""
    usd: float | None = Field(default=None, gt=0)


class ToolsAllowed(_Closed):
    """What the agent may do."""

    allowed: tuple[str, ...] | None = None
    """Names of tools; None: all."""
    writable: tuple[str, ...] = ("**",)
    """Globs of files that may be changed, relative to the workspace."""
    hosts: tuple[str, ...] = ()
    """Hosts that may be reached, besides those of the settings; none at all: the network is off."""
    network: bool = True
    """False: no host, not even one of the settings."""


class RunOptions(_Closed):
    """All of it; what is None is settled by the settings."""

    model: str | None = None
    """`provider/model`, over every tier."""
    tier: Tier | None = None
    role: Literal["main", "child", "gate", "review"] = "main"
    limits: Limits | None = None
    tools: ToolsAllowed = ToolsAllowed()
    sandbox: SandboxWish | None = None
    stuck: StuckPolicy | None = None
    soul: str | None = None
    """Path of the file with the operator's rules for agents."""
    script: str | None = None
    """Path of the file the `scripted` model follows."""
    trigger: str | None = None
    """What ordered the run: `cli`, later the id of a trigger."""
