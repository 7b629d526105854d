"""How does an agent keep a text or document with its session?"""

from typing import Final

from pydantic import Field

from workrail_daemon.stopping import Stop
from workrail_daemon.tools.contract import Answered, Call, Tool
from workrail_daemon.tools.inside import Inside
from workrail_daemon.tools.making import Arguments, Doing, make
from workrail_daemon.tools.refusing import NotDoneError
from workrail_engine.agent_events import ArtifactSaved, Content
from workrail_engine.canonical import digest_bytes
from workrail_engine.ids import Digest

_MOST: Final = 8 * 1024 * 1024
_DESCRIPTION: Final = (
    "Keep a text with the session, under a name, where people and later steps find it: a report, a "
    "plan, a log. It is no file of the workspace. Send the text as content, or name a file of the "
    "workspace. A name that is used again holds the newest. Artifacts a step demands go with "
    "complete_step, not here."
)


class _Saved(Arguments):
    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$",
        description="Letters, digits and . _ / - only: report.md, plans/first.",
    )
    content: str | None = Field(default=None, description="The text; or give file_path.")
    file_path: str | None = Field(default=None, description="A file that holds it.")
    media_type: str = Field(
        default="text/markdown",
        pattern=r"^[a-z]+/[a-z0-9.+-]+$",
        max_length=100,
        description="What it is: text/markdown if left out, text/plain, application/json, …",
    )


def save_artifact_tool(inside: Inside) -> Tool:
    """The tool `save_artifact`."""

    def act(saved: _Saved, call: Call, _stop: Stop, _doing: Doing) -> Answered:
        data = _data(inside, saved)
        if len(data) > _MOST:
            message = f"{saved.name} has {len(data):,} bytes, and {_MOST:,} is the most."
            raise NotDoneError(message)
        content = Content(Digest(digest_bytes(data)), len(data))
        event = ArtifactSaved(
            call.node, call.turn, call.number, saved.name, saved.media_type, content
        )
        said = f'Kept as "{saved.name}", {len(data):,} bytes; read_artifact reads it.'
        return Answered(said, events=(event,), contents=(data,))

    return make(("save_artifact", _DESCRIPTION), "reads", _Saved, act, lambda saved: saved.name)


def _data(inside: Inside, saved: _Saved) -> bytes:
    if saved.content is not None and saved.file_path is None:
        return saved.content.encode("utf-8")
    if saved.file_path is not None and saved.content is None:
        return inside.read(saved.file_path).data
    message = "Send either content or file_path, and not both."
    raise NotDoneError(message)
