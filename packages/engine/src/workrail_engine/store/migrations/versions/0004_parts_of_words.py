"""Proofs, by what they speak of; and the middle of a word is found by the index of words.

What is written here never changes; later steps build on it.
"""

import sqlalchemy as sa
from alembic import op

from workrail_engine.store.parts import parts_of, places_of

revision = "0004"
down_revision = "0003"

_number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_AT_ONCE = 1_000
_LINES = sa.text(
    "SELECT number, goal, workflow_id, branch FROM sessions WHERE number > :after"
    " ORDER BY number LIMIT :most"
)
_INDEX = {
    "sqlite": sa.text("INSERT INTO search (rowid, artifacts) VALUES (:place, :parts)"),
    "postgresql": sa.text(
        "INSERT INTO search (place, words) VALUES (:place, CAST(:parts AS tsvector))"
    ),
}


def upgrade() -> None:
    """Make room for proofs, and add one row a session to the index of words."""
    connection = op.get_bind()
    kind = connection.dialect.name
    _proofs()
    _modules()
    _unproved()
    after = 0
    while lines := connection.execute(_LINES, {"after": after, "most": _AT_ONCE}).all():
        rows = [_row(kind, line) for line in lines]
        connection.execute(_INDEX[kind], rows)
        after = lines[-1].number
    if kind == "sqlite":
        op.execute("PRAGMA user_version = 4")


def _proofs() -> None:
    """Nothing was ever written to the table of this name that is there."""
    op.drop_table("proofs")
    op.create_table(
        "proofs",
        sa.Column("number", _number, primary_key=True),
        sa.Column(
            "session",
            _number,
            sa.ForeignKey("sessions.number", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("node", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("at", _number, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("envelope", sa.Text, nullable=False),
        sqlite_strict=True,
    )
    op.create_index("proofs_by_session", "proofs", ["session", "number"])
    op.create_index("proofs_by_digest", "proofs", ["digest"])
    op.create_index("proofs_by_time", "proofs", ["at", "number"])
    op.create_index("proofs_by_kind", "proofs", ["kind", "outcome", "at", "number"])


def _modules() -> None:
    module = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "proof_modules",
        sa.Column("module", module, primary_key=True),
        sa.Column("at", _number, primary_key=True),
        sa.Column(
            "proof",
            _number,
            sa.ForeignKey("proofs.number", ondelete="CASCADE"),
            primary_key=True,
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("proof_modules_by_proof", "proof_modules", ["proof"])


def _unproved() -> None:
    """What is in the log of a session by now was recorded without proofs."""
    op.create_table(
        "unproved",
        sa.Column(
            "session",
            _number,
            sa.ForeignKey("sessions.number", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("events", sa.Integer, nullable=False),
        sqlite_strict=True,
    )
    op.execute("INSERT INTO unproved (session, events) SELECT number, event_count FROM sessions")


def _row(kind: str, line: sa.Row[tuple[int, str, str, str | None]]) -> dict[str, object]:
    parts = parts_of(line.goal, line.workflow_id, line.branch)
    return {"place": line.number << 24, "parts": parts if kind == "sqlite" else places_of(parts)}
