"""`workrail import skill`: which workflow does a skill amount to?"""

from pathlib import Path

import click

from workrail_engine.proposing.proposal import Proposal
from workrail_engine.proposing.proposed_file import proposed_from
from workrail_mcp_server.terminal import page, styled


@click.command(
    "skill",
    epilog="""\b
Examples:
  workrail import skill .claude/skills/release
  workrail import skill .claude/commands/review.md --out .workrail/workflows/review.yaml
  workrail import skill AGENTS.md --section "Before you commit"

PATH is a skill's folder or its SKILL.md, a slash command, an AGENTS.md, a checklist: any Markdown.
Numbered headings, ordered lists and checkboxes become steps, else other headings or lists do.
Commands that look like checks are proposed as checks of their step. No model is asked and no word
is added. The workflow is printed, or written to a file that is not there yet.
""",
)
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--section", metavar="HEADING", help="Take only the part of the text below this heading."
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the workflow to this file.",
)
def import_skill(*, path: Path, section: str | None, out: Path | None) -> None:
    """Propose a workflow from a skill, a slash command or a checklist."""
    proposed = proposed_from(path, section)
    if out is None:
        page().out(proposed.text, highlight=False, end="")
    else:
        _write(out, proposed.text)
    _print_summary(proposed.proposal, out)


def _write(out: Path, text: str) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError as error:
        message = f"{out} is there already and was left as it is. Name another file, or remove it."
        raise click.UsageError(message) from error
    except OSError as error:
        message = f"{out} cannot be written: {error.strerror}."
        raise click.UsageError(message) from error


def _print_summary(proposal: Proposal, out: Path | None) -> None:
    told = page(errors=True)
    checks = sum(len(step.checks) for step in proposal.steps)
    unchecked = sum(1 for step in proposal.steps if not step.checks)
    told.print(
        styled(
            (f"{proposal.workflow_id}: ", "bold"),
            f"{_counted(len(proposal.steps), 'step')}, {_counted(checks, 'proposed check')}. ",
            f"{unchecked} of the steps rest on the agent's word." if unchecked else "",
        )
    )
    if out is not None:
        told.print(styled(f"Look it through, then: workrail lint {out}"))


def _counted(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number} {what}s"
