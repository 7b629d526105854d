"""Which model does a run ask?

The first of these that says something: the order's model, the tier of the step, the tier of the
order, the tier of the workflow, the role of the run, `mid`. `[models] always` stands over all but
the first. Models that stand in for the chosen one follow it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from workrail_daemon.config.checking import problem_of_name
from workrail_daemon.config.model_settings import ModelSettings, Price, Provider
from workrail_daemon.config.settings import Settings
from workrail_daemon.errors import ModelRefusedError
from workrail_daemon.models.anthropic_client import AnthropicClient, Connection
from workrail_daemon.models.protocol import ModelClient
from workrail_daemon.models.retrying import Rests, RetryingClient
from workrail_daemon.models.scripted import ScriptedClient
from workrail_daemon.options import RunOptions, Tier
from workrail_engine.system import SystemEntropy

_CHANCES = 65_535


@dataclass(frozen=True)
class Choice:
    """A chosen model."""

    model: str
    """`provider/model`."""
    because: str
    """What chose it, in a few words."""


class Models:
    """The models of a daemon. Safe to use from several threads."""

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        chance: Callable[[], float] | None = None,
    ) -> None:
        """Nothing is asked and nothing heavy imported before a model is.

        Args:
            settings: `[models]` and `[agent]` of them.
            environ: the variables that hold the keys.
            chance: a number from 0 to 1 that varies waits; that of this machine when left out.
        """
        self._settings: ModelSettings = settings.models
        self._stall_seconds = settings.agent.stall_seconds
        self._environ = environ
        self._chance = chance or _chance
        self._rests = Rests(settings.models.retries.rest_seconds)
        self._lock = Lock()
        self._connections: dict[str, Connection] = {}

    def resolve(
        self,
        options: RunOptions,
        workflow_tier: Tier | None = None,
        step_tier: Tier | None = None,
    ) -> ModelClient:
        """The model to ask, with those that stand in for it.

        One client serves one conversation; it may be kept as long as the choice stays the same.

        Raises:
            ModelRefusedError: the order names a model that is not set up.
        """
        name = self.choose(options, workflow_tier, step_tier).model
        script = None if options.script is None else Path(options.script)
        names = dict.fromkeys((name, *self._settings.fallbacks.get(name, ())))
        return RetryingClient(
            [self._client(each, script) for each in names],
            self._settings.retries,
            self._rests,
            self._chance,
        )

    def choose(
        self,
        options: RunOptions,
        workflow_tier: Tier | None = None,
        step_tier: Tier | None = None,
    ) -> Choice:
        """Which model is asked, and why."""
        if options.model is not None:
            return Choice(options.model, "the order names it")
        if self._settings.always is not None:
            return Choice(self._settings.always, "models.always is set to it")
        if step_tier is not None:
            return self._of_tier(step_tier, "the step asks for")
        if options.tier is not None:
            return self._of_tier(options.tier, "the order asks for")
        if workflow_tier is not None:
            return self._of_tier(workflow_tier, "the workflow asks for")
        role = self._settings.roles.of(options.role)
        match role:
            case None:
                return self._of_tier("mid", "nothing is said, which means")
            case "lightweight" | "mid" | "heavy":
                return self._of_tier(role, f"the role {options.role} is")
            case _:
                return Choice(role, f"the role {options.role} is served by it")

    def _of_tier(self, tier: Tier, because: str) -> Choice:
        return Choice(self._settings.tiers.of(tier), f"{because} {tier}")

    def one(self, name: str, script: Path | None = None) -> ModelClient:
        """A model by its name, asked once and without others that stand in for it.

        Raises:
            ModelRefusedError: it is not set up.
        """
        return self._client(name, script)

    def price_of(self, name: str) -> Price | None:
        """What a model costs; None: it is not known."""
        return self._settings.prices.get(name)

    def close(self) -> None:
        """Let go of all connections."""
        with self._lock:
            for connection in self._connections.values():
                connection.close()
            self._connections.clear()

    def _client(self, name: str, script: Path | None) -> ModelClient:
        problem = problem_of_name(name, self._settings)
        if problem is not None:
            raise ModelRefusedError(problem)
        known_as = name.partition("/")[0]
        provider = self._settings.providers[known_as]
        if provider.kind == "scripted":
            return self._scripted(name, provider, script)
        parameters = self._settings.parameters.get(name, {})
        return AnthropicClient(
            name, self._connection(known_as, provider), self.price_of(name), parameters
        )

    def _scripted(self, name: str, provider: Provider, script: Path | None) -> ModelClient:
        path = script or provider.script
        if path is None:
            message = (
                f"{name} follows a script, and none is named. "
                "Order the run with one, or set script in the provider's settings."
            )
            raise ModelRefusedError(message)
        return ScriptedClient(name, path.expanduser(), self.price_of(name))

    def _connection(self, known_as: str, provider: Provider) -> Connection:
        with self._lock:
            if known_as not in self._connections:
                self._connections[known_as] = Connection(
                    provider, self._environ, self._stall_seconds
                )
            return self._connections[known_as]


def _chance() -> float:
    return int.from_bytes(SystemEntropy().bytes(2)) / _CHANCES
