"""`workrail import`: how does a text that an agent was told become a workflow?"""

import click

from workrail_mcp_server.commands.import_skill import import_skill


@click.group(
    "import",
    commands=[import_skill],
    epilog="""\b
Examples:
  workrail import skill .claude/skills/release --out .workrail/workflows/release.yaml
  workrail import skill AGENTS.md --section "Before you commit"

What is proposed is a file to look through, not one to run unread.
""",
)
def importing() -> None:
    """Propose a workflow from a skill or a checklist."""
