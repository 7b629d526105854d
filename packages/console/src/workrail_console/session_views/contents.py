"""What do the artifacts of a session hold, read once and kept while it fits?

Artifacts are named by their content, so what was read of one is true for ever.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from workrail_console.artifact_shapes import SHOWN_BYTES, ArtifactView, NotShown, ShownArtifact
from workrail_console.artifact_views import artifact_view
from workrail_engine.errors import WorkRailError
from workrail_engine.ids import Digest
from workrail_engine.projections.session_detail import ArtifactLine
from workrail_engine.reader import Reader

_KEPT_BYTES: Final = 4 * 1024 * 1024
_READ_AT_ONCE: Final = 120
"""Artifacts one page reads; the rest have a link."""


class _Kept:
    """Views by digest; those not looked at for longest go when they are too many bytes."""

    def __init__(self) -> None:
        self._views: OrderedDict[Digest, tuple[int, ArtifactView]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, digest: Digest) -> ArtifactView | None:
        with self._lock:
            found = self._views.get(digest)
            if found is None:
                return None
            self._views.move_to_end(digest)
            return found[1]

    def put(self, digest: Digest, size: int, view: ArtifactView) -> None:
        with self._lock:
            if digest not in self._views:
                self._views[digest] = (size, view)
                self._size += size
            while self._size > _KEPT_BYTES:
                self._size -= self._views.popitem(last=False)[1][0]


_kept: Final = _Kept()


def shown_artifacts(
    reader: Reader, lines: Iterable[ArtifactLine], largest: int = SHOWN_BYTES
) -> tuple[ShownArtifact, ...]:
    """Artifacts with what they hold; of those that are larger or too many only the line."""
    shown: list[ShownArtifact] = []
    for place, line in enumerate(lines):
        if line.size > largest or place >= _READ_AT_ONCE:
            shown.append(ShownArtifact(line, NotShown("It is not shown here for its size.")))
        else:
            shown.append(ShownArtifact(line, _view(reader, line)))
    return tuple(shown)


def by_digest(shown: Iterable[ShownArtifact]) -> dict[Digest, ArtifactView]:
    """What is shown, by what it is called; what is not shown is left out."""
    return {one.line.digest: one.view for one in shown if not isinstance(one.view, NotShown)}


def _view(reader: Reader, line: ArtifactLine) -> ArtifactView:
    view = _kept.get(line.digest)
    if view is None:
        try:
            content = reader.artifact(line.digest)
        except WorkRailError as error:
            return NotShown(str(error))
        view = artifact_view(content)
        _kept.put(line.digest, len(content), view)
    return view
