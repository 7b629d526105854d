"""Does a submitted artifact satisfy a JSON Schema?"""

from collections.abc import Sequence

from workrail_engine.canonical import JsonObject
from workrail_engine.checks.findings import CannotCheckError, Finding, bounded
from workrail_engine.workflow.checks import ArtifactCheck
from workrail_engine.workflow.notes_checks import UncheckableError, schema_problems


def check_artifact(check: ArtifactCheck, artifacts: Sequence[JsonObject]) -> Finding:
    """Hold every artifact of the kind against the schema.

    Raises:
        CannotCheckError: the schema cannot be used.
    """
    kind = check.artifact_kind
    of_kind = [artifact for artifact in artifacts if artifact.get("kind") == kind]
    if not of_kind:
        problem = f"no artifact of kind {kind} was submitted"
        return Finding("failed", problem, (problem,))
    problems: list[str] = []
    try:
        for number, artifact in enumerate(of_kind, start=1):
            name = kind if len(of_kind) == 1 else f"{kind} {number}"
            problems += [f"{name}, {said}" for said in schema_problems(check.schema, artifact)]
    except UncheckableError as error:
        raise CannotCheckError(str(error)) from error
    if problems:
        return Finding("failed", f"{kind} does not satisfy its schema", bounded(problems))
    return Finding("passed", f"{kind} satisfies its schema")
