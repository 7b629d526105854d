"""`workrail db status`: which store is this, and how big?"""

import click

from workrail_engine.canonical import JsonObject
from workrail_engine.engine import store_status
from workrail_engine.projections.store_status import StoreStatus
from workrail_mcp_server.commands.options import json_option
from workrail_mcp_server.terminal import page, print_json, styled

_KINDS = {"sqlite": "SQLite file", "postgresql": "PostgreSQL"}


@click.command(
    epilog="""\b
Examples:
  workrail db status
  workrail db status --json

Makes nothing and changes nothing.
""",
)
@json_option
def status(*, as_json: bool) -> None:
    """Say which store is used, its version, its size and what is in it."""
    found = store_status()
    if as_json:
        print_json(status_json(found))
        return
    out = page()
    out.print(styled((_KINDS[found.kind], "bold"), f"  {found.place}"))
    out.print(styled(*_schema(found)))
    if found.made:
        out.print(styled(f"size    {_in_words(found.size)}"))
    for table, rows in found.counts:
        out.print(styled(f"{rows:>10,}  {table}"))


def status_json(found: StoreStatus) -> JsonObject:
    """The same for a program."""
    return {
        "kind": found.kind,
        "place": found.place,
        "made": found.made,
        "schema": found.schema,
        "knownSchema": found.known_schema,
        "bytes": found.size,
        "rows": dict(found.counts),
    }


def _schema(found: StoreStatus) -> tuple[tuple[str, str] | str, ...]:
    number = f"schema  {found.schema}, "
    if not found.made:
        return ("schema  none yet: it is made with the first session",)
    if found.schema == found.known_schema:
        return (number, ("up to date", "green"))
    if found.schema > found.known_schema:
        newer = f"newer than this program, which knows {found.known_schema}"
        return (number, (newer, "red"))
    return (number, (f"behind: `workrail db upgrade` brings it to {found.known_schema}", "yellow"))


def _in_words(size: int) -> str:
    return f"{size / 1_000_000:,.1f} MB" if size >= 1_000_000 else f"{size / 1_000:,.1f} KB"
