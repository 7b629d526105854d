"""What did the same files offer the last time somebody read them?

Reading definitions takes a hundred times as long as looking at the stamps of their files. So what a
set of files came to is kept in one small file, by the digest of the stamps; the newest few sets stay.
The file is a convenience: where it is missing, damaged or cannot be written, everything works without
it. It is not made before there is a home for it.
"""

from importlib.metadata import version
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from workrail_engine.canonical import digest
from workrail_engine.projections.offers import Offer
from workrail_engine.registry.locked_files import replace_file
from workrail_engine.registry.looking import Signature

_SETS_KEPT: Final = 16
_FORMAT: Final = 1

_Sets = dict[str, tuple[Offer, ...]]


class OfferIndex:
    """The offers of some sets of files, in one file."""

    def __init__(self, file: Path) -> None:
        """Keep them in a file; its folder may not be there."""
        self._file = file
        self._shape: TypeAdapter[_Sets] = TypeAdapter(_Sets)

    def find(self, signature: Signature) -> tuple[Offer, ...] | None:
        """What these files offer; None when nobody has kept it."""
        return self._read().get(_key(signature))

    def keep(self, signature: Signature, offers: tuple[Offer, ...]) -> None:
        """Remember what these files offer, and forget the set longest kept."""
        if not self._file.parent.is_dir():
            return
        sets = {name: kept for name, kept in self._read().items() if name != _key(signature)}
        newest = [*sets.items(), (_key(signature), offers)][-_SETS_KEPT:]
        try:
            replace_file(self._file, self._shape.dump_json(dict(newest)))
        except OSError:
            return  # it is only slower without

    def _read(self) -> _Sets:
        try:
            return self._shape.validate_json(self._file.read_bytes())
        except (OSError, ValidationError):
            return {}


def _key(signature: Signature) -> str:
    """Another program may read the same files otherwise, so its version counts."""
    stamps = [
        [path.encode("utf-8", "backslashreplace").decode(), [str(part) for part in stamp]]
        for path, stamp in signature
    ]
    return digest([_FORMAT, version("workrail-engine"), stamps])
