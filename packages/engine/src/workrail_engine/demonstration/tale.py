"""What does a made-up session consist of, and where does it stand in a file?"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

from workrail_engine.agent_events import Incident, Rest, RunOutcome, Source, ToolOutcome
from workrail_engine.errors import InvalidInputError
from workrail_engine.registry.document_faults import Unreadable
from workrail_engine.registry.yaml_text import read_yaml

TALES: Final = Path(__file__).parent / "tales"
_Shape = TypeVar("_Shape")
Then: TypeAlias = Literal["ready", "blocked", "waiting", "completed"]


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Damage(_Told):
    """A text of the session's record that is something else on the disk afterwards."""

    was: str
    becomes: str
    """As long as `was`."""


class Used(_Told):
    """A tool that an unattended agent used."""

    tool: str
    said: str
    """Its arguments in short."""
    answer: str = "done"
    outcome: ToolOutcome | None = "ok"
    """None: it goes on."""
    ms: int = 400


class Thought(_Told):
    """An answer of an unattended agent's model, or what happened to its run."""

    said: str | None = None
    tools: list[Used] = Field(default_factory=list[Used])
    told: Annotated[tuple[Source, str], Field(strict=False)] | None = None
    """Words that reached the model first, and whose."""
    noticed: Annotated[tuple[Incident, str], Field(strict=False)] | None = None
    """An incident afterwards, with its sentence."""
    facts: dict[str, JsonValue] = Field(default_factory=dict)
    read: int = 9_200
    wrote: int = 310
    """Tokens."""
    ms: int = 4_200
    times: int = 1


class Part(_Told):
    """A part of a system prompt."""

    name: str
    source: str
    text: str
    left_out: int = 0


class Drive(_Told):
    """That a session is driven without a person, and how its run stands at the end."""

    model: str = "demo/steady-1"
    driver: str = "builder-2:4711"
    sandbox: str = "bubblewrap"
    lesser: str | None = None
    """Why it is held by less than was wished."""
    limits: dict[str, JsonValue] = Field(default_factory=dict)
    prompt: list[Part] = Field(default_factory=list[Part])
    rests: Rest | None = None
    ends: RunOutcome | None = None
    """Neither: it goes on."""
    wait: float | None = None
    """Seconds it rests at most."""
    asks: str | None = None
    """A question to the operators."""
    said: str = ""
    """Why it rests or ended; `{session}` is the session's id."""
    doing: str = "thinking"
    since: float = 12.0
    """Seconds it has been doing that."""


class Turn(_Told):
    """What an agent sends once, or what a person answers."""

    then: Then = "ready"
    """What comes of it; a tale that goes another way is a mistake in the tale."""
    agent: list[Thought] = Field(default_factory=list[Thought])
    """What an unattended agent did first."""
    only_agent: bool = False
    """Nothing is sent: the run stops within the step."""
    minutes: float = 9
    """How long after the turn before."""
    notes: str | None = None
    context: dict[str, JsonValue] = Field(default_factory=dict)
    many: dict[str, int] = Field(default_factory=dict)
    """Context values that are lists of so many numbered names."""
    artifacts: list[dict[str, JsonValue]] = Field(default_factory=list)
    write: dict[str, str] = Field(default_factory=dict)
    """Files of the workspace that are written first."""
    checkpoint: bool = False
    """Recorded beside the pending step, which stays pending."""
    back_to: int | None = None
    """The turn whose step is completed once more, in another way; the first is 1."""
    verdict: Literal["approved", "rejected"] | None = None
    """A person's answer to what waits; `notes` is then what the person says."""
    times: int = 1
    """How often it happens; `{n}` in the notes is the number."""


class Tale(_Told):
    """One session."""

    goal: str
    workflow: str
    earlier: bool = False
    """Whether it was started when the workflow was in its earlier form."""
    name: str | None = None
    """What its parts call it."""
    part_of: str | None = None
    repository: str | None = None
    branch: str = "main"
    hours_ago: float = 0
    """When it began."""
    context: dict[str, JsonValue] = Field(default_factory=dict)
    origin: Literal["mcp", "daemon"] = "mcp"
    driver: Literal["none", "gone"] = "gone"
    turns: list[Turn] = Field(default_factory=list[Turn])
    damage: Damage | None = None
    run: Drive | None = None


class Cast(_Told):
    """Where the tales happen, and the short ones that are alike."""

    repositories: dict[str, dict[str, str]]
    """Files by path, by name of the repository."""
    also: list[Annotated[tuple[str, str, str], Field(strict=False)]]
    """Goal, repository and branch of finished reviews."""


def tales() -> Iterator[Tale]:
    """What has happened, in no order that matters but parents before their parts."""
    for path in sorted((TALES / "past").glob("*.yaml")):
        yield from _read(path, TypeAdapter(list[Tale]))


def living_tales() -> list[Tale]:
    """What goes on happening, over and over."""
    return _read(TALES / "living.yaml", TypeAdapter(list[Tale]))


def cast() -> Cast:
    """Where it all happens."""
    return _read(TALES / "cast.yaml", TypeAdapter(Cast))


def _read(path: Path, shape: TypeAdapter[_Shape]) -> _Shape:
    content = read_yaml(path.read_text(encoding="utf-8"))
    if isinstance(content, Unreadable):
        message = f"{path.name} is no YAML: {content.faults[0]}"
        raise InvalidInputError(message)
    return shape.validate_python(content.value)
