"""What does the Inspector, an independent client and linter, say about the server?"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from verdicts import Verdict

_ERAS = {"legacy": "2025-11-25", "modern": "2026-07-28"}
_LONGEST_SECONDS = 60
_IS_ERROR = 5
"""The Inspector's exit code for a tool result that is an error."""


@dataclass(frozen=True)
class _Command:
    name: str
    arguments: tuple[str, ...]
    holds: Callable[[Mapping[str, Any]], bool]
    """Whether the result is what it should be."""
    code: int = 0


def _call(tool: str, **arguments: object) -> tuple[str, ...]:
    given = json.dumps(arguments)
    return ("--method", "tools/call", "--tool-name", tool, "--tool-args-json", given)


def _says(text: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda result: any(text in part.get("text", "") for part in result["content"])


_COMMANDS = (
    _Command(
        "tools/list --strict",
        ("--method", "tools/list", "--strict"),
        lambda result: len(result["tools"]) > 0,
    ),
    _Command("prompts/list", ("--method", "prompts/list"), lambda result: bool(result["prompts"])),
    _Command(
        "resources/list", ("--method", "resources/list"), lambda result: bool(result["resources"])
    ),
    _Command(
        "resources/templates/list",
        ("--method", "resources/templates/list"),
        lambda result: bool(result["resourceTemplates"]),
    ),
    _Command(
        "tools/call list_workflows", _call("list_workflows", limit=3), _says("start_workflow {")
    ),
    _Command(
        "tools/call start_workflow",
        _call("start_workflow", workflowId="wr.bug-investigation", goal="Find the leak"),
        _says('complete_step {"token": "ct_'),
    ),
    _Command(
        "tools/call with a wrong token",
        _call("complete_step", token="wrong"),  # noqa: S106 - no secret
        _says("This is not a token."),
        _IS_ERROR,
    ),
    _Command(
        "tools/call with a wrong field",
        _call("start_workflow", workflow="wr.bug-investigation"),
        _says("workflowId"),
        _IS_ERROR,
    ),
)


def inspect(inspector: Sequence[str], environ: Mapping[str, str]) -> Iterator[Verdict]:
    """Every command in both eras; a lint of any severity is a problem."""
    workrail = str(Path(sys.executable).with_name("workrail"))
    for choice, era in _ERAS.items():
        served = (workrail, "start", "--protocol-era", choice, "--format", "json")
        for command in _COMMANDS:
            done = subprocess.run(
                (*inspector, *served, *command.arguments),
                capture_output=True,
                text=True,
                env=environ,
                timeout=_LONGEST_SECONDS,
                stdin=subprocess.DEVNULL,
                check=False,
            )
            problems = tuple(_problems(command, done))
            good = 0 if problems else 1
            yield Verdict("Inspector", command.name, era, good, {}, problems)


def _problems(command: _Command, done: "subprocess.CompletedProcess[str]") -> Iterator[str]:
    if done.returncode != command.code:
        yield f"Exit code {done.returncode}, not {command.code}. {done.stderr.strip()[:400]}"
        return
    if command.code == 0 and done.stderr.strip():
        yield f"It said on stderr: {done.stderr.strip()[:400]}"
    result = json.loads(done.stdout)["result"]
    if not command.holds(result):
        yield f"The result is not what it should be: {json.dumps(result)[:400]}"
