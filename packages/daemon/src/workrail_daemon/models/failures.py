"""How does one request fail, and what did it cost all the same?"""

from workrail_daemon.errors import ModelBusyError, ModelRefusedError
from workrail_engine.agent_events import Usage


class TryFailedError(ModelBusyError):
    """One request got no whole answer; another one may. What it used is to be paid."""

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        usage: Usage | None = None,
        cost: int | None = 0,
    ) -> None:
        super().__init__(message, retry_after)
        self.usage = usage or Usage()
        """Tokens, as far as they were told before it failed."""
        self.cost = cost
        """Millionths of a US dollar; None where the price is not known."""


class TriesUsedUpError(TryFailedError):
    """All tries of all models failed; `usage` and `cost` are those of all of them."""

    def __init__(
        self, message: str, *, retry_after: float | None, usage: Usage, cost: int | None, tries: int
    ) -> None:
        super().__init__(message, retry_after=retry_after, usage=usage, cost=cost)
        self.tries = tries
        """Requests that were made."""


class ModelNotServedError(ModelRefusedError):
    """This model or key is refused; another model may answer the same request."""
