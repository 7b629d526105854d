"""What does a JUnit report say, test by test?

Read with a parser that knows no document types, so no entity can be declared. Bounded in size,
depth and number of tests.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias
from xml.parsers import expat

from workrail_engine.checks.findings import CannotCheckError, one_line

MOST_BYTES: Final = 32 * 1024 * 1024
_MOST_TESTS: Final = 200_000
_MOST_DEPTH: Final = 64
_ENDINGS: Final[dict[str, "Ending"]] = {
    "failure": "failed",
    "error": "failed",
    "skipped": "skipped",
}

Ending: TypeAlias = Literal["passed", "failed", "skipped"]
_ORDER: Final[tuple[Ending, ...]] = ("passed", "skipped", "failed")


@dataclass(frozen=True)
class TestCase:
    """One test of a report."""

    __test__ = False  # pytest: this is a value, not a test

    classname: str
    name: str
    ending: Ending

    @property
    def id(self) -> str:
        """As the report spells it: `classname::name`."""
        return f"{self.classname}::{self.name}" if self.classname else self.name


@dataclass(frozen=True)
class TestReport:
    """All tests of a report, and how many failures its totals speak of."""

    __test__ = False  # pytest: this is a value, not a test

    cases: tuple[TestCase, ...]
    failures_stated: int


def read_report(path: Path) -> TestReport:
    """Read a JUnit report.

    Raises:
        CannotCheckError: it is not there, empty, too large, or no JUnit report.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        message = "the command made no report; mend the command, or the report's path"
        raise CannotCheckError(message) from error
    if len(data) > MOST_BYTES:
        message = f"the report is larger than {MOST_BYTES // 1024 // 1024} MB; split the command"
        raise CannotCheckError(message)
    if not data.strip():
        message = "the report is empty; mend the command"
        raise CannotCheckError(message)
    return parse_report(data)


def parse_report(data: bytes) -> TestReport:
    """Read a JUnit report from its bytes.

    Raises:
        CannotCheckError: it is no JUnit report, or declares a document type.
    """
    reading = _Reading()
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = reading.start
    parser.EndElementHandler = reading.end
    try:
        parser.Parse(data, True)  # noqa: FBT003 (the library takes it by position)
    except (expat.ExpatError, ValueError, LookupError) as error:
        message = f"the report is not well-formed XML ({one_line(str(error))}); mend the command"
        raise CannotCheckError(message) from error
    if reading.root not in {"testsuites", "testsuite"}:
        message = f"the report is no JUnit report: it begins with <{one_line(str(reading.root))}>"
        raise CannotCheckError(message)
    return TestReport(tuple(reading.cases), reading.failures_stated)


def _refuse_doctype(*_declared: object) -> None:
    message = "the report declares a document type, which no JUnit report does"
    raise CannotCheckError(message)


class _Reading:
    """What has been read so far."""

    def __init__(self) -> None:
        self.root: str | None = None
        self.cases: list[TestCase] = []
        self.failures_stated = 0
        self._depth = 0
        self._test: tuple[int, str, str] | None = None
        self._ending: Ending = "passed"

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self._depth += 1
        if self._depth > _MOST_DEPTH or len(self.cases) > _MOST_TESTS:
            message = "the report is nested too deeply or holds too many tests; split the command"
            raise CannotCheckError(message)
        name = tag.rpartition(":")[2]
        if self.root is None:
            self.root = name
        if name == "testsuite":
            stated = _number(attributes.get("failures")) + _number(attributes.get("errors"))
            self.failures_stated += stated
        elif name == "testcase" and self._test is None:
            self._test = (self._depth, attributes.get("classname", ""), attributes.get("name", ""))
            self._ending = "passed"
        elif self._test is not None and self._depth == self._test[0] + 1:
            self._ending = _worse(self._ending, _ENDINGS.get(name, "passed"))

    def end(self, _tag: str) -> None:
        """An element ends."""
        if self._test is not None and self._depth == self._test[0]:
            self.cases.append(TestCase(self._test[1], self._test[2], self._ending))
            self._test = None
        self._depth -= 1


def _worse(one: Ending, other: Ending) -> Ending:
    return one if _ORDER.index(one) >= _ORDER.index(other) else other


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isdecimal() and len(text) < 10 else 0
