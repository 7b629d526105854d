"""What is done when someone else wrote first?"""

from collections.abc import Callable
from typing import TypeVar

from workrail_engine.errors import ConflictError

CONFLICT_RETRIES = 8
_Answer = TypeVar("_Answer")


def until_settled(attempt: Callable[[], _Answer]) -> _Answer:
    """Decide again while others write first, a bounded number of times.

    Raises:
        ConflictError: they kept doing so; nothing was recorded.
    """
    for _ in range(CONFLICT_RETRIES):
        try:
            return attempt()
        except ConflictError:
            continue
    message = (
        "Other processes kept writing to this session. Nothing was recorded; call again with the same "
        "token."
    )
    raise ConflictError(message)
