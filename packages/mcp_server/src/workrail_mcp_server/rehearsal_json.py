"""How do tests and simulations of workflows read as JSON?"""

from collections.abc import Sequence
from typing import assert_never

from workrail_engine.canonical import JsonObject
from workrail_engine.rehearsal.simulation import (
    Entry,
    SimulatedLoop,
    SimulatedStep,
    Simulation,
    SkippedStep,
)
from workrail_engine.rehearsal.testing_run import CaseResult, FileResult, Stand
from workrail_mcp_server.catalog_json import problem_json
from workrail_mcp_server.terminal import plain


def rehearsed_json(results: Sequence[FileResult]) -> JsonObject:
    """What the tests of some workflows came to."""
    cases = [case for result in results for case in result.cases]
    return {
        "files": [_file_json(result) for result in results],
        "cases": len(cases),
        "failed": sum(1 for case in cases if case.mismatches),
        "passed": all(result.passed for result in results),
    }


def _file_json(result: FileResult) -> JsonObject:
    return {
        "path": result.path,
        "workflowId": result.workflow_id,
        "passed": result.passed,
        "problems": [problem_json(problem) for problem in result.problems],
        "cases": [_case_json(case) for case in result.cases],
        "caught": [_stand_json(stand) for stand in result.stands],
        "lookedAtFiles": result.looked_at_files,
    }


def _case_json(case: CaseResult) -> JsonObject:
    course = case.course
    return {
        "name": case.name,
        "agent": case.agent,
        "line": case.line,
        "passed": not case.mismatches,
        "mismatches": [problem_json(problem) for problem in case.mismatches],
        "completed": course.completed,
        "ended": course.ended,
        "path": course.path,
        "skipped": course.skipped,
        "blocks": [{"step": step, "codes": codes} for step, codes in course.blocks.items()],
        "failedChecks": course.failed_checks,
        "waits": course.waits,
    }


def _stand_json(stand: Stand) -> JsonObject:
    return {
        "step": stand.step_id,
        "agent": stand.agent,
        "believed": not stand.gates,
        "stoppedBy": stand.gates,
    }


def simulation_json(simulation: Simulation) -> JsonObject:
    """The way through a workflow."""
    return {
        "workflowId": simulation.workflow_id,
        "context": simulation.context,
        "completed": simulation.completed,
        "stopped": simulation.stopped,
        "path": [_entry_json(entry) for entry in simulation.entries],
    }


def _entry_json(entry: Entry) -> JsonObject:
    match entry:
        case SimulatedStep():
            return {
                "kind": "step",
                "stepId": entry.step_id,
                "title": plain(entry.title),
                "checks": entry.checks,
                "fresh": entry.fresh,
                "confirmation": entry.confirmation,
                "demands": entry.demands,
            }
        case SkippedStep():
            return {
                "kind": "skipped",
                "stepId": entry.step_id,
                "condition": entry.condition,
                "seen": dict(entry.seen),
                "unset": entry.unset,
            }
        case SimulatedLoop():
            return {
                "kind": "loop",
                "loopId": entry.loop_id,
                "title": entry.title,
                "ended": entry.ended,
                "passes": [
                    {"number": one.number, "path": [_entry_json(each) for each in one.entries]}
                    for one in entry.passes
                ],
            }
        case _:
            assert_never(entry)
