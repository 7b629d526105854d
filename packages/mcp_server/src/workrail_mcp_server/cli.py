"""What does `workrail` understand on the command line?

Each command lives in a file of `commands` and is loaded only when it is called, so that `--help`
and `workrail start` stay quick. Exit codes: 0 all is well; 1 something was found wrong, or not found
at all; 2 the call itself or the store is at fault.
"""

from collections.abc import Mapping

import click

from workrail_engine.errors import InvalidInputError, NotFoundError, WorkRailError

SUMMARIES: Mapping[str, str] = {
    "start": "Serve workflows to an agent over stdio (MCP).",
    "list": "List the workflows this workspace sees.",
    "inspect": "Show a workflow's steps without running it.",
    "validate": "Check workflow files and name every problem.",
    "test": "Run workflows against scripted agents.",
    "simulate": "Show the way through a workflow, without running it.",
    "import": "Propose a workflow from a skill or a checklist.",
    "lint": "Say what in valid workflow files is likely not meant.",
    "source": "Add folders and repositories of workflows.",
    "trust": "Allow the workflows of a source to be started.",
    "approve": "Approve what a step waits for, or list what waits.",
    "reject": "Send back what a step waits for.",
    "approver": "Set a passphrase for approvals, or remove it.",
    "session": "Look at recorded sessions.",
    "proof": "Show, export and check the proofs of what was done.",
    "db": "Look after the store that holds the sessions.",
    "gc": "Remove old sessions and what only they used.",
    "doctor": "Check this installation and say how to mend it.",
    "install": "Make the server known to an MCP client.",
}
"""What `workrail --help` says of each command, in its order."""

_EPILOG = """\b
Examples:
  workrail install --client claude-code        give Claude Code the workflows
  workrail list                                what can be run here
  workrail session list                        what has been run

Exit codes: 0 all is well; 1 something is wrong with what was looked at, or it
was not found; 2 the call or the store is at fault.
"""


def load_command(name: str) -> click.Command:  # noqa: C901, PLR0912, PLR0915 (one closed set, one match)
    """The command of this name, imported now.

    Raises:
        KeyError: there is no such command.
    """
    match name:
        case "start":
            from workrail_mcp_server.commands.start import start as command
        case "list":
            from workrail_mcp_server.commands.list_workflows import list_workflows as command
        case "inspect":
            from workrail_mcp_server.commands.inspect_workflow import inspect_workflow as command
        case "validate":
            from workrail_mcp_server.commands.validate import validate as command
        case "test":
            from workrail_mcp_server.commands.run_tests import run_workflow_tests as command
        case "simulate":
            from workrail_mcp_server.commands.simulate import simulate as command
        case "import":
            from workrail_mcp_server.commands.importing import importing as command
        case "lint":
            from workrail_mcp_server.commands.lint import lint as command
        case "source":
            from workrail_mcp_server.commands.source import source as command
        case "trust":
            from workrail_mcp_server.commands.trust import trust as command
        case "approve":
            from workrail_mcp_server.commands.approve import approve as command
        case "reject":
            from workrail_mcp_server.commands.reject import reject as command
        case "approver":
            from workrail_mcp_server.commands.approver import approver as command
        case "session":
            from workrail_mcp_server.commands.session import session as command
        case "proof":
            from workrail_mcp_server.commands.proof import proof as command
        case "db":
            from workrail_mcp_server.commands.db import db as command
        case "gc":
            from workrail_mcp_server.commands.gc import collect_garbage as command
        case "doctor":
            from workrail_mcp_server.commands.doctor import doctor as command
        case "install":
            from workrail_mcp_server.commands.install import install as command
        case _:
            raise KeyError(name)
    return command


class _Workrail(click.Group):
    """A group that lists its commands from a table and imports only the one that runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(SUMMARIES)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, listed, rest = super().resolve_command(ctx, args)
        return name, listed if name is None else load_command(name), rest

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (NotFoundError, InvalidInputError) as error:
            raise _LookedAtError(str(error)) from error
        except WorkRailError as error:
            raise _FailedError(str(error)) from error


class _LookedAtError(click.ClickException):
    """What was looked at is wrong or not there: the engine's words on stderr, no traceback."""

    exit_code = 1


class _FailedError(click.ClickException):
    """The store is at fault: the engine's words on stderr, no traceback."""

    exit_code = 2


@click.group(
    cls=_Workrail,
    commands={name: click.Command(name, short_help=summary) for name, summary in SUMMARIES.items()},
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="workrail-mcp-server", prog_name="workrail")
def main() -> None:
    """Hold an AI agent to a workflow, one step at a time."""
