"""What does a client say to the server it spawns, and which process is that server?

    python overhear.py LOG LOSE -- workrail start

Becomes the server: the process the client signals and waits for is the server itself. Two children of it
pass the lines on. What the client says is appended to LOG, after a line with the server's process id;
what the server writes to stderr, to LOG.err. While a file LOSE exists, the next answer to a call is lost:
the server is killed once it has written it, and the client never gets it.
"""

import json
import os
import signal
import sys

_ANSWER = b'"content":'


def main() -> None:
    """Split off the children, then become the server."""
    log_path, lose_path, command = sys.argv[1], sys.argv[2], sys.argv[4:]
    server = os.getpid()
    log = os.open(log_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(log, json.dumps({"pid": server}).encode() + b"\n")
    complaints = os.open(f"{log_path}.err", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(complaints, 2)
    os.close(complaints)
    reading, feeding = os.pipe()
    hearing, writing = os.pipe()
    # Each keeps only its own two ends: an end held open by another would hide that someone is gone.
    if os.fork() == 0:
        _close(1, reading, hearing, writing)
        _pass_on(log, feeding)
        os._exit(0)
    if os.fork() == 0:
        _close(0, log, reading, feeding, writing)
        _pass_back(hearing, lose_path, server)
        os._exit(0)
    os.dup2(reading, 0)
    os.dup2(writing, 1)
    _close(log, reading, feeding, hearing, writing)
    os.execvp(command[0], command)  # noqa: S606 - an argument list, no shell


def _pass_on(log: int, feeding: int) -> None:
    while said := os.read(0, 1 << 16):
        os.write(log, said)
        if not _written(feeding, said):
            return


def _pass_back(hearing: int, lose_path: str, server: int) -> None:
    with os.fdopen(hearing, "rb") as lines:
        for line in lines:
            if _ANSWER in line and os.path.exists(lose_path):  # noqa: PTH110 - pathlib is slow to load
                os.kill(server, signal.SIGKILL)
                os.unlink(lose_path)  # noqa: PTH108 - as above
                return
            if not _written(1, line):
                return


def _written(to: int, data: bytes) -> bool:
    """Whether everything could be written; not when the other end is gone."""
    try:
        while data:
            data = data[os.write(to, data) :]
    except BrokenPipeError:
        return False
    return True


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


if __name__ == "__main__":
    main()
