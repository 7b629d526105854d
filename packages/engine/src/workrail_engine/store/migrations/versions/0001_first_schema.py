"""The first schema: sessions, their log, and what lies beside it.

What is written here never changes; later steps build on it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_id = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_LAST = {
    "sqlite": (
        "CREATE VIRTUAL TABLE search USING fts5"
        "(goal, title, notes, artifacts, content='', tokenize='unicode61 remove_diacritics 2')",
        "PRAGMA user_version = 1",
    ),
    "postgresql": (
        "CREATE TABLE search (place BIGINT NOT NULL PRIMARY KEY, words TSVECTOR NOT NULL)",
        "CREATE INDEX search_by_words ON search USING gin (words)",
    ),
}
"""What only one kind of database has."""


def upgrade() -> None:
    """Make every table in an empty database."""
    _sessions()
    _log()
    _contents()
    for statement in _LAST[op.get_bind().dialect.name]:
        op.execute(statement)


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("number", _number, primary_key=True),
        sa.Column("session_id", _id, nullable=False, unique=True),
        sa.Column("workflow_id", sa.Text, nullable=False),
        sa.Column("workflow_hash", sa.LargeBinary, nullable=False),
        sa.Column("goal", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("parent_session_id", sa.Text),
        sa.Column("workspace_path", sa.Text),
        sa.Column("repository", sa.Text),
        sa.Column("branch", sa.Text),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("step_title", sa.Text),
        sa.Column("steps_completed", sa.Integer, nullable=False),
        sa.Column("tip", sa.Integer, nullable=False),
        sa.Column("last_node", sa.Integer, nullable=False),
        sa.Column("event_count", sa.Integer, nullable=False),
        sa.Column("attempt_count", sa.Integer, nullable=False),
        sa.Column("head_hash", sa.LargeBinary, nullable=False),
        sa.Column("created_at", _number, nullable=False),
        sa.Column("updated_at", _number, nullable=False),
        sqlite_strict=True,
    )
    op.create_index(
        "sessions_by_branch",
        "sessions",
        ["branch"],
        sqlite_where=sa.text("branch IS NOT NULL"),
        postgresql_where=sa.text("branch IS NOT NULL"),
    )
    op.create_index("sessions_by_change", "sessions", ["updated_at", "number"])
    op.create_index(
        "sessions_by_parent",
        "sessions",
        ["parent_session_id"],
        sqlite_where=sa.text("parent_session_id IS NOT NULL"),
        postgresql_where=sa.text("parent_session_id IS NOT NULL"),
    )
    op.create_index(
        "sessions_by_repository",
        "sessions",
        ["repository"],
        sqlite_where=sa.text("repository IS NOT NULL"),
        postgresql_where=sa.text("repository IS NOT NULL"),
    )


def _log() -> None:
    op.create_table(
        "events",
        sa.Column("session", _number, sa.ForeignKey("sessions.number"), primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("node", sa.Integer),
        sa.Column("at", _number, nullable=False),
        sa.Column("prev_hash", sa.LargeBinary, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sqlite_strict=True,
    )
    op.create_table(
        "nodes",
        sa.Column("session", _number, sa.ForeignKey("sessions.number"), primary_key=True),
        sa.Column("node", sa.Integer, primary_key=True),
        sa.Column("parent", sa.Integer),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("step_id", sa.Text),
        sa.Column("title", sa.Text),
        sa.Column("iteration", sa.Integer),
        sa.Column("position", sa.Text, nullable=False),
        sa.Column("context_ref", sa.LargeBinary, nullable=False),
        sa.Column("kept", sa.Text),
        sa.Column("trace", sa.Text),
        sa.Column("arrival", sa.Integer),
        sa.Column("children", sa.Integer, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "attempts",
        sa.Column("handle", sa.LargeBinary, primary_key=True),
        sa.Column("session", _number, sa.ForeignKey("sessions.number"), nullable=False),
        sa.Column("node", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("payload_digest", sa.LargeBinary),
        sa.Column("outcome_node", sa.Integer),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        "attempts_open",
        "attempts",
        ["session", "node"],
        sqlite_where=sa.text("outcome_node IS NULL"),
        postgresql_where=sa.text("outcome_node IS NULL"),
    )


def _contents() -> None:
    op.create_table(
        "workflows",
        sa.Column("workflow_hash", sa.LargeBinary, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("packed", sa.Integer, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
        sqlite_strict=True,
    )
    op.create_table(
        "blobs",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("packed", sa.Integer, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sqlite_strict=True,
    )
    op.create_table(
        "artifacts",
        sa.Column("number", _number, primary_key=True),
        sa.Column("session", _number, sa.ForeignKey("sessions.number"), nullable=False),
        sa.Column("node", sa.Integer, nullable=False),
        sa.Column("step_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("assessment_id", sa.Text),
        sa.Column("accepted", sa.Integer, nullable=False),
        sqlite_strict=True,
    )
    op.create_index("artifacts_by_node", "artifacts", ["session", "node"])
    op.create_table(
        "settings",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
