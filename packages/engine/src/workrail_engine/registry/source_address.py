"""What does the text mean that names a source: a folder, or a repository, or nothing we would touch?

Whatever git would read as an option, as a command to run or as a prompt for a secret is refused
here, before git is asked anything.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from workrail_engine.errors import InvalidSourceError
from workrail_engine.projections.managed import SourceKind

MAX_ADDRESS = 2_000
_SCHEMES = frozenset({"https", "ssh", "file"})
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9+.-]*::")
_SCP_FORM = re.compile(r"(?:[A-Za-z0-9_][\w.-]*@)?[A-Za-z0-9][\w.-]*:(?![-:])[^\\]+")
_REF = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+@-]{0,199}")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_ACCEPTED = (
    "Give a folder, or a repository as https://…, ssh://…, file://…, user@host:path or a path"
)


@dataclass(frozen=True)
class Address:
    """Where a source lies."""

    kind: SourceKind
    location: str


def read_address(text: str, base: Path, ref: str | None) -> Address:
    """What a text means.

    A path is a folder, unless it is a bare repository or a ref is asked for.

    Args:
        text: what was typed.
        base: the folder that relative paths start from.
        ref: the branch, tag or commit asked for.

    Raises:
        InvalidSourceError: it is no address we would use, or there is no such folder.
    """
    text = text.strip()
    if not text or len(text) > MAX_ADDRESS or not text.isprintable():
        message = (
            f"address: it is empty, too long or holds characters that cannot be shown. {_ACCEPTED}."
        )
        raise InvalidSourceError(message)
    if text.startswith("-"):
        message = f"address: {text!r} begins with a dash, which git would take for an option. {_ACCEPTED}."
        raise InvalidSourceError(message)
    scheme = _SCHEME.match(text)
    if scheme is not None:
        return _url(text, scheme[1].lower())
    if _HELPER.match(text):
        message = f"address: {text!r} asks git to run a program of that name. {_ACCEPTED}."
        raise InvalidSourceError(message)
    path = _path(text, base)
    if path.is_dir():
        bare = (path / "HEAD").is_file() and (path / "objects").is_dir()
        as_repository = ref is not None or bare
        return Address("git" if as_repository else "folder", str(path))
    if _SCP_FORM.fullmatch(text):
        return Address("git", text)
    message = f"address: there is no folder {path}. {_ACCEPTED}."
    raise InvalidSourceError(message)


def checked_ref(ref: str | None) -> str | None:
    """The name of a branch, tag or commit.

    Raises:
        InvalidSourceError: git could not have such a name, or would read it as something else.
    """
    if ref is None:
        return None
    odd = ".." in ref or "@{" in ref or "//" in ref or ref.endswith((".lock", "/", "."))
    if _REF.fullmatch(ref) is None or odd:
        message = (
            f"ref: {ref!r} cannot be the name of a branch, a tag or a commit. Give one as "
            "`git branch` or `git tag` shows it, or leave it out."
        )
        raise InvalidSourceError(message)
    return ref


def checked_name(name: str) -> str:
    """The name of a source.

    Raises:
        InvalidSourceError: it has characters a name may not have.
    """
    if _NAME.fullmatch(name) is None:
        message = (
            f"name: {name!r} cannot be used. A name has 1 to 64 small letters, digits, `-` and `_`, "
            "and begins with a letter or digit."
        )
        raise InvalidSourceError(message)
    return name


def name_for(address: Address) -> str:
    """A name made from the last part of an address.

    Raises:
        InvalidSourceError: no name can be made of it.
    """
    last = re.split(r"[/:]", address.location.rstrip("/"))[-1].removesuffix(".git")
    name = re.sub(r"[^a-z0-9_-]+", "-", last.lower()).strip("-_")[:64]
    if not name:
        message = f"name: none can be made of {address.location!r}. Give one (--name on the command line)."
        raise InvalidSourceError(message)
    return checked_name(name)


def _url(text: str, scheme: str) -> Address:
    if scheme not in _SCHEMES:
        message = f"address: {scheme} is not used to fetch workflows. {_ACCEPTED}."
        raise InvalidSourceError(message)
    try:
        parts = urlsplit(text)
        password, host = parts.password, parts.hostname or ""
    except ValueError as error:
        message = f"address: {text!r} is no URL ({error}). {_ACCEPTED}."
        raise InvalidSourceError(message) from error
    if password is not None:
        message = (
            "address: it holds a password, which would be kept and shown in plain text. Leave it "
            "out and let a git credential helper or an SSH key answer."
        )
        raise InvalidSourceError(message)
    misleading = (parts.username or "").startswith("-") or host.startswith("-")
    if misleading or (scheme != "file" and not host) or not parts.path.strip("/"):
        message = f"address: {text!r} names no host or no repository. {_ACCEPTED}."
        raise InvalidSourceError(message)
    return Address("git", text)


def _path(text: str, base: Path) -> Path:
    try:
        return Path(os.path.realpath(base / Path(text).expanduser()))
    except (OSError, RuntimeError, ValueError) as error:
        message = f"address: {text!r} cannot be used as a path ({error}). {_ACCEPTED}."
        raise InvalidSourceError(message) from error
