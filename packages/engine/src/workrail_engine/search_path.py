"""Where are programs looked for, whatever folder a command runs in?"""

import os


def safe_path(path: str) -> str:
    """The folders of PATH that mean the same wherever a process runs."""
    return os.pathsep.join(each for each in path.split(os.pathsep) if os.path.isabs(each))  # noqa: PTH117 (entries are plain texts, not paths)
