"""Do the tests of a report show what the check demands?

Only a test that ran and passed shows anything. A test may be named as its report spells it,
`classname::name`, or as pytest does, `folder/file.py::Class::name`; without its parameters it stands
for every case of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from workrail_engine.checks.findings import counted, one_line
from workrail_engine.checks.junit import Ending, TestCase, TestReport
from workrail_engine.workflow.checks import Counts, Report


@dataclass(frozen=True)
class Judged:
    """What a report comes to."""

    counts: Counts
    problems: tuple[str, ...]
    """Empty when it shows all that is demanded."""


def judge(demanded: Report, found: TestReport) -> Judged:
    """Hold a report against what is demanded of it."""
    endings = [case.ending for case in found.cases]
    counts = Counts(endings.count("passed"), endings.count("failed"), endings.count("skipped"))
    problems = [*_of_totals(counts, found), *_of_failures(found.cases)]
    problems += _of_expected(demanded.expected, found.cases)
    ran = counts.passed + counts.failed
    if found.cases and ran and ran < demanded.least:
        problems.append(f"{counted(ran, 'test')} ran, and at least {demanded.least} must")
    return Judged(counts, tuple(problems))


def in_words(counts: Counts) -> str:
    """Counts of tests for people."""
    return f"{counts.passed} passed, {counts.failed} failed, {counts.skipped} skipped"


def _of_totals(counts: Counts, found: TestReport) -> list[str]:
    if not found.cases:
        return ["no test was collected"]
    if counts.passed + counts.failed == 0:
        return [f"every test was skipped ({counts.skipped})"]
    if found.failures_stated and not counts.failed:
        said = found.failures_stated
        return [f"the report's totals speak of {said} failures, and no test of it shows one"]
    return []


def _of_failures(cases: Iterable[TestCase]) -> list[str]:
    return [f"{one_line(case.id)}: failed" for case in cases if case.ending == "failed"]


def _of_expected(expected: Iterable[str], cases: tuple[TestCase, ...]) -> list[str]:
    endings: dict[tuple[str, str], list[Ending]] = {}
    for case in cases:
        endings.setdefault((case.classname, case.name), []).append(case.ending)
        whole = case.name.partition("[")[0]
        if whole != case.name:
            endings.setdefault((case.classname, whole), []).append(case.ending)
    problems: list[str] = []
    for name in expected:
        nothing: list[Ending] = []
        found = next((endings[key] for key in _keys(name) if key in endings), nothing)
        if not found:
            problems.append(f"{one_line(name)}: expected, and it did not run")
        elif "skipped" in found:
            problems.append(f"{one_line(name)}: expected, and it was skipped")
    return problems


def _keys(name: str) -> tuple[tuple[str, str], ...]:
    """How a report may spell a test: as it is written, and as pytest would write it."""
    plain, bracket, parameters = name.partition("[")
    parts = plain.split("::")
    last = parts[-1] + bracket + parameters
    literal = ("::".join(parts[:-1]), last)
    module = parts[0].removesuffix(".py").removeprefix("./").replace("/", ".")
    return literal, (".".join((module, *parts[1:-1])), last)
