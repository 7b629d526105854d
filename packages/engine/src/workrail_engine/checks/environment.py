"""Which variables does a command get?

A few that are needed to run at all, and those its check asks for by name. What may be a secret is
withheld even then: a check that needs one cannot be carried out, and says so. HOME and TMPDIR are
empty folders of the command's own.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from workrail_engine.checks.findings import CannotCheckError
from workrail_engine.search_path import safe_path
from workrail_engine.secret_forms import may_be_secret

_USUAL: Final = frozenset({"PATH", "LANG", "LANGUAGE", "TZ"})
_OURS: Final = frozenset({"HOME", "TMPDIR", "TERM", "PYTHONPYCACHEPREFIX"})


def environment_for(
    asked: Sequence[str], variables: Mapping[str, str], home: Path, temporary: Path
) -> dict[str, str]:
    """The variables of a command.

    Args:
        asked: names its check asks for; one that is not set is left out.
        variables: what this process has.
        home: an empty folder.
        temporary: another one.

    Raises:
        CannotCheckError: a name that is asked for may be that of a secret.
    """
    withheld = [name for name in asked if may_be_secret(name, variables.get(name, ""))]
    if withheld:
        message = (
            f"the check asks for {', '.join(withheld)}, which may hold a secret and is never "
            "given to a command; take it out of `pass`"
        )
        raise CannotCheckError(message)
    given = {
        name: value
        for name, value in variables.items()
        if name in _USUAL or name.startswith("LC_") or (name in asked and name not in _OURS)
    }
    given["PATH"] = safe_path(given.get("PATH", os.defpath))
    ours = {"HOME": str(home), "TMPDIR": str(temporary), "TERM": "dumb"}
    # What lies compiled in the workspace may not be what the text beside it says.
    ours["PYTHONPYCACHEPREFIX"] = str(home.parent / "compiled")
    return {**given, **ours}
