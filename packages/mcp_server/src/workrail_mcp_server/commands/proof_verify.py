"""`workrail proof verify`: what does a file of proofs prove?"""

from pathlib import Path

import click

from workrail_engine.proving import Checked, Gate, RunAgain, check_file, read_key, rerun_checks
from workrail_mcp_server.commands.options import json_option
from workrail_mcp_server.proof_json import checked_json
from workrail_mcp_server.terminal import page, print_json, styled


@click.command(
    "verify",
    epilog="""\b
Examples:
  workrail proof verify proofs.jsonl --key ed25519:9c1d…
  workrail proof verify proofs.jsonl --key acme.pub --commit HEAD --workflow acme.release
  workrail proof verify proofs.jsonl --key acme.pub --rerun --repo ../shop

It needs no store and no network. Every key you trust is given; a proof signed by another counts as
none. With --rerun the commands of the workflow in the file are run, so do that only where you would
run that workflow. Exits with 1 when anything was changed, dropped, moved or put in, when what was
asked for is not proved, or when a check that is run again does not pass.
""",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--key", "keys", metavar="PUB", multiple=True, required=True, help="A public key or its file."
)
@click.option("--completed", is_flag=True, help="The run must have come to its end.")
@click.option("--commit", metavar="REV", help="… with the very files of this commit.")
@click.option("--workflow", metavar="ID", help="… of this workflow: its id or its hash.")
@click.option(
    "--check", "checks", metavar="ID", multiple=True, help="… and this check passed for them."
)
@click.option("--rerun", is_flag=True, help="Run its commands again, in a clean checkout.")
@click.option(
    "--repo",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    show_default="the current folder",
    help="The repository, for --commit and --rerun.",
)
@json_option
@click.pass_context
def verify_proofs(  # noqa: PLR0913 (an argument for each option)
    context: click.Context,
    *,
    file: Path,
    keys: tuple[str, ...],
    completed: bool,
    commit: str | None,
    workflow: str | None,
    checks: tuple[str, ...],
    rerun: bool,
    repo: Path,
    as_json: bool,
) -> None:
    """Check a file of proofs, and say what it proves and what not."""
    asked = completed or rerun or commit is not None or workflow is not None or bool(checks)
    gate = Gate(repo, commit, workflow, checks) if asked else None
    checked = check_file(file, [read_key(key) for key in keys], gate)
    sound = not checked.verdict.problems and not checked.missing
    again = rerun_checks(checked, repo, _told) if rerun and sound else ()
    if as_json:
        print_json({**checked_json(checked), "rerun": [_result_json(one) for one in again]})
    else:
        _print(checked, again)
    failed = any(one.outcome != "passed" for one in again)
    context.exit(0 if sound and not failed else 1)


def _told(line: str) -> None:
    out = page(errors=True)
    if out.is_terminal:
        out.print(styled((line, "dim")))


def _print(checked: Checked, again: tuple[RunAgain, ...]) -> None:
    out, found = page(), checked.verdict
    for problem in found.problems:
        out.print(styled(("changed: ", "red"), problem))
    for missing in checked.missing:
        out.print(styled(("missing: ", "red"), missing))
    for line in found.proved:
        out.print(styled(("proved: ", "green"), line))
    for line in found.not_proved:
        out.print(styled(("not proved: ", "yellow"), line))
    for one in again:
        held = ("run again: ", "green" if one.outcome == "passed" else "red")
        out.print(styled(held, f"{one.check_id} {one.outcome}. {one.summary}"))
    count = f"{found.events} events and {found.proofs} good signatures of {found.session_id}"
    ending = "It was changed." if found.problems else "Nothing was changed."
    page(errors=True).print(styled(f"{count}. {ending}"))


def _result_json(result: RunAgain) -> dict[str, str | int | None]:
    return {
        "check": result.check_id,
        "outcome": result.outcome,
        "summary": result.summary,
        "exitCode": result.exit_code,
    }
