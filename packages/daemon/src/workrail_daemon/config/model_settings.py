"""Which models are there, who serves them, and which one does what?

A model is named `provider/model`. Nothing here is a secret: keys are named, by the variable or the
file that holds them.
"""

from datetime import date
from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from workrail_daemon.options import Tier

ProviderKind: TypeAlias = Literal["anthropic", "bedrock", "vertex", "scripted"]
Role: TypeAlias = Literal["main", "child", "gate", "review"]


class Closed(BaseModel):
    """Settings that are fixed once read, and refuse names they do not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Provider(Closed):
    """Who serves models."""

    kind: ProviderKind = "anthropic"
    """`anthropic` is every server that speaks the Messages API."""
    base_url: str | None = Field(default=None, pattern=r"^https?://")
    """Where it listens; None: the provider's own address."""
    api_key_env: str | None = None
    """The variable that holds the key."""
    api_key_file: Path | None = None
    """The file that holds the key and nothing else."""
    auth: Literal["bearer", "x-api-key"] = "bearer"
    """How the key is sent: `Authorization: Bearer`, or in the header `X-Api-Key`."""
    headers: dict[str, str] = {}
    """Further headers of every request; no secrets."""
    headers_env: dict[str, str] = {}
    """Further headers, whose values lie in the variables named."""
    region: str | None = None
    """Of `bedrock` and `vertex`."""
    project: str | None = None
    """Of `vertex`."""
    profile: str | None = None
    """Of `bedrock`: a profile of the AWS configuration."""
    script: Path | None = None
    """Of `scripted`: the file it follows where a run names none."""


class Tiers(Closed):
    """Which model is meant by how hard the work is."""

    lightweight: str = "anthropic/claude-haiku-5-5"
    mid: str = "anthropic/claude-sonnet-5-5"
    heavy: str = "anthropic/claude-opus-5-5"

    def of(self, tier: Tier) -> str:
        """The model of a tier."""
        match tier:
            case "lightweight":
                return self.lightweight
            case "mid":
                return self.mid
            case "heavy":
                return self.heavy


class Roles(Closed):
    """Which model, or which tier, does what; None: `mid`."""

    main: str | None = None
    """Runs that nobody else started."""
    child: str | None = None
    """Runs that another run started."""
    gate: str | None = None
    """Judges an assessment."""
    review: str | None = None
    """Reviews a change."""

    def of(self, role: Role) -> str | Tier | None:
        """The model or tier of a role."""
        match role:
            case "main":
                return self.main
            case "child":
                return self.child
            case "gate":
                return self.gate
            case "review":
                return self.review


class Rates(Closed):
    """US dollars per million tokens."""

    input: float = Field(ge=0, allow_inf_nan=False)
    output: float = Field(ge=0, allow_inf_nan=False)
    cache_read: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """None: as `input`."""
    cache_write: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """None: as `input`."""


class Price(Rates):
    """What a model costs."""

    since: date
    """When these prices were looked up."""
    long_prompt_over: int | None = Field(default=None, gt=0)
    """Tokens read, caches included, beyond which a whole request costs `long_prompt`."""
    long_prompt: Rates | None = None


class Retries(Closed):
    """How often and how long a model that did not answer is asked again, before the next one is."""

    tries: int = Field(default=5, ge=1, le=50)
    """Requests of one model, the first included."""
    seconds: float = Field(default=300, ge=0)
    """After which one model is not asked again."""
    first_wait: float = Field(default=1, ge=0)
    """Seconds; each further one is twice as long."""
    longest_wait: float = Field(default=60, ge=0)
    """Seconds; who asks for more patience is not asked again."""
    rest_seconds: float = Field(default=300, ge=0)
    """For which a model that failed is passed over, where there is another one."""


class ModelSettings(Closed):
    """`[models]`."""

    always: str | None = None
    """A model for every tier and role; only an order that names a model goes over it."""
    providers: dict[str, Provider] = {}
    tiers: Tiers = Tiers()
    roles: Roles = Roles()
    fallbacks: dict[str, tuple[str, ...]] = {}
    """Models that are asked, one after the other, when the named one does not answer."""
    prices: dict[str, Price] = {}
    parameters: dict[str, dict[str, JsonValue]] = {}
    """Further members of a model's requests, as its API calls them."""
    retries: Retries = Retries()


BUILT_IN_PROVIDERS: dict[str, dict[str, str]] = {
    "anthropic": {"kind": "anthropic", "api_key_env": "ANTHROPIC_API_KEY"},
    "scripted": {"kind": "scripted"},
}
"""Providers that need not be written down; what is written goes over them."""
