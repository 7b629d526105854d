"""Room for who drives a session, for messages to it, and for signed statements about it.

What is written here never changes; later steps build on it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the tables."""
    _drivers()
    _mailbox()
    _proofs()
    if op.get_bind().dialect.name == "sqlite":
        op.execute("PRAGMA user_version = 3")


def _of_session() -> sa.ForeignKey:
    return sa.ForeignKey("sessions.number", ondelete="CASCADE")


def _drivers() -> None:
    op.create_table(
        "drivers",
        sa.Column("session", _number, _of_session(), primary_key=True),
        sa.Column("program", sa.Text, primary_key=True),
        sa.Column("host", sa.Text, primary_key=True),
        sa.Column("process", sa.Integer, primary_key=True),
        sa.Column("began_at", _number, nullable=False),
        sa.Column("seen_at", _number, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _mailbox() -> None:
    op.create_table(
        "mailbox",
        sa.Column("number", _number, primary_key=True),
        sa.Column("session", _number, _of_session()),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("sent_at", _number, nullable=False),
        sa.Column("acknowledged_at", _number),
        sqlite_strict=True,
    )
    waiting = sa.text("acknowledged_at IS NULL")
    op.create_index(
        "mailbox_waiting", "mailbox", ["session"], sqlite_where=waiting, postgresql_where=waiting
    )


def _proofs() -> None:
    op.create_table(
        "proofs",
        sa.Column("number", _number, primary_key=True),
        sa.Column("session", _number, _of_session(), nullable=False),
        sa.Column("node", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("module", sa.Text),
        sa.Column("at", _number, nullable=False),
        sa.Column("envelope", sa.Text, nullable=False),
        sqlite_strict=True,
    )
    op.create_index("proofs_by_module", "proofs", ["module", "kind", "outcome", "at"])
    op.create_index("proofs_by_node", "proofs", ["session", "node"])
