"""`workrail start`: serve workflows to an agent."""

import click


@click.command(
    epilog="""\b
Examples:
  claude mcp add workrail -- workrail start
  WORKRAIL_HOME=./sessions workrail start

An MCP client starts this command and speaks to it over stdin and stdout; it
ends when the client goes away. Messages for people go to stderr.
"""
)
def start() -> None:
    """Serve workflows to an agent over stdio (MCP)."""
    from workrail_mcp_server.process import serve  # noqa: PLC0415 - `start --help` needs no server

    serve()
