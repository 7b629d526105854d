"""Through which door do the pages see the sessions?

The engine's reader, opened for each request: a store that appears, moves on or is repaired while the
console runs is simply seen.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeAlias

from workrail_engine.reader import Reader

ReaderFactory: TypeAlias = Callable[[], AbstractContextManager[Reader]]
