"""How is a request carried out that is no tool call?

On a worker thread, so that the list of tools never waits for it. Whatever it raises becomes an error
of the protocol that says what to do; nothing ends the server.
"""

import logging
from collections.abc import Callable
from typing import TypeVar

import anyio.to_thread
import mcp_types as types
from mcp.shared.exceptions import MCPError

from workrail_engine.errors import WorkRailError
from workrail_mcp_server.failures import FAILURE_LIMIT, bounded

_Answer = TypeVar("_Answer")
_log = logging.getLogger(__name__)


async def answered(method: str, work: Callable[[], _Answer]) -> _Answer:
    """What the work comes to, done on a worker thread.

    Raises:
        MCPError: it failed; the message has at most `FAILURE_LIMIT` bytes.
    """
    outcome = await anyio.to_thread.run_sync(_guarded, method, work, abandon_on_cancel=True)
    if isinstance(outcome, MCPError):
        raise outcome
    return outcome


def _guarded(method: str, work: Callable[[], _Answer]) -> _Answer | MCPError:
    try:
        return work()
    except MCPError as error:
        return MCPError(error.code, bounded(error.message, FAILURE_LIMIT), error.data)
    except WorkRailError as error:
        return MCPError(types.INTERNAL_ERROR, bounded(f"{method}: {error}", FAILURE_LIMIT))
    except BaseException:  # noqa: BLE001 - SystemExit from a library must not end the server
        _log.exception("%s failed unexpectedly", method)
        message = (
            f"{method}: internal error in WorkRail; the server goes on and its log (stderr) holds it. "
            "Nothing was changed. Ask again; if it fails again, tell the person."
        )
        return MCPError(types.INTERNAL_ERROR, message)
