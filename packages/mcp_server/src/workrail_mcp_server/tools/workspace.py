"""Which folder does a call mean?"""

from pathlib import Path

from workrail_engine.errors import InvalidSubmissionError

_FIELD = "workspace"


def chosen_workspace(given: str | None, default: Path) -> Path:
    """The workspace of a call: what it names, else the one the server was started for.

    Raises:
        InvalidSubmissionError: the path is no existing folder.
    """
    if given is None or not given.strip():
        return default
    try:
        path = (default / Path(given.strip()).expanduser()).resolve()
        found = path.is_dir()
    except (OSError, RuntimeError, ValueError) as error:
        message = f"workspace: {given!r} cannot be used as a path ({error}). {_remedy(default)}"
        raise InvalidSubmissionError(message, field=_FIELD) from error
    if not found:
        message = f"workspace: there is no folder {path}. {_remedy(default)}"
        raise InvalidSubmissionError(message, field=_FIELD)
    return path


def _remedy(default: Path) -> str:
    return f"Send the absolute path of a folder, or leave workspace out to use {default}."
