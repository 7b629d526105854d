"""Which options do several commands share?"""

from pathlib import Path

import click

workspace_option = click.option(
    "--workspace",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    show_default="the current folder",
    help="Folder whose own workflows count too.",
)

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON for a program to read."
)
