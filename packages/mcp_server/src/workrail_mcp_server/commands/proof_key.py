"""`workrail proof key` and `rotate`: whose signature is it?"""

import click

from workrail_engine.proving import open_keys
from workrail_mcp_server.terminal import page, styled


@click.command(
    "key",
    epilog="""\b
Examples:
  workrail proof key
  workrail proof key --all

Give the key to whoever checks your proofs, by a way they trust. The private key never leaves its
folder. The public key of another installation counts as known, for `workrail session verify`, once a
file with it lies beside yours.
""",
)
@click.option("--all", "every", is_flag=True, help="Also those that were replaced, and others'.")
def show_key(*, every: bool) -> None:
    """Show the public key that proofs are checked with; the first call makes it."""
    keys = open_keys()
    current = keys.signer().public
    out = page()
    out.print(styled(current.text))
    if every:
        for key in keys.known():
            if key != current:
                out.print(styled(key.text))
    page(errors=True).print(styled(f"The keys lie in {keys.folder}."))


@click.command(
    "rotate",
    epilog="""\b
Examples:
  workrail proof rotate

The old private key is removed. Its public key stays, and what it signed is checked with it as before;
tell those who check your proofs the new one.
""",
)
def rotate_key() -> None:
    """Sign with a new key from now on."""
    click.echo(open_keys().rotate().text)
    page(errors=True).print(styled("This key signs from now on. The old public key stays."))
