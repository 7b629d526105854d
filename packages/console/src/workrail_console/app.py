"""Which addresses are there? The application, made from a reader and a clock.

Every route only reads. A page module says its own addresses; what holds for all of them, who may ask
and what leaves, is put around them here.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response

from workrail_console.answers import Answers
from workrail_console.assets import read_assets
from workrail_console.checking import Checker
from workrail_console.context import PageContext
from workrail_console.door import ReaderFactory
from workrail_console.guard import SECURITY_HEADERS, Guard, door_of
from workrail_console.integrity import IntegrityBook, Verifier
from workrail_console.live import Hub, WatchFactory, watch_by_reading
from workrail_console.liveness import LivenessJudge
from workrail_console.machine import docs, feed, metrics
from workrail_console.pages import (
    artifact,
    assets,
    health,
    live,
    proofs,
    run_content,
    search,
    session,
    sessions,
    step,
    unit,
    workflows,
)
from workrail_console.pages.problems import (
    NO_SUCH_PAGE,
    OUR_FAULT,
    odd_address,
    problem_answer,
    problem_of,
)
from workrail_console.pulse import Pulse
from workrail_console.rendering import Renderer
from workrail_console.traffic import Traffic
from workrail_engine.errors import WorkRailError
from workrail_engine.ports import Clock

_PAGES = (
    *(sessions, session, step, artifact, run_content, unit, search, workflows, proofs, health),
    *(live, metrics, feed, docs),
)
"""Each says its addresses by `routes(context)`; an address goes to the first that has it."""


def create_app(  # noqa: PLR0913  # what is asked for by name are the console's own settings
    open_reader: ReaderFactory,
    clock: Clock,
    *,
    port: int = 3456,
    store: str = "",
    token: str | None = None,
    open_watch: WatchFactory | None = None,
    checker: Checker | None = None,
) -> FastAPI:
    """The console over a reader.

    Args:
        open_reader: Opens a reader; called once for each request.
        clock: Tells how long ago things happened.
        port: Where it will listen; only requests that name this port are answered.
        store: Where the sessions lie, in words; shown where there are none yet.
        token: Who does not bring it is shown nothing; None lets everyone on this machine look.
        open_watch: Opens what looks for changes; reads the store again and again when left out.
        checker: Reads records to see whether they are whole; a thread of this process when left out.
    """
    context = _context(open_reader, clock, port, store, open_watch)
    app = FastAPI(
        title="WorkRail console",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=_background(context, open_reader, checker),
    )
    app.state.context = context
    # The last one added is asked first.
    app.add_middleware(Answers, traffic=context.traffic)
    app.add_middleware(Guard, door=door_of(port, token))
    _add_problems(app, context.renderer)
    app.include_router(assets.routes(read_assets()))
    for page in _PAGES:
        app.include_router(page.routes(context))
    return app


def _context(
    open_reader: ReaderFactory,
    clock: Clock,
    port: int,
    store: str,
    open_watch: WatchFactory | None,
) -> PageContext:
    integrity = IntegrityBook()
    pulse = Pulse(open_reader, clock, integrity.damaged_count)
    versions = {name: asset.version for name, asset in read_assets().items()}
    return PageContext(
        open_reader=pulse.open_reader,
        renderer=Renderer(clock, pulse.surroundings, versions),
        clock=clock,
        store=store,
        port=port,
        integrity=integrity,
        liveness=LivenessJudge(clock),
        pulse=pulse,
        hub=Hub(open_watch or watch_by_reading(open_reader)),
        traffic=Traffic(),
    )


def _background(
    context: PageContext, open_reader: ReaderFactory, checker: Checker | None
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def running(_app: FastAPI) -> AsyncGenerator[None]:
        verifier = Verifier(context.integrity, open_reader, checker)
        verifier.start()
        try:
            with context.pulse.keep_open():
                yield
        finally:
            verifier.stop()
            context.hub.close()

    return running


def _add_problems(app: FastAPI, renderer: Renderer) -> None:
    def known(request: Request, error: Exception) -> Response:
        problem = problem_of(error) if isinstance(error, WorkRailError) else OUR_FAULT
        return problem_answer(renderer, request, problem)

    def odd(request: Request, error: Exception) -> Response:
        return problem_answer(renderer, request, odd_address(error))

    def missing(request: Request, _error: Exception) -> Response:
        return problem_answer(renderer, request, NO_SUCH_PAGE)

    def unexpected(request: Request, _error: Exception) -> Response:
        answer = problem_answer(renderer, request, OUR_FAULT)
        answer.headers.update({**SECURITY_HEADERS, "Cache-Control": "no-cache"})
        return answer

    app.add_exception_handler(WorkRailError, known)
    app.add_exception_handler(RequestValidationError, odd)
    app.add_exception_handler(404, missing)
    app.add_exception_handler(Exception, unexpected)
