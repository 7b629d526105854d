"""How does the benchmark ask a console, with as little of its own in between?"""

import gzip
import http.client
import os
import re
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Final

from workrail_engine.system import SystemClock

PROGRAM: Final = Path(sys.executable).with_name("worktrain-console")
_HAMMER: Final = """
import http.client, sys
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=60)
while True:
    connection.request("GET", sys.argv[2], headers={"Accept-Encoding": "gzip"})
    connection.getresponse().read()
"""


class Asker:
    """One connection that stays open, as a browser's does."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def get(self, address: str, cookie: str = "") -> bytes:
        """The body as it was sent, packed where it is worth it."""
        headers = {"Accept-Encoding": "gzip", **({"Cookie": cookie} if cookie else {})}
        self._connection.request("GET", address, headers=headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            failure = f"{address} was answered with {answer.status}"
            raise RuntimeError(failure)
        return body

    def text(self, address: str) -> str:
        """The body as text."""
        body = self.get(address)
        return (gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body).decode()

    def took(self, address: str, times: int) -> list[float]:
        """Seconds each of some requests took, after one that is not counted."""
        self.get(address)
        return [self._one(address) for _ in range(times)]

    def took_anew(self, address: str, times: int) -> list[float]:
        """The same, each request by another browser, which makes the console make the page anew."""
        self._one(address)
        return [self._one(address, self._visit(number)) for number in range(times)]

    def _one(self, address: str, cookie: str = "") -> float:
        began = perf_counter()
        self.get(address, cookie)
        return perf_counter() - began

    def _visit(self, number: int) -> str:
        """The cookie of a browser that came back; each has been looking since another time."""
        now = SystemClock().now()
        since = now - timedelta(hours=1, seconds=number)
        return f"worktrain_visit_{self.port}={since.isoformat()}~{now.isoformat()}"


@contextmanager
def console(home: Path) -> Generator[int]:
    """A running console; its port."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("WORKRAIL")}
    with subprocess.Popen(
        [PROGRAM, "--port", "0", "--home", str(home)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environ,
        text=True,
    ) as process:
        try:
            said = process.stdout.readline() if process.stdout is not None else ""
            found = re.search(r":(\d+)/", said)
            if found is None:
                failure = "The console does not start."
                raise RuntimeError(failure)
            yield int(found[1])
        finally:
            process.kill()


@contextmanager
def hammered(port: int, address: str, by: int = 2) -> Generator[None]:
    """While other processes ask for an address without a pause."""
    command = [sys.executable, "-c", _HAMMER, str(port), address]
    hammers = [subprocess.Popen(command, stderr=subprocess.DEVNULL) for _ in range(by)]
    try:
        yield
    finally:
        for hammer in hammers:
            hammer.kill()
            hammer.wait()
