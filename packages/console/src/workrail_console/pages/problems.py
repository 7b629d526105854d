"""What does someone see who asked for something that cannot be shown?"""

from dataclasses import dataclass

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response

from workrail_console.rendering import Renderer
from workrail_console.session_views.damage import REMEDY, TITLE
from workrail_engine.errors import (
    ArtifactNotFoundError,
    CorruptSessionError,
    InvalidInputError,
    NotFoundError,
    ProofNotFoundError,
    SessionNotFoundError,
    SigningKeyError,
    StoreDamagedError,
    StoreUnavailableError,
    WorkflowNotFoundError,
    WorkRailError,
)


@dataclass(frozen=True)
class Problem:
    """Why there is no page."""

    status: int
    """HTTP status."""
    title: str
    message: str
    remedy: str


NO_SUCH_PAGE = Problem(
    404,
    "No such page",
    "Nothing is found under this address.",
    "The list of sessions has a link to everything this console shows.",
)
OUR_FAULT = Problem(
    500,
    "The console failed",
    "An unexpected failure stopped this page. Nothing was changed; the console cannot write.",
    "Reload the page. If it fails again, the terminal that runs worktrain-console says why.",
)
_ELSEWHERE = "It may lie in another store: start the console with --home to look there."


def problem_of(error: WorkRailError) -> Problem:
    """The problem that a failure of the engine means for the reader of a page."""
    match error:
        case NotFoundError():
            return Problem(404, f"No such {_missing(error)}", str(error), _ELSEWHERE)
        case CorruptSessionError():
            return Problem(500, TITLE, str(error), REMEDY)
        case InvalidInputError():
            return Problem(
                400, "This address asks for something odd", str(error), "Start from the list."
            )
        case StoreDamagedError():
            return Problem(
                503,
                "The session store cannot be read",
                str(error),
                "It is damaged. Keep a copy of it before anything else, then run "
                "`workrail doctor`.",
            )
        case StoreUnavailableError() | SigningKeyError():
            return Problem(
                503,
                "The session store cannot be read",
                str(error),
                "Nothing was changed. Reload the page once the cause is gone.",
            )
        case _:
            return OUR_FAULT


def odd_address(error: Exception) -> Problem:
    """The problem with an address one of whose parts is too long or of a wrong form.

    What was sent is not repeated: it names the part, and what is accepted there.
    """
    faults = error.errors() if isinstance(error, RequestValidationError) else ()
    told = [f"{fault['loc'][-1]}: {fault['msg']}." for fault in faults]
    return Problem(
        400,
        "This address asks for something odd",
        " ".join(told) or "A part of it cannot be used.",
        "Start from the list.",
    )


def problem_answer(renderer: Renderer, request: Request, problem: Problem) -> Response:
    """The problem in the form the address asked for: a page, or RFC 9457's JSON."""
    if request.url.path.endswith(".json") or _wants_json(request):
        told = {
            "type": "about:blank",
            "title": problem.title,
            "status": problem.status,
            "detail": problem.message,
            "remedy": problem.remedy,
        }
        return JSONResponse(told, problem.status, media_type="application/problem+json")
    return renderer.page("problem.html", {"problem": problem}, problem.status)


def _wants_json(request: Request) -> bool:
    accepted = request.headers.get("accept", "")
    return "json" in accepted and "html" not in accepted


def _missing(error: NotFoundError) -> str:
    match error:
        case SessionNotFoundError():
            return "session"
        case ArtifactNotFoundError():
            return "artifact"
        case ProofNotFoundError():
            return "proof"
        case WorkflowNotFoundError():
            return "workflow"
        case _:
            return "page"
