"""How are the figures written for a monitoring system?

Prometheus' text format. Labels are few and closed (a status, a route, a code): no ids, no goals, no
paths of files. What writes it is heavy to load, so only the address that needs it does.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from workrail_console.integrity import SweepProgress
from workrail_console.traffic import BOUNDS, Answered
from workrail_engine.projections.health import StoreHealth
from workrail_engine.projections.listing import Attention
from workrail_engine.projections.run_lines import RunFigures

MEDIA_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
LOOKED_AT: Final = 50
"""Blocked sessions whose codes are counted."""
_ENDLESS: Final = "+Inf"
_STREAM: Final = "/live"
"""Lasts as long as someone follows, which says nothing of how fast the console is."""
_RUN_STATES: Final = ("queued", "running", "parked", "completed", "error")
_STATUSES: Final = ("running", "blocked", "waiting", "completed")
"""Told even where there is none, so that an alarm has something to look at."""


@dataclass(frozen=True)
class Figures:
    """What is looked up for one reading."""

    health: StoreHealth | None
    """None where there is no store yet."""
    attention: Attention | None
    runs: RunFigures | None
    """None where nothing is driven without a person."""
    integrity: SweepProgress
    """How far the check of all records is."""
    traffic: Mapping[tuple[str, int], Answered]
    """By route and status."""
    sse_clients: int


def figures_text(figures: Figures) -> bytes:
    """All figures in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_AllFigures(figures))
    ProcessCollector(registry=registry)
    return generate_latest(registry)


class _AllFigures(Collector):
    """Figures as they are now."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterable[Metric]:
        """Each figure once."""
        figures = self._figures
        yield _gauge(
            "workrail_store_present", "1 where there is a store.", figures.health is not None
        )
        if figures.health is not None:
            yield from _of_store(figures.health)
        if figures.attention is not None:
            yield _blocked(figures.attention)
        if figures.runs is not None:
            yield from _of_runs(figures.runs)
        yield from _of_records(figures.integrity)
        yield _gauge("workrail_console_sse_clients", "Pages that follow live.", figures.sse_clients)
        yield from _of_traffic(figures.traffic)


def _of_store(health: StoreHealth) -> Iterator[Metric]:
    by_status: dict[str, int] = dict.fromkeys(_STATUSES, 0)
    by_status.update({counted.value: counted.count for counted in health.sessions})
    yield _by_label("workrail_sessions", "Sessions in the store.", "status", by_status)
    yield _gauge("workrail_store_events", "Events in the store.", health.events)
    yield _gauge("workrail_store_proofs", "Proofs in the store.", health.proofs)
    yield _gauge("workrail_store_schema_version", "Version of the schema.", health.schema_version)
    unread = health.unread_messages
    yield _gauge("workrail_mailbox_unread", "Messages nobody acknowledged yet.", unread)
    yield _gauge("workrail_drivers", "Drivers heard of within a day.", len(health.drivers))
    if health.size is not None:
        yield _gauge("workrail_store_bytes", "Size of the store on its disk.", health.size)


def _of_runs(runs: RunFigures) -> Iterator[Metric]:
    states = {**dict.fromkeys(_RUN_STATES, 0), **runs.states}
    about = "Unattended runs by state; those that are over by how they ended."
    yield _by_label("workrail_runs", about, "state", states)
    yield _by_label(
        "workrail_runs_parked", "Parked runs by what they wait for.", "rest", runs.rests
    )
    spent = runs.spent
    tokens = CounterMetricFamily(
        "workrail_run_tokens", "Tokens of all runs.", labels=("direction",)
    )
    tokens.add_metric(("read",), spent.input_tokens)
    tokens.add_metric(("written",), spent.output_tokens)
    yield tokens
    yield _counter("workrail_run_turns", "Turns of all runs.", spent.turns)
    yield _counter("workrail_run_cost_usd", "US dollars all runs cost.", spent.cost / 1_000_000)
    yield _counter("workrail_run_work_seconds", "Seconds all runs worked.", spent.seconds)


def _counter(name: str, about: str, value: float) -> Metric:
    return CounterMetricFamily(name, about, value=float(value))


def _of_records(progress: SweepProgress) -> Iterator[Metric]:
    yield _gauge("workrail_records_damaged", "Damaged records known now.", progress.damaged)
    yield _gauge("workrail_records_checked", "Records checked in this round.", progress.checked)
    to_check = "Records of this round; 0 before it began."
    yield _gauge("workrail_records_to_check", to_check, progress.of or 0)
    rounds = CounterMetricFamily("workrail_record_check_rounds", "Rounds over all records.")
    rounds.add_metric((), progress.rounds)
    yield rounds


def _blocked(attention: Attention) -> Metric:
    reasons = [line.reason for line in attention.blocked if line.reason is not None]
    codes = Counter(reason.blockers[0].code.value for reason in reasons if reason.blockers)
    about = f"Blocked sessions by the code of their first blocker, of the latest {LOOKED_AT}."
    return _by_label("workrail_blocked_sessions", about, "code", codes)


def _of_traffic(traffic: Mapping[tuple[str, int], Answered]) -> Iterator[Metric]:
    requests = CounterMetricFamily(
        "workrail_console_requests",
        "Requests answered, by route and status.",
        labels=("route", "status"),
    )
    by_route: dict[str, Answered] = {}
    for (route, status), row in traffic.items():
        requests.add_metric((route, str(status)), row.count)
        if route == _STREAM:
            continue
        whole = by_route.setdefault(route, Answered())
        whole.count += row.count
        whole.seconds += row.seconds
        whole.within = [sum(pair) for pair in zip(whole.within, row.within, strict=True)]
    yield requests
    seconds = HistogramMetricFamily(
        "workrail_console_request_seconds",
        "Time until an answer was made, by route; streams left out.",
        labels=("route",),
    )
    for route, row in by_route.items():
        within = [(str(bound), count) for bound, count in zip(BOUNDS, row.within, strict=True)]
        seconds.add_metric((route,), [*within, (_ENDLESS, row.count)], row.seconds)
    yield seconds


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(name, about, value=float(value))


def _by_label(name: str, about: str, label: str, values: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(name, about, labels=(label,))
    for value, count in values.items():
        family.add_metric((value,), count)
    return family
