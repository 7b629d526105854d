"""What are the tables?

One row a session answers every list; a list never reads a log. `events` is the truth: everything
else can be rebuilt from it and from `blobs`, which holds what events name by digest. Everything but
the session's own row speaks of a session by its number, a small integer, because the number is
written several times for every step. Digests and handles are raw bytes, times are microseconds
since 1970 in UTC, JSON is compact text.

`events` and `blobs` have row ids on purpose: rows of a kilobyte and more in a table without them
would each waste most of a page. `search` is full-text only, its text is not stored a second time;
its row id is the session's number and an event's place in the log (`search_row`); at place 0 stand
the parts of words of the session's line in a list.

The condition of a partial index stands here for SQLite alone and holds for PostgreSQL too: naming both
would load PostgreSQL's half of SQLAlchemy, two megabytes, into every process.

A change here needs a new file in `migrations/versions` and a new `SCHEMA_VERSION`; the tests compare
the two ways to reach the present schema.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

from workrail_engine.store.text_type import EveryText

SCHEMA_VERSION: Final = 5
REVISION: Final = "0005"
"""What Alembic calls this version."""

EVENTS_PER_SESSION: Final = 1 << 24
"""The most events a session can have; only the row ids of `search` depend on it."""

LINE: Final = 0
"""The place in `search`, before all events, of what a list shows of a session."""

metadata = MetaData()
_number = BigInteger().with_variant(Integer(), "sqlite")
_text = Text().with_variant(EveryText(), "postgresql")
_id = Text().with_variant(EveryText(collation="C"), "postgresql")
"""Ordered by its bytes everywhere, so that the beginning of an id finds it by the index."""

sessions = Table(
    "sessions",
    metadata,
    Column("number", _number, primary_key=True),
    Column("session_id", _id, nullable=False, unique=True),
    Column("workflow_id", _text, nullable=False),
    Column("workflow_hash", LargeBinary, nullable=False),
    Column("goal", _text, nullable=False),
    Column("origin", _text, nullable=False),
    Column("parent_session_id", _text),
    Column("workspace_path", _text),
    Column("repository", _text),
    Column("branch", _text),
    Column("status", _text, nullable=False),
    Column("step_title", _text),
    Column("steps_completed", Integer, nullable=False),
    Column("tip", Integer, nullable=False),
    Column("last_node", Integer, nullable=False),
    Column("event_count", Integer, nullable=False),
    Column("attempt_count", Integer, nullable=False),
    Column("head_hash", LargeBinary, nullable=False),
    Column("created_at", _number, nullable=False),
    Column("updated_at", _number, nullable=False),
    sqlite_strict=True,
)
Index("sessions_by_change", sessions.c.updated_at, sessions.c.number)
Index("sessions_by_status", sessions.c.status, sessions.c.updated_at, sessions.c.number)
Index(
    "sessions_by_parent",
    sessions.c.parent_session_id,
    sqlite_where=sessions.c.parent_session_id.is_not(None),
)
Index(
    "sessions_by_branch",
    sessions.c.branch,
    sqlite_where=sessions.c.branch.is_not(None),
)
Index(
    "sessions_by_repository",
    sessions.c.repository,
    sqlite_where=sessions.c.repository.is_not(None),
)
Index(
    "sessions_by_workspace",
    sessions.c.workspace_path,
    sqlite_where=sessions.c.workspace_path.is_not(None),
)

events = Table(
    "events",
    metadata,
    Column("session", _number, ForeignKey("sessions.number"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("kind", _text, nullable=False),
    Column("node", Integer),
    Column("at", _number, nullable=False),
    Column("prev_hash", LargeBinary, nullable=False),
    Column("payload", _text, nullable=False),
    Column("key", _text),
    sqlite_strict=True,
)
"""`key` is what a fact of an unattended run is kept once under; null for all others."""
Index(
    "events_by_key",
    events.c.session,
    events.c.key,
    unique=True,
    sqlite_where=events.c.key.is_not(None),
)

nodes = Table(
    "nodes",
    metadata,
    Column("session", _number, ForeignKey("sessions.number"), primary_key=True),
    Column("node", Integer, primary_key=True),
    Column("parent", Integer),
    Column("kind", _text, nullable=False),
    Column("step_id", _text),
    Column("title", _text),
    Column("iteration", Integer),
    Column("position", _text, nullable=False),
    Column("context_ref", LargeBinary, nullable=False),
    Column("kept", _text),
    Column("trace", _text),
    Column("arrival", Integer),
    Column("children", Integer, nullable=False),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
"""`arrival` is the place in the log of the completed step that led to the node; `kept` holds what a
blocked attempt or a checkpoint carried, and is null for the rest."""
Index("nodes_by_context", nodes.c.context_ref)

attempts = Table(
    "attempts",
    metadata,
    Column("handle", LargeBinary, primary_key=True),
    Column("session", _number, ForeignKey("sessions.number"), nullable=False),
    Column("node", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("payload_digest", LargeBinary),
    Column("outcome_node", Integer),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
Index(
    "attempts_open",
    attempts.c.session,
    attempts.c.node,
    sqlite_where=attempts.c.outcome_node.is_(None),
)

workflows = Table(
    "workflows",
    metadata,
    Column("workflow_hash", LargeBinary, primary_key=True),
    Column("name", _text, nullable=False),
    Column("packed", Integer, nullable=False),
    Column("document", LargeBinary, nullable=False),
    sqlite_strict=True,
)

blobs = Table(
    "blobs",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("packed", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
    sqlite_strict=True,
)
"""`packed` is 1 where the bytes are compressed by zlib, which is done only when it saves space."""

artifacts = Table(
    "artifacts",
    metadata,
    Column("number", _number, primary_key=True),
    Column("session", _number, ForeignKey("sessions.number"), nullable=False),
    Column("node", Integer, nullable=False),
    Column("step_id", _text, nullable=False),
    Column("kind", _text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("size", Integer, nullable=False),
    Column("assessment_id", _text),
    Column("accepted", Integer, nullable=False),
    sqlite_strict=True,
)
Index("artifacts_by_node", artifacts.c.session, artifacts.c.node)
Index("artifacts_by_content", artifacts.c.digest)

settings = Table(
    "settings",
    metadata,
    Column("name", _text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

drivers = Table(
    "drivers",
    metadata,
    Column("session", _number, ForeignKey("sessions.number", ondelete="CASCADE"), primary_key=True),
    Column("program", _text, primary_key=True),
    Column("host", _text, primary_key=True),
    Column("process", Integer, primary_key=True),
    Column("began_at", _number, nullable=False),
    Column("seen_at", _number, nullable=False),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
"""Who drives a session: a process, and when it was last heard of."""

mailbox = Table(
    "mailbox",
    metadata,
    Column("number", _number, primary_key=True),
    Column("session", _number, ForeignKey("sessions.number", ondelete="CASCADE")),
    Column("sender", _text, nullable=False),
    Column("body", _text, nullable=False),
    Column("sent_at", _number, nullable=False),
    Column("acknowledged_at", _number),
    Column("key", _text),
    sqlite_strict=True,
)
"""Messages to a session, or to the operators where `session` is null, until they are acknowledged.
One with a `key` is sent once."""
Index(
    "mailbox_by_key",
    mailbox.c.session,
    mailbox.c.key,
    unique=True,
    sqlite_where=mailbox.c.key.is_not(None),
)
Index(
    "mailbox_by_operators_key",
    mailbox.c.key,
    unique=True,
    sqlite_where=mailbox.c.session.is_(None) & mailbox.c.key.is_not(None),
)
Index(
    "mailbox_waiting",
    mailbox.c.session,
    sqlite_where=mailbox.c.acknowledged_at.is_(None),
)

proofs = Table(
    "proofs",
    metadata,
    Column("number", _number, primary_key=True),
    Column("session", _number, ForeignKey("sessions.number", ondelete="CASCADE"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("node", Integer, nullable=False),
    Column("kind", _text, nullable=False),
    Column("outcome", _text, nullable=False),
    Column("at", _number, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("envelope", _text, nullable=False),
    sqlite_strict=True,
)
"""Signed statements, each about one event. Their numbers of one session are in their order."""
Index("proofs_by_session", proofs.c.session, proofs.c.number)
Index("proofs_by_digest", proofs.c.digest)
Index("proofs_by_time", proofs.c.at, proofs.c.number)
Index("proofs_by_kind", proofs.c.kind, proofs.c.outcome, proofs.c.at, proofs.c.number)

proof_modules = Table(
    "proof_modules",
    metadata,
    Column("module", _id, primary_key=True),
    Column("at", _number, primary_key=True),
    Column("proof", _number, ForeignKey("proofs.number", ondelete="CASCADE"), primary_key=True),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
"""The paths a proof is found by, with its time."""
Index("proof_modules_by_proof", proof_modules.c.proof)

unproved = Table(
    "unproved",
    metadata,
    Column("session", _number, ForeignKey("sessions.number", ondelete="CASCADE"), primary_key=True),
    Column("events", Integer, nullable=False),
    sqlite_strict=True,
)
"""Sessions whose first events have no proofs: they are older, or were copied from another session."""

journal_contents = Table(
    "journal_contents",
    metadata,
    Column("session", _number, ForeignKey("sessions.number", ondelete="CASCADE"), primary_key=True),
    Column("digest", LargeBinary, primary_key=True),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
"""The blobs that facts of unattended runs name: they stay as long as their session."""
Index("journal_contents_by_digest", journal_contents.c.digest)

runs = Table(
    "runs",
    metadata,
    Column("session", _number, ForeignKey("sessions.number", ondelete="CASCADE"), primary_key=True),
    Column("state", _text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("lane", _text),
    Column("ordered_at", _number, nullable=False),
    Column("ready_at", _number, nullable=False),
    Column("worker", _text),
    Column("epoch", Integer, nullable=False),
    Column("lease_until", _number),
    Column("crashes", Integer, nullable=False),
    Column("rest", _text),
    Column("wish", _text),
    Column("outcome", _text),
    Column("said", _text),
    Column("doing", _text),
    Column("doing_since", _number),
    Column("began_at", _number),
    Column("taken_at", _number),
    Column("ended_at", _number),
    Column("parent", _number),
    Column("depth", Integer, nullable=False),
    Column("options", _text, nullable=False),
    Column("turns", Integer, nullable=False),
    Column("input_tokens", _number, nullable=False),
    Column("output_tokens", _number, nullable=False),
    Column("cost", _number, nullable=False),
    Column("worked", _number, nullable=False),
    sqlite_strict=True,
)
"""What the daemon is to do with a session. `epoch` grows with every claim; `taken_at` is when the
present one was made, and `worked` the microseconds of those before it."""
Index("runs_ready", runs.c.state, runs.c.priority, runs.c.ready_at, runs.c.session)
Index("runs_by_parent", runs.c.parent, sqlite_where=runs.c.parent.is_not(None))
Index(
    "runs_by_lane",
    runs.c.lane,
    unique=True,
    sqlite_where=(runs.c.state == "running") & runs.c.lane.is_not(None),
)

VERSION_STATEMENTS: Final = (
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,"
    " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))",
    f"INSERT INTO alembic_version (version_num) VALUES ('{REVISION}')",  # noqa: S608 (a number of ours)
)


def search_row(session: int, seq: int) -> int:
    """The row id of a piece of text in `search`."""
    return session * EVENTS_PER_SESSION + seq
