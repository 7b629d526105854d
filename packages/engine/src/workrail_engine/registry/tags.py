"""Which tags does a workflow carry?

Tags are derived, never written: the language has no field for them, and a separate list would grow
stale. A workflow has its metrics profile (`coding`, `review`, `research`, `design`, `ticket`), the
name of its source, the namespace of its id, `routine` where it is one, and `untrusted` where it cannot
be started before a person trusts its source.
"""

from workrail_engine.registry.sources import Source
from workrail_engine.workflow.definition import WorkflowDefinition

ROUTINE_TAG = "routine"
UNTRUSTED_TAG = "untrusted"


def tags_of(definition: WorkflowDefinition, source: Source, *, routine: bool) -> tuple[str, ...]:
    """A workflow's tags, in alphabetical order."""
    namespace, dot, _ = definition.id.partition(".")
    tags: set[str] = {source.name}
    if definition.metrics_profile != "none":
        tags.add(definition.metrics_profile)
    if dot:
        tags.add(namespace)
    if routine:
        tags.add(ROUTINE_TAG)
    if not source.trusted:
        tags.add(UNTRUSTED_TAG)
    return tuple(sorted(tags))
