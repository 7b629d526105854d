"""Where does an installation keep the key it signs with, and whose keys does it know?

`signing-1.pem`, `signing-2.pem`, … hold private keys; the one with the highest number signs. No file
is ever written twice: a key gets its name by a hard link, which fails where the name is taken, so of
several processes that make the first key at once all use the same. Public keys lie beside them, one
in a file named after its id, and stay when the key is replaced. The public key of another
installation counts as known once its file is put there.
"""

import os
import re
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

from workrail_engine.errors import InvalidProofError, SigningKeyError
from workrail_engine.proofs.public_key import PublicKey, read_public_key

if TYPE_CHECKING:
    from workrail_engine.proofs.signing import Signer

_SIGNING: Final = re.compile(r"signing-([1-9][0-9]{0,5})\.pem")
_PUBLIC: Final = ".pub"


@dataclass(frozen=True)
class _Loaded:
    name: str
    signer: "Signer"


class KeyRing:
    """The keys in a folder. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self._loaded: _Loaded | None = None

    @property
    def folder(self) -> Path:
        """Where the keys lie."""
        return self._folder

    def signer(self) -> "Signer":
        """What signs now; the first key is made on first use.

        Raises:
            SigningKeyError: it cannot be made, read or trusted.
        """
        with self._lock:
            name = self._latest()
            if self._loaded is None or self._loaded.name != name:
                self._loaded = self._load(name or self._make(1))
            return self._loaded.signer

    def rotate(self) -> PublicKey:
        """Sign with a new key from now on; the old private key is removed, the public one stays.

        Raises:
            SigningKeyError: the new key cannot be made.
        """
        self.signer()
        with self._lock:
            before = self._latest() or "signing-0.pem"
            found = self._load(self._make(_number(before) + 1))
            self._loaded = found
            with self._refusing("the old key cannot be removed"):
                for number in range(1, _number(found.name)):
                    (self._folder / f"signing-{number}.pem").unlink(missing_ok=True)
            return found.signer.public

    def current(self) -> PublicKey | None:
        """The public half of the key that signs now; None before the first proof."""
        return None if self._latest() is None else self.signer().public

    def known(self) -> tuple[PublicKey, ...]:
        """Every public key in the folder, ordered by name.

        Raises:
            SigningKeyError: a file there cannot be read, or holds no public key.
        """
        with self._refusing("the public keys cannot be read"):
            files = sorted(self._folder.glob(f"*{_PUBLIC}"))
            texts = [(file, file.read_text(encoding="utf-8")) for file in files]
        return tuple(_read(file, text) for file, text in texts)

    def _latest(self) -> str | None:
        with self._refusing("it cannot be looked into"):
            there = self._folder.iterdir() if self._folder.is_dir() else ()
            names = [entry.name for entry in there]
        return max((name for name in names if _SIGNING.fullmatch(name)), key=_number, default=None)

    def _make(self, number: int) -> str:
        """A new private key under a number; nothing happens when another process was quicker."""
        name = f"signing-{number}.pem"
        from workrail_engine.proofs.signing import new_private_key  # noqa: PLC0415 (heavy, and a reader of keys needs none of it)

        with self._refusing("no key can be made there"):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._place(name, new_private_key())
        return name

    def _place(self, name: str, content: bytes) -> None:
        """Put a file there whole, readable by its owner alone, unless the name is taken."""
        descriptor, draft = tempfile.mkstemp(prefix=".new-", dir=self._folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            (self._folder / name).hardlink_to(draft)
            self._sync()
        except FileExistsError:
            return
        finally:
            Path(draft).unlink(missing_ok=True)

    def _sync(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _load(self, name: str) -> _Loaded:
        from workrail_engine.proofs.signing import signer_of  # noqa: PLC0415 (heavy, and a reader of keys needs none of it)

        path = self._folder / name
        with self._refusing(f"{name} cannot be used"):
            if os.name == "posix" and path.stat().st_mode & 0o077:
                raise _open_to_others(path)
            signer = signer_of(path.read_bytes())
            public = self._folder / f"{signer.public.key_id[:16]}{_PUBLIC}"
            if not public.exists():
                self._place(public.name, f"{signer.public.text}\n".encode("ascii"))
        return _Loaded(name, signer)

    @contextmanager
    def _refusing(self, what: str) -> Generator[None]:
        """Whatever the file system refuses inside leaves as a failure of ours."""
        try:
            yield
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            message = (
                f"The folder of the signing keys is {self._folder}, and {what} ({reason}). What has to "
                "be proved cannot be recorded without it; nothing was recorded. Mend the folder, or "
                "restore it from a backup, and try again."
            )
            raise SigningKeyError(message) from error


def _number(name: str) -> int:
    return int(name.removeprefix("signing-").removesuffix(".pem"))


def _read(file: Path, text: str) -> PublicKey:
    try:
        return read_public_key(text)
    except InvalidProofError as error:
        message = f"{file} should hold a public key. {error} Remove the file, or mend it."
        raise SigningKeyError(message) from error


def _open_to_others(path: Path) -> SigningKeyError:
    return SigningKeyError(
        f"The signing key {path} can be read by others, so what it signs proves nothing. Nothing was "
        f"recorded. If nobody had it, close it with `chmod 600 {path}`; else make a new one with "
        "`workrail proof rotate` after that."
    )
