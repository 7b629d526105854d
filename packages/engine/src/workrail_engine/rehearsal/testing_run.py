"""Do workflows pass their tests, and what would each have caught?"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from workrail_engine.engine import StartRequest
from workrail_engine.errors import WorkRailError
from workrail_engine.projections.catalog import FileProblem
from workrail_engine.registry.sources import Folders
from workrail_engine.rehearsal.agents import Agent
from workrail_engine.rehearsal.case_definition import (
    AGENTS,
    AgentName,
    CaseDefinition,
    several,
)
from workrail_engine.rehearsal.case_file import CaseFile, read_case_file
from workrail_engine.rehearsal.course import Course
from workrail_engine.rehearsal.demands import all_steps
from workrail_engine.rehearsal.driving import Cast, Driving, Met
from workrail_engine.rehearsal.expectations import mismatches
from workrail_engine.rehearsal.practice_ground import PracticeGround
from workrail_engine.rehearsal.rehearsed_checks import RehearsedChecks
from workrail_engine.rehearsal.stage import Stage, a_stage
from workrail_engine.workflow.checks import CheckOutcome

Progress = Callable[[str, int, int], None]
"""Told what is run now, how many runs are done, and how many there are."""


@dataclass(frozen=True)
class CaseResult:
    """What one case came to."""

    name: str
    agent: AgentName
    line: int
    course: Course
    mismatches: tuple[FileProblem, ...]
    """What is not as expected, with where that is written; nothing: the case passed."""


@dataclass(frozen=True)
class Stand:
    """How one step stands up to one agent that goes wrong."""

    step_id: str
    agent: AgentName
    gates: tuple[str, ...]
    """What stopped it every time; nothing: it was believed at least once."""


@dataclass(frozen=True)
class FileResult:
    """What the tests in one file came to."""

    path: str
    workflow_id: str | None
    problems: tuple[FileProblem, ...]
    """Why they could not be run."""
    cases: tuple[CaseResult, ...]
    stands: tuple[Stand, ...]
    """What the workflow would have caught, in the order of its steps; nothing where no honest
    run completes."""
    looked_at_files: bool
    """Whether checks were run on real files for that."""

    @property
    def passed(self) -> bool:
        """Whether every case came to what it expects."""
        return not self.problems and not any(case.mismatches for case in self.cases)


def run_tests(
    paths: Sequence[Path],
    folders: Folders,
    workspace: Path | None,
    told: Progress,
) -> tuple[FileResult, ...]:
    """Run the tests in some files, each case on its own.

    Args:
        paths: of files of tests.
        folders: where the routines lie that every workspace sees.
        workspace: whose routines and bindings count.
        told: see `Progress`.
    """
    read = [(path, read_case_file(path, folders, workspace)) for path in paths]
    total = sum(len(file.definition.cases) for _, file in read if isinstance(file, CaseFile))
    results: list[FileResult] = []
    done = 0
    with a_stage(folders) as stage:
        for path, file in read:
            if not isinstance(file, CaseFile):
                results.append(FileResult(str(path), None, file, (), (), looked_at_files=False))
                continue
            cases: list[CaseResult] = []
            for index, case in enumerate(file.definition.cases):
                told(f"{path.name}: {case.name}", done, total)
                cases.append(_result(stage, file, index, case))
                done += 1
            told(f"{path.name}: what it would have caught", done, total)
            results.append(_with_stands(stage, file, tuple(cases)))
    return tuple(results)


def _result(stage: Stage, file: CaseFile, index: int, case: CaseDefinition) -> CaseResult:
    course, _ = _rehearsed(stage, file, case, case.agent)
    place = f"/cases/{index}/expect"
    found = tuple(
        FileProblem(file.line_of(f"{place}/{field}"), f"{place}/{field}", message)
        for field, message in mismatches(case.expect, course)
    )
    return CaseResult(case.name, case.agent, file.line_of(f"/cases/{index}"), course, found)


def _with_stands(stage: Stage, file: CaseFile, cases: tuple[CaseResult, ...]) -> FileResult:
    """The longest honest run, once more with each agent that goes wrong."""
    honest = [
        (len(set(result.course.path)), -index)
        for index, result in enumerate(cases)
        if result.course.completed and result.agent == "diligent" and not result.mismatches
    ]
    stands: list[Stand] = []
    files = False
    if honest:
        case = file.definition.cases[-max(honest)[1]]
        files = case.files is not None
        for agent in AGENTS:
            if agent != "diligent":
                _, met = _rehearsed(stage, file, case, agent, everywhere=True)
                stands.extend(_stands(agent, met))
        order = [str(step.step_id) for step in all_steps(file.prepared.compiled)]
        stands.sort(key=lambda stand: order.index(stand.step_id))
    workflow_id = file.prepared.compiled.workflow_id
    return FileResult(str(file.path), workflow_id, (), cases, tuple(stands), looked_at_files=files)


def _stands(agent: AgentName, met: Sequence[Met]) -> Iterator[Stand]:
    by_step: dict[str, list[Met]] = {}
    for one in met:
        by_step.setdefault(one.step_id, []).append(one)
    for step_id, times in by_step.items():
        believed = any(not one.gates for one in times)
        gates = (
            () if believed else tuple(dict.fromkeys(gate for one in times for gate in one.gates))
        )
        yield Stand(step_id, agent, gates)


def _rehearsed(
    stage: Stage, file: CaseFile, case: CaseDefinition, name: AgentName, *, everywhere: bool = False
) -> tuple[Course, tuple[Met, ...]]:
    """One run of a case.

    Args:
        stage: where it takes place.
        file: the tests the case is one of.
        case: what is set up.
        name: which agent drives.
        everywhere: whether the agent meets every step: where it is stopped, the work is done.
    """
    script: dict[str, Sequence[CheckOutcome]] = {
        check: several(outcomes) for check, outcomes in case.checks.items()
    }
    checks = RehearsedChecks(
        real=stage.real_checks(),
        script={} if everywhere else script,
        unreal=frozenset(script),
        files=case.files is not None,
    )
    try:
        ground = None
        if case.files is not None:
            source = file.path.parent / case.files
            ground = PracticeGround.laid_out(source, stage.place_for_files())
        agent = Agent(name, case.answers, case.passes, ground)
        cast = Cast(
            agent,
            replace(agent, name="diligent") if everywhere else None,
            {step: several(verdicts) for step, verdicts in case.approvals.items()},
        )
        engine = stage.engine(file.prepared, checks)
        driving = Driving(stage, engine, file.prepared.compiled, checks, cast)
        workspace = None if ground is None else ground.folder
        request = StartRequest(
            file.prepared.compiled.workflow_id,
            case.goal,
            workspace,
            context=case.context,
            origin="rehearsal",
        )
        ended = driving.go(request)
    except (WorkRailError, OSError) as error:
        return _nothing(f"it could not go on: {error}"), ()
    if driving.session_id is None:
        return _nothing(ended), ()
    return stage.course(driving.session_id, ended), tuple(driving.met)


def _nothing(ended: str) -> Course:
    return Course((), (), {}, (), (), completed=False, context={}, ended=ended)
