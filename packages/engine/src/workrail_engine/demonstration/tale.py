"""What does a made-up session consist of, and where does it stand in a file?"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

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


class Turn(_Told):
    """What an agent sends once, or what a person answers."""

    then: Then = "ready"
    """What comes of it; a tale that goes another way is a mistake in the tale."""
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
