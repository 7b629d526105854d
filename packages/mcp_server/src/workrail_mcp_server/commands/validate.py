"""`workrail validate`: what is wrong with these workflow files?"""

from collections.abc import Sequence
from pathlib import Path

import click
from rich.progress import Progress

from workrail_engine.library import validate_files
from workrail_engine.projections.catalog import FileReport
from workrail_mcp_server.catalog_json import report_json
from workrail_mcp_server.commands.options import json_option, workspace_option
from workrail_mcp_server.terminal import page, print_json, styled

_PROGRESS_FROM = 50


@click.command(
    epilog="""\b
Examples:
  workrail validate .workrail/workflows
  workrail validate review.yaml release.json
  workrail validate --json workflows | jq '.files[].problems[]'

Folders are searched for *.json, *.yaml and *.yml. A file passes only if it could be started: it is
read, checked, expanded with its routines and bindings, and compiled. .workrail/checks.yaml, where a
project names its commands, is checked where it is named. Prints one line for each problem, as
path:line: pointer: problem. Exits with 1 when there are any, with 2 when there is nothing to check.
""",
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@workspace_option
@json_option
@click.pass_context
def validate(
    context: click.Context, *, paths: Sequence[Path], workspace: Path, as_json: bool
) -> None:
    """Check workflow files and name every problem."""
    with Progress(console=page(errors=True), transient=True, disable=not _watched()) as progress:
        task = progress.add_task("Checking", visible=False)

        def checked(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total, visible=total >= _PROGRESS_FROM)

        reports = validate_files(paths, workspace=workspace.resolve(), checked=checked)
    if not reports:
        message = "There is nothing to check: no *.json, *.yaml or *.yml file."
        raise click.UsageError(message)
    wrong = [report for report in reports if report.problems]
    if as_json:
        print_json(
            {
                "files": [report_json(report) for report in reports],
                "checked": len(reports),
                "invalid": len(wrong),
            }
        )
    else:
        _print(reports)
    context.exit(1 if wrong else 0)


def _print(reports: Sequence[FileReport]) -> None:
    out = page()
    for report in reports:
        for problem in report.problems:
            out.print(styled(problem.located(report.path)))
    wrong = sum(1 for report in reports if report.problems)
    count = "1 file" if len(reports) == 1 else f"{len(reports)} files"
    verdict = (f"{wrong} with problems", "red") if wrong else ("no problems", "green")
    page(errors=True).print(styled(f"{count} checked, ", verdict, "."))


def _watched() -> bool:
    return page(errors=True).is_terminal
