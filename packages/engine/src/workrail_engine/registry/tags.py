"""Which tags does a workflow carry?

Tags are derived, never written: the language has no field for them, and a separate list would grow
stale. A workflow has its metrics profile (`coding`, `review`, `research`, `design`, `ticket`), the
name of its source, the namespace of its id, and `routine` where it is one.
"""

from workrail_engine.projections.catalog import SourceName
from workrail_engine.workflow.definition import WorkflowDefinition

ROUTINE_TAG = "routine"


def tags_of(
    definition: WorkflowDefinition, source: SourceName, *, routine: bool
) -> tuple[str, ...]:
    """A workflow's tags, in alphabetical order."""
    namespace, dot, _ = definition.id.partition(".")
    tags: set[str] = {source}
    if definition.metrics_profile != "none":
        tags.add(definition.metrics_profile)
    if dot:
        tags.add(namespace)
    if routine:
        tags.add(ROUTINE_TAG)
    return tuple(sorted(tags))
