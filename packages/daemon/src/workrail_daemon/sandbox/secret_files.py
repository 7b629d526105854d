"""Which files of a workspace hold secrets of the machine it lies on, and are no business of an agent?

They are told by their names: what the field keeps beside a project and out of its repository. An agent
sees a line that says so in their place.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_NAMES: Final = frozenset(
    {
        *(".env", ".envrc", ".netrc", "_netrc", ".pgpass", ".pypirc", ".git-credentials"),
        *("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", ".vault-token", ".my.cnf"),
        *(".htpasswd", "credentials.json", "client_secret.json", "service-account.json"),
    }
)
_SAMPLES: Final = frozenset(
    {"example", "sample", "template", "tmpl", "dist", "defaults", "test", "testing", "ci", "schema"}
)
_SKIPPED: Final = frozenset({".git", "node_modules", "__pycache__", "site-packages", ".tox"})
_MOST_FOLDERS: Final = 20_000
_DEEPEST: Final = 8
SAID: Final = (
    "# What this file holds may be secret, so worktrain does not show it to agents.\n"
    "# Whoever operates it can name the file as readable for this run.\n"
)


def may_hold_secrets(name: str) -> bool:
    """Whether a file of this name is kept from agents."""
    if name in _NAMES:
        return True
    start, _, rest = name.removeprefix(".").partition(".")
    return name.startswith(".env.") and start == "env" and not _SAMPLES & set(rest.split("."))


def secret_files(workspace: Path) -> tuple[Path, ...]:
    """The files of a workspace that are kept from agents, in its upper folders."""
    return tuple(sorted(_found(workspace)))


def _found(workspace: Path) -> Iterator[Path]:
    for seen, (folder, folders, files) in enumerate(os.walk(workspace)):
        here = Path(folder)
        deep = len(here.relative_to(workspace).parts)
        if deep >= _DEEPEST or seen >= _MOST_FOLDERS:
            folders.clear()
        folders[:] = [each for each in folders if each not in _SKIPPED]
        for name in files:
            if may_hold_secrets(name):
                real = (here / name).resolve()
                if real.is_file() and real.is_relative_to(workspace):
                    yield real
