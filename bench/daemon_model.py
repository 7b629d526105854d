"""The model of one measured session, in a process of its own: prints its address, then what it timed.

A model answers on another machine; were all of them in one process here, each would wait for the others.
"""

import json
import sys
from typing import Any, Final

from workrail_daemon.testing.model_messages import Answer
from workrail_daemon.testing.model_server import Deed, Heard, Slow, serving

TURNS_A_STEP: Final = 8
FILE: Final = "wide.txt"
_THINKS: Final = 0.03
"""Seconds before each event of an answer; there are about nine."""
_A_TOKEN: Final = 4
"""Characters, about."""
_NOTES: Final = (
    "Everything was read again and again, as this measurement of the daemon asks for it."
)


def answer(heard: Heard) -> Deed:
    """A file of 50 KB is wanted, again and again; every eighth turn completes the step."""
    said = sum(message["role"] == "assistant" for message in heard.body["messages"])
    call: tuple[str, dict[str, Any]] = (
        ("complete_step", {"notes": _NOTES})
        if said % TURNS_A_STEP == TURNS_A_STEP - 1
        else ("Read", {"file_path": f"{said}-{FILE}"})
    )
    # A provider tells how long a request was, and a daemon keeps to its limit by that.
    usage = {"input_tokens": len(json.dumps(heard.body)) // _A_TOKEN, "output_tokens": 40}
    return Slow(Answer(text="Once more.", calls=[call], usage=usage), _THINKS)


def main() -> None:
    """Answer until stdin ends."""
    with serving(answer) as model:
        print(model.address, flush=True)
        sys.stdin.read()
        print(json.dumps(model.times), flush=True)


if __name__ == "__main__":
    main()
