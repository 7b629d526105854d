"""Which JSON do `workrail list`, `inspect` and `validate` print?

The shapes are part of the command line's promise: fields are added, never renamed or removed.
"""

from workrail_engine.canonical import JsonObject
from workrail_engine.outcomes import ReferenceView
from workrail_engine.projections.catalog import (
    BrokenFile,
    FileProblem,
    FileReport,
    LintReport,
    StepOutline,
    WorkflowEntry,
    WorkflowOutline,
)


def entry_json(entry: WorkflowEntry) -> JsonObject:
    """A line of a list."""
    return {
        "id": entry.id,
        "name": entry.name,
        "description": entry.description,
        "version": entry.version,
        "source": entry.source,
        "path": entry.path,
        "tags": entry.tags,
        "steps": entry.steps,
        "routine": entry.routine,
        "shadows": entry.shadows,
        "managedSource": entry.managed,
        "untrusted": entry.untrusted,
    }


def broken_json(file: BrokenFile) -> JsonObject:
    """A file that cannot be used."""
    return {
        "path": file.path,
        "source": file.source,
        "workflowId": file.workflow_id,
        "problems": [problem_json(problem) for problem in file.problems],
    }


def report_json(report: FileReport) -> JsonObject:
    """A checked file."""
    return {
        "path": report.path,
        "workflowId": report.workflow_id,
        "problems": [problem_json(problem) for problem in report.problems],
    }


def lint_json(report: LintReport) -> JsonObject:
    """A file, and what is likely not meant in it."""
    return {
        "path": report.path,
        "workflowId": report.workflow_id,
        "warnings": [
            {
                "code": one.code,
                "line": one.line,
                "pointer": one.pointer,
                "message": one.message,
                "why": one.why,
                "advice": one.advice,
            }
            for one in report.warnings
        ],
    }


def outline_json(outline: WorkflowOutline) -> JsonObject:
    """A workflow seen whole."""
    return {
        **entry_json(outline.entry),
        "about": outline.entry.about,
        "workflowHash": outline.workflow_hash,
        "modelTier": outline.model_tier,
        "metaGuidance": outline.meta_guidance,
        "preconditions": outline.preconditions,
        "clarificationPrompts": outline.clarification_prompts,
        "examples": outline.examples,
        "references": [_reference_json(reference) for reference in outline.references],
        "bindings": dict(outline.bindings),
        "contextVariables": outline.context_variables,
        "outline": [step_json(step) for step in outline.steps],
    }


def step_json(step: StepOutline) -> JsonObject:
    """A step, a parallel step, or a loop with the steps in it."""
    return {
        "stepId": step.step_id,
        "title": step.title,
        "kind": step.kind,
        "text": step.text,
        "runsWhen": step.runs_when,
        "repeats": step.repeats,
        "requirements": step.requirements,
        "confirmation": step.confirmation,
        "modelTier": step.model_tier,
        "delegates": step.delegates,
        "steps": [step_json(inner) for inner in step.steps],
    }


def problem_json(problem: FileProblem) -> JsonObject:
    """One thing that is wrong in a file."""
    return {
        "line": problem.line,
        "pointer": problem.pointer,
        "message": problem.message,
        "expected": problem.expected,
        "suggestion": problem.suggestion,
    }


def _reference_json(reference: ReferenceView) -> JsonObject:
    return {
        "title": reference.title,
        "purpose": reference.purpose,
        "source": reference.source,
        "authoritative": reference.authoritative,
        "path": reference.path,
    }
