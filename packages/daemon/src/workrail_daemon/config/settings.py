"""What can the operator settle, and what holds where nothing is said?"""

from pathlib import Path
from typing import Literal

from pydantic import Field

from workrail_daemon.config.model_settings import Closed, ModelSettings
from workrail_daemon.options import Limits, StuckPolicy
from workrail_daemon.sandbox.contract import SandboxWish


class DaemonSettings(Closed):
    """`[daemon]`."""

    max_concurrent_sessions: int = Field(default=3, ge=1, le=100)
    """Runs worked on at a time; one that waits is not among them."""
    dispatch: Literal["embedded", "procrastinate"] = "embedded"
    """Who hands out runs; `procrastinate` needs PostgreSQL."""
    drain_seconds: float = Field(default=20, ge=0)
    """For which a daemon that is told to stop lets runs come to a recorded point."""


class SandboxSettings(Closed):
    """`[sandbox]`."""

    wish: SandboxWish = "auto"
    """`required`: no run without one; `auto`: said loudly where there is none; `off`."""
    hosts: tuple[str, ...] = ()
    """Hosts every run may reach, `name` or `*.name`; none: the network is off."""
    readable: tuple[Path, ...] = ()
    """Further folders every run may read."""
    environment: tuple[str, ...] = ()
    """Further names of variables that tools are given."""


class StuckSettings(Closed):
    """`[stuck]`."""

    policy: StuckPolicy = "abort"
    """What happens to a run that does not get on."""
    repeats: int = Field(default=3, ge=2)
    """Equal calls with equal results, one after the other."""
    longest_cycle: int = Field(default=4, ge=2, le=10)
    """Calls of the longest round that is looked for."""
    cycle_rounds: int = Field(default=2, ge=2)
    """Equal rounds, one after the other."""
    waiting_seconds: float = Field(default=20, gt=0)
    """A call that takes this long is waiting for something outside."""
    waiting_rounds: int = Field(default=10, ge=2)
    """In place of `repeats` and `cycle_rounds` where the calls wait."""
    failures_among: int = Field(default=10, ge=2)
    """Last calls that are looked at for failures."""
    failure_share: float = Field(default=0.5, gt=0, le=1)
    """Of them; more is evidence."""
    may_fail: tuple[str, ...] = ("Bash",)
    """Tools whose failing is a part of work, a failing test for instance."""
    wordy_turns: int = Field(default=3, ge=2)
    """Turns in a row without a call, each of more tokens than `wordy_tokens`."""
    wordy_tokens: int = Field(default=4_000, ge=1)
    idle_turns: int = Field(default=5, ge=2)
    """Turns in a row without a call."""
    turns_a_step: int = Field(default=60, ge=2)
    """Turns without a step completed."""
    first_step_by: float = Field(default=0.8, gt=0, le=1)
    """Of all turns there are; by then some step has to be completed."""
    patience: int = Field(default=10, ge=1)
    """Turns after a verdict before lack of progress is evidence again."""
    warning_turns: int = Field(default=25, ge=1)
    """How long a warning stands."""


class LogSettings(Closed):
    """`[log]`."""

    retention_days: int = Field(default=30, ge=1)
    """For which the daemon's log is kept."""


class TelemetrySettings(Closed):
    """`[telemetry]`."""

    endpoint: str | None = Field(default=None, pattern=r"^https?://")
    """Where OpenTelemetry spans are sent (OTLP over HTTP); None: nowhere."""
    content: bool = False
    """Whether what models read and write is in them."""


class AgentSettings(Closed):
    """`[agent]`."""

    max_output_tokens: int = Field(default=8_192, ge=256)
    """Of one answer."""
    context_tokens: int = Field(default=120_000, ge=8_000)
    """Beyond which old results of tools are left out, from the oldest step on."""
    stall_seconds: float = Field(default=120, gt=0)
    """Without a sign of life from a model."""
    command_seconds: float = Field(default=300, gt=0)
    """Of one command of a tool."""
    soul: Path | None = None
    """The file with the operator's rules for agents; None: `daemon-soul.md` beside config.toml."""


class Settings(Closed):
    """All of config.toml."""

    models: ModelSettings = ModelSettings()
    limits: Limits = Limits()
    """`[limits]`: of one run, where its order says nothing."""
    daemon: DaemonSettings = DaemonSettings()
    sandbox: SandboxSettings = SandboxSettings()
    stuck: StuckSettings = StuckSettings()
    log: LogSettings = LogSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    agent: AgentSettings = AgentSettings()
