"""Which values are the views made of that tell a part of a session, node by node?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from workrail_console.artifact_shapes import ArtifactView, ShownArtifact
from workrail_console.graph import Graph, graph
from workrail_console.run_lanes import RunLane, run_lanes
from workrail_console.session_views.contents import by_digest, shown_artifacts
from workrail_console.session_views.outcome import Outcome, outcome, result_lines
from workrail_console.story import Entry, Stretch, entries_of, story
from workrail_console.timeline import Timeline, timeline
from workrail_engine.ids import Digest, NodeId
from workrail_engine.ports import Clock
from workrail_engine.projections.session_detail import ArtifactLine
from workrail_engine.projections.session_summary import SessionSummary
from workrail_engine.projections.session_window import OutlineLine, SessionWindow
from workrail_engine.reader import Reader

_DRAWN: Final = 400
"""The newest turns that are drawn on a line of time."""
SMALL: Final = 12_000
"""Bytes up to which an artifact is shown within the story."""
ENGINE_KINDS: Final = ("wr.check_output", "wr.diff")
"""Artifacts the engine made; they are shown with the check or the approval they belong to."""


@dataclass(frozen=True)
class PartLink:
    """A part of a long session."""

    first: int
    last: int
    node_id: NodeId
    """One it holds."""
    here: bool


@dataclass(frozen=True)
class Told:
    """A part of a session, told."""

    stretches: tuple[Stretch, ...]
    entries: tuple[Entry, ...]
    parts: tuple[PartLink, ...]
    """All parts; empty where one holds everything."""
    holds_tip: bool
    """Whether it is the newest part."""


@dataclass(frozen=True)
class StoryView:
    """What happened, step by step."""

    told: Told
    views: Mapping[Digest, ArtifactView]
    """What artifacts hold, as far as they are small."""
    ribbon: Timeline
    tip: Entry | None
    """The step the session stands at; None where the part does not hold it, or the run is over."""
    outcome: Outcome | None
    """None until the run is complete, or where the part does not hold its end."""


@dataclass(frozen=True)
class TimelineView:
    """When it happened."""

    told: Told
    timeline: Timeline
    lanes: tuple[RunLane, ...]
    """What the model and its tools took, on the same line; empty where there is no run."""
    lanes_left_out: int
    """Facts of the run that came before those drawn."""


@dataclass(frozen=True)
class StepArtifacts:
    """What one step has sent, or was made of it."""

    entry: Entry
    shown: tuple[ShownArtifact, ...]


@dataclass(frozen=True)
class ArtifactsView:
    """What was sent."""

    told: Told
    steps: tuple[StepArtifacts, ...]


@dataclass(frozen=True)
class GraphView:
    """How it branched."""

    told: Told
    graph: Graph


def told_of(window: SessionWindow, outline: Sequence[OutlineLine]) -> Told:
    """A window as a story, with links to the others."""
    earlier = outline[: max(window.first - 1, 0)]
    steps_before = sum(line.kind == "step" and line.on_tip_branch for line in earlier)
    stretches = story(window.detail.nodes, window.before, steps_before)
    places = {line.node_id: place for place, line in enumerate(outline, start=1)}
    firsts = [places.get(node, 1) for node in window.starts]
    ends = [*(first - 1 for first in firsts[1:]), window.nodes_in_all]
    parts = tuple(
        PartLink(first, last, node, here=first == window.first)
        for first, last, node in zip(firsts, ends, window.starts, strict=False)
    )
    return Told(
        stretches=stretches,
        entries=entries_of(stretches),
        parts=parts if len(parts) > 1 else (),
        holds_tip=not parts or parts[-1].here,
    )


def story_view(reader: Reader, clock: Clock, window: SessionWindow, told: Told) -> StoryView:
    """The story of a part, with why it stands where it stands, or what came of it."""
    status = window.detail.summary.status
    sent = [line for entry in told.entries for line in _sent(entry)]
    results = [line for _, line in result_lines(told.entries)]
    small = [line for line in sent if line.size <= SMALL]
    views = by_digest(shown_artifacts(reader, (*results, *_unique(small))))
    ended = status == "completed" and told.holds_tip
    return StoryView(
        told=told,
        views=views,
        ribbon=timeline(told.entries, window.detail.nodes, clock.now()),
        tip=tip_of(told) if told.holds_tip and not ended else None,
        outcome=outcome(told.entries, views) if ended else None,
    )


def timeline_view(reader: Reader, clock: Clock, window: SessionWindow, told: Told) -> TimelineView:
    """The same part on a line of time, and what the model and its tools took of it."""
    line = timeline(told.entries, window.detail.nodes, clock.now())
    summary = window.detail.summary
    if summary.origin != "daemon" or not line.ticks:
        return TimelineView(told, line, (), 0)
    story = reader.inspection.run_story(summary.session_id, None, _DRAWN)
    span = (line.ticks[0].at, line.ticks[-1].at)
    return TimelineView(told, line, run_lanes(story.told, span), max(story.first - 1, 0))


def artifacts_view(reader: Reader, told: Told) -> ArtifactsView:
    """The artifacts of a part, by step."""
    steps: list[StepArtifacts] = []
    read = shown_artifacts(reader, _unique(line for e in told.entries for line in e.artifacts))
    shown = {one.line.digest: one.view for one in read}
    for entry in told.entries:
        if entry.artifacts:
            own = (ShownArtifact(line, shown[line.digest]) for line in entry.artifacts)
            steps.append(StepArtifacts(entry, tuple(own)))
    return ArtifactsView(told, tuple(steps))


def graph_view(told: Told, children: Sequence[SessionSummary]) -> GraphView:
    """The branches of a part, and the sessions started during it."""
    return GraphView(told, graph(told.entries, children))


def tip_of(told: Told) -> Entry | None:
    """The entry a session stands at; None once its run is complete."""
    standing = [entry for entry in told.entries if entry.on_tip_branch]
    standing = [entry for entry in standing if entry.state in ("pending", "blocked", "waiting")]
    return standing[-1] if standing else None


def _sent(entry: Entry) -> tuple[ArtifactLine, ...]:
    return tuple(line for line in entry.artifacts if line.kind not in ENGINE_KINDS)


def _unique(lines: Iterable[ArtifactLine]) -> tuple[ArtifactLine, ...]:
    return tuple({line.digest: line for line in lines}.values())
