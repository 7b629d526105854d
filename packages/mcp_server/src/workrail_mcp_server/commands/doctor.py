"""`workrail doctor`: is everything here as it must be, and if not, what is to be done?"""

from pathlib import Path
from typing import assert_never

import click

from workrail_engine.system import Locations
from workrail_mcp_server.commands.options import json_option, workspace_option
from workrail_mcp_server.commands.source_lines import telling
from workrail_mcp_server.diagnosis.examination import examine
from workrail_mcp_server.diagnosis.finding import Finding, Status, count, findings_json
from workrail_mcp_server.terminal import page, print_json, styled


@click.command(
    epilog="""\b
Examples:
  workrail doctor
  workrail doctor --offline
  workrail doctor --json | jq '.findings[] | select(.status != "ok")'

Looks at Python and the installed packages, who may read what is stored, the store, its key and its
disk, git, the added sources, and the workflows; starts a server and asks it for its tools; and asks
Claude Code, where `claude` is on the PATH or CLAUDE_BIN names it, whether it knows the server. With
each problem stands what to do. Nothing is changed. Exits with 1 when there is a problem; a warning
is none.
""",
)
@workspace_option
@click.option(
    "--offline", is_flag=True, help="Ask no repository for its newest commit, and not Claude Code."
)
@json_option
@click.pass_context
def doctor(context: click.Context, *, workspace: Path, offline: bool, as_json: bool) -> None:
    """Check this installation and say how to mend it."""
    locations = Locations.from_environment()
    with telling() as told:
        findings = tuple(examine(locations, workspace.resolve(), told, offline=offline))
    if as_json:
        print_json(findings_json(findings))
    else:
        _print(findings)
    context.exit(1 if count(findings, "problem") else 0)


def _print(findings: tuple[Finding, ...]) -> None:
    out = page()
    for one in findings:
        word, style = _word(one.status)
        out.print(styled((f"{word:<8}", style), (f" {one.check:<12}", "bold"), f" {one.said}"))
        if one.remedy is not None:
            out.print(styled(f"{'':>22}", ("→ ", style), one.remedy))
    _print_sum(findings)


def _word(status: Status) -> tuple[str, str]:
    match status:
        case "ok":
            return "ok", "green"
        case "warning":
            return "warning", "yellow"
        case "problem":
            return "PROBLEM", "red"
        case "skipped":
            return "skipped", "dim"
        case _:
            assert_never(status)


def _print_sum(findings: tuple[Finding, ...]) -> None:
    problems, warnings = count(findings, "problem"), count(findings, "warning")
    said = [
        _plural(problems, "problem") if problems else "no problems",
        *([_plural(warnings, "warning")] if warnings else []),
    ]
    style = "red" if problems else "yellow" if warnings else "green"
    page(errors=True).print(styled(f"{len(findings)} checked, ", (", ".join(said), style), "."))


def _plural(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
