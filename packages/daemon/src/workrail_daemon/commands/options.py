"""Which options and arguments do several commands share?"""

import click

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON for a program to read."
)

session_argument = click.argument("session_id", metavar="ID")
