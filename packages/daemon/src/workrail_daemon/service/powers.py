"""What does a daemon here have to work with, and what is missing?"""

from collections.abc import Mapping
from dataclasses import dataclass

from workrail_daemon.config.loading import Loaded
from workrail_daemon.config.secret_values import key_shown
from workrail_daemon.config.settings import Settings
from workrail_daemon.models.registry import Models
from workrail_daemon.options import RunOptions
from workrail_daemon.sandbox.choosing import possible
from workrail_daemon.sandbox.contract import SandboxKind, SandboxWish

_LOUD = "!!"


@dataclass(frozen=True)
class ModelPower:
    """A model that runs will ask."""

    use: str
    """For whom: `main`, `child`."""
    model: str
    because: str
    key: str
    """Where its key is, or that it is missing."""

    @property
    def usable(self) -> bool:
        """Whether it can be asked, as far as can be told without asking."""
        return not self.key.startswith("missing")


@dataclass(frozen=True)
class SandboxPower:
    """What holds the tools."""

    wish: SandboxWish
    kind: SandboxKind
    why_not: str | None
    """Why there is nothing better, and what to do; None: there is nothing better."""

    @property
    def enough(self) -> bool:
        """Whether runs can begin."""
        return self.kind != "none" or self.wish != "required"


@dataclass(frozen=True)
class Powers:
    """All of it."""

    models: tuple[ModelPower, ...]
    sandbox: SandboxPower
    slots: int
    warnings: tuple[str, ...]
    """What in the settings may surprise."""


def powers(loaded: Loaded, environ: Mapping[str, str]) -> Powers:
    """What a daemon with these settings has; nothing is asked of any model."""
    settings = loaded.settings
    return Powers(
        models=_models(settings, environ),
        sandbox=_sandbox(settings.sandbox.wish),
        slots=settings.daemon.max_concurrent_sessions,
        warnings=loaded.warnings,
    )


def opening_lines(found: Powers, store: str, slots: int) -> list[str]:
    """What a daemon says when it starts: at most five lines, what is missing among them."""
    held = found.sandbox
    if held.wish == "off":
        walls = f"{_LOUD} off: nothing holds what agents run"
    elif held.kind == "none":
        walls = f"{_LOUD} NONE, nothing holds what agents run: {held.why_not}"
    else:
        walls = held.kind
    models = ", ".join(
        f"{one.model} for {one.use}" + ("" if one.usable else f" ({_LOUD} key {one.key})")
        for one in found.models
    )
    lines = [
        f"store    {store}",
        f"models   {models}",
        f"sandbox  {walls}",
        f"slots    {slots} at a time",
    ]
    if found.warnings:
        more = len(found.warnings) - 1
        others = f" (and {more} more: worktrain config check)" if more else ""
        lines.append(f"note     {found.warnings[0]}{others}")
    return lines


def _sandbox(wish: SandboxWish) -> SandboxPower:
    if wish == "off":
        return SandboxPower(wish, "none", None)
    best = possible()
    return SandboxPower(wish, best.kind, best.why_not)


def _models(settings: Settings, environ: Mapping[str, str]) -> tuple[ModelPower, ...]:
    models = Models(settings, environ)
    chosen = [
        ("main", models.choose(RunOptions())),
        ("child", models.choose(RunOptions(role="child"))),
    ]
    if chosen[0][1].model == chosen[1][1].model:
        chosen = [("all", chosen[0][1])]
    return tuple(
        ModelPower(use, one.model, one.because, _key(one.model, settings, environ))
        for use, one in chosen
    )


def _key(model: str, settings: Settings, environ: Mapping[str, str]) -> str:
    provider = settings.models.providers.get(model.partition("/")[0])
    return "missing: its provider" if provider is None else key_shown(provider, environ)
