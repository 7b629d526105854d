"""What does a YAML text hold, and on which line?

Read from the parser's events, so that nothing is ever constructed but plain JSON values: `yes`, `no`
and dates stay texts, a key appears once, and aliases cannot grow a small file into a large one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NoReturn

from workrail_engine.canonical import JsonValue
from workrail_engine.registry.document_faults import (
    FaultyTextError,
    Rest,
    TextFault,
    Unreadable,
)
from workrail_engine.registry.yaml_events import (
    Alias,
    Closing,
    DocumentStart,
    Opening,
    ScalarText,
    YamlEvent,
    yaml_events,
)
from workrail_engine.registry.yaml_scalars import STANDARD_TAG, Scalar, tagged, untagged
from workrail_engine.workflow.json_limits import MAX_DEPTH, MAX_VALUES
from workrail_engine.workflow.pointers import child
from workrail_engine.workflow.problems import shown

_MOST_FAULTS: Final = 100
_MERGE: Final = "<<"
_QUOTES: Final = "define it above with &, or put a text that begins with * in quotes"


@dataclass(frozen=True)
class YamlContent:
    """The value of a YAML text and the line of every place of it, by pointer."""

    value: JsonValue
    lines: Mapping[str, int]


def read_yaml(text: str) -> YamlContent | Unreadable:
    """The content of a YAML text, or what keeps it from having any.

    Infinities and NaN are read; the caller refuses them by place.
    """
    reading = _Reading()
    try:
        for event in yaml_events(text):
            reading.take(event)
    except FaultyTextError as error:
        reading.faults.append(error.fault)
    if not reading.faults and reading.is_empty:
        advice = "write a workflow into it"
        reading.faults.append(TextFault(1, "the file is empty", suggestion=advice))
    if reading.faults:
        return Unreadable(tuple(reading.faults[:_MOST_FAULTS]), reading.rest())
    return YamlContent(reading.value, reading.lines)


@dataclass
class _Frame:
    """A mapping or sequence whose inside is being read."""

    container: "dict[str, JsonValue] | list[JsonValue]"
    pointer: str
    anchor: str | None
    size_before: int
    key: str | None = None
    key_lines: dict[str, int] = field(default_factory=dict[str, int])

    def merge(self) -> list[str]:
        """Put in what merge keys mean, where no key of the mapping's own says otherwise.

        Returns:
            The keys that were put in.
        """
        own = self.container
        if not isinstance(own, dict) or _MERGE not in own:
            return []
        merged = own.pop(_MERGE)
        members = {
            key: value
            for each in reversed(merged if isinstance(merged, list) else [merged])
            if isinstance(each, dict)
            for key, value in each.items()
        }
        added = [key for key in members if key not in own]
        own.update({key: members[key] for key in added})
        return added

    @property
    def wants_key(self) -> bool:
        return isinstance(self.container, dict) and self.key is None

    def place(self) -> str:
        """The pointer of the value that comes next."""
        if isinstance(self.container, dict):
            return child(self.pointer, self.key or "")
        return child(self.pointer, len(self.container))

    def put(self, value: JsonValue) -> None:
        if isinstance(self.container, dict):
            self.container[self.key or ""] = value
            self.key = None
        else:
            self.container.append(value)


@dataclass
class _Reading:
    """What has been read so far."""

    value: JsonValue = None
    lines: dict[str, int] = field(default_factory=dict[str, int])
    faults: list[TextFault] = field(default_factory=list[TextFault])
    frames: list[_Frame] = field(default_factory=list[_Frame])
    anchors: dict[str, tuple[JsonValue, int]] = field(
        default_factory=dict[str, tuple[JsonValue, int]]
    )
    """Anchored values that are complete, with the number of values in each."""
    doubted: set[str] = field(default_factory=set[str])
    """Places where something else may be meant than what was read."""
    size: int = 0
    documents: int = 0

    @property
    def is_empty(self) -> bool:
        return self.size == 0

    def rest(self) -> Rest | None:
        """What was read in spite of the faults, if that is a whole document."""
        if self.frames or self.is_empty:
            return None
        lines = self.lines
        return Rest(self.value, lambda: lines, frozenset(self.doubted))

    def take(self, event: YamlEvent) -> None:
        """Read one event."""
        match event:
            case DocumentStart():
                self.documents += 1
                if self.documents > 1:
                    self._stop(event.line, "a second document begins here; a file holds only one")
            case Alias():
                self._alias(event)
            case ScalarText():
                self._scalar(event)
            case Opening():
                self._open(event)
            case Closing():
                self._close()

    def _scalar(self, event: ScalarText) -> None:
        value = self._scalar_value(event)
        if self.frames and self.frames[-1].wants_key:
            self._key(event.text, value, event.line)
        else:
            self._value(value, event.line, size=1)
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, 1)

    def _scalar_value(self, event: ScalarText) -> Scalar:
        if event.tag is None or event.tag == "!":
            return untagged(event.text, plain=event.plain and event.tag is None)
        try:
            return tagged(event.text, event.tag)
        except ValueError as error:
            self._doubt(event.line, str(error), self._place(), "remove the tag")
            return event.text

    def _key(self, text: str, value: JsonValue, line: int) -> None:
        frame = self.frames[-1]
        pointer = child(frame.pointer, text)
        if text == _MERGE and value == text:
            advice = "write the fields out, or use an alias for the whole value"
            self._fault(line, "merge keys (<<) cannot be used", pointer, advice)
        elif not isinstance(value, str):
            advice = f'write it in quotes: "{text}"'
            self._doubt(line, f"the key {shown(value)} is not text", pointer, advice)
        elif text in frame.key_lines:
            message = f"repeats the key {shown(text)} of line {frame.key_lines[text]}"
            self._doubt(line, message, pointer, "keep one of the two")
        frame.key_lines.setdefault(text, line)
        frame.key = text
        self.lines[pointer] = line

    def _value(self, value: JsonValue, line: int, size: int) -> None:
        self.size += size
        if self.size > MAX_VALUES:
            self._stop(line, f"the file holds more than {MAX_VALUES} values, aliases counted")
        self.lines.setdefault(self._place(), line)
        if self.frames:
            self.frames[-1].put(value)
        else:
            self.value = value

    def _alias(self, event: Alias) -> None:
        known = self.anchors.get(event.name)
        if known is None:
            within = any(frame.anchor == event.name for frame in self.frames)
            reason = "stands inside what it names" if within else "names nothing defined before it"
            message = f"the alias *{event.name} {reason}"
            if self.frames and self.frames[-1].wants_key:
                self._stop(event.line, message)
            self._doubt(event.line, message, self._place(), _QUOTES)
            self._value(None, event.line, size=1)
            return
        value, size = known
        if self.frames and self.frames[-1].wants_key:
            if not isinstance(value, str):
                self._stop(event.line, f"the key *{event.name} is not text")
            self._key(value, value, event.line)
        else:
            self._value(value, event.line, size)

    def _open(self, event: Opening) -> None:
        if self.frames and self.frames[-1].wants_key:
            self._stop(event.line, "a list or an object is used as a key; keys are texts")
        if len(self.frames) >= MAX_DEPTH:
            self._stop(event.line, f"nested too deeply; at most {MAX_DEPTH} levels are allowed")
        if event.tag not in (None, "!", f"{STANDARD_TAG}{'map' if event.is_mapping else 'seq'}"):
            message = f"the tag {event.tag.replace(STANDARD_TAG, '!!')} cannot be used"
            self._fault(event.line, message, self._place(), "remove the tag")
        container: dict[str, JsonValue] | list[JsonValue] = {} if event.is_mapping else []
        pointer, before = self._place(), self.size
        self._value(container, event.line, size=1)
        if event.anchor is not None:
            self.anchors.pop(event.anchor, None)
        self.frames.append(_Frame(container, pointer, event.anchor, before))

    def _close(self) -> None:
        frame = self.frames.pop()
        self.doubted.update(child(frame.pointer, key) for key in frame.merge())
        if frame.anchor is not None:
            self.anchors[frame.anchor] = (frame.container, self.size - frame.size_before)

    def _place(self) -> str:
        return self.frames[-1].place() if self.frames else ""

    def _fault(self, line: int, message: str, pointer: str, suggestion: str) -> None:
        self.faults.append(TextFault(line, message, pointer, suggestion))

    def _doubt(self, line: int, message: str, pointer: str, suggestion: str) -> None:
        self._fault(line, message, pointer, suggestion)
        self.doubted.add(pointer)

    def _stop(self, line: int, message: str) -> NoReturn:
        raise FaultyTextError(TextFault(line, message, self._place()))
