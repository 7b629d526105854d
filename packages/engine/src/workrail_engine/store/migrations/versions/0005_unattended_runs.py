"""Room for unattended runs: their facts are kept once in the log, and a row says what is to be done.

What is written here never changes; later steps build on it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_KEYED = '"key" IS NOT NULL'
_number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Give events a key, and add the tables."""
    op.add_column("events", sa.Column("key", sa.Text))
    _index("events_by_key", "events", ["session", "key"], _KEYED, unique=True)
    _mailbox()
    _contents()
    _runs()
    if op.get_bind().dialect.name == "sqlite":
        op.execute("PRAGMA user_version = 5")


def _index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    """A partial index, the same on both kinds of database."""
    some = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=some, postgresql_where=some)


def _of_session() -> sa.ForeignKey:
    return sa.ForeignKey("sessions.number", ondelete="CASCADE")


def _mailbox() -> None:
    """A message with a key is sent once, to each session and to the operators."""
    op.add_column("mailbox", sa.Column("key", sa.Text))
    to_operators = f"session IS NULL AND {_KEYED}"
    _index("mailbox_by_key", "mailbox", ["session", "key"], _KEYED, unique=True)
    _index("mailbox_by_operators_key", "mailbox", ["key"], to_operators, unique=True)


def _contents() -> None:
    op.create_table(
        "journal_contents",
        sa.Column("session", _number, _of_session(), primary_key=True),
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("journal_contents_by_digest", "journal_contents", ["digest"])


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("session", _number, _of_session(), primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("lane", sa.Text),
        sa.Column("ordered_at", _number, nullable=False),
        sa.Column("ready_at", _number, nullable=False),
        sa.Column("worker", sa.Text),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("lease_until", _number),
        sa.Column("crashes", sa.Integer, nullable=False),
        sa.Column("rest", sa.Text),
        sa.Column("wish", sa.Text),
        sa.Column("outcome", sa.Text),
        sa.Column("said", sa.Text),
        sa.Column("doing", sa.Text),
        sa.Column("doing_since", _number),
        sa.Column("began_at", _number),
        sa.Column("taken_at", _number),
        sa.Column("ended_at", _number),
        sa.Column("parent", _number),
        sa.Column("depth", sa.Integer, nullable=False),
        sa.Column("options", sa.Text, nullable=False),
        sa.Column("turns", sa.Integer, nullable=False),
        sa.Column("input_tokens", _number, nullable=False),
        sa.Column("output_tokens", _number, nullable=False),
        sa.Column("cost", _number, nullable=False),
        sa.Column("worked", _number, nullable=False),
        sqlite_strict=True,
    )
    op.create_index("runs_ready", "runs", ["state", "priority", "ready_at", "session"])
    _index("runs_by_parent", "runs", ["parent"], "parent IS NOT NULL")
    running = "state = 'running' AND lane IS NOT NULL"
    _index("runs_by_lane", "runs", ["lane"], running, unique=True)
