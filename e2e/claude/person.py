"""How does the person at the machine approve, in a terminal of their own?"""

import os
import pty
import re
import select
from collections.abc import Mapping
from pathlib import Path

_LONGEST_SECONDS = 60
_DIGEST = re.compile(r"sha256:([0-9a-f]{6})")


def approve(
    command: tuple[str, ...], *, project: Path, environ: Mapping[str, str], agreed: str
) -> str:
    """Run `workrail approve` in a new terminal and type what it asks for.

    Args:
        command: the command with its arguments.
        project: where it is run.
        environ: its environment.
        agreed: a text the person must be shown before they agree.

    Returns:
        Everything the terminal showed.

    Raises:
        AssertionError: the text was not shown, or the command failed.
    """
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(project)
        os.execve(command[0], command, environ)  # noqa: S606 - an argument list, no shell
    shown = _until("after sha256:", terminal)
    found = _DIGEST.findall(shown)
    if found and agreed in shown:
        os.write(terminal, f"{found[-1]}\n".encode())
    else:
        os.write(terminal, b"\n")
    shown += _until(None, terminal)
    _, status = os.waitpid(process, 0)
    os.close(terminal)
    assert agreed in shown, f"{agreed!r} was not shown before agreeing:\n{shown}"
    assert os.waitstatus_to_exitcode(status) == 0, shown
    return shown


def _until(text: str | None, terminal: int) -> str:
    """What the terminal shows until a text appears, or until its end."""
    shown = b""
    while text is None or text.encode() not in shown:
        ready, _, _ = select.select([terminal], [], [], _LONGEST_SECONDS)
        assert ready, f"The terminal fell silent after:\n{shown.decode(errors='replace')}"
        try:
            more = os.read(terminal, 1 << 16)
        except OSError:  # on Linux, how the end of a terminal is told
            break
        if not more:
            break
        shown += more
    return shown.decode(errors="replace")
