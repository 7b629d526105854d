"""What is the daemon made of?

The only place where its parts are put together: store, sandbox, models, dispatch, log.
"""

import os
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from time import monotonic

from workrail_daemon.agent.held_checks import HeldChecks
from workrail_daemon.agent.run import AgentRun
from workrail_daemon.agent.site import Site
from workrail_daemon.config.secret_values import headers_of, key_of
from workrail_daemon.config.settings import Settings
from workrail_daemon.dispatch.contract import Dispatch
from workrail_daemon.dispatch.drives import Failed, Pace
from workrail_daemon.dispatch.embedded import EmbeddedDispatch
from workrail_daemon.dispatch.this_process import this_process
from workrail_daemon.errors import ConfigError, ModelRefusedError
from workrail_daemon.event_log.mirror import mirror
from workrail_daemon.event_log.writing import EventLog
from workrail_daemon.healing.breaker import Breaker
from workrail_daemon.healing.guard import Guard
from workrail_daemon.healing.holder import EngineHolder, holding
from workrail_daemon.healing.mending import Surroundings
from workrail_daemon.healing.work import Healing
from workrail_daemon.models.registry import Models
from workrail_daemon.service.process import Parts
from workrail_daemon.spans.sending import SpanSender
from workrail_daemon.spans.telling import Spans
from workrail_engine.agent_events import AgentEvent
from workrail_engine.engine import open_engine
from workrail_engine.ids import SessionId
from workrail_engine.projections.driving import Driver
from workrail_engine.reader import open_reader
from workrail_engine.runs import Runs
from workrail_engine.system import Locations, SystemClock


@contextmanager
def built(
    locations: Locations, settings: Settings, slots: int, told: Callable[[str], None]
) -> Generator[Parts]:
    """The parts of a daemon, let go of in the end.

    Args:
        locations: of the store.
        settings: what was settled.
        slots: how many runs it works on at a time.
        told: told in a sentence what a person should know.

    Raises:
        ConfigError: the settings do not fit the store.
        StoreUnavailableError: the store cannot be opened.
    """
    me, models = this_process(), Models(settings, os.environ)
    log = EventLog(
        locations.home,
        SystemClock().now,
        days=settings.log.retention_days,
        secrets=_secrets(settings),
        trouble=told,
    )
    checks = HeldChecks(settings.sandbox.wish, (locations.home,))
    with ExitStack() as closing:
        closing.callback(models.close)
        holder = closing.enter_context(holding(lambda: open_engine(locations, checks)))

        spans = closing.enter_context(_spans(settings, holder, me, told))

        def tell(session_id: SessionId, event: AgentEvent) -> None:
            mirror(log, session_id, event)
            if spans is not None:
                spans.tell(session_id, event)

        site = Site(
            settings=settings,
            models=models,
            home=locations.home,
            reader=lambda: open_reader(locations),
            checks=checks,
            later=_later,
            told=tell,
        )
        healing = Healing(
            Guard(holder, Breaker(monotonic)),
            lambda ground: AgentRun(ground, site),
            Surroundings(locations, log, tell, SystemClock().now),
        )
        yield Parts(
            dispatch=_dispatch(locations, settings, lambda: holder.engine.runs, me, healing.failed),
            work=healing,
            release=lambda: holder.engine.runs.release(me.host),
            look=healing.look,
            log=log,
            slots=slots,
            grace=settings.daemon.drain_seconds,
        )


def _dispatch(
    locations: Locations,
    settings: Settings,
    runs: Callable[[], Runs],
    me: Driver,
    failed: Failed,
) -> Dispatch:
    """What hands out the runs, as the settings say.

    Raises:
        ConfigError: it needs another store.
    """
    pace = Pace(grace=settings.daemon.drain_seconds)
    match settings.daemon.dispatch:
        case "embedded":
            return EmbeddedDispatch(runs, me, failed, pace)
        case "procrastinate":
            if locations.database_url is None:
                message = (
                    "daemon.dispatch: procrastinate hands out runs of a store on PostgreSQL, and "
                    f"this one is in {locations.home}. Set WORKRAIL_DATABASE_URL, or settle "
                    '`dispatch = "embedded"`.'
                )
                raise ConfigError(message)
            from workrail_daemon.dispatch.procrastinate_dispatch import (  # noqa: PLC0415 - few need it
                ProcrastinateDispatch,
            )

            return ProcrastinateDispatch(runs, me, failed, pace, locations.database_url)


@contextmanager
def _spans(
    settings: Settings, holder: EngineHolder, me: Driver, told: Callable[[str], None]
) -> Generator[Spans | None]:
    """What runs are told of by OpenTelemetry; None: nobody listens."""
    telemetry = settings.telemetry
    if telemetry.endpoint is None:
        yield None
        return
    resource = {"service.name": "worktrain", "host.name": me.host, "process.pid": me.process}
    sender = SpanSender(telemetry.endpoint, resource, told)
    try:
        yield Spans(
            sender,
            SystemClock().now,
            lambda session_id: holder.engine.runs.view(session_id),
            content=telemetry.content,
        )
    finally:
        sender.close()


def _secrets(settings: Settings) -> list[str]:
    """The keys of models, as far as they are there: no line of the log may hold one."""
    found: list[str] = []
    for provider in settings.models.providers.values():
        with suppress(ModelRefusedError):  # whoever needs that key is told so
            key = key_of(provider, os.environ)
            found += [] if key is None else [key]
            found += headers_of(provider, os.environ).values()
    return found


def _later(seconds: float) -> str:
    return (SystemClock().now() + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")
