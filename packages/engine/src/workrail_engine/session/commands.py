"""What can be asked of a session: the closed set of commands, and what may come with them.

Limits are in UTF-8 bytes. Whatever is over a limit is refused whole with the limit named; nothing is
ever cut.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from workrail_engine.canonical import JsonObject, JsonValue, canonical_bytes, digest
from workrail_engine.errors import InvalidSubmissionError
from workrail_engine.ids import Digest, Handle, NodeId
from workrail_engine.session.events import SessionStarted, Verdict
from workrail_engine.workflow.checks import CheckResult

NOTES_LIMIT = 32 * 1024
ARTIFACT_LIMIT = 1024 * 1024
ARTIFACT_COUNT_LIMIT = 100
CONTEXT_LIMIT = 256 * 1024
CONTEXT_DEPTH_LIMIT = 64
GOAL_LIMIT = 8 * 1024
KIND_LIMIT = 128


@dataclass(frozen=True)
class Submission:
    """What an agent sends with an attempt or a checkpoint."""

    notes: str | None = None
    artifacts: tuple[JsonObject, ...] = ()
    context: JsonObject = field(default_factory=dict[str, JsonValue])
    """Shallow change of the session's context; a null deletes its key."""

    @property
    def empty(self) -> bool:
        """Whether nothing is sent."""
        return self.notes is None and not self.artifacts and not self.context

    def digest(self) -> Digest:
        """What identifies this payload when a token is used again."""
        return Digest(
            digest(
                {"notes": self.notes, "artifacts": list(self.artifacts), "context": self.context}
            )
        )


@dataclass(frozen=True)
class Start:
    """Begin a session."""

    started: SessionStarted


@dataclass(frozen=True)
class ShownChange:
    """The change of files that an approver is shown."""

    tree: str
    diff: str


@dataclass(frozen=True)
class Advance:
    """Complete the pending step of a node."""

    node: NodeId
    attempt: Handle
    submission: Submission
    kept: tuple[JsonObject, ...] = ()
    """Content of the artifacts an earlier attempt left on the node, in order."""
    checks: tuple[CheckResult, ...] = ()
    """What came of the checks that were due."""
    change: ShownChange | None = None
    """What an approver is to be shown of the files."""


@dataclass(frozen=True)
class Checkpoint:
    """Record where a node stands, without moving."""

    node: NodeId
    submission: Submission


@dataclass(frozen=True)
class Answered:
    """What an approver decided."""

    verdict: Verdict
    shown: Digest
    """What the approver was shown."""
    by: str
    """Who decided, as far as the channel knows."""
    channel: str
    """How the answer came: `terminal`, `client`."""
    note: str | None = None


@dataclass(frozen=True)
class Answer:
    """Carry out a decision on what a waiting node holds. No tool of an agent leads here."""

    node: NodeId
    attempt: Handle
    """The node's own attempt: answering uses it up."""
    given: Answered
    kept: tuple[JsonObject, ...]
    """Content of the node's artifacts, in order."""
    tree: str | None = None
    """The files as they are now."""


Command: TypeAlias = Start | Advance | Checkpoint | Answer
NOTHING = Submission()


def check_submission(submission: Submission) -> None:
    """Refuse what no session could keep.

    Raises:
        InvalidSubmissionError: a part is over its limit or has no canonical form.
    """
    if submission.notes is not None:
        check_text("notes", submission.notes, NOTES_LIMIT)
    if len(submission.artifacts) > ARTIFACT_COUNT_LIMIT:
        message = (
            f"artifacts: {len(submission.artifacts)} were sent and at most {ARTIFACT_COUNT_LIMIT} "
            "fit in one call. Nothing was recorded; send fewer."
        )
        raise InvalidSubmissionError(message, field="artifacts")
    for index, artifact in enumerate(submission.artifacts):
        _check_artifact(f"artifacts[{index}]", artifact)
    check_context(submission.context)


def check_context(context: JsonObject) -> None:
    """Refuse a context that is too deep, too large or not JSON.

    Raises:
        InvalidSubmissionError: as said.
    """
    if _deeper_than(context, CONTEXT_DEPTH_LIMIT):
        message = (
            f"context: nested more than {CONTEXT_DEPTH_LIMIT} levels deep. "
            "Nothing was recorded; send a flatter value."
        )
        raise InvalidSubmissionError(message, field="context")
    _check_size("context", context, CONTEXT_LIMIT)


def check_text(name: str, text: str, limit: int) -> None:
    """Refuse a text that is too long or cannot be stored as UTF-8.

    Raises:
        InvalidSubmissionError: as said.
    """
    try:
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError as error:
        message = (
            f"{name}: holds a character that UTF-8 cannot carry (a lone surrogate, at character "
            f"{error.start}). Nothing was recorded; remove it and send again."
        )
        raise InvalidSubmissionError(message, field=name) from error
    if size > limit:
        message = (
            f"{name}: {size:,} bytes, and the limit is {limit:,}. Nothing was recorded. Shorten it, "
            f"or send the long part {'in context' if name == 'goal' else 'as an artifact'}."
        )
        raise InvalidSubmissionError(message, field=name)


def _check_artifact(name: str, artifact: JsonObject) -> None:
    kind = artifact.get("kind")
    if not isinstance(kind, str) or not 1 <= len(kind) <= KIND_LIMIT:
        message = (
            f'{name}.kind: an artifact is an object with a text "kind" of 1 to {KIND_LIMIT} '
            'characters, such as {"kind": "wr.loop_control", …}. Nothing was recorded.'
        )
        raise InvalidSubmissionError(message, field=f"{name}.kind")
    _check_size(name, artifact, ARTIFACT_LIMIT)


def _check_size(name: str, value: JsonValue, limit: int) -> None:
    try:
        size = len(canonical_bytes(value))
    except (ValueError, RecursionError) as error:
        message = (
            f"{name}: cannot be kept as JSON ({error}). Nothing was recorded; send it as a text."
        )
        raise InvalidSubmissionError(message, field=name) from error
    if size > limit:
        message = (
            f"{name}: {size:,} bytes of JSON, and the limit is {limit:,}. Nothing was recorded. "
            "Send less, or split it."
        )
        raise InvalidSubmissionError(message, field=name)


def _deeper_than(value: JsonValue, depth: int) -> bool:
    level: list[JsonValue] = [value]
    for _ in range(depth + 1):
        inner: list[JsonValue] = []
        for item in level:
            if isinstance(item, Mapping):
                inner.extend(item.values())
            elif isinstance(item, Sequence) and not isinstance(item, str):
                inner.extend(item)
        if not inner:
            return False
        level = inner
    return True
