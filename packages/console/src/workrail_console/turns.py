"""Who makes a page when several are asked for at once?

Python runs one thread at a time, so pages that are made together are all late. They are made one after
the other, and the next one is as quick as if nobody else had asked. A page that takes long does not
keep the others waiting: then they share.
"""

import threading
from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec, TypeVar

PATIENCE: Final = 0.05
"""Seconds a page waits for its turn; then it is made beside the one that takes so long."""
_P = ParamSpec("_P")
_Answer = TypeVar("_Answer")
_turn: Final = threading.Lock()


def in_turn(answer: Callable[_P, _Answer]) -> Callable[_P, _Answer]:
    """What makes an answer, when its turn has come."""

    @wraps(answer)
    def waiting(*given: _P.args, **named: _P.kwargs) -> _Answer:
        mine = _turn.acquire(timeout=PATIENCE)
        try:
            return answer(*given, **named)
        finally:
            if mine:
                _turn.release()

    return waiting
