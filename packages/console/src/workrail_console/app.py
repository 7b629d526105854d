"""Which addresses are there? The application, made from a reader and a clock.

Every route only reads; each page has a `.json` twin made from the same value.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles

from workrail_console.door import ReaderFactory
from workrail_console.guard import METHODS, SECURITY_HEADERS, allowed_hosts, refusal
from workrail_console.pages.problems import NO_SUCH_PAGE, OUR_FAULT, problem_answer, problem_of
from workrail_console.pages.session import session_json, session_page
from workrail_console.pages.sessions import sessions_json, sessions_page, wanted
from workrail_console.rendering import Renderer
from workrail_engine.errors import WorkRailError
from workrail_engine.ports import Clock

_STATIC = Path(__file__).parent / "static"


def create_app(
    open_reader: ReaderFactory, clock: Clock, *, port: int = 3456, store: str = ""
) -> FastAPI:
    """The console over a reader.

    Args:
        open_reader: Opens a reader; called once for each request.
        clock: Tells how long ago things happened.
        port: Where it will listen; only requests that name this port are answered.
        store: Where the sessions lie, in words; shown where there are none yet.
    """
    app = FastAPI(
        title="WorkRail console",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    renderer = Renderer(clock)
    _add_guard(app, port)
    _add_problems(app, renderer)
    _add_pages(app, open_reader, renderer, store)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    return app


def _add_pages(app: FastAPI, open_reader: ReaderFactory, renderer: Renderer, store: str) -> None:
    def list_html(q: str = "", status: str = "", before: str = "") -> Response:
        return sessions_page(open_reader, renderer, wanted(q, status, before), store)

    def list_json(q: str = "", status: str = "", before: str = "") -> Response:
        return sessions_json(open_reader, wanted(q, status, before))

    def one_html(session_id: str, check: str = "") -> Response:
        return session_page(open_reader, renderer, session_id, check=bool(check))

    def one_json(session_id: str, check: str = "") -> Response:
        return session_json(open_reader, session_id, check=bool(check))

    def get(path: str, answer: Callable[..., Response]) -> None:
        app.add_api_route(path, answer, methods=list(METHODS), response_model=None)

    get("/", list_html)
    get("/sessions.json", list_json)
    get("/sessions/{session_id}.json", one_json)
    get("/sessions/{session_id}", one_html)


def _add_guard(app: FastAPI, port: int) -> None:
    hosts = allowed_hosts(port)

    async def guard(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        answer = refusal(request, hosts) or await call_next(request)
        answer.headers.update(SECURITY_HEADERS)
        return answer

    app.middleware("http")(guard)


def _add_problems(app: FastAPI, renderer: Renderer) -> None:
    def known(request: Request, error: Exception) -> Response:
        problem = problem_of(error) if isinstance(error, WorkRailError) else OUR_FAULT
        return problem_answer(renderer, request.url.path, problem)

    def missing(request: Request, _error: Exception) -> Response:
        return problem_answer(renderer, request.url.path, NO_SUCH_PAGE)

    def unexpected(request: Request, _error: Exception) -> Response:
        answer = problem_answer(renderer, request.url.path, OUR_FAULT)
        answer.headers.update(SECURITY_HEADERS)
        return answer

    app.add_exception_handler(WorkRailError, known)
    app.add_exception_handler(404, missing)
    app.add_exception_handler(Exception, unexpected)
