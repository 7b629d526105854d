"""Do the settings fit together?

Each setting is right by itself when this is asked. What cannot work is a problem, and the daemon
does not start; what may surprise is a warning.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from workrail_daemon.config.model_settings import ModelSettings, Provider
from workrail_daemon.config.problems import dotted, near
from workrail_daemon.config.settings import Settings
from workrail_daemon.config.toml_lines import KeyPath
from workrail_daemon.options import Tier

TIERS: Final[tuple[Tier, ...]] = ("lightweight", "mid", "heavy")
_ONLY_OF: Final = {
    "region": ("bedrock", "vertex"),
    "project": ("vertex",),
    "profile": ("bedrock",),
    "script": ("scripted",),
    "base_url": ("anthropic", "bedrock", "vertex"),
    "api_key_env": ("anthropic",),
    "api_key_file": ("anthropic",),
}


@dataclass
class Findings:
    """What was found, each with the key it is about."""

    problems: list[tuple[KeyPath, str]] = field(default_factory=list[tuple[KeyPath, str]])
    warnings: list[tuple[KeyPath, str]] = field(default_factory=list[tuple[KeyPath, str]])


def check(settings: Settings) -> Findings:
    """Everything that does not fit."""
    findings = Findings()
    models = settings.models
    for path, name in named_models(models):
        problem = problem_of_name(name, models)
        if problem is not None:
            findings.problems.append((path, problem))
    for name, provider in models.providers.items():
        path = ("models", "providers", name)
        findings.problems.extend((path, said) for said in _provider_problems(provider))
        if "/" in name or not name:
            findings.problems.append((path, "the name of a provider holds no `/`."))
    for path, role in _roles(models):
        if role not in TIERS and "/" not in role:
            said = f"`{role}` is neither a tier ({', '.join(TIERS)}) nor a `provider/model`."
            findings.problems.append((path, f"{said} {near(role, TIERS)}".strip()))
    for name, price in models.prices.items():
        if (price.long_prompt_over is None) != (price.long_prompt is None):
            path = ("models", "prices", name)
            findings.problems.append(
                (path, "long_prompt_over and long_prompt go together; one of them is missing.")
            )
    if not findings.problems:
        findings.warnings.extend(_missing_prices(settings))
    return findings


def problem_of_name(name: str, models: ModelSettings) -> str | None:
    """Why a name of a model cannot be used; None: it can."""
    provider, slash, model = name.partition("/")
    if not slash or not provider or not model:
        return f"`{name}` is no model; write it as provider/model, such as anthropic/{name or 'x'}."
    if provider not in models.providers:
        known = sorted(models.providers)
        return (
            f"`{name}` names the provider `{provider}`, which is not set up. "
            f"{near(provider, known)}There are: {', '.join(known)}. "
            f"Another one is added as [models.providers.{dotted([provider])}]."
        )
    return None


def named_models(models: ModelSettings) -> Iterator[tuple[KeyPath, str]]:
    """Every model the settings name, and where."""
    if models.always is not None:
        yield ("models", "always"), models.always
    for tier in TIERS:
        yield ("models", "tiers", tier), models.tiers.of(tier)
    for path, role in _roles(models):
        if "/" in role:
            yield path, role
    for name, others in models.fallbacks.items():
        yield ("models", "fallbacks", name), name
        for number, other in enumerate(others):
            yield ("models", "fallbacks", name, number), other
    for name in models.prices:
        yield ("models", "prices", name), name
    for name in models.parameters:
        yield ("models", "parameters", name), name


def _roles(models: ModelSettings) -> Iterator[tuple[KeyPath, str]]:
    for name in type(models.roles).model_fields:
        value = getattr(models.roles, name)
        if value is not None:
            yield ("models", "roles", name), str(value)


def _provider_problems(provider: Provider) -> Iterator[str]:
    for name, kinds in _ONLY_OF.items():
        if getattr(provider, name) is not None and provider.kind not in kinds:
            yield f"{name} is a setting of {' and '.join(kinds)}, and this is {provider.kind}."
    if provider.api_key_env is not None and provider.api_key_file is not None:
        yield "api_key_env and api_key_file both name the key; leave one of them out."
    if provider.kind == "vertex" and provider.project is None:
        yield "vertex needs a project."
    if provider.kind in ("vertex", "bedrock") and provider.region is None:
        yield f"{provider.kind} needs a region."


def _missing_prices(settings: Settings) -> Iterator[tuple[KeyPath, str]]:
    models = settings.models
    seen = set(models.prices)
    for path, name in named_models(models):
        kind = models.providers[name.partition("/")[0]].kind
        if name in seen or kind == "scripted":
            continue
        seen.add(name)
        limited = " The limit in US dollars cannot hold for it." if settings.limits.usd else ""
        yield path, f"`{name}` has no price, so its cost is not counted.{limited}"
