"""Indexes for large stores: lists by status, sessions by folder, and who still uses a content.

What is written here never changes; later steps build on it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the indexes."""
    op.create_index("sessions_by_status", "sessions", ["status", "updated_at", "number"])
    op.create_index(
        "sessions_by_workspace",
        "sessions",
        ["workspace_path"],
        sqlite_where=sa.text("workspace_path IS NOT NULL"),
        postgresql_where=sa.text("workspace_path IS NOT NULL"),
    )
    op.create_index("nodes_by_context", "nodes", ["context_ref"])
    op.create_index("artifacts_by_content", "artifacts", ["digest"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute("PRAGMA user_version = 2")
