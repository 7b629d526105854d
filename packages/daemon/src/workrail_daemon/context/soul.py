"""What does the operator want of every agent?

The rules lie in `daemon-soul.md` in the home of the store, for people to edit; the file is made with
the rules below when it is missing. They are read when a run is begun.
"""

import os
from pathlib import Path
from typing import Final

from workrail_daemon.context.parts import Part, cut_to
from workrail_daemon.context.untrusted import between_marks, cleaned
from workrail_daemon.errors import ConfigError

SOUL_FILE: Final = "daemon-soul.md"
SOUL_BYTES: Final = 32 * 1024
_HEADER: Final = """\
<!--
What every agent of `worktrain` is told before it begins, whatever it works on. It stands above the
rules of the workspace. Edit it freely: runs that begin afterwards read it. Comments like this one are
not sent. Remove the file to have it made anew.
-->

"""
DEFAULT_SOUL: Final = """\
- Look before you change: read the code you touch, who calls it, and its tests.
- Write what the code around it looks like: its names, its structure, its way with errors.
- Make the smallest change that does the whole job. Leave alone what the task does not need.
- Write the real thing: nothing that only pretends to work, nothing left to be filled in later.
- Run the tests that matter before your first change and after your last one. If they fail, find out
  why; never switch one off to get on.
- A mended fault gets a test that failed before.
- Find the cause, not a way around it.
- Never write secrets into files, notes or messages.
- Do not commit, push or publish unless the step says so.
- Use Grep and Glob to find, Read to read, Edit to change; Bash is for running things.
"""


def soul_part(home: Path, chosen: Path | None = None) -> Part:
    """The operator's rules.

    Args:
        home: where the usual file lies; it is made there when it is missing.
        chosen: another file; it has to be there.

    Raises:
        ConfigError: the file cannot be read.
    """
    path = chosen or home / SOUL_FILE
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except FileNotFoundError:
        if chosen is not None:
            message = f"soul: {chosen} is not there. Write the file, or leave the option out."
            raise ConfigError(message) from None
        text = DEFAULT_SOUL
        _write_template(path)
    except OSError as error:
        message = f"soul: {path} cannot be read ({error.strerror}). Mend it, or remove it."
        raise ConfigError(message) from error
    cut = cut_to(cleaned(text).text.strip(), SOUL_BYTES)
    said = between_marks("operator_rules", path.name, cut.text)
    return Part("soul", str(path), said, cut.left_out)


def _write_template(path: Path) -> None:
    """Make the file, unless somebody was faster; a home that cannot be written to keeps none."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        return
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(_HEADER + DEFAULT_SOUL)
