"""What does a page need beside its address?"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from inspect import iscoroutinefunction
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from workrail_console.door import ReaderFactory
from workrail_console.integrity import IntegrityBook
from workrail_console.live import Hub
from workrail_console.liveness import LivenessJudge
from workrail_console.pulse import Pulse
from workrail_console.rendering import Renderer
from workrail_console.traffic import Traffic
from workrail_console.turns import in_turn
from workrail_engine.ports import Clock


@dataclass(frozen=True)
class PageContext:
    """Handed to every page module's `routes`; one for each console."""

    open_reader: ReaderFactory
    """Opens the store, read-only; each request opens its own."""
    renderer: Renderer
    clock: Clock
    store: str
    """Where the sessions lie, in words, without a password."""
    port: int
    integrity: IntegrityBook
    """Which records were found whole or damaged."""
    liveness: LivenessJudge
    """Whether the process that drives a session is there."""
    pulse: Pulse
    """What changes only when the store does, kept until then."""
    hub: Hub
    """Who follows the live updates."""
    traffic: Traffic
    """Which requests were answered, and how fast."""


def get(
    router: APIRouter,
    path: str,
    answer: Callable[..., Response | Awaitable[Response]],
    *,
    slow: bool = False,
    **documented: Any,
) -> None:
    """Serve an address; there are only addresses to get.

    Args:
        router: the page's.
        path: with its parameters, as `/sessions/{session_id}`.
        answer: makes the answer; its typed parameters are those of the address.
        slow: it may take long, so others do not wait until it is made.
        documented: what FastAPI's `add_api_route` takes beside, as `responses` or `tags`.
    """
    documented.setdefault("response_model", None)
    if not slow and not iscoroutinefunction(answer):
        answer = in_turn(answer)
    router.add_api_route(path, answer, methods=["GET"], **documented)
