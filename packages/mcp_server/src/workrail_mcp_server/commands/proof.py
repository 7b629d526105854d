"""`workrail proof`: what can be proved to someone who was not there?"""

import click

from workrail_mcp_server.commands.proof_export import export_proofs
from workrail_mcp_server.commands.proof_key import rotate_key, show_key
from workrail_mcp_server.commands.proof_list import list_proofs
from workrail_mcp_server.commands.proof_show import show_proof
from workrail_mcp_server.commands.proof_verify import verify_proofs


@click.group(
    commands=[list_proofs, show_proof, export_proofs, verify_proofs, show_key, rotate_key],
    epilog="""\b
Examples:
  workrail proof list --module src/auth --outcome pass --since 30d
  workrail proof export sess_q3kd --out proofs.jsonl
  workrail proof verify proofs.jsonl --key ed25519:9c1d…

A proof is signed by this installation's key when a check, an approval, an assessment or the end of a
run is recorded. Whoever has the file and the public key can check it anywhere. See docs/proofs.md.
""",
)
def proof() -> None:
    """Show, export and check the proofs of what was done."""
