"""Which variables does a process of a run get?

By list, never by default: what is needed to run at all, and what the policy names. A name that may be
that of a secret has to be written out; a pattern does not reach it.
"""

import os
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Final

from workrail_engine.search_path import safe_path
from workrail_engine.secret_forms import may_be_secret

_USUAL: Final = frozenset({"PATH", "LANG", "LANGUAGE", "TERM", "TZ"})


def environment_for(
    named: Sequence[str], variables: Mapping[str, str], ours: Mapping[str, str]
) -> dict[str, str]:
    """The variables of a process.

    Args:
        named: further names that are handed on; `*` stands for any characters, but does not reach
            what may be a secret.
        variables: what this process has.
        ours: what is set anyway; nothing else may set these.
    """
    given = {
        name: value
        for name, value in variables.items()
        if name in named
        or ((_usual(name) or _fits(name, named)) and not may_be_secret(name, value))
    }
    return {**given, "PATH": safe_path(given.get("PATH", os.defpath)), **ours}


def _usual(name: str) -> bool:
    return name in _USUAL or name.startswith("LC_")


def _fits(name: str, named: Sequence[str]) -> bool:
    return any("*" in pattern and fnmatchcase(name, pattern) for pattern in named)
