"""Does WorkRail hold an agent to a procedure, and lose nothing when it is killed?

Run it with `make demo`. An agent that follows a script investigates a real bug in a small
repository, through `workrail start` and the MCP SDK's own client. It forgets something once, the
server is killed in the middle, and the story ends with the finished session. Everything shown is
checked; the exit code is 1 when anything differs.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import anyio
from investigator import GOAL, TITLES, Answer, SurpriseError, answer_for
from screen import Screen
from server import Server, serve, workrail_command
from workspace import Workspace, make_workspace

KEPT = Path(__file__).resolve().parent.parent / ".demo"
"""Where the store of the last run stays, to be looked at."""
WORKFLOW = "wr.bug-investigation"
FORGETS_NOTES_AT = "Make it happen"
KILLED_BEFORE = "Experiment 2"
_LONGEST_RUN_SECONDS = 60
_SHOWN_LINES = 5
_STEP_TOKEN = re.compile(r"ct_[A-Za-z0-9_-]{24}")
_RESUME_TOKEN = re.compile(r"rs_[A-Za-z0-9_-]{24}")
_SESSION = re.compile(r"sess_[a-z2-7]{26}")
_TITLE = re.compile(rf"^# ({'|'.join(map(re.escape, TITLES))})$", re.MULTILINE)


@dataclass
class Story:
    """What has happened so far."""

    screen: Screen
    workspace: Workspace
    home: Path
    session: str = ""
    handed_out: list[str] = field(default_factory=list[str])
    """Titles in the order the server gave them, each once."""

    def check(self, holds: object, claim: str) -> None:
        """Show a claim that holds.

        Raises:
            SurpriseError: it does not.
        """
        if not holds:
            raise SurpriseError(claim)
        self.screen.good(claim)


async def tell(story: Story, folder: Path) -> None:
    """The whole story, from an empty store to a completed session."""
    screen = story.screen
    screen.heading("An agent starts the workflow")
    async with serve(story.home, folder) as server:
        screen.say(f"workrail start runs as process {server.pid} and offers:")
        screen.quote([", ".join(await server.tools())])
        listed = await server.call("list_workflows", {"query": "bug"})
        story.check(WORKFLOW in listed, f"list_workflows knows {WORKFLOW}")
        start = {"workflowId": WORKFLOW, "goal": GOAL, "workspace": str(story.workspace.root)}
        reply = await server.call("start_workflow", start)
        story.session = _only(_SESSION, reply)
        reply = await work(story, server, reply, until=KILLED_BEFORE)
        screen.heading(f"SIGKILL to process {server.pid} while a step is pending")
        server.kill()
        story.check(not await server.answers(), "the killed server answers no more")
    screen.heading("A new server, and an agent that remembers nothing")
    async with serve(story.home, folder) as server:
        screen.say(f"workrail start runs as process {server.pid}")
        reply = await resume(story, server)
        await work(story, server, reply, until=None)


async def work(story: Story, server: Server, reply: str, *, until: str | None) -> str:
    """Do step after step, until one of the title `until` is pending, or none is left."""
    while token := _STEP_TOKEN.search(reply):
        heading = _only(_TITLE, reply)
        title = heading.removeprefix("# ")
        story.handed_out.append(title)
        shown = reply[reply.index(heading) :]
        story.screen.step(title, len(reply.encode()), _first_lines(shown)[1:])
        if title == until:
            return reply
        if title == FORGETS_NOTES_AT:
            reply, token = await forget_notes(story, server, token)
        reply = await complete(story, server, token[0], answer_for(title, story.workspace))
    story.screen.step("The last reply", len(reply.encode()), _first_lines(reply))
    done = "# Workflow complete" in reply and story.session in reply
    story.check(done, "the last reply says that the workflow is complete and names the session")
    return reply


async def complete(story: Story, server: Server, token: str, answer: Answer) -> str:
    """Send an answer, and show the commands it rests on."""
    for ran in answer.ran:
        story.screen.agent(f"ran `{_one_line(ran.command)}`: exit code {ran.exit_code}")
    sent = answer.arguments()
    story.screen.agent(f"complete_step with {', '.join(sent)}")
    return await server.call("complete_step", {"token": token, **sent})


async def forget_notes(
    story: Story, server: Server, token: re.Match[str]
) -> tuple[str, re.Match[str]]:
    """Send context without notes; the server must refuse, say why and give a token to retry."""
    context: Mapping[str, object] = {"reproduction": "always"}
    story.screen.agent("complete_step with context only: it forgets the notes")
    arguments = {"token": token[0], "context": context}
    reply = await server.call("complete_step", arguments)
    story.screen.step("The server refuses", len(reply.encode()), _first_lines(reply, 6))
    retry = _STEP_TOKEN.search(reply)
    story.check("MISSING_NOTES" in reply, "the refusal says that the notes are missing")
    if retry is None or retry[0] == token[0]:
        message = "The refusal must hold a fresh token to retry with."
        raise SurpriseError(message)
    story.screen.good("the refusal holds a fresh token to retry with")
    return reply, retry


async def resume(story: Story, server: Server) -> str:
    """Find the session by words and return to the step that was pending."""
    story.screen.agent("resume_session with query 'visitor cart total'")
    found = await server.call("resume_session", {"query": "visitor cart total"})
    story.screen.step("Found", len(found.encode()), _first_lines(found))
    story.check(story.session in found, "the killed session is found by its goal")
    token = _only(_RESUME_TOKEN, found)
    reply = await server.call("continue_workflow", {"continueToken": token})
    story.check(KILLED_BEFORE in reply, f"it stands where it stood: {KILLED_BEFORE}")
    story.check("H1 and H2 are refuted" in reply, "the notes made before the kill are in the reply")
    return reply


def show_result(story: Story) -> None:
    """The finished session, as the command line tells it."""
    screen = story.screen
    screen.heading("The finished session")
    shown = _workrail(story, "session", "show", story.session)
    screen.quote(shown.splitlines())
    told = f"completed, {len(TITLES)} steps completed"
    story.check(told in shown, f"`workrail session show` says: {told}")
    once = [title for title in dict.fromkeys(story.handed_out) if title in shown]
    story.check(
        len(once) == len(TITLES),
        f"all {len(TITLES)} steps are in the session, the two rounds included",
    )
    again = story.handed_out.count(KILLED_BEFORE)
    repeated = len(story.handed_out) - len(dict.fromkeys(story.handed_out))
    story.check((again, repeated) == (2, 1), "after the kill one step was shown again, none redone")
    verified = _workrail(story, "session", "verify", story.session)
    screen.quote(verified.splitlines())
    screen.good("`workrail session verify` finds the log whole")
    screen.say(f"\nSession {story.session} is stored in {story.home}")
    screen.say(f"Look at it in the browser: WORKRAIL_HOME={story.home} .venv/bin/worktrain console")


def _workrail(story: Story, *argv: str) -> str:
    done = subprocess.run(
        [workrail_command(), *argv],
        env={"WORKRAIL_HOME": str(story.home), "PATH": "/usr/bin:/bin", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    if done.returncode:
        message = f"`workrail {' '.join(argv)}` ended with {done.returncode}: {done.stderr}"
        raise SurpriseError(message)
    return done.stdout.rstrip()


def _only(pattern: re.Pattern[str], reply: str) -> str:
    found = pattern.search(reply)
    if found is None:
        message = f"Nothing like {pattern.pattern!r} in this reply:\n{reply}"
        raise SurpriseError(message)
    return found[0]


def _one_line(command: str) -> str:
    first, *rest = command.splitlines()
    return f"{first}…" if rest else first


def _first_lines(reply: str, count: int = _SHOWN_LINES) -> list[str]:
    lines = [line for line in reply.splitlines() if line.strip()]
    return [line if len(line) <= 110 else f"{line[:109]}…" for line in lines[:count]]


async def _bounded(story: Story, folder: Path) -> None:
    with anyio.fail_after(_LONGEST_RUN_SECONDS):
        await tell(story, folder)


def main() -> int:
    """Run the demo; the exit code is 0 when everything held, else 1."""
    parser = argparse.ArgumentParser(description="Investigate a real bug through WorkRail.")
    parser.add_argument("--home", type=Path, help="keep the store here (default: .demo, made anew)")
    asked: Path | None = parser.parse_args().home
    if asked is None and KEPT.exists():
        shutil.rmtree(KEPT)
    screen = Screen()
    with tempfile.TemporaryDirectory(prefix="workrail-demo-") as temporary:
        folder = Path(temporary).resolve()
        workspace = make_workspace(folder / "shop")
        home = (asked or KEPT).resolve()
        story = Story(screen, workspace, home)
        screen.heading("A small shop with a test that fails only in company")
        screen.quote(workspace.run("git", "log", "--oneline").output.splitlines())
        failures = _play(story, folder)
        for failure in failures:
            screen.bad(str(failure) or type(failure).__name__)
        if failures:
            log = folder / "server.log"
            screen.quote(log.read_text().splitlines()[-20:] if log.exists() else [])
            return 1
        screen.good("everything held")
    return 0


def _play(story: Story, folder: Path) -> list[Exception]:
    failures: list[Exception] = []
    try:
        anyio.run(_bounded, story, folder)
        show_result(story)
    except* Exception as group:  # noqa: BLE001 -- whatever went wrong is shown and fails the demo
        failures.extend(_leaves(group))
    return failures


def _leaves(group: ExceptionGroup[Exception]) -> list[Exception]:
    found: list[Exception] = []
    for failure in group.exceptions:
        if isinstance(failure, ExceptionGroup):
            found.extend(_leaves(cast("ExceptionGroup[Exception]", failure)))
        else:
            found.append(failure)
    return found


if __name__ == "__main__":
    sys.exit(main())
