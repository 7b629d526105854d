"""How are the commands of checks held?

A check runs what an agent wrote: the tests of its change, the configuration of the tool. So it runs
inside the same walls as the agent's own commands.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Lock, Thread, local

from workrail_daemon.sandbox.choosing import sandbox_for
from workrail_daemon.sandbox.contract import Command, SandboxPolicy, SandboxWish
from workrail_daemon.stopping import CANCELLED, Stop
from workrail_engine.ports import CheckCommand, CommandEnd

_EVERY = 1.0
_OURS = frozenset({"HOME", "TMPDIR", "PATH"})
"""What the sandbox sets itself."""
_KILLED = -9


class _Here(local):
    held: tuple[SandboxWish, SandboxPolicy] | None = None


class HeldChecks:
    """Runs the commands of checks; an `engine.open_engine` of the daemon is given it."""

    def __init__(self, wish: SandboxWish, hidden: tuple[Path, ...]) -> None:
        self._wish: SandboxWish = wish
        self._hidden = hidden
        self._lock = Lock()
        self._here = _Here()
        self._known: dict[str, tuple[SandboxWish, SandboxPolicy]] = {}

    def learn(self, wish: SandboxWish, policy: SandboxPolicy) -> None:
        """Checks in this policy's workspace are held by it from now on."""
        with self._lock:
            self._known[str(policy.workspace)] = (wish, policy)

    @contextmanager
    def under(self, wish: SandboxWish, policy: SandboxPolicy) -> Generator[None]:
        """Within the block, checks that this thread runs in this policy's workspace are held by it."""
        before = self._here.held
        self._here.held = wish, policy
        try:
            yield
        finally:
            self._here.held = before

    def __call__(
        self, command: CheckCommand, take: Callable[[bytes], None], told: Callable[[float], None]
    ) -> CommandEnd:
        """Run a command to its end; see `ports.RunCheckCommand`.

        Raises:
            SandboxUnavailableError: a sandbox is required and there is none.
        """
        wish, policy = self._policy(command)
        extra = {n: value for n, value in command.environment.items() if n not in _OURS}
        within = Command(command.argv, Path(command.folder), command.seconds, extra=extra)
        stop = Stop()
        with _Teller(told, stop) as teller:
            ran = sandbox_for(wish, policy).run(within, stop, take)
        teller.raise_again()
        overdue = ran.ended is not None
        exit_code = _KILLED if ran.exit_code is None else ran.exit_code
        return CommandEnd(exit_code, overdue, left_behind=False)

    def _policy(self, command: CheckCommand) -> tuple[SandboxWish, SandboxPolicy]:
        workspace, scratch = Path(command.workspace), Path(command.scratch)
        here = self._here.held
        if here is not None and here[1].workspace == workspace:
            wish, known = here
        else:
            unknown = self._wish, SandboxPolicy(workspace, hidden=self._hidden)
            with self._lock:
                wish, known = self._known.get(command.workspace, unknown)
        return wish, replace(known, writable=True, also_writable=(scratch,))


class _Teller:
    """Tells every second how many have passed, from a thread of its own."""

    def __init__(self, told: Callable[[float], None], stop: Stop) -> None:
        self._told = told
        self._stop = stop
        self._over = Stop()
        self._raised: Exception | None = None
        self._thread = Thread(target=self._tell, daemon=True)

    def __enter__(self) -> "_Teller":
        self._thread.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self._over.give("")
        self._thread.join()

    def raise_again(self) -> None:
        """Raise what telling raised; the command was ended by it."""
        if self._raised is not None:
            raise self._raised

    def _tell(self) -> None:
        seconds = 0.0
        while not self._over.wait(_EVERY):
            seconds += _EVERY
            try:
                self._told(seconds)
            except Exception as error:  # noqa: BLE001 (whatever it is, it is raised again)
                self._raised = error
                self._stop.give(CANCELLED)
                return
