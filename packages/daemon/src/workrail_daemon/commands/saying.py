"""How are words given to a run that works, or will?"""

from workrail_engine.engine import Engine
from workrail_engine.projections.runs import RunView


def say_to(engine: Engine, view: RunView, text: str) -> int:
    """Have a run hear some words before its next turn; the number of the message."""
    return engine.mail.send(view.session_id, "operator", {"kind": "steer", "text": text})
