"""What came of a check, and what is to be done about it?"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from workrail_engine.canonical import JsonObject

Status: TypeAlias = Literal["ok", "warning", "problem", "skipped"]
"""`warning`: it works, and could be better or will not for long; `skipped`: it could not be looked at."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    check: str
    status: Status
    said: str
    """What was found, as sentences."""
    remedy: str | None = None
    """What to run or do; of every warning and problem."""


def good(check: str, said: str) -> Finding:
    """It is as it should be."""
    return Finding(check, "ok", said)


def warning(check: str, said: str, remedy: str) -> Finding:
    """It works, but somebody should look at it."""
    return Finding(check, "warning", said, remedy)


def problem(check: str, said: str, remedy: str) -> Finding:
    """It does not work."""
    return Finding(check, "problem", said, remedy)


def skipped(check: str, said: str) -> Finding:
    """It was not looked at."""
    return Finding(check, "skipped", said)


def count(findings: Iterable[Finding], status: Status) -> int:
    """How many have a status."""
    return sum(1 for one in findings if one.status == status)


def findings_json(findings: tuple[Finding, ...]) -> JsonObject:
    """All of them for a program."""
    return {
        "findings": [
            {
                "check": one.check,
                "status": one.status,
                "message": one.said,
                "remedy": one.remedy,
            }
            for one in findings
        ],
        "problems": count(findings, "problem"),
        "warnings": count(findings, "warning"),
    }
