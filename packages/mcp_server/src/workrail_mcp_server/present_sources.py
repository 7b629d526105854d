"""What does an agent read about the sources of workflows?"""

from collections.abc import Sequence
from typing import assert_never

from workrail_engine.projections.managed import (
    ManagedSource,
    SourceAdded,
    SourceSynced,
    SourceUnreached,
    SyncOutcome,
)
from workrail_mcp_server.present_text import call, paragraphs, section

_CHANGES_SHOWN = 20
_SHORT = 12


def present_sources(sources: Sequence[ManagedSource]) -> str:
    """Every added source, one a line."""
    if not sources:
        add = call("manage_workflow_source", {"action": "add", "address": "…"})
        return f"No source was added yet: {add}"
    return paragraphs((section("Added sources:", [_line(source) for source in sources]),))


def present_added(added: SourceAdded) -> str:
    """A source that is in the list now."""
    said = "It was there already; nothing was changed:" if added.already else "Added:"
    return paragraphs((section(said, [_line(added.source)]), _next(added.source)))


def present_synced(outcomes: Sequence[SyncOutcome]) -> str:
    """What came of bringing sources up to date."""
    if not outcomes:
        return "No source was added yet, so there is nothing to sync."
    return paragraphs(_synced(outcome) for outcome in outcomes)


def present_removed(source: ManagedSource) -> str:
    """A source that is in the list no more."""
    return f"Removed {source.name} ({source.location}). Sessions go on with the workflows they began with."


def _line(source: ManagedSource) -> str:
    files = "1 file" if source.files == 1 else f"{source.files} files"
    commit = f" at {source.commit[:_SHORT]}" if source.commit is not None else ""
    problem = f". {source.problem}" if source.problem is not None else ""
    return f"{source.name} ({source.kind}, {files}, {_trust(source)}): {source.location}{commit}{problem}"


def _trust(source: ManagedSource) -> str:
    return "changed since it was trusted" if source.trust == "changed" else source.trust


def _next(source: ManagedSource) -> str:
    if source.trust == "trusted":
        return f"Its workflows: {call('list_workflows', {})}"
    return (
        "Its workflows cannot be started until a person has looked at them and runs "
        f"`workrail trust {source.name}`. You cannot do that; tell the person."
    )


def _synced(outcome: SyncOutcome) -> str:
    source = outcome.source
    match outcome:
        case SourceSynced(before=before, changes=changes):
            lines = changes.lines()
            more = len(lines) - _CHANGES_SHOWN
            shown = [*lines[:_CHANGES_SHOWN], *([f"and {more} more"] if more > 0 else [])]
            if source.kind == "folder":
                said = f"{source.name}: a folder, read as it is; nothing to fetch."
            elif before == source.commit and not lines:
                said = f"{source.name}: unchanged at {_short(before)}."
            else:
                said = f"{source.name}: {_short(before)} → {_short(source.commit)}."
            trust = "" if source.trust == "trusted" else _next(source)
            return paragraphs((said, section("Workflow files:", shown), trust))
        case SourceUnreached(reason=reason):
            kept = f" It stays at {_short(source.commit)}." if source.commit is not None else ""
            return f"{source.name}: not reached: {reason}.{kept}"
        case _:
            assert_never(outcome)


def _short(commit: str | None) -> str:
    return (commit or "nothing")[:_SHORT]
