"""How do the store and this console do? The health page, its twin, and a word for supervisors."""

import os
import platform
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from workrail_console.context import PageContext, get
from workrail_console.integrity import DamagedRecord, SweepProgress
from workrail_console.masking import masked
from workrail_console.standing import Liveness
from workrail_engine.addresses import without_password
from workrail_engine.errors import StoreUnavailableError
from workrail_engine.projections.health import DrivenNow, StoreHealth

PROGRAM: Final = "worktrain-console"
"""What `/healthz` calls this program; whoever finds a port taken asks there whose it is."""
_LITTLE_ROOM: Final = 500_000_000
"""Bytes of free disk below which a store is in danger."""
_PACKAGES: Final = ("workrail-console", "workrail-engine", "fastapi", "uvicorn", "jinja2")
_OURS: Final = "WORKRAIL_"
_SECRET: Final = ("KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL")
_SHOWN_DAMAGED: Final = 50


@dataclass(frozen=True)
class Caution:
    """Something that is not as it should be."""

    what: str
    remedy: str


@dataclass(frozen=True)
class DriverState:
    """A driver of the last day, and whether it is there."""

    driven: DrivenNow
    liveness: Liveness


@dataclass(frozen=True)
class Health:
    """Everything that can be said of the store and of this console."""

    place: str
    """Where the sessions lie, without a password."""
    store: StoreHealth | None
    """None where there is none yet, or it cannot be read."""
    drivers: tuple[DriverState, ...]
    integrity: SweepProgress
    damaged: tuple[DamagedRecord, ...]
    """The first fifty."""
    followers: int
    """Pages that follow live."""
    free_bytes: int | None
    """Room on the disk of the store; None where it is not a disk of this machine."""
    versions: dict[str, str]
    settings: dict[str, str]
    """`WORKRAIL_*` of this console's environment, secrets hidden."""
    cautions: tuple[Caution, ...]


@dataclass(frozen=True)
class Alive:
    """What a supervisor is told."""

    status: str
    """`ok`, or `failing` where the store cannot be read."""
    program: str
    version: str
    store: str
    """Where the sessions lie, in words."""


def routes(context: PageContext) -> APIRouter:
    """`/health`, its twin, and `/healthz`."""
    router = APIRouter()

    def health_json() -> Response:
        """The store, its drivers, the check of all records, versions and settings."""
        health, status = _read(context)
        return JSONResponse(asdict(health), status)

    def health_page() -> Response:
        """The same as a page."""
        health, status = _read(context)
        return context.renderer.page("health.html", {"health": health}, status)

    def healthz() -> Response:
        """Whether the console can read its store: 200, or 503."""
        alive, status = _alive(context)
        return JSONResponse(asdict(alive), status)

    get(router, "/health.json", health_json)
    get(router, "/health", health_page)
    get(router, "/healthz", healthz)
    return router


def shown_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Our own variables of an environment, with nothing in them that is secret."""
    ours = {name: value for name, value in sorted(environ.items()) if name.startswith(_OURS)}
    return {name: _shown(name, value) for name, value in ours.items()}


def _shown(name: str, value: str) -> str:
    if any(word in name for word in _SECRET):
        return "[hidden]"
    return masked(without_password(value) if "://" in value else value)


def _alive(context: PageContext) -> tuple[Alive, int]:
    release = version(_PACKAGES[0])
    try:
        with context.open_reader() as reader:
            reader.overview.changes(None)
    except StoreUnavailableError:
        return Alive("failing", PROGRAM, release, context.store), 503
    return Alive("ok", PROGRAM, release, context.store), 200


def _read(context: PageContext) -> tuple[Health, int]:
    failure: StoreUnavailableError | None = None
    store: StoreHealth | None = None
    try:
        with context.open_reader() as reader:
            store = reader.overview.health()
    except StoreUnavailableError as error:
        failure = error
    progress = context.integrity.progress()
    free = None if store is None else _free(store.place)
    health = Health(
        place=context.store,
        store=store,
        drivers=_drivers(context, store),
        integrity=progress,
        damaged=context.integrity.damaged()[:_SHOWN_DAMAGED],
        followers=context.hub.followers,
        free_bytes=free,
        versions=dict(_versions()),
        settings=shown_settings(os.environ),
        cautions=tuple(_cautions(store, failure, progress, free)),
    )
    return health, 200 if failure is None else 503


def _drivers(context: PageContext, store: StoreHealth | None) -> tuple[DriverState, ...]:
    driven = () if store is None else store.drivers
    return tuple(DriverState(one, context.liveness.of_driver(one.seen)) for one in driven)


def _free(place: str) -> int | None:
    folder = Path(place).parent
    try:
        return shutil.disk_usage(folder).free if folder.is_absolute() else None
    except OSError:
        return None


def _versions() -> Iterator[tuple[str, str]]:
    for package in _PACKAGES:
        try:
            yield package, version(package)
        except PackageNotFoundError:
            continue
    yield "python", platform.python_version()
    yield "system", f"{platform.system()} {platform.release()}"


def _cautions(
    store: StoreHealth | None,
    failure: StoreUnavailableError | None,
    progress: SweepProgress,
    free: int | None,
) -> Iterator[Caution]:
    if failure is not None:
        yield Caution(str(failure), "Nothing was changed. `workrail doctor` looks for the cause.")
    if progress.damaged:
        count = "1 record is" if progress.damaged == 1 else f"{progress.damaged:,} records are"
        yield Caution(
            f"{count} damaged.",
            "Other sessions are not affected. Keep a copy of the store; then `workrail session "
            "verify ID` says what is wrong, and `workrail session repair ID` saves what can be "
            "proven.",
        )
    if free is not None and free < _LITTLE_ROOM:
        yield Caution(
            f"The disk of the store has {free / 1_000_000:,.0f} MB left.",
            "Free some space: on a full disk no step can be recorded.",
        )
    if store is not None and store.journal not in (None, "wal"):
        yield Caution(
            f"SQLite keeps its changes as `{store.journal}` and not as `wal`, so those who read "
            "and those who write wait for each other.",
            "See that the file lies on a disk of this machine, not on a network share; the next "
            "program that writes sets it right.",
        )
