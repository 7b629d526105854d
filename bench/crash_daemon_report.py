"""How are the results of the crash campaign of the daemon told?"""

import os
import platform
from collections.abc import Sequence
from statistics import median
from typing import Final

from crash_daemon_look import LONGEST_TAKEOVER, Verdict
from crash_daemon_model import TURNS_A_STEP
from crash_daemon_site import STEPS

_HEAD: Final = f"""# Kills of the daemon

Written by `make bench-crash`.

Real `worktrain daemon run` processes work on three sessions at a time, {STEPS} steps of {TURNS_A_STEP}
turns each, and are killed with SIGKILL at random moments: on SQLite one daemon, which is started again; on
PostgreSQL two, of which one is killed and started again. The model is a server beside them that speaks the
Messages API, keeps every request, and puts a word of its own into every answer, so that a forked or lost
conversation shows. Tools are real and run in the sandbox; every fifth result has 50 KB. A run that is over
is replaced by a new one until all kills are done; then all runs go on to their ends.

* **Session-crashes**: how often a daemon was killed that drove a session.
* **Turns asked again**: requests for a turn that had been asked for before; paid twice. At most one for
  each session-crash.
* **Interrupted**: calls that had begun when the daemon was killed; they are not made again, the model is
  told so.
* **Lost**: runs that did not complete, or lack a turn. **Doubled**: answers of the model or results of tools
  that are in a log twice. **Forked**: requests that do not repeat what was answered. **Damaged**: problems
  found by `workrail session verify`.
* **Next request**: from the kill to the next request of a session it hit; starting a daemon is in it on SQLite.

| | {{heads}} |
|---|{{rule}}
"""


def as_markdown(verdicts: Sequence[Verdict]) -> str:
    """The report."""
    head = _HEAD.format(
        heads=" | ".join(each.store for each in verdicts), rule="---:|" * len(verdicts)
    )
    columns = [_figures(each) for each in verdicts]
    rows = [f"| {name} | {' | '.join(each[name] for each in columns)} |" for name in columns[0]]
    machine = (
        f"Measured with {os.cpu_count()} cores, {platform.system()}, Python "
        f"{platform.python_version()}. A takeover on PostgreSQL may take {LONGEST_TAKEOVER:.0f} s."
    )
    return head.rstrip("\n") + "\n" + "\n".join(rows) + f"\n\n{machine}\n"


def _figures(one: Verdict) -> dict[str, str]:
    takeovers = one.takeovers or (0.0,)
    return {
        "kills": str(one.kills),
        "session-crashes": str(one.session_crashes),
        "sessions": str(one.sessions),
        "turns in the logs": f"{one.turns:,}",
        "turns asked again": f"{one.repeated} (at most {one.most_repeated} times one)",
        "calls interrupted": str(one.interrupted),
        "lost": str(len(one.lost)),
        "doubled": str(len(one.doubled)),
        "forked": str(len(one.forks)),
        "damaged": str(len(one.damaged)),
        "next request, median": f"{median(takeovers):.2f} s",
        "next request, longest": f"{max(takeovers):.2f} s",
        "holds": "yes" if one.holds else "**no**",
    }
