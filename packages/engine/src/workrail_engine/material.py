"""What does carrying out a command read? Tokens, pinned workflows, contexts, kept artifacts.

What never changes under its name is kept for the next command.
"""

import json
from functools import lru_cache
from typing import cast

from workrail_engine.canonical import JsonObject
from workrail_engine.errors import CorruptSessionError
from workrail_engine.ids import Digest, Handle, SessionId, WorkflowHash
from workrail_engine.ports import SessionStore, Standing
from workrail_engine.session import tokens
from workrail_engine.session.events import SessionStarted
from workrail_engine.session.state import Node
from workrail_engine.session.tokens import Token, TokenKind
from workrail_engine.workflow.compile import compile_pinned
from workrail_engine.workflow.compiled import CompiledWorkflow


class Material:
    """What one store holds, as commands need it. Safe to use from several threads."""

    def __init__(self, store: SessionStore) -> None:
        self._store = store
        self.key = lru_cache(maxsize=1)(store.token_key)
        self.workflow = lru_cache(maxsize=64)(self._load_workflow)
        self.context = lru_cache(maxsize=32)(self._load_context)
        self.started = lru_cache(maxsize=64)(self._load_started)

    def read_token(self, text: str) -> Token:
        """The token a text stands for.

        Raises:
            InvalidTokenError: it is not a token of this store.
        """
        key = self.key()
        return tokens.read(text, key.secret, key.store_tag)

    def mint(self, kind: TokenKind, handle: Handle) -> str:
        """The text of a token."""
        return tokens.mint(kind, handle, self.key().secret)

    def standing(self, token: Token) -> Standing:
        """Where a token's attempt stands.

        Raises:
            InvalidTokenError: its session is gone.
        """
        found = self._store.standing(token.handle)
        if found is None:
            raise tokens.unknown()
        return found

    def kept(self, node: Node) -> tuple[JsonObject, ...]:
        """The artifacts a node holds, in their order."""
        if not node.artifacts:
            return ()
        digests = [ref.digest for ref in node.artifacts]
        contents = self._store.blobs(digests)
        return tuple(_parsed(contents, digest) for digest in digests)

    def _load_workflow(self, workflow_hash: WorkflowHash) -> CompiledWorkflow:
        document = self._store.pinned(workflow_hash)
        if document is None:
            message = (
                f"The pinned workflow {workflow_hash} is missing from the store, so the sessions that "
                "run it cannot go on. Restore the store from a backup."
            )
            raise CorruptSessionError(message)
        return compile_pinned(document)

    def _load_context(self, digest: Digest) -> JsonObject:
        return _parsed(self._store.blobs([digest]), digest)

    def _load_started(self, session_id: SessionId) -> SessionStarted:
        return self._store.started(session_id)


def _parsed(contents: dict[Digest, bytes], digest: Digest) -> JsonObject:
    if digest not in contents:
        message = (
            f"The content {digest} is missing from the store. Run `workrail session verify` on the "
            "session to see what else is."
        )
        raise CorruptSessionError(message)
    return cast("JsonObject", json.loads(contents[digest]))
