"""`workrail db upgrade`: is the store's schema today's?"""

import click

from workrail_engine.engine import upgrade_store
from workrail_mcp_server.terminal import page, styled


@click.command(
    epilog="""\b
Examples:
  workrail db upgrade

Every command that writes does the same by itself; do it beforehand to choose the moment. Older
programs refuse a store that was brought up to date. Several at once are safe.
""",
)
def upgrade() -> None:
    """Bring the store's schema up to date, or make an empty store."""
    done = upgrade_store()
    if done.before == done.after:
        page().print(styled(f"{done.place}: schema {done.after}, ", ("nothing to do", "green")))
        return
    page().print(styled(f"{done.place}: schema {done.before} → {done.after}, ", ("done", "green")))
