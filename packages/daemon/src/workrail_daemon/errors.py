"""What can fail in the daemon, and whose move it is next.

    WorkTrainError
      ConfigError                 config.toml cannot be used; one line a problem
      ModelError                  a model did not answer
        ModelRefusedError           it will not, however often it is asked: key, model id, request
        ModelBusyError              it may later: rate limit, overload, time-out, broken stream
      SandboxUnavailableError     a sandbox is required, and there is none
      DaemonRunningError          another daemon works on this store already
      StoppedError                the run was told to stop while it was waiting for something

Every message says what happened, where, and what to do next. What a tool or a model may do in the
course of normal work (a failing command, an early end) is a value, not an error.
"""


class WorkTrainError(Exception):
    """Base of every failure the daemon reports; never raised itself."""


class ConfigError(WorkTrainError):
    """The settings cannot be used; the message holds every problem, one a line, with its place."""


class ModelError(WorkTrainError):
    """A model did not answer."""


class ModelRefusedError(ModelError):
    """Asking again will not help: the key, the model's id or the request is refused."""


class ModelBusyError(ModelError):
    """Asking again later may help."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds the provider asked to wait; None: it did not say."""


class SandboxUnavailableError(WorkTrainError):
    """A sandbox is required, and this machine has none that works; the message says why."""


class DaemonRunningError(WorkTrainError):
    """Another daemon works on this store already."""


class StoppedError(WorkTrainError):
    """The run was told to stop; whatever was under way was ended."""
