"""What is in the file that a scripted model follows?

A script is a list of scenes. A scene has turns, and may say when it applies; the first scene that
applies and has a turn left gives the model's next answer. `turns` outside of any scene are a last
scene that always applies. docs/models.md shows one.
"""

import re
from io import StringIO
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, ValidationError

from workrail_daemon.errors import ModelRefusedError


def _is_pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        message = f"it is no regular expression: {error}"
        raise ValueError(message) from error
    return text


Pattern = Annotated[str, AfterValidator(_is_pattern)]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ToolCall(_Closed):
    """The model calls a tool."""

    tool: str
    input: dict[str, JsonValue] = {}


class Failure(_Closed):
    """The model does not answer at first."""

    kind: Literal["busy", "refused"] = "busy"
    times: int = Field(default=1, ge=1)
    """How often, before the turn is given after all."""
    retry_after: float | None = Field(default=None, ge=0)
    said: str = "the script says so"


class Tokens(_Closed):
    """What an answer is said to have used; what is left out is reckoned by its length."""

    input: int | None = Field(default=None, ge=0)
    output: int | None = Field(default=None, ge=0)
    cache_read: int = Field(default=0, ge=0)
    cache_write: int = Field(default=0, ge=0)


class Turn(_Closed):
    """One answer."""

    say: str = ""
    calls: tuple[ToolCall, ...] = ()
    times: int = Field(default=1, ge=1)
    """How often in a row it is given."""
    wait: float = Field(default=0, ge=0)
    """Seconds the model thinks about it."""
    fail: Failure | None = None
    stop: Literal["end_turn", "tool_use", "max_tokens", "refusal"] | None = None
    """Why it stops; None: `tool_use` where a tool is called, else `end_turn`."""
    usage: Tokens = Tokens()


class When(_Closed):
    """What must hold for a scene to apply; all that is given."""

    step: Pattern | None = None
    """Found in the title of the step that was given last, or equal to its number."""
    heard: Pattern | None = None
    """Found in what the model heard last: results of tools and other words."""
    failed: bool | None = None
    """Whether a tool it called last failed."""


class Scene(_Closed):
    """Turns that belong together."""

    when: When = When()
    turns: tuple[Turn, ...] = Field(min_length=1)
    repeat: bool = False
    """Whether it begins again when its turns are used up."""


class Script(_Closed):
    """A whole script."""

    scenes: tuple[Scene, ...] = ()
    turns: tuple[Turn, ...] = ()
    """A last scene that always applies."""


def read_script(path: Path) -> Script:
    """The script in a file, YAML or JSON.

    Raises:
        ModelRefusedError: it is not there, or is no script; every problem is named.
    """
    from ruamel.yaml import YAML  # noqa: PLC0415 - heavy, and most models need no script
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415 - comes with it

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        said = (error.strerror or error) if isinstance(error, OSError) else "it is not UTF-8"
        message = f"The script {path} cannot be read: {said}."
        raise ModelRefusedError(message) from error
    try:
        value: object = YAML(typ="safe", pure=True).load(StringIO(text))  # pyright: ignore[reportUnknownMemberType] - ruamel.yaml has no type for it
    except YAMLError as error:
        message = f"The script {path} is neither YAML nor JSON: {' '.join(str(error).split())}."
        raise ModelRefusedError(message) from error
    try:
        return Script.model_validate(value)
    except ValidationError as error:
        lines = [
            f"{'.'.join(map(str, each['loc'])) or 'the script'}: {each['msg']}"
            for each in error.errors(include_url=False)
        ]
        message = "\n".join([f"The script {path} cannot be followed:", *lines])
        raise ModelRefusedError(message) from error
