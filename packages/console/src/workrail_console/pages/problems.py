"""What does someone see who asked for something that cannot be shown?"""

from dataclasses import dataclass

from fastapi.responses import JSONResponse, Response

from workrail_console.rendering import Renderer
from workrail_engine.errors import (
    CorruptSessionError,
    InvalidInputError,
    NotFoundError,
    StoreUnavailableError,
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


def problem_of(error: WorkRailError) -> Problem:
    """The problem that a failure of the engine means for the reader of a page."""
    match error:
        case NotFoundError():
            return Problem(
                404,
                "No such session",
                str(error),
                "It may lie in another store: start the console with --home to look there.",
            )
        case CorruptSessionError():
            return Problem(
                500,
                "This session's record is damaged",
                str(error),
                "Other sessions are not affected. Keep a copy of the store before you repair it.",
            )
        case InvalidInputError():
            return Problem(
                400, "This address asks for something odd", str(error), "Start from the list."
            )
        case StoreUnavailableError():
            return Problem(
                503,
                "The session store cannot be read",
                str(error),
                "Nothing was changed. Reload the page once the cause is gone.",
            )
        case _:
            return OUR_FAULT


def problem_answer(renderer: Renderer, path: str, problem: Problem) -> Response:
    """The problem in the form the address asked for."""
    if path.endswith(".json"):
        error = {"title": problem.title, "message": problem.message, "remedy": problem.remedy}
        return JSONResponse({"error": error}, problem.status)
    return renderer.page("problem.html", {"problem": problem}, problem.status)
