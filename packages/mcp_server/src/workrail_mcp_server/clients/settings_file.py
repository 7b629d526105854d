"""How is a client's settings file changed so that nothing in it can be lost?

Read whole, written whole beside it, and put in its place in one step. What was there before is kept
under a name of its own, with the same rights, since settings may hold keys.
"""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from workrail_engine.canonical import JsonObject
from workrail_engine.errors import InvalidInputError
from workrail_mcp_server.clients.entering import (
    NoRoomError,
    NotJsonError,
    entered,
    present_entry,
)
from workrail_mcp_server.clients.known import Settings


@dataclass(frozen=True)
class Entered:
    """What entering a server came to."""

    path: Path
    changed: bool
    made: bool
    """The file was not there before."""
    backup: Path | None
    """What was there before, when there was something and it was changed."""


def enter(settings: Settings, name: str, entry: JsonObject) -> Entered:
    """Put a server into a client's settings.

    Raises:
        InvalidInputError: the file cannot be read, understood or written; it is as it was.
    """
    # A link, as people who keep their settings in a repository have, goes on being one.
    path = settings.path.resolve()
    try:
        before = _content(path)
        text = _text(path, before or b"")
        after = _entered(path, text, settings, name, entry)
        if after == text:
            return Entered(settings.path, changed=False, made=False, backup=None)
        path.parent.mkdir(parents=True, exist_ok=True)
        backup = _backed_up(path, before) if before else None
        _replace(path, before, after.encode())
    except OSError as error:
        message = (
            f"{settings.path} cannot be changed ({error.strerror}); it is as it was. Mend that and run "
            "this again, or add --print and put the entry in yourself."
        )
        raise InvalidInputError(message) from error
    return Entered(settings.path, changed=True, made=before is None, backup=backup)


def keep_copy(settings: Settings) -> Path | None:
    """A copy of a client's settings beside them; None where there are none.

    Raises:
        InvalidInputError: no copy can be made.
    """
    path = settings.path.resolve()
    try:
        content = _content(path)
        return None if content is None else _backed_up(path, content)
    except OSError as error:
        message = (
            f"No copy of {path} can be kept ({error.strerror}), so nothing was changed. Mend that and "
            "run this again."
        )
        raise InvalidInputError(message) from error


def present(settings: Settings, name: str) -> JsonObject | None:
    """What a client's settings say of a server; None when nothing can be found there."""
    try:
        content = _content(settings.path)
        return present_entry((content or b"{}").decode(), settings, name)
    except (OSError, UnicodeDecodeError, NotJsonError, NoRoomError):
        return None


def _entered(path: Path, text: str, settings: Settings, name: str, entry: JsonObject) -> str:
    try:
        return entered(text, settings, name, entry)
    except (NotJsonError, NoRoomError) as error:
        message = (
            f"{path} cannot be added to: {error}. Nothing was changed. Mend the file and run this "
            "again, or add --print and put the entry in yourself."
        )
        raise InvalidInputError(message) from error


def _text(path: Path, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        message = (
            f"{path} is not UTF-8 text (byte {error.start}). Nothing was changed. Save it as UTF-8 and "
            "run this again."
        )
        raise InvalidInputError(message) from error


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _backed_up(path: Path, content: bytes) -> Path:
    """A copy beside the file; one that holds the same already does as well."""
    number = 1
    while True:
        ending = ".backup" if number == 1 else f".backup-{number}"
        copy = path.with_name(path.name + ending)
        if _content(copy) == content:
            return copy
        mode = path.stat().st_mode & 0o777
        try:
            descriptor = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        except FileExistsError:
            number += 1
            continue
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        return copy


def _replace(path: Path, before: bytes | None, after: bytes) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(0o644 if before is None else path.stat().st_mode & 0o777)
        if _content(path) != before:
            message = (
                f"{path} was changed by another program just now. It is as that program left it; run "
                "this again."
            )
            raise InvalidInputError(message)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
