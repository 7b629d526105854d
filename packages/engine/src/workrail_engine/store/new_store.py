"""How does a store come to be?

Whole or not at all: the database is made under another name, with its tables, and then given its own
by a hard link, which fails when another process was quicker. So nobody ever opens a store that is
half made.
"""

import os
import tempfile
from pathlib import Path

from workrail_engine.store.database import open_for_writing
from workrail_engine.store.refusals import translated
from workrail_engine.store.schema_version import create_schema


def make_store(path: Path) -> None:
    """Make an empty store, and its folder, unless they are there.

    Raises:
        StoreUnavailableError: there is no room, or the folder cannot be written.
    """
    if path.exists():
        return
    with translated(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=".new-", suffix=".db", dir=path.parent)
        os.close(descriptor)
        draft = Path(name)
        try:
            _fill(draft, path)
            path.hardlink_to(draft)
            sync_folder(path.parent)
        except FileExistsError:  # another process was quicker; its store is as good
            return
        finally:
            for ending in ("", "-wal", "-shm"):
                draft.with_name(draft.name + ending).unlink(missing_ok=True)


def _fill(draft: Path, path: Path) -> None:
    database = open_for_writing(draft, called=path)
    try:
        with database.writing() as connection:
            create_schema(connection)
    finally:
        database.close()


def sync_folder(folder: Path) -> None:
    """The name itself must outlive a power cut, or all that is acknowledged later would not."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
