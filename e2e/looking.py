"""How does a real browser look at the console over made-up sessions? For tests and for screenshots.

The browser is the system's Chromium; the wheel of playwright brings the program that drives it.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Dialog, Page, sync_playwright

from workrail_engine.demonstration.landmarks import Landmarks

PROGRAM = Path(sys.executable).with_name("worktrain-console")
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LONGEST_MS = 20_000
"""How long anything may take that a page is waited for, on a machine that does much else."""


def chromium() -> str | None:
    """The program that is the browser; None where there is none."""
    return next((found for name in CHROMIUM if (found := shutil.which(name))), None)


@contextmanager
def browser(program: str) -> Generator[Browser]:
    """A running browser."""
    with sync_playwright() as playwright:
        # A container has no user namespaces to build a sandbox from; only our own pages are opened.
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


def objections(page: Page, rules: Sequence[str] = ()) -> list[str]:
    """What axe has against a page, with the first places of each; some rules, or all."""
    script = files("axe_playwright_python") / "axe.min.js"
    page.evaluate(script.read_text(encoding="utf-8"))
    only = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {}
    found: list[dict[str, Any]] = page.evaluate(
        "async (only) => (await axe.run(document, only)).violations", only
    )
    return [
        f"{one['id']}: {one['help']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for one in found
        for node in one["nodes"][:3]
    ]


@contextmanager
def console(home: Path) -> Generator[str]:
    """A running console over a home; its address, without a slash at the end."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("WORKRAIL")}
    with (
        tempfile.TemporaryFile("w+") as complaints,
        subprocess.Popen(
            [PROGRAM, "--port", "0", "--home", str(home)],
            stdout=subprocess.PIPE,
            stderr=complaints,
            env=environ,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            found = re.search(r"(http://\S+)/ ", process.stdout.readline())
            assert found is not None, "it did not start"
            yield found[1]
        finally:
            process.kill()
            complaints.seek(0)
            sys.stderr.write(complaints.read())


def addresses(marks: Landmarks) -> Mapping[str, str]:
    """Where the pages are, by what they show."""
    one = f"/sessions/{marks.mended}"
    first, second = marks.hashes
    return {
        "sessions": "/",
        "sessions, all": "/?all=1",
        "sessions, blocked": "/?status=blocked",
        "sessions, none": "/?q=walrus",
        "session": one,
        "session, outline": f"{one}?view=outline",
        "session, timeline": f"{one}?view=timeline",
        "session, events": f"{one}?view=events",
        "session, context": f"{one}?view=context",
        "session, artifacts": f"{one}?view=artifacts",
        "session, proofs": f"{one}?view=proofs",
        "session, raw": f"{one}?view=raw",
        "session, graph": f"/sessions/{marks.forked}?view=graph",
        "reviewed": f"/sessions/{marks.reviewed}",
        "blocked": f"/sessions/{marks.blocked}",
        "waiting": f"/sessions/{marks.waiting}",
        "forked": f"/sessions/{marks.forked}",
        "long": f"/sessions/{marks.long}",
        "run, in a tool": f"/sessions/{marks.driven}",
        "run, healed": f"/sessions/{marks.healed}?view=turns",
        "run, stuck": f"/sessions/{marks.stuck}?view=turns",
        "run, out of budget": f"/sessions/{marks.spent}",
        "run, asking": f"/sessions/{marks.asking}",
        "run, incomplete": f"/sessions/{marks.incomplete}?view=turns",
        "run, timeline": f"/sessions/{marks.healed}?view=timeline",
        "runs, tree": f"/units/{marks.crew}",
        "damaged": f"/sessions/{marks.damaged}",
        "hostile": f"/sessions/{marks.hostile}",
        "hostile, context": f"/sessions/{marks.hostile}?view=context",
        "hostile, artifacts": f"/sessions/{marks.hostile}?view=artifacts",
        "hostile, events": f"/sessions/{marks.hostile}?view=events",
        "step": f"{one}/steps/2",
        "work unit": f"/units/{marks.root}",
        "search": "/search",
        "search, found": "/search?q=ledger",
        "search, none": "/search?q=walrus",
        "workflows": "/workflows",
        "workflow": f"/workflows/{marks.workflow}",
        "definition": f"/workflows/{marks.workflow}/{first}",
        "difference": f"/workflows/{marks.workflow}/{first}/diff/{second}",
        "proofs": "/proofs",
        "proof": f"/proofs/{marks.proof}",
        "health": "/health",
        "docs": "/docs",
        "nowhere": "/no/such/page",
    }


@dataclass
class Watched:
    """A page and all that went on behind it."""

    page: Page
    site: str
    asked: list[str] = field(default_factory=list[str])
    """Every address that was asked for."""
    said: list[str] = field(default_factory=list[str])
    """Errors and warnings of the page: of scripts, of the content policy, of the network."""

    def open(self, address: str) -> int:
        """Go to an address of the console; the status it answers with."""
        answer = self.page.goto(self.site + address)
        assert answer is not None
        return answer.status


def watched(page: Page, site: str) -> Watched:
    """A page that is watched from now on."""
    seen = Watched(page, site)
    page.set_default_timeout(LONGEST_MS)
    page.on("request", lambda request: seen.asked.append(request.url))

    def refuse(dialog: Dialog) -> None:
        seen.said.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    page.on("dialog", refuse)
    page.on("pageerror", lambda error: seen.said.append(str(error)))
    page.on(
        "console",
        lambda line: seen.said.append(line.text) if line.type in ("error", "warning") else None,
    )
    return seen
