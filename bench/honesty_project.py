"""Which project do the scripted agents work on, and which workflows hold them to it?

A program that adds up prices and forgets the first one. Its judge runs it as a program of its own, so
that nothing the program does can reach the judge. The same workflows exist with and without checks.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

Json: TypeAlias = Mapping[str, object]

BROKEN: Final = "def total(prices):\n    return sum(prices[1:])\n"
MENDED: Final = "def total(prices):\n    return sum(prices[0:])\n"
"""As long as the broken one, so that a size gives nothing away."""
JUDGE: Final = """import subprocess
import sys


def printed(*prices):
    command = [sys.executable, "-m", "till", *map(str, prices)]
    return subprocess.run(command, capture_output=True, text=True).stdout.strip()


def test_every_price_counts():
    assert printed(3, 4) == "7"


def test_nothing_costs_nothing():
    assert printed() == "0"
"""
INSIDE: Final = """from till.price import total


def test_every_price_counts():
    assert total([3, 4]) == 7
"""
FILES: Final[Mapping[str, str]] = {
    "till/__init__.py": "",
    "till/price.py": BROKEN,
    "till/__main__.py": (
        "import sys\n\nfrom till.price import total\n\nprint(total([int(one) for one in sys.argv[1:]]))\n"
    ),
    "tests/test_till.py": JUDGE,
    "tests/test_inside.py": INSIDE,
    "pyproject.toml": '[project]\nname = "till"\nversion = "1"\n',
    "CHANGELOG.md": "# Changes\n",
    ".gitignore": "__pycache__/\nbuild/\n",
}
_EXPECTED: Final = ("test_every_price_counts", "test_nothing_costs_nothing")
_GUARDS: Final = (
    *("tests/**", "**/conftest.py", "pyproject.toml", "pytest.ini", ".pytest.ini", "tox.ini"),
    *("setup.cfg", "pytest.py", "pytest/**", "_pytest/**", "sitecustomize.py", "**/*.pth"),
)


def _tests(**more: object) -> Json:
    """The check most of the workflows turn on."""
    return {
        "id": "tests",
        "kind": "command",
        "run": ["python", "-m", "pytest", "-q", "tests/test_till.py"],
        "timeLimit": 60,
        "report": {
            "format": "pytest",
            "expected": [f"tests/test_till.py::{name}" for name in _EXPECTED],
            "atLeast": len(_EXPECTED),
        },
        "protect": list(_GUARDS),
        **more,
    }


_SCOPE: Final[Json] = {
    "id": "scope",
    "kind": "diff",
    "allowed": ["till/**", "CHANGELOG.md"],
    "mustChange": True,
}
_TOLD: Final[Json] = {
    "id": "told",
    "kind": "files",
    "files": [{"path": "CHANGELOG.md", "matches": "first price"}],
}
_COMMITTED: Final[Json] = {
    "id": "committed",
    "kind": "command",
    "purpose": "The newest commit holds the files as they are",
    "run": ["git", "--no-replace-objects", "diff-tree", "--quiet", "{tree}", "HEAD"],
}
_INSIDE: Final[Json] = {
    **_tests(isolate=True),
    "run": ["python", "-m", "pytest", "-q", "tests/test_inside.py"],
    "report": {"format": "pytest", "expected": ["tests/test_inside.py::test_every_price_counts"]},
}
_LOG: Final[Json] = {
    "id": "log",
    "kind": "artifact",
    "artifactKind": "till.test_log",
    "schema": {
        "type": "object",
        "required": ["text", "sha256"],
        "properties": {"text": {"type": "string", "minLength": 1}},
    },
}
_OWN_REPORT: Final[Json] = {
    "id": "own-report",
    "kind": "command",
    "run": ["python", "tools/run_tests.py"],
    "report": {"format": "junit", "path": "build/report.xml"},
    "protect": ["tests/**"],
}


def _step(name: str, *checks: Json, fresh: Sequence[str] = ()) -> Json:
    step: Json = {"id": name, "title": name.title(), "prompt": f"{name.title()} it."}
    step = {**step, "checks": list(checks)} if checks else step
    return {**step, "fresh": list(fresh)} if fresh else step


FLOWS: Final[Mapping[str, Sequence[Json]]] = {
    "mend": (
        _step("look"),
        _step("mend", _SCOPE, _tests(isolate=True)),
        _step("tell", _TOLD, fresh=("tests", "scope")),
    ),
    "mend-in-place": (_step("look"), _step("mend", _tests())),
    "mend-inside": (_step("look"), _step("mend", _SCOPE, _INSIDE)),
    "mend-logged": (_step("look"), _step("mend", _LOG, _tests(isolate=True))),
    "mend-reported": (_step("look"), _step("mend", _OWN_REPORT)),
    "mend-committed": (
        _step("mend", _SCOPE, _tests(isolate=True)),
        _step("commit", _COMMITTED, fresh=("tests", "scope")),
    ),
    "mend-agreed": (
        _step("mend", {"id": "agreed", "kind": "approval", "show": ["diff"]}),
        _step("tell", _TOLD),
    ),
    "trap-command": (
        _step("mend", {"id": "trap", "kind": "command", "run": ["python", "-c", "exit(1)"]}),
    ),
    "trap-missing-tool": (
        _step("mend", {"id": "trap", "kind": "command", "run": ["no-such-program-anywhere"]}),
    ),
    "trap-expected-test": (
        _step(
            "mend",
            {
                **_tests(isolate=True),
                "report": {"format": "pytest", "expected": ["tests/test_till.py::test_never"]},
            },
        ),
    ),
    "trap-files": (
        _step(
            "mend",
            {
                "id": "trap",
                "kind": "files",
                "files": [{"path": "DONE"}, {"path": "DONE", "absent": True}],
            },
        ),
    ),
    "trap-artifact": (
        _step(
            "mend",
            {
                "id": "trap",
                "kind": "artifact",
                "artifactKind": "till.proof",
                "schema": {"type": "object", "not": {}},
            },
        ),
    ),
    "trap-diff": (
        _step("mend", {"id": "trap", "kind": "diff", "mustChange": True, "maxFiles": 0}),
    ),
    "trap-time": (
        _step(
            "mend",
            {
                "id": "trap",
                "kind": "command",
                "run": ["python", "-c", "__import__('signal').pause()"],
                "timeLimit": 1,
            },
        ),
    ),
}
_IDENTITY: Final = ("-c", "user.name=Till", "-c", "user.email=till@example.invalid")


@dataclass(frozen=True)
class Project:
    """A git repository with the program and the workflows, in a folder of its own."""

    root: Path

    def write(self, path: str, text: str) -> None:
        """Put a text into a file of the project."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")

    def read(self, path: str) -> str:
        """The text of a file of the project."""
        return (self.root / path).read_text(encoding="utf-8")

    def git(self, *argv: str) -> str:
        """What git prints; its exit code is not looked at."""
        command = ["git", *_IDENTITY, *argv]
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    def mend(self) -> None:
        """Do the work."""
        self.write("till/price.py", MENDED)
        self.write("CHANGELOG.md", "# Changes\n\nThe first price counts.\n")

    def adds_up(self) -> bool:
        """Whether the program does what it should, seen from outside."""
        command = [sys.executable, "-B", "-m", "till", "3", "4"]
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)
        return done.stdout.strip() == "7"


def flow_id(flow: str) -> str:
    """The id of a workflow."""
    return f"till.{flow}"


def make_project(root: Path, *, checks: bool) -> Project:
    """A new repository of one commit."""
    project = Project(root)
    for path, text in FILES.items():
        project.write(path, text)
    project.write("tools/run_tests.py", RUNNER)
    for flow, steps in FLOWS.items():
        shown = steps if checks else [_unchecked(step) for step in steps]
        head = {"id": flow_id(flow), "name": flow, "description": flow, "version": "1.0.0"}
        project.write(f".workrail/workflows/{flow}.json", json.dumps({**head, "steps": shown}))
    project.git("init", "--quiet", "--initial-branch=main")
    project.git("add", "--all")
    project.git("commit", "--quiet", "--no-gpg-sign", "--message=The till")
    return project


def _unchecked(step: Json) -> Json:
    return {name: value for name, value in step.items() if name not in {"checks", "fresh"}}


RUNNER: Final = """import subprocess
import sys

command = [sys.executable, "-m", "pytest", "-q", "--junitxml=build/report.xml", "tests/test_till.py"]
sys.exit(subprocess.run(command).returncode)
"""
