"""Is the approver who they say they are?

A passphrase of the approver's own, kept as an Argon2id hash. Without one, whoever sits at a terminal
of this account can approve.
"""

import os
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 10
"""The fewest characters of a passphrase."""
_FILE = "approver"


class Passphrase:
    """The approver's passphrase of one installation."""

    def __init__(self, home: Path) -> None:
        """The passphrase whose hash lies in a home folder, if one was set."""
        self._file = home / _FILE

    @property
    def is_set(self) -> bool:
        """Whether there is one; a file that cannot be read counts as one."""
        return self._file.exists()

    def matches(self, text: str) -> bool:
        """Whether this is the passphrase; never, where its file cannot be read."""
        try:
            return PasswordHasher().verify(self._file.read_text("ascii").strip(), text)
        except (OSError, UnicodeDecodeError, VerificationError, InvalidHashError):
            return False

    def set(self, text: str) -> None:
        """Make this the passphrase; only its hash is kept, readable by this account alone."""
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = self._file.with_suffix(".new")
        beside.unlink(missing_ok=True)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(f"{PasswordHasher().hash(text)}\n")
        beside.replace(self._file)

    def remove(self) -> None:
        """Ask for none from now on."""
        self._file.unlink(missing_ok=True)
