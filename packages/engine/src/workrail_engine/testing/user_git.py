"""What does git do for an ordinary user of a repository?"""

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
    """What git printed, without the blanks around it.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    options = [each for setting in _SETTINGS for each in ("-c", setting)]
    done = subprocess.run(
        ["git", *options, *arguments], cwd=folder, capture_output=True, check=True
    )
    return done.stdout.decode("utf-8", "surrogateescape").strip()
