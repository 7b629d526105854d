"""What lies in the library of this machine: workflows, sources, files that are to be looked at.

No store is opened for any of it, and nothing is made.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from workrail_engine.projections.catalog import FileReport, LintReport
from workrail_engine.registry.linting import lint_reports
from workrail_engine.registry.managed_sources import ManagedSources
from workrail_engine.registry.registry import Registry
from workrail_engine.registry.trust import TrustedSources
from workrail_engine.registry.validation import validate
from workrail_engine.system import Locations, SystemClock


def open_registry(locations: Locations | None = None) -> Registry:
    """The workflows of this machine, without a store: nothing is opened and nothing is made."""
    return Registry(locations or Locations.from_environment())


def open_sources(locations: Locations | None = None) -> ManagedSources:
    """The added sources of this machine, without a store."""
    where = locations or Locations.from_environment()
    return ManagedSources(where.managed_sources, SystemClock())


def open_trust(locations: Locations | None = None) -> TrustedSources:
    """What a person decides about the added sources; never for a tool an agent can call."""
    where = locations or Locations.from_environment()
    return TrustedSources(where.managed_sources, SystemClock())


def validate_files(
    paths: Sequence[Path],
    workspace: Path | None = None,
    locations: Locations | None = None,
    checked: Callable[[int, int], None] | None = None,
) -> tuple[FileReport, ...]:
    """What checking each file came to, in the order given; folders stand for the files in them.

    Args:
        paths: files and folders that exist.
        workspace: whose routines and bindings count; None: nobody's.
        locations: where bundled and user routines lie; the usual places when left out.
        checked: told (files done, files in all) after each file.
    """
    return validate(paths, locations or Locations.from_environment(), workspace, checked)


def lint_files(
    paths: Sequence[Path],
    workspace: Path | None = None,
    locations: Locations | None = None,
    *,
    each: bool = False,
) -> tuple[LintReport, ...]:
    """What in each file is sound and still likely not meant; folders stand for the files in them.

    Args:
        paths: files and folders that exist.
        workspace: whose routines and bindings count; None: nobody's.
        locations: where bundled and user routines lie; the usual places when left out.
        each: whether every step that has only the agent's word is told by itself.
    """
    return lint_reports(paths, locations or Locations.from_environment(), workspace, each=each)
