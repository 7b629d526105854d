"""Of all files that were read, which one is each workflow?

The highest source that declares an id decides what the id means. If its file is broken, the id is
not quietly taken from a lower source: running another procedure than the one a project wrote is
worse than saying what is wrong. `wr.` ids are the exception, since only bundled files may have them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from workrail_engine.projections.catalog import BrokenFile, Catalog, FileProblem, WorkflowEntry
from workrail_engine.registry.discovery import Fault, FoundFile
from workrail_engine.registry.reading import Broken, ReadFile, Usable
from workrail_engine.registry.sources import RESERVED_MESSAGE, is_reserved
from workrail_engine.registry.tags import tags_of
from workrail_engine.workflow.definition import LoopStep, WorkflowDefinition


@dataclass(frozen=True)
class Winner:
    """The file a workflow id stands for."""

    file: FoundFile
    definition: WorkflowDefinition
    entry: WorkflowEntry


@dataclass(frozen=True)
class Resolved:
    """What some files amount to."""

    winners: Mapping[str, Winner]
    """By workflow id; unlisted ones too."""
    blocked: Mapping[str, BrokenFile]
    """Ids whose highest file is broken."""
    catalog: Catalog


def resolve(files: Iterable[ReadFile], faults: Iterable[Fault] = ()) -> Resolved:
    """Settle every id; `files` come lowest source first, each source's in path order."""
    claims: dict[str, list[_Claim]] = defaultdict(list)
    broken = [_broken_folder(fault) for fault in faults]
    for rank, (_, group) in enumerate(groupby(files, key=lambda file: file.found.source)):
        for file in group:
            claim = _claim(file, rank)
            if claim is None:
                continue
            if isinstance(claim.outcome, BrokenFile) and claim.found.listed:
                broken.append(claim.outcome)
            if claim.workflow_id is not None:
                claims[claim.workflow_id].append(claim)
    winners: dict[str, Winner] = {}
    blocked: dict[str, BrokenFile] = {}
    for workflow_id, rivals in claims.items():
        broken.extend(_settle(workflow_id, rivals, winners, blocked))
    listed = (winner.entry for winner in winners.values() if winner.file.listed)
    return Resolved(
        winners=winners,
        blocked=blocked,
        catalog=Catalog(
            entries=tuple(sorted(listed, key=lambda entry: entry.id)),
            broken=tuple(sorted(broken, key=lambda file: file.path)),
        ),
    )


@dataclass(frozen=True)
class _Claim:
    """A file that says what an id means."""

    found: FoundFile
    rank: int
    workflow_id: str | None
    """None where the file has no say in any id."""
    outcome: WorkflowDefinition | BrokenFile


def _claim(file: ReadFile, rank: int) -> _Claim | None:
    found, reading = file.found, file.reading
    match reading:
        case Usable(definition, id_line):
            if is_reserved(definition.id, found.source.name):
                problem = FileProblem(id_line, "/id", RESERVED_MESSAGE)
                return _Claim(found, rank, None, _broken(found, definition.id, (problem,)))
            return _Claim(found, rank, definition.id, definition)
        case Broken(workflow_id, problems, about_steps):
            if found.source.shared and not about_steps:
                return None
            reserved = workflow_id is not None and is_reserved(workflow_id, found.source.name)
            outcome = _broken(found, workflow_id, problems)
            return _Claim(found, rank, None if reserved else workflow_id, outcome)


def _settle(
    workflow_id: str,
    rivals: Sequence[_Claim],
    winners: dict[str, Winner],
    blocked: dict[str, BrokenFile],
) -> list[BrokenFile]:
    """Decide one id; returns the files that lost to another one in the same source."""
    order = sorted(rivals, key=lambda claim: (-claim.rank, isinstance(claim.outcome, BrokenFile)))
    first = order[0]
    if isinstance(first.outcome, BrokenFile):
        blocked[workflow_id] = first.outcome
        return []
    usable = [claim for claim in order if not isinstance(claim.outcome, BrokenFile)]
    lower = tuple(claim.found.path for claim in usable if claim.rank < first.rank)
    entry = entry_for(first.found, first.outcome, lower)
    winners[workflow_id] = Winner(first.found, first.outcome, entry)
    return [
        _broken(claim.found, workflow_id, (_duplicate(workflow_id, first.found.path),))
        for claim in usable[1:]
        if claim.rank == first.rank
    ]


def entry_for(
    found: FoundFile, definition: WorkflowDefinition, shadows: tuple[str, ...] = ()
) -> WorkflowEntry:
    """How a list shows a definition."""
    return WorkflowEntry(
        id=definition.id,
        name=definition.name,
        description=definition.description,
        version=definition.version,
        about=definition.about,
        source=found.source.name,
        path=found.path,
        tags=tags_of(definition, found.source, routine=found.routine),
        steps=_count(definition),
        routine=found.routine,
        shadows=shadows,
        managed=found.source.managed,
        untrusted=not found.source.trusted,
    )


def _count(definition: WorkflowDefinition) -> int:
    count = 0
    for step in definition.steps:
        if not isinstance(step, LoopStep):
            count += 1
        elif not isinstance(step.body, str):
            count += len(step.body)
    return count


def _duplicate(workflow_id: str, winner: str) -> FileProblem:
    return FileProblem(
        None,
        "/id",
        f'is "{workflow_id}", which is taken by {winner} in the same source, so this file is not '
        "used. Give one of them another id",
    )


def _broken(
    found: FoundFile, workflow_id: str | None, problems: tuple[FileProblem, ...]
) -> BrokenFile:
    return BrokenFile(found.path, found.source.name, workflow_id, problems)


def _broken_folder(fault: Fault) -> BrokenFile:
    return BrokenFile(fault.path, fault.source.name, None, (FileProblem(None, "", fault.message),))
