"""What the registry hands to the engine: a workflow ready to be pinned and run."""

from dataclasses import dataclass

from workrail_engine.workflow.compiled import CompiledWorkflow


@dataclass(frozen=True)
class PreparedWorkflow:
    """A checked and expanded workflow with its pinned document."""

    compiled: CompiledWorkflow
    document: bytes
    """Canonical JSON of the pinned form; its digest is the workflow hash."""
