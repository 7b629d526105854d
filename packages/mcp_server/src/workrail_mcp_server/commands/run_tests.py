"""`workrail test`: do workflows pass their tests, and what would they have caught?"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from workrail_engine.rehearsal.case_file import case_files_in
from workrail_engine.rehearsal.testing_run import FileResult, Stand, run_tests
from workrail_engine.system import Locations
from workrail_mcp_server.commands.options import json_option, workspace_option
from workrail_mcp_server.rehearsal_json import rehearsed_json
from workrail_mcp_server.terminal import page, plain, print_json, styled

_OWN_FOLDERS = ("workflows", ".workrail/workflows")


@click.command(
    "test",
    epilog="""\b
Examples:
  workrail test
  workrail test .workrail/workflows/release.yaml
  workrail test --json workflows | jq '.files[].caught[]'

PATHS are files that end in .tests.yaml, workflows that have one beside them, or folders; without
any, the workspace's own workflow folders. Each case drives its workflow with a scripted agent: no
model, no network, a store of its own. Then each workflow is driven once more by agents that go
wrong, and it is told what stopped them at each step, and which steps believed them. Exits with 1
when a case fails or cannot be run, with 2 when there is nothing to test.
""",
)
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@workspace_option
@json_option
@click.pass_context
def run_workflow_tests(
    context: click.Context, *, paths: Sequence[Path], workspace: Path, as_json: bool
) -> None:
    """Run workflows against scripted agents."""
    own = [workspace / name for name in _OWN_FOLDERS if (workspace / name).is_dir()]
    files = case_files_in(paths or own)
    if not files:
        message = "There is nothing to test: no file that ends in .tests.yaml."
        raise click.UsageError(message)
    errors = page(errors=True)
    columns = SpinnerColumn(), TextColumn("{task.description}", markup=False)
    with Progress(
        *columns, console=errors, transient=True, disable=not errors.is_terminal
    ) as progress:
        task = progress.add_task("")

        def told(what: str, done: int, total: int) -> None:
            progress.update(task, description=plain(f"{done} of {total} cases run. {what}"))

        places = Locations.from_environment()
        results = run_tests(files, places, workspace.resolve(), told)
    if as_json:
        print_json(rehearsed_json(results))
    else:
        for result in results:
            _print(page(), result)
        _print_summary(errors, results)
    context.exit(0 if all(result.passed for result in results) else 1)


def _print(out: Console, result: FileResult) -> None:
    heading = (result.path, "bold")
    out.print(styled(heading, f"  {result.workflow_id}" if result.workflow_id else ""))
    for problem in result.problems:
        out.print(styled("  ", (problem.located(result.path), "red")))
    for case in result.cases:
        verdict = ("failed", "red") if case.mismatches else ("passed", "green")
        out.print(styled("  ", verdict, f"  {case.name}", (f"  ({case.agent})", "dim")))
        for mismatch in case.mismatches:
            out.print(styled("    ", mismatch.located(result.path)))
    if result.stands:
        _print_caught(out, result)


def _print_caught(out: Console, result: FileResult) -> None:
    looked = "checks run on files" if result.looked_at_files else "checks supposed, not run"
    out.print(styled("\n  What it would have caught ", (f"({looked})", "dim")))
    idle = [stand for stand in result.stands if stand.agent != "amnesiac"]
    steps = dict.fromkeys(stand.step_id for stand in idle)
    width = max((len(step) for step in steps), default=0)
    for step in steps:
        told = "; ".join(_told(stand for stand in idle if stand.step_id == step))
        out.print(styled("    ", (step.ljust(width), "bold"), f"  {told}"))
    moved = [s.step_id for s in result.stands if s.agent == "amnesiac" and not s.gates]
    tokens = f"moved something at {', '.join(moved)}" if moved else "moved nothing"
    out.print(styled(f"  Old and invented tokens {tokens}."))
    believed = {stand.step_id for stand in idle if not stand.gates}
    if believed:
        named = ", ".join(step for step in steps if step in believed)
        count = (f"{len(believed)} of {len(steps)} steps would have believed", "yellow")
        out.print(styled("  ", count, f" an agent that did no work: {named}."))
    else:
        out.print(styled("  ", ("No step would have believed an agent that did no work.", "green")))


def _told(stands: Iterable[Stand]) -> Iterator[str]:
    """Agents that fared alike, together."""
    by_fate: dict[tuple[str, ...], list[str]] = {}
    for stand in stands:
        by_fate.setdefault(stand.gates, []).append(stand.agent)
    for gates, agents in by_fate.items():
        fate = f"stopped by {', '.join(gates)}" if gates else "believed"
        yield f"{', '.join(agents)}: {fate}"


def _print_summary(out: Console, results: Sequence[FileResult]) -> None:
    cases = [case for result in results for case in result.cases]
    failed = sum(1 for case in cases if case.mismatches)
    unread = sum(1 for result in results if result.problems)
    parts = [f"{len(cases)} {'case' if len(cases) == 1 else 'cases'} run, "]
    verdict = (f"{failed} failed", "red") if failed else ("all passed", "green")
    tail = f"; {unread} of {len(results)} files of tests cannot be used." if unread else "."
    out.print(styled(*parts, verdict if cases else ("none passed", "red"), tail))
