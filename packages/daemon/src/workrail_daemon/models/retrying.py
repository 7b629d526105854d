"""When is a model asked again, and when another one in its place?

What may pass (a rate limit, an overload, a broken or silent stream) is tried again after a wait that
doubles and varies, or as long as the provider asked for. When that does not help, the next model of
the chain is asked, and the failed one is passed over for a while. What was paid for answers that
never became whole is part of the reply's cost.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Lock
from time import monotonic
from typing import Final

from workrail_daemon.config.model_settings import Retries
from workrail_daemon.errors import ModelBusyError, StoppedError
from workrail_daemon.models.failures import (
    ModelNotServedError,
    TriesUsedUpError,
    TryFailedError,
)
from workrail_daemon.models.pricing import added, added_cost
from workrail_daemon.models.protocol import ModelClient, ModelRequest, Reply, Retried, nothing
from workrail_daemon.stopping import Stop
from workrail_engine.agent_events import Usage

_DOUBLINGS: Final = 30


class Rests:
    """Which models failed lately, as every run of the daemon knows it."""

    def __init__(self, seconds: float, clock: Callable[[], float] = monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._lock = Lock()
        self._until: dict[str, float] = {}

    def begin(self, model: str) -> None:
        """Pass a model over from now on."""
        with self._lock:
            self._until[model] = self._clock() + self._seconds

    def rests(self, model: str) -> bool:
        """Whether it is passed over."""
        with self._lock:
            return self._until.get(model, 0.0) > self._clock()


@dataclass
class _Course:
    """What one question came to so far."""

    tries: int = 0
    usage: Usage = field(default_factory=Usage)
    cost: int | None = 0
    failure: ModelBusyError | ModelNotServedError | None = None

    def count(self, failure: ModelBusyError | ModelNotServedError) -> None:
        self.tries += 1
        self.failure = failure
        if isinstance(failure, TryFailedError):
            self.usage = added(self.usage, failure.usage)
            if failure.usage != Usage():
                self.cost = added_cost(self.cost, failure.cost)

    def whole(self, reply: Reply) -> Reply:
        cost = reply.cost if self.usage == Usage() else added_cost(self.cost, reply.cost)
        return replace(
            reply,
            usage=added(self.usage, reply.usage),
            cost=cost,
            tries=self.tries + reply.tries,
        )


class RetryingClient:
    """A chain of models: the first answers, the others stand in for it."""

    def __init__(
        self,
        chain: Sequence[ModelClient],
        retries: Retries,
        rests: Rests,
        chance: Callable[[], float],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Ask the models of `chain`.

        Args:
            chain: at least one; each makes one try.
            retries: how often and how long.
            rests: which models failed lately.
            chance: a number from 0 to 1 that varies the waits.
            clock: seconds, of any beginning.
        """
        self._chain = tuple(chain)
        self._retries = retries
        self._rests = rests
        self._chance = chance
        self._clock = clock
        self._last = self.model

    @property
    def model(self) -> str:
        """`provider/model` of the first of the chain."""
        return self._chain[0].model

    def ask(
        self,
        request: ModelRequest,
        stop: Stop,
        told: Callable[[Retried], None],
        meanwhile: Callable[[], None] = nothing,
    ) -> Reply:
        """The answer of the first model that gives one; see `ModelClient`.

        Raises:
            TriesUsedUpError: none answered; it is a `ModelBusyError`.
        """
        fresh = [client for client in self._chain if not self._rests.rests(client.model)]
        chain = fresh or list(self._chain)
        course = _Course()
        if chain[0].model != self._last:
            again = chain[0] is self._chain[0]
            why = f"{self.model} is asked again" if again else f"{self.model} failed lately"
            self._replace(chain[0], why, told)
        for number, client in enumerate(chain):
            ask = partial(client.ask, request, stop, told, meanwhile)
            reply = self._ask_one(client.model, ask, stop, told, course)
            if reply is not None:
                return course.whole(reply)
            if number + 1 < len(chain):
                self._rests.begin(client.model)
                self._replace(chain[number + 1], str(course.failure), told)
        if isinstance(course.failure, ModelNotServedError):
            raise course.failure
        raise self._used_up(course)

    def _replace(self, client: ModelClient, why: str, told: Callable[[Retried], None]) -> None:
        self._last = client.model
        told(Retried(why, 0.0, client.model, replaced=True))

    def _ask_one(
        self,
        model: str,
        ask: Callable[[], Reply],
        stop: Stop,
        told: Callable[[Retried], None],
        course: _Course,
    ) -> Reply | None:
        """The answer of one model; None: it gives none, and another one may be asked."""
        begun = self._clock()
        for number in range(self._retries.tries):
            try:
                return ask()
            except ModelNotServedError as failure:
                course.count(failure)
                return None
            except ModelBusyError as failure:
                course.count(failure)
                wait = self._wait(number, failure.retry_after)
                late = self._clock() - begun + (wait or 0.0) > self._retries.seconds
                if wait is None or late or number + 1 == self._retries.tries:
                    return None
                told(Retried(str(failure), wait, model, replaced=False))
                if stop.wait(wait):
                    raise StoppedError(stop.reason) from failure
        return None

    def _wait(self, number: int, asked: float | None) -> float | None:
        """Seconds until the next try; None: the provider asks for more patience than there is."""
        longest = self._retries.longest_wait
        if asked is not None and asked > longest:
            return None
        own = min(longest, self._retries.first_wait * 2.0 ** min(number, _DOUBLINGS))
        varied = own * (0.5 + self._chance() / 2)
        return max(varied, asked or 0.0)

    def _used_up(self, course: _Course) -> TriesUsedUpError:
        models = " and ".join(client.model for client in self._chain)
        failure = course.failure
        return TriesUsedUpError(
            f"{models} did not answer in {course.tries} tries. The last one: {failure}",
            retry_after=failure.retry_after if isinstance(failure, ModelBusyError) else None,
            usage=course.usage,
            cost=course.cost,
            tries=course.tries,
        )
