"""Do the workflows load that this folder sees?"""

import shlex
from collections import Counter
from pathlib import Path
from typing import Final

from workrail_engine.errors import WorkRailError
from workrail_engine.library import open_registry
from workrail_engine.projections.catalog import BrokenFile, Catalog
from workrail_engine.system import Locations
from workrail_mcp_server.diagnosis.finding import Finding, good, problem

_MOST_SHOWN: Final = 5


def check_workflows(locations: Locations, workspace: Path) -> list[Finding]:
    """The bundled ones, and those of the workspace and the sources."""
    try:
        catalog = open_registry(locations).catalog(workspace)
    except WorkRailError as error:
        return [problem("workflows", str(error), "workrail list")]
    # That the list of sources cannot be read is told with the sources.
    listed = str(locations.managed_sources)
    broken = [file for file in catalog.broken if str(Path(file.path).parent) != listed]
    findings = [_unusable(file) for file in broken[:_MOST_SHOWN]]
    left = len(broken) - len(findings)
    if left:
        said = f"{left} more files cannot be used."
        findings.append(problem("workflows", said, "workrail list shows them all."))
    if not any(entry.source == "bundled" for entry in catalog.entries):
        findings.append(
            problem(
                "workflows",
                f"There is no bundled workflow in {locations.bundled_dir}.",
                "Install workrail-engine again, and leave WORKRAIL_BUNDLED_DIR unset.",
            )
        )
    return findings or [good("workflows", f"{_counted(catalog)} in {workspace}")]


def _unusable(file: BrokenFile) -> Finding:
    first, *rest = file.problems
    more = f" ({len(rest)} more problems)" if rest else ""
    return problem(
        "workflows",
        f"{first.located(file.path)}{more}",
        f"Mend it, then: workrail validate {shlex.quote(file.path)}",
    )


def _counted(catalog: Catalog) -> str:
    by_source = Counter(entry.source for entry in catalog.entries)
    return ", ".join(f"{number} {source}" for source, number in by_source.items())
