"""What does the process do that checks records for a console?

It reads ids of sessions, one a line, and writes what it found as one line of JSON each, until there is
no more to read: the console has ended then, or lets go of it.
"""

import json
import os
import signal
import sys
from collections.abc import Iterable, Iterator

from workrail_console.checking import checked
from workrail_console.door import ReaderFactory
from workrail_console.kept_reader import KeptReader
from workrail_engine.errors import SessionNotFoundError, WorkRailError
from workrail_engine.ids import SessionId
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations

_GIVES_WAY = 10
"""How much more willingly than other programs it waits for a processor, of 19."""


def main() -> None:
    """Answer on standard output until standard input ends."""
    # Ctrl-C reaches every process of a terminal; the console says when this one is to end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(_GIVES_WAY)
    locations = Locations.from_environment(os.environ)
    for answer in answers(sys.stdin, lambda: open_reader(locations)):
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


def answers(lines: Iterable[str], reader_factory: ReaderFactory) -> Iterator[str]:
    """A line of JSON for each line with an id."""
    kept = KeptReader(reader_factory, lambda reader: bool(reader.sessions(1).sessions))
    with kept.keep():
        for line in lines:
            yield json.dumps(_answer(kept, SessionId(line.strip())))


def _answer(kept: KeptReader, session_id: SessionId) -> dict[str, object]:
    try:
        with kept.open() as reader:
            found = checked(reader, session_id)
    except SessionNotFoundError as error:
        return {"missing": str(error)}
    except WorkRailError as error:
        return {"failed": str(error)}
    return {"events": found.events, "problems": found.problems}


if __name__ == "__main__":
    main()
