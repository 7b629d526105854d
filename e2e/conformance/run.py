"""Does `workrail start` keep to the protocol, by the public suites and another client?

    make conformance

Installs the suites from npm, runs what fits in both eras, writes docs/benchmarks/conformance.md and
exits with 1 when there is a problem. Needs npm, and the network for the first run only.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from inspect_it import inspect
from node_tools import CACHE, HERE, MissingToolError, NodeTools, install
from suites import NEW_ERA, NOT_RUN, OLD_ERA, SCENARIOS
from verdicts import Verdict, as_markdown, judged

_REPORT = HERE.parents[1] / "docs" / "benchmarks" / "conformance.md"
_LONGEST_SECONDS = 120
_PACKAGES = ("conformance-2025", "conformance-2026", "@modelcontextprotocol/inspector")


def main() -> int:
    """Run everything and keep the report; 1 when there is a problem, 2 when a tool is missing."""
    try:
        tools = install()
    except MissingToolError as missing:
        print(missing)
        return 2
    with tempfile.TemporaryDirectory(prefix="workrail-conformance-") as folder:
        verdicts = tuple(_told(_everything(tools, Path(folder))))
    _REPORT.write_text(as_markdown(verdicts, _versions()), encoding="utf-8")
    problems = sum(len(one.problems) for one in verdicts)
    passed = sum(not one.problems for one in verdicts)
    print(f"{passed} passed, {len(verdicts) - passed} failed ({problems} problems); see {_REPORT}")
    return 1 if problems else 0


def _everything(tools: NodeTools, folder: Path) -> Iterator[Verdict]:
    suites = {
        "suite of 2025": (tools.conformance_2025, (OLD_ERA,)),
        "suite of 2026": (tools.conformance_2026, (OLD_ERA, NEW_ERA)),
    }
    environ = _environ(folder)
    with _bridge(environ) as address:
        for client, (command, eras) in suites.items():
            known = _known(command, environ)
            yield _all_named(client, known)
            for scenario in SCENARIOS:
                for era in eras:
                    if era in scenario.eras and era in known.get(scenario.name, ()):
                        checks = folder / f"{client}-{scenario.name}-{era}"
                        asked = ("--scenario", scenario.name, "--spec-version", era)
                        where = ("--url", address, "-o", str(checks))
                        _run((*command, "server", *where, *asked), environ)
                        expected = scenario.expected
                        yield judged(client, scenario.name, era, checks=checks, expected=expected)
    yield from inspect(tools.inspector, environ)


def _known(command: Sequence[str], environ: Mapping[str, str]) -> Mapping[str, tuple[str, ...]]:
    """The eras by the name of each scenario for servers that a suite has."""
    listed = _run((*command, "list", "--server"), environ).stdout
    found = re.findall(r"^ +- (\S+) \[([^\]]+)\]", listed, re.MULTILINE)
    return {name: tuple(eras.split(",")) for name, eras in found}


def _all_named(client: str, known: Mapping[str, object]) -> Verdict:
    ours = {*NOT_RUN, *(scenario.name for scenario in SCENARIOS)}
    problems = [
        f"{name} is new: decide in suites.py whether it fits" for name in known.keys() - ours
    ]
    if not known:
        problems = ["The suite lists no scenario."]
    good = 0 if problems else 1
    return Verdict(client, "every scenario is known", "any", good, {}, tuple(problems))


@contextmanager
def _bridge(environ: Mapping[str, str]) -> Generator[str]:
    """The address of a bridge to a server, ended with it."""
    workrail = str(Path(sys.executable).with_name("workrail"))
    process = subprocess.Popen(
        (sys.executable, str(HERE / "bridge.py"), "--", workrail, "start"),
        stdout=subprocess.PIPE,
        text=True,
        env=environ,
    )
    with process:
        try:
            yield cast("IO[str]", process.stdout).readline().strip()
        finally:
            process.terminate()


def _environ(folder: Path) -> dict[str, str]:
    """A home of its own for whatever is started."""
    home = folder / "home"
    home.mkdir()
    kept = {"PATH": os.environ["PATH"], "NO_COLOR": "1"}
    return {**kept, "HOME": str(home), "WORKRAIL_HOME": str(home / ".workrail")}


def _run(command: Sequence[str], environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        env=environ,
        timeout=_LONGEST_SECONDS,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def _told(verdicts: Iterator[Verdict]) -> Iterator[Verdict]:
    for one in verdicts:
        mark = "FAILED" if one.problems else "ok    "
        print(f"{mark} {one.client}: {one.name} ({one.era}), {one.succeeded} checks", flush=True)
        for problem in one.problems:
            print(f"         {problem}", flush=True)
        yield one


def _versions() -> dict[str, str]:
    """The versions of what was run, by name."""
    found: dict[str, str] = {}
    for name in _PACKAGES:
        package = json.loads((CACHE / "node_modules" / name / "package.json").read_text("utf-8"))
        found[f"`{package['name']}` ({name})" if "@" not in name else f"`{name}`"] = package[
            "version"
        ]
    return found


if __name__ == "__main__":
    raise SystemExit(main())
