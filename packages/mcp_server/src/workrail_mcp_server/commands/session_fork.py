"""`workrail session fork`: how is a session tried again from an earlier step, with its files?"""

from pathlib import Path

import click

from workrail_engine.forking import ForkRequest, fork
from workrail_engine.projections.forking import Fork
from workrail_engine.reader import open_reader
from workrail_mcp_server.commands.chosen_session import chosen_session
from workrail_mcp_server.commands.options import json_option
from workrail_mcp_server.session_json import fork_json
from workrail_mcp_server.terminal import page, print_json, styled


@click.command(
    "fork",
    epilog="""\b
Examples:
  workrail session fork sess_q3kd --at build
  workrail session fork sess_q3kd --at 'polish#2' --worktree ../second-try
  workrail session fork sess_q3kd --at 7 --without-files

A new session of the same workflow stands at the step, with the context and the notes before it. The
files as they were when the step was reached come back in a new git work tree, beside the repository
where --worktree names no folder: on the commit the work stood on, what was not committed then as
changes. Files git ignores do not come back. The session, its folder, branches and index stay as they are.
STEP is a step's id (the last time it was reached), "id#2" for its second pass, or the number of a
node; `workrail session show --json` names both.
Exits with 1 when there is no such session or step, no files were kept, or the folder is not free.
""",
)
@click.argument("session_id")
@click.option("--at", "step", required=True, metavar="STEP", help="Where the new session stands.")
@click.option(
    "--worktree",
    type=click.Path(path_type=Path),
    help="Folder for the files; must not be there, or be empty.",
)
@click.option("--goal", help="What the new session is called in lists.")
@click.option("--without-files", is_flag=True, help="Restore nothing; work in the same folder.")
@json_option
def fork_session(
    *,
    session_id: str,
    step: str,
    worktree: Path | None,
    goal: str | None,
    without_files: bool,
    as_json: bool,
) -> None:
    """Start a session from an earlier step of another."""
    with open_reader() as reader:
        chosen = chosen_session(reader, session_id)
    forked = fork(ForkRequest(chosen, step, worktree, goal, files=not without_files))
    if as_json:
        print_json(fork_json(forked))
    else:
        _print(forked)


def _print(forked: Fork) -> None:
    out, aside = page(), page(errors=True)
    out.print(styled((forked.session_id, "bold"), ("  forked", "green"), f" at {forked.step_id}"))
    if forked.worktree is not None:
        out.print(styled(("files   ", "dim"), forked.worktree))
    elif forked.workspace is not None:
        out.print(styled(("works in", "dim"), f" {forked.workspace}"))
    out.print(styled(("go on   ", "dim"), f'resume_session {{"sessionId": "{forked.session_id}"}}'))
    out.print(styled(("token   ", "dim"), forked.token))
    if forked.worktree is not None:
        aside.print(styled((f"When it is done with: git worktree remove {forked.worktree}", "dim")))
    else:
        aside.print(
            styled(("No files were restored: both sessions work in the same folder.", "yellow"))
        )
