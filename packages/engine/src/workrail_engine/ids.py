"""How things are named: typed identifiers and their text form.

A session id is `sess_` and 26 lower-case base32 characters (16 random bytes). A node is numbered
within its session, from 1. A handle is the 12 bytes an attempt is known by; tokens carry it. An
approval is known by its session and the node that waits: `sess_….7`.
"""

import base64
import re
from typing import NewType

SessionId = NewType("SessionId", str)
WorkflowId = NewType("WorkflowId", str)
StepId = NewType("StepId", str)
LoopId = NewType("LoopId", str)
WorkflowHash = NewType("WorkflowHash", str)
Digest = NewType("Digest", str)
NodeId = NewType("NodeId", int)
Handle = NewType("Handle", bytes)

HANDLE_BYTES = 12
_NODE = re.compile(r"[1-9][0-9]{0,8}")
_SESSION_ID = re.compile(r"sess_[a-z2-7]{26}")


def session_id_from(entropy: bytes) -> SessionId:
    """A session id from 16 random bytes."""
    return SessionId(f"sess_{base64.b32encode(entropy).decode('ascii').rstrip('=').lower()}")


def is_session_id(text: str) -> bool:
    """Whether a text has the form of a session id (it may still be unknown)."""
    return _SESSION_ID.fullmatch(text) is not None


def approval_id(session_id: SessionId, node: NodeId) -> str:
    """What the approval a node waits for is called."""
    return f"{session_id}.{node}"


def read_approval_id(text: str) -> tuple[SessionId, NodeId] | None:
    """The session and node of an approval; None for any other text."""
    session, _, node = text.partition(".")
    if not is_session_id(session) or not _NODE.fullmatch(node):
        return None
    return SessionId(session), NodeId(int(node))
