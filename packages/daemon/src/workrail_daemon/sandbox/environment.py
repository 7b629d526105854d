"""Which variables does a process of a run get?

By list, never by default: what is needed to run at all, and what the policy names. A name that may be
that of a secret has to be written out; a pattern does not reach it.
"""

import os
import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Final

_USUAL: Final = frozenset({"PATH", "LANG", "LANGUAGE", "TERM", "TZ"})
_WORD: Final = re.compile(
    r"(?:^|_)(?:TOKENS?|KEYS?|PAT|PASS|PWD|AUTH|COOKIES?|DSN|CREDS?)(?:_|$)"
    r"|SECRET|PASSW|PASSPHRASE|CREDENTIAL|APIKEY|PRIVATE|SESSION|DATABASE_URL|_AUTH_SOCK"
)
_OWNERS: Final = (
    *("ANTHROPIC_", "AWS_", "AZURE_", "BITBUCKET_", "CLAUDE_", "GH_", "GITHUB_", "GITLAB_"),
    *("GOOGLE_", "OPENAI_", "OPENROUTER_", "SLACK_", "WORKRAIL_", "WORKTRAIN_"),
)
_PASSWORD_IN_ADDRESS: Final = re.compile(r"://[^/\s@]*:[^/\s@]+@")


def may_be_secret(name: str, value: str = "") -> bool:
    """Whether a variable looks like one that holds a secret, by its name or by its value."""
    capitals = name.upper()
    return (
        capitals.startswith(_OWNERS)
        or _WORD.search(capitals) is not None
        or _PASSWORD_IN_ADDRESS.search(value) is not None
    )


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


def safe_path(path: str) -> str:
    """The folders of PATH that mean the same wherever a process runs."""
    return os.pathsep.join(each for each in path.split(os.pathsep) if os.path.isabs(each))  # noqa: PTH117 (entries are plain texts, not paths)


def _usual(name: str) -> bool:
    return name in _USUAL or name.startswith("LC_")


def _fits(name: str, named: Sequence[str]) -> bool:
    return any("*" in pattern and fnmatchcase(name, pattern) for pattern in named)
