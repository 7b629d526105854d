"""How does what an operator wants reach a run, and when is it done?"""

from threading import Event
from time import monotonic
from typing import Final

from workrail_engine.engine import Engine
from workrail_engine.projections.runs import RunView

_PAUSE: Final = 0.1
SOON: Final = 3.0
"""Seconds in which a run that is worked on heeds a wish, as a rule."""


def when_heeded(engine: Engine, view: RunView, state: str) -> RunView:
    """The run once it is in a state, or as it stands after some seconds.

    Args:
        engine: of the store.
        view: the run as it was.
        state: the state that is wished for.
    """
    pause, until = Event(), monotonic() + SOON
    while True:
        now = engine.runs.view(view.session_id) or view
        if now.state in (state, "ended") or monotonic() >= until:
            return now
        pause.wait(_PAUSE)
