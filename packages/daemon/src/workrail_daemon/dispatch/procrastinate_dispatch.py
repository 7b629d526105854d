"""How are runs handed out to several hosts, with the queue of `procrastinate` on PostgreSQL?

A run that is ready has a job; its worker claims the run in the store, whose lease alone gives the right
to write. So a job too many does no harm, and one too few is made by the sweep: it looks for runs that
became ready (a child ended, an approval was given, a lease ended), and for jobs whose worker is gone.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.util import find_spec
from time import monotonic
from typing import TYPE_CHECKING

from workrail_daemon.dispatch.contract import Work
from workrail_daemon.dispatch.drives import Drives, Failed, Pace, sparing
from workrail_daemon.dispatch.job_queue import (
    QUEUE,
    Orders,
    QueueError,
    open_queue,
    put_all,
    take_back,
)
from workrail_daemon.errors import ConfigError
from workrail_daemon.stopping import DRAINED, Stop
from workrail_engine.errors import StoreError
from workrail_engine.ids import SessionId
from workrail_engine.projections.driving import Driver
from workrail_engine.projections.runs import RunOrder
from workrail_engine.runs import Runs

if TYPE_CHECKING:
    from procrastinate import App


class ProcrastinateDispatch:
    """Hands out runs of a store on PostgreSQL, to any number of hosts.

    Raises:
        ConfigError: the library is not installed.
    """

    def __init__(
        self, runs: Callable[[], Runs], me: Driver, failed: Failed, pace: Pace, url: str
    ) -> None:
        if find_spec("procrastinate") is None:
            message = (
                "daemon.dispatch: procrastinate is not installed. Install it with "
                "`pip install 'workrail-daemon[postgresql]'`, or settle `dispatch = \"embedded\"`."
            )
            raise ConfigError(message)
        self._runs = runs
        self._failed = sparing(failed)
        self._pace = pace
        self._drives = Drives(runs, me, pace, self._failed)
        self._url = url
        self._hurried = False
        self._orders = Orders(url)

    def order(self, order: RunOrder) -> None:
        """Have a run worked on; ordering the same session again changes nothing while it is not over."""
        if self._runs().order(order) and order.delay <= 0:
            self._queue_now(order.session_id)

    def wake(self, session_id: SessionId) -> None:
        """Have a parked run go on."""
        if self._runs().wake(session_id):
            self._queue_now(session_id)

    def work(self, work: Work, slots: int, stop: Stop) -> None:
        """Work on runs, at most `slots` at a time, until `stop` is given and every run has let go."""
        with (
            self._orders.kept_open(),
            self._drives.kept(),
            ThreadPoolExecutor(slots + 1) as threads,
        ):
            asyncio.run(self._until(stop, work, slots, threads))

    def hurry(self) -> None:
        """Do not give runs time to let go by themselves."""
        self._hurried = True

    def _queue_now(self, session_id: SessionId) -> None:
        """Make a job at once; where that fails the next sweep does."""
        view = self._runs().view(session_id)
        if view is None:
            return
        try:
            self._orders.put(view)
        except QueueError as error:
            self._failed(session_id, error)

    async def _until(self, stop: Stop, work: Work, slots: int, threads: ThreadPoolExecutor) -> None:
        """Serve the queue, again whenever its connection broke, until it is time to stop."""
        loop = asyncio.get_running_loop()
        stopping = asyncio.Event()

        def tell() -> None:
            with suppress(RuntimeError):  # the loop has ended by itself just now
                loop.call_soon_threadsafe(stopping.set)

        async def drive(session_id: str) -> None:
            await loop.run_in_executor(threads, self._drive, SessionId(session_id), work)

        with stop.ending(tell):
            while not stop.given:
                try:
                    async with open_queue(self._url, drive, slots) as app:
                        await self._serve(app, stopping, slots, threads)
                except QueueError as error:
                    self._failed(None, error)
                    with suppress(TimeoutError):
                        await asyncio.wait_for(stopping.wait(), self._pace.sweep)

    async def _serve(
        self, app: "App", stopping: asyncio.Event, slots: int, threads: ThreadPoolExecutor
    ) -> None:
        working = app.run_worker_async(
            queues=[QUEUE],
            concurrency=slots,
            fetch_job_polling_interval=self._pace.sweep,
            abort_job_polling_interval=self._pace.ttl,
            update_heartbeat_interval=self._pace.beat,
            stalled_worker_timeout=self._pace.ttl,
            delete_jobs="always",
            install_signal_handlers=False,
        )
        worker = asyncio.create_task(working)
        sweep = asyncio.create_task(self._sweep(app, threads))
        told = asyncio.create_task(stopping.wait())
        try:
            await asyncio.wait([worker, told], return_when=asyncio.FIRST_COMPLETED)
        finally:
            sweep.cancel()
            told.cancel()
            worker.cancel()  # it takes no further job, and ends when its last one has
            await self._let_go(worker)
        if not worker.cancelled():
            worker.result()

    async def _let_go(self, worker: "asyncio.Task[None]") -> None:
        """Until every run has let go, by itself or told to."""
        patience = monotonic() + self._pace.grace
        while not worker.done():
            if self._hurried or monotonic() >= patience:
                self._drives.stop_all(DRAINED)
            await asyncio.wait([worker], timeout=self._pace.look)

    async def _sweep(self, app: "App", threads: ThreadPoolExecutor) -> None:
        """Make the jobs that are missing, and take those back whose worker is gone."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                ready = await loop.run_in_executor(threads, self._runs().ready)
                await put_all(app, self._url, ready)
                await take_back(app, self._url, self._pace.ttl)
            except (StoreError, QueueError) as error:
                self._failed(None, error)
            await asyncio.sleep(self._pace.sweep)

    def _drive(self, session_id: SessionId, work: Work) -> None:
        try:
            taken = self._drives.take(session_id)
        except StoreError as error:
            self._failed(session_id, error)
            return
        if taken is not None:
            self._drives.drive(taken, work)
