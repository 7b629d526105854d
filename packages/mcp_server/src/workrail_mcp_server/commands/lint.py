"""`workrail lint`: what in these workflow files is sound and still likely not meant?"""

from collections.abc import Sequence
from pathlib import Path

import click

from workrail_engine.library import lint_files
from workrail_engine.projections.catalog import LintReport
from workrail_mcp_server.catalog_json import lint_json
from workrail_mcp_server.commands.options import json_option, workspace_option
from workrail_mcp_server.terminal import page, print_json, styled

_USUAL = ("workflows", ".workrail/workflows")


@click.command(
    epilog="""\b
Examples:
  workrail lint
  workrail lint --all review.yaml
  workrail lint --strict .workrail/workflows

Tells what a valid workflow leaves open: steps that have only the agent's word, variables nobody
asks for, loops that only their limit ends, steps that are never come to, checks whose tests an
agent could weaken, checks that no later step keeps fresh. Without PATH the folders workflows and
.workrail/workflows of the workspace are read. Exits with 0, with --strict with 1 when there are
warnings, with 2 when there is nothing to read.
""",
)
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--all", "each", is_flag=True, help="Name each step with only the agent's word.")
@click.option("--strict", is_flag=True, help="Exit with 1 when there are warnings.")
@workspace_option
@json_option
@click.pass_context
def lint(
    context: click.Context,
    *,
    paths: Sequence[Path],
    each: bool,
    strict: bool,
    workspace: Path,
    as_json: bool,
) -> None:
    """Say what in valid workflow files is likely not meant."""
    root = workspace.resolve()
    chosen = paths or [root / name for name in _USUAL if (root / name).is_dir()]
    reports = lint_files(chosen, workspace=root, each=each)
    if not reports:
        message = (
            "There is nothing to read: no *.json, *.yaml or *.yml file. Name a file or folder."
        )
        raise click.UsageError(message)
    count = sum(len(report.warnings) for report in reports)
    if as_json:
        print_json({"files": [lint_json(report) for report in reports], "warnings": count})
    else:
        _print(reports, count)
    context.exit(1 if strict and count else 0)


def _print(reports: Sequence[LintReport], count: int) -> None:
    out = page()
    for report in reports:
        for one in report.warnings:
            place = report.path if one.line is None else f"{report.path}:{one.line}"
            out.print(styled(f"{place}: {one.code}: {one.message} ({one.why}; {one.advice})"))
    files = "1 file" if len(reports) == 1 else f"{len(reports)} files"
    warnings = "1 warning" if count == 1 else f"{count} warnings"
    verdict = (warnings, "yellow") if count else ("no warnings", "green")
    page(errors=True).print(styled(f"{files} read, ", verdict, "."))
