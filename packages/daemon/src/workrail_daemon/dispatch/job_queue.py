"""How does the queue of `procrastinate` hold the runs that are ready?

One job a run: its queueing lock is the session, its lock the lane. The library is loaded when a queue is
used, for most installations have none.
"""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from threading import Lock
from typing import TYPE_CHECKING, Final, LiteralString

from workrail_daemon.errors import WorkTrainError
from workrail_engine.addresses import without_password
from workrail_engine.projections.runs import RunView

if TYPE_CHECKING:
    from procrastinate import App
    from procrastinate.jobs import Job, JobDeferrer
    from psycopg import Connection

QUEUE: Final = "worktrain"
_DRIVE: Final = "worktrain.drive"
_CONNECT_SECONDS: Final = 5
_LOCK: Final[LiteralString] = "SELECT pg_advisory_xact_lock(6282613410284)"
_THERE: Final[LiteralString] = "SELECT to_regclass('procrastinate_jobs') IS NOT NULL"


class QueueError(WorkTrainError):
    """The queue cannot be reached, or refused; what is to be done lies in the store all the same."""


class Orders:
    """Makes jobs from any thread; over one connection while it is kept open, else each over its own."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._turn = Lock()
        self._keeps = False
        self._there = False
        self._kept: Connection | None = None

    @contextmanager
    def kept_open(self) -> Generator[None]:
        """While the block runs, the connection stays."""
        self._keeps = True
        try:
            yield
        finally:
            with self._turn:
                self._keeps = False
                self._drop()

    def put(self, view: RunView) -> None:
        """Have a job for a run, unless there is one that nobody works on yet.

        Raises:
            QueueError: the queue cannot be reached.
        """
        from procrastinate import App, SyncPsycopgConnector  # noqa: PLC0415 (only this dispatcher)
        from procrastinate.exceptions import AlreadyEnqueued  # noqa: PLC0415 (the same)

        app = App(connector=SyncPsycopgConnector())
        with self._turn, _reported(self._url):
            done = False
            try:
                with suppress(AlreadyEnqueued):
                    _job(app, view, self._opened()).defer(session_id=view.session_id)
                done = True
            finally:
                if not (done and self._keeps):
                    self._drop()

    def _opened(self) -> "Connection":
        import psycopg  # noqa: PLC0415 (only this dispatcher needs the driver)

        if not self._there:
            ensure_queue(self._url)
            self._there = True
        if self._kept is None:
            self._kept = psycopg.connect(
                self._url, connect_timeout=_CONNECT_SECONDS, autocommit=True
            )
        return self._kept

    def _drop(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None


def ensure_queue(url: str) -> None:
    """Make the tables of the queue where they are missing; one process at a time.

    Raises:
        QueueError: the database cannot be reached, or refuses.
    """
    import psycopg  # noqa: PLC0415 (only this dispatcher needs the driver)
    from procrastinate.schema import SchemaManager  # noqa: PLC0415 (the same)

    with _reported(url), psycopg.connect(url, connect_timeout=_CONNECT_SECONDS) as on:
        on.execute(_LOCK)
        there = on.execute(_THERE).fetchone()
        if there is None or not there[0]:
            on.execute(SchemaManager.get_schema())


@asynccontextmanager
async def open_queue(
    url: str, drive: Callable[[str], Awaitable[None]], slots: int
) -> AsyncGenerator["App"]:
    """The queue, to work on; its tables are made where they are missing.

    Args:
        url: of the database.
        drive: works on the run of a session.
        slots: how many at a time.

    Raises:
        QueueError: the database cannot be reached, or its connection broke.
    """
    from procrastinate import App, PsycopgConnector  # noqa: PLC0415 (only this dispatcher needs it)

    _hush()
    with _reported(url):
        ensure_queue(url)
        connector = PsycopgConnector(
            conninfo=url, min_size=1, max_size=slots + 4, timeout=_CONNECT_SECONDS
        )
        app = App(connector=connector)
        app.task(name=_DRIVE, queue=QUEUE)(drive)
        async with app.open_async():
            yield app


async def put_all(app: "App", url: str, views: Sequence[RunView]) -> None:
    """Have a job for each run that has none.

    Raises:
        QueueError: the queue cannot be reached.
    """
    from procrastinate.exceptions import AlreadyEnqueued  # noqa: PLC0415 (only this dispatcher)

    if not views:
        return
    with _reported(url):
        waiting = await app.job_manager.list_jobs_async(queue=QUEUE, status="todo")
        there = {job.queueing_lock for job in waiting}
        for view in views:
            if view.session_id not in there:
                try:
                    await _job(app, view).defer_async(session_id=view.session_id)
                except AlreadyEnqueued:
                    continue


async def take_back(app: "App", url: str, silent: float) -> None:
    """Have the jobs done again whose worker was not heard of for some seconds.

    Raises:
        QueueError: the queue cannot be reached.
    """
    with _reported(url):
        stalled = await app.job_manager.get_stalled_jobs(
            queue=QUEUE, seconds_since_heartbeat=silent
        )
        for job in stalled:
            await _again(app, job)


async def _again(app: "App", job: "Job") -> None:
    from procrastinate.exceptions import UniqueViolation  # noqa: PLC0415 (only this dispatcher)
    from procrastinate.jobs import Status  # noqa: PLC0415 (the same)

    try:
        await app.job_manager.retry_job(job)
    except UniqueViolation:  # another one waits already
        await app.job_manager.finish_job(job, Status.ABORTED, delete_job=True)


def _job(app: "App", view: RunView, connection: object = None) -> "JobDeferrer":
    return app.configure_task(
        _DRIVE,
        queue=QUEUE,
        queueing_lock=view.session_id,
        lock=view.lane,
        priority=view.priority,
        connection=connection,
    )


def _first_line(error: Exception) -> str:
    lines = str(error.__cause__ or error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


def _hush() -> None:
    """What the library and its pool would print is told as a `QueueError` already."""
    for name in ("procrastinate", "psycopg.pool"):
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())


@contextmanager
def _reported(url: str) -> Generator[None]:
    """What the driver, its pool or the library raise leaves as a `QueueError`."""
    import psycopg  # noqa: PLC0415 (only this dispatcher needs the driver)
    from procrastinate.exceptions import ProcrastinateException  # noqa: PLC0415 (the same)

    try:
        yield
    except (psycopg.Error, ProcrastinateException) as error:
        message = (
            f"The queue in {without_password(url)} cannot be used: {_first_line(error)}. "
            "Runs that are ordered wait in the store. Check the server and WORKRAIL_DATABASE_URL."
        )
        raise QueueError(message) from error
