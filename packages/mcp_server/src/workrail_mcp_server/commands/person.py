"""Is a person at the terminal, and what do they say?

Questions go to the controlling terminal itself, never to stdin and stdout: a program that only has
pipes, as an agent's tools do, has no terminal to answer from. Whatever descends from the client that
drives a session, or says of itself that an agent runs it, is taken for the agent.
"""

import getpass
import os
import socket
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import click

from workrail_engine.projections.driving import Driver
from workrail_engine.system import Locations
from workrail_mcp_server.approver import Passphrase
from workrail_mcp_server.processes import ancestors_of_this_process

_TERMINAL = Path("CON" if os.name == "nt" else "/dev/tty")
_SLACK = 2_000_000
"""Microseconds by which two readings of when a process began may differ."""
AGENTS = ("CLAUDECODE", "CLAUDE_CODE_SESSION_ID", "CURSOR_AGENT", "GEMINI_CLI", "CODEX_SANDBOX")
"""Variables by which agents mark the commands they run."""


@dataclass(frozen=True)
class Person:
    """Whoever sits at the controlling terminal of this process."""

    ears: TextIO
    mouth: TextIO

    def ask(self, question: str) -> str:
        """What they type after a question, without the line end; empty at the end of input."""
        self.mouth.write(question)
        self.mouth.flush()
        return self.ears.readline().strip()

    def ask_hidden(self, question: str) -> str:
        """The same, and what they type is not shown."""
        return getpass.getpass(question, stream=self.mouth)


@contextmanager
def person_at_terminal(
    command: str, drivers: Sequence[Driver] = (), environ: Mapping[str, str] | None = None
) -> Generator[Person]:
    """The person at the controlling terminal.

    Args:
        command: what they called.
        drivers: the clients that drive the session that is decided about.
        environ: the variables to look at; those of this process when left out.

    Raises:
        click.UsageError: this process has no terminal, or an agent runs it.
    """
    told = agent_signs(drivers, os.environ if environ is None else environ)
    if told is not None:
        message = f"`workrail {command}` is for a person, and {told}. Nothing was recorded. {_OWN}"
        raise click.UsageError(message)
    try:
        with (
            _TERMINAL.open(encoding="utf-8") as ears,
            _TERMINAL.open("w", encoding="utf-8") as mouth,
        ):
            yield Person(ears, mouth)
    except OSError as error:
        message = (
            f"`workrail {command}` is for a person, and this process has no terminal to ask one at. "
            f"Nothing was recorded. {_OWN}"
        )
        raise click.UsageError(message) from error


def agent_signs(drivers: Sequence[Driver], environ: Mapping[str, str]) -> str | None:
    """What shows that an agent runs this process; None when nothing does."""
    marked = next((name for name in AGENTS if environ.get(name)), None)
    if marked is not None:
        return f"{marked} is set, so an agent runs this"
    for ancestor in ancestors_of_this_process():
        if any(_same(ancestor, driver) for driver in drivers):
            return f"process {ancestor.process}, which drives the session, started it"
    return None


def check_passphrase(person: Person, locations: Locations) -> str:
    """Ask for the approver's passphrase where one is set; returns how they were known.

    Raises:
        click.ClickException: it was another.
    """
    passphrase = Passphrase(locations.home)
    if not passphrase.is_set:
        return "terminal"
    if not passphrase.matches(person.ask_hidden("Passphrase of the approver: ")):
        message = "That is not the approver's passphrase. Nothing was recorded."
        raise click.ClickException(message)
    return "terminal, with the passphrase"


def who() -> str:
    """The account and machine a decision comes from."""
    return f"{getpass.getuser()}@{socket.gethostname()}"


_OWN = "Run it in a terminal of your own."


def _same(ancestor: Driver, driver: Driver) -> bool:
    here = (ancestor.host, ancestor.process) == (driver.host, driver.process)
    return here and abs(ancestor.began_at - driver.began_at) <= _SLACK
