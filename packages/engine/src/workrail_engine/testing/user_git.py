"""What does git do for an ordinary user of a repository?"""

import os
import subprocess
from pathlib import Path
from typing import Final

_SETTINGS: Final = (
    "user.name=Ada",
    "user.email=ada@example.org",
    "commit.gpgsign=false",
    "init.defaultBranch=main",
    "protocol.file.allow=always",  # submodules of a test lie in folders
)


def git(folder: Path, *arguments: str) -> str:
    """What git printed, without the blanks around it; the settings of the machine do not count.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    options = [each for setting in _SETTINGS for each in ("-c", setting)]
    done = subprocess.run(
        ["git", *options, *arguments],
        cwd=folder,
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"},
        capture_output=True,
        check=True,
    )
    return done.stdout.decode("utf-8", "surrogateescape").strip()


def commit_all(folder: Path) -> str:
    """Commit all files, even if nothing changed; returns the commit."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "Change")
    return git(folder, "rev-parse", "HEAD")


def begin_repository(folder: Path) -> Path:
    """Make a folder a repository, with its files in one commit; returns the folder."""
    git(folder, "init", "--quiet")
    commit_all(folder)
    return folder
