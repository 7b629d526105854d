"""Which view of a session does an address ask for, and from where on?"""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args
from urllib.parse import urlencode

from workrail_engine.errors import SessionNotFoundError
from workrail_engine.ids import NodeId, SessionId, is_session_id

ViewName: TypeAlias = Literal[
    "story",
    "turns",
    "outline",
    "timeline",
    "events",
    "context",
    "artifacts",
    "proofs",
    "graph",
    "raw",
]
VIEWS: Final[tuple[ViewName, ...]] = get_args(ViewName)


@dataclass(frozen=True)
class Asked:
    """What an address asks for."""

    session_id: SessionId
    view: ViewName = "story"
    around: NodeId | None = None
    """A node that the part of the session shown has to hold; None: the newest part."""
    after: int = 0
    """Events are listed from the one after this."""
    kind: str | None = None
    node: NodeId | None = None
    """Only events of this kind, of this node."""
    turn: int | None = None
    """A turn that the stretch of the run shown has to hold; None: the newest."""
    check: bool = False
    """Whether the record is to be checked now."""

    @property
    def path(self) -> str:
        """Of the session's page."""
        return f"/sessions/{self.session_id}"

    def link(self, view: ViewName | None = None, *, around: NodeId | None = None) -> str:
        """The address of a view, this one when left out, around a node."""
        return self._address(view or self.view, {"around": around})

    def story_link(self, node: NodeId) -> str:
        """The address of a node within the story."""
        return f"{self.path}?around={node}#n{node}"

    def step_link(self, node: NodeId) -> str:
        """The address of a step's own page."""
        return f"{self.path}/steps/{node}"

    def turns_link(self, turn: int) -> str:
        """The address of a turn of the run."""
        return f"{self._address('turns', {'turn': turn})}#t{turn}"

    def content_link(self, digest: str) -> str:
        """The address of what a turn or a tool left."""
        return f"{self.path}/contents/{digest}"

    def events_link(self, after: int = 0) -> str:
        """The address of the events from a place on, filtered as here."""
        return self._address(
            "events", {"kind": self.kind, "node": self.node, "after": after or None}
        )

    def _address(self, view: ViewName, more: dict[str, object]) -> str:
        pairs = {"view": None if view == "story" else view, **more}
        query = urlencode({name: value for name, value in pairs.items() if value is not None})
        return f"{self.path}?{query}" if query else self.path


def session_of(text: str) -> SessionId:
    """The session an address names.

    Raises:
        SessionNotFoundError: the text is no session's id.
    """
    if not is_session_id(text):
        message = (
            "This is not a session id: one is `sess_` and 26 letters or digits. "
            "The list of sessions has a link to each."
        )
        raise SessionNotFoundError(message)
    return SessionId(text)
