"""In which of their texts do some sessions speak of some words?

Only the events are read at which the index says that a text with the words was written, the artifacts
they name only where goal and notes say too little, and the titles of steps only where nothing else
speaks.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection

from workrail_engine.errors import StoreDamagedError
from workrail_engine.ids import Digest, NodeId
from workrail_engine.projections.findings import Finding, FoundSession, Spot
from workrail_engine.store.dialect import dialect_of
from workrail_engine.store.refusals import noticing_damage
from workrail_engine.store.rows import AnyRow, rfc3339, summary_of
from workrail_engine.store.snippets import Marker
from workrail_engine.store.utterances import Utterance, contents, led_to, titles, utterances
from workrail_engine.store.wanted import Term, Wanted

_SHOWN: Final = 5
_LOOKED_AT: Final = 12
"""Places of one session whose texts are read."""


@dataclass(frozen=True)
class _Hit:
    finding: Finding
    words: int
    """How many of the words it has."""
    seq: int
    said: str
    """The same in another hit where the same was said again."""


def found(
    connection: Connection, rows: Sequence[AnyRow], terms: Sequence[Term]
) -> tuple[FoundSession, ...]:
    """Each session with what it says; of one that lies where the file is damaged, its line alone."""
    try:
        with noticing_damage():
            return tuple(_with_findings(connection, rows, terms))
    except StoreDamagedError:
        if len(rows) > 1:
            return tuple(one for row in rows for one in found(connection, [row], terms))
    return tuple(FoundSession(summary_of(row), (), more=True) for row in rows)


def _with_findings(
    connection: Connection, rows: Sequence[AnyRow], terms: Sequence[Term]
) -> Iterator[FoundSession]:
    marker = Marker(terms)
    said = _said(connection, [row.number for row in rows], terms)
    hits = {
        row.number: [*_in_goal(marker, row), *_in_notes(marker, said[row.number])] for row in rows
    }
    few = [number for number, some in hits.items() if len(some) < _SHOWN]
    refs = [ref for number in few for one in said[number] for ref in one.artifacts]
    texts = contents(connection, refs)
    for number in few:
        hits[number] += _in_artifacts(marker, said[number], texts)
        hits[number] = hits[number] or [*_in_title(connection, marker, said[number])]
    best = {number: sorted(_unique(some), key=_order) for number, some in hits.items()}
    steps = _steps(connection, best)
    for row in rows:
        some = best[row.number]
        yield FoundSession(
            summary=summary_of(row),
            findings=tuple(
                replace(hit.finding, step_title=steps.get((row.number, hit.finding.node_id)))
                for hit in some[:_SHOWN]
            ),
            more=len(some) > _SHOWN or len(said[row.number]) >= _LOOKED_AT,
        )


def _said(
    connection: Connection, numbers: Sequence[int], terms: Sequence[Term]
) -> Mapping[int, Sequence[Utterance]]:
    """What each session said that holds all words or, after that, one of them."""
    said: dict[int, list[Utterance]] = {number: [] for number in numbers}
    if not terms:
        return said
    dialect = dialect_of(connection)
    places = {*dialect.places(connection, Wanted(tuple(terms)), numbers, _LOOKED_AT)}
    if len(terms) > 1:
        any_of = Wanted(tuple(terms), every=False)
        places |= {*dialect.places(connection, any_of, numbers, _LOOKED_AT)}
    for one in utterances(connection, places):
        said[one.session].append(one)
    return said


def _in_goal(marker: Marker, row: AnyRow) -> Iterator[_Hit]:
    snippet = marker.snippet(row.goal)
    if snippet:
        finding = Finding("goal", None, None, rfc3339(row.created_at), snippet)
        yield _Hit(finding, marker.words_in(row.goal), 0, row.goal)


def _in_notes(marker: Marker, said: Iterable[Utterance]) -> Iterator[_Hit]:
    for one in said:
        if one.notes is not None:
            yield from _hit(marker, "notes", one, one.notes)


def _in_artifacts(
    marker: Marker, said: Iterable[Utterance], texts: Mapping[Digest, str]
) -> Iterator[_Hit]:
    for one in said:
        for ref in one.artifacts:
            yield from _hit(marker, "artifact", one, texts.get(ref.digest, ""))


def _in_title(connection: Connection, marker: Marker, said: Sequence[Utterance]) -> Iterator[_Hit]:
    """The newest step whose title speaks; one, for all sessions of a workflow have the same."""
    for one in said[:1]:
        node = led_to(connection, one)
        if node is not None:
            title = titles(connection, {(one.session, node)}).get((one.session, node))
            yield from _hit(marker, "title", replace(one, node=node), title or "")


def _hit(marker: Marker, spot: Spot, one: Utterance, text: str) -> Iterator[_Hit]:
    snippet = marker.snippet(text)
    if snippet:
        finding = Finding(spot, one.node, None, one.at, snippet)
        yield _Hit(finding, marker.words_in(text), one.seq, text)


def _unique(hits: Iterable[_Hit]) -> list[_Hit]:
    """Each text once, where it was said last: a refused attempt's is kept with the next."""
    newest = sorted(hits, key=lambda hit: hit.seq)
    return [*{(hit.finding.spot, hit.said): hit for hit in newest}.values()]


def _order(hit: _Hit) -> tuple[bool, int, int]:
    return hit.finding.spot != "goal", -hit.words, -hit.seq


def _steps(
    connection: Connection, hits: Mapping[int, Sequence[_Hit]]
) -> Mapping[tuple[int, NodeId | None], str | None]:
    nodes = {
        (number, hit.finding.node_id)
        for number, some in hits.items()
        for hit in some[:_SHOWN]
        if hit.finding.node_id is not None
    }
    return {**titles(connection, nodes)}
