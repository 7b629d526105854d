"""Can the added sources be used: are they there, trusted, and as new as where they come from?"""

from collections.abc import Callable
from typing import Final

from workrail_engine.errors import SourceUnavailableError, WorkRailError
from workrail_engine.library import open_sources
from workrail_engine.projections.managed import ManagedSource
from workrail_engine.system import Locations
from workrail_mcp_server.diagnosis.finding import Finding, good, problem, skipped, warning

REACH_SECONDS: Final = 15.0
"""How long one repository may take to answer."""
_SHORT_COMMIT: Final = 12


def added_sources(locations: Locations) -> tuple[ManagedSource, ...] | Finding:
    """What was added; a finding where the list cannot be read."""
    try:
        return open_sources(locations).all()
    except SourceUnavailableError as error:
        return problem("sources", str(error), f"ls -la {locations.managed_sources}")


def check_sources(
    locations: Locations,
    sources: tuple[ManagedSource, ...],
    *,
    offline: bool,
    told: Callable[[str], None],
) -> list[Finding]:
    """Each source in its order.

    Args:
        locations: where the list is.
        sources: what is on it.
        offline: ask no repository.
        told: told what is being done.
    """
    if not sources:
        return [good("sources", "No source was added.")]
    findings: list[Finding] = []
    for source in sources:
        findings.extend(_of_one(locations, source, offline=offline, told=told))
    return findings


def _of_one(
    locations: Locations, source: ManagedSource, *, offline: bool, told: Callable[[str], None]
) -> list[Finding]:
    name = source.name
    if source.problem is not None:
        remedy = (
            f"workrail source sync {name}"
            if source.kind == "git"
            else f"Put the folder back, or: workrail source remove {name}"
        )
        return [problem("sources", f"{name}: {source.problem}.", remedy)]
    findings = [] if source.trust == "trusted" else [_untrusted(source)]
    if source.kind == "git":
        if offline:
            findings.append(skipped("sources", f"{name}: {source.location} was not asked."))
        else:
            told(f"Asking {source.location}")
            findings.extend(_reached(locations, source))
    return findings or [good("sources", f"{name}: {source.files} files, trusted, up to date")]


def _untrusted(source: ManagedSource) -> Finding:
    word = "is not trusted" if source.trust == "untrusted" else "changed since it was trusted"
    return warning(
        "sources",
        f"{source.name} {word}; its workflows cannot be started.",
        f"Look at {source.path}, then: workrail trust {source.name}",
    )


def _reached(locations: Locations, source: ManagedSource) -> list[Finding]:
    try:
        newest = open_sources(locations).newest(source.name, REACH_SECONDS)
    except WorkRailError as error:
        return [
            warning(
                "sources",
                f"{source.name}: {source.location} cannot be reached ({error}). The commit that was "
                "fetched is used.",
                f"git ls-remote {source.location}",
            )
        ]
    if newest == source.commit:
        return []
    return [
        warning(
            "sources",
            f"{source.name} is at {(source.commit or '')[:_SHORT_COMMIT]}, and "
            f"{source.location} at {newest[:_SHORT_COMMIT]}.",
            f"workrail source sync {source.name}",
        )
    ]
