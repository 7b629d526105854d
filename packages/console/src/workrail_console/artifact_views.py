"""In which shape is an artifact best read, by its kind?

What an artifact holds was checked against its contract when it was accepted; one that was not
accepted may hold anything, so every field is read leniently and what does not fit is shown as JSON.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, cast

from workrail_console.artifact_shapes import (
    ArtifactView,
    Decision,
    Difference,
    Field,
    Fields,
    FindingRow,
    Findings,
    Json,
    LevelRow,
    Levels,
    NotShown,
    Output,
)
from workrail_engine.canonical import JsonObject, JsonValue


def artifact_view(content: bytes) -> ArtifactView:
    """The content of an artifact in the shape of its kind; JSON where no other shape fits."""
    try:
        value = cast("JsonValue", json.loads(content))
    except ValueError:
        return NotShown("What is stored of it is not JSON.")
    if not isinstance(value, Mapping):
        return _json(value)
    view = _SHAPES.get(_text(value, "kind") or "", _fields)(value)
    return _json(value) if view is None else view


def _findings(value: JsonObject) -> Findings | None:
    rows = [_finding(one) for one in _objects(value.get("findings"))]
    return Findings(
        verdict=_text(value, "verdict") or "no verdict",
        confidence=_text(value, "confidence") or "not said",
        summary=_text(value, "summary") or "",
        rows=tuple(rows),
    )


def _finding(one: JsonObject) -> FindingRow:
    known = ("severity", "findingCategory", "summary")
    return FindingRow(
        severity=_text(one, "severity") or "not said",
        category=_text(one, "findingCategory"),
        summary=_text(one, "summary") or "",
        rest=tuple(
            (_label(name), _said(found)) for name, found in one.items() if name not in known
        ),
    )


def _levels(value: JsonObject) -> Levels | None:
    dimensions = value.get("dimensions")
    if not isinstance(dimensions, Mapping):
        return None
    rows: list[LevelRow] = []
    for name, given in cast("JsonObject", dimensions).items():
        if isinstance(given, Mapping):
            rows.append(LevelRow(name, _text(given, "level") or "?", _text(given, "rationale")))
        else:
            rows.append(LevelRow(name, _said(given), None))
    return Levels(_text(value, "assessmentId"), tuple(rows), _text(value, "summary"))


def _loop_control(value: JsonObject) -> Decision | None:
    decision = _text(value, "decision")
    if decision is None:
        return None
    metadata = value.get("metadata")
    known = metadata if isinstance(metadata, Mapping) else cast("JsonObject", {})
    facts = [("loop", value.get("loopId")), *((n, v) for n, v in known.items() if n != "reason")]
    told = tuple((_label(name), _said(found)) for name, found in facts if found is not None)
    return Decision(decision, _text(known, "reason"), told)


def _gate_verdict(value: JsonObject) -> Decision | None:
    verdict = _text(value, "verdict")
    if verdict is None:
        return None
    confidence = (("Confidence", _text(value, "confidence") or "not said"),)
    return Decision(verdict, _text(value, "rationale"), confidence)


def _output(value: JsonObject) -> Output | None:
    text = _text(value, "text")
    if text is None:
        return None
    code = value.get("exitCode")
    return Output(
        argv=tuple(_texts(value.get("argv"))),
        exit_code=code if isinstance(code, int) else None,
        complete=value.get("complete") is not False,
        text=text,
    )


def _diff(value: JsonObject) -> Difference | None:
    text = _text(value, "diff")
    return None if text is None else Difference(text)


def _fields(value: JsonObject) -> Fields | None:
    fields: list[Field] = []
    for name, given in value.items():
        if name in ("kind", "version"):
            continue
        if isinstance(given, Mapping):
            return None
        if isinstance(given, Sequence) and not isinstance(given, str):
            fields.append(Field(_label(name), tuple(_said(one) for one in given), listed=True))
        else:
            fields.append(Field(_label(name), (_said(given),), listed=False))
    return Fields(tuple(fields)) if fields else None


_SHAPES: Final[Mapping[str, Callable[[JsonObject], ArtifactView | None]]] = {
    "wr.review_verdict": _findings,
    "wr.assessment": _levels,
    "wr.loop_control": _loop_control,
    "wr.gate_verdict": _gate_verdict,
    "wr.check_output": _output,
    "wr.diff": _diff,
}


def _json(value: JsonValue) -> Json:
    return Json(json.dumps(value, indent=2, ensure_ascii=False))


def _label(name: str) -> str:
    """`keyDecisions` as `Key decisions`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", " ", name).split()
    return " ".join(words).lower().capitalize() if words else name


def _said(value: JsonValue) -> str:
    """A value within a line; the fields of an object as `label: text`."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return "; ".join(f"{_label(name).lower()}: {_said(given)}" for name, given in value.items())
    return json.dumps(value, ensure_ascii=False)


def _text(value: JsonObject, name: str) -> str | None:
    given = value.get(name)
    return given if isinstance(given, str) else None


def _texts(value: JsonValue) -> list[str]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        return []
    return [one for one in value if isinstance(one, str)]


def _objects(value: JsonValue) -> list[JsonObject]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        return []
    return [one for one in value if isinstance(one, Mapping)]
