"""Did a run come to what its case expects?"""

import json
from collections.abc import Iterator, Sequence

from workrail_engine.canonical import JsonValue
from workrail_engine.rehearsal.case_definition import ExpectationDefinition
from workrail_engine.rehearsal.course import Course

Mismatch = tuple[str, str]
"""The field of the expectation, and what is otherwise."""


def mismatches(expect: ExpectationDefinition, course: Course) -> Iterator[Mismatch]:
    """Everything that is not as expected."""
    if expect.completed is not course.completed:
        wanted = "complete" if expect.completed else "not complete"
        yield "completed", f"the run was to be {wanted}; {course.ended}"
    if expect.path is not None and expect.path != course.path:
        yield "path", f"expected {_listed(expect.path)}; it went {_listed(course.path)}"
    if expect.skipped is not None and set(expect.skipped) != set(course.skipped):
        yield (
            "skipped",
            f"expected {_listed(expect.skipped)} to be skipped; it was {_listed(course.skipped)}",
        )
    if expect.blocks is not None:
        yield from _blocks(expect.blocks, course)
    if expect.failed_checks is not None and set(expect.failed_checks) != set(course.failed_checks):
        wanted, got = _listed(expect.failed_checks), _listed(course.failed_checks)
        yield "failedChecks", f"expected {wanted} to fail; it was {got}"
    if expect.waits is not None and set(expect.waits) != set(course.waits):
        wanted, got = _listed(expect.waits), _listed(course.waits)
        yield "waits", f"expected approval to be waited for at {wanted}; it was at {got}"
    for name, value in expect.context.items():
        if name not in course.context:
            yield f"context/{name}", f"{name} is not set at the end; expected {_json(value)}"
        elif course.context[name] != value:
            found = _json(course.context[name])
            yield f"context/{name}", f"{name} is {found} at the end; expected {_json(value)}"


def _blocks(wanted: dict[str, tuple[str, ...]], course: Course) -> Iterator[Mismatch]:
    for step in dict.fromkeys((*wanted, *course.blocks)):
        expected, found = wanted.get(step, ()), course.blocks.get(step, ())
        if set(expected) != set(found):
            yield "blocks", f"at {step}: expected {_listed(expected)}; it was {_listed(found)}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) if names else "nothing"


def _json(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False)
