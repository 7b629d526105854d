"""What is a measured figure, what is its budget, and how is the table printed and kept?"""

import json
import os
import platform
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Literal


@dataclass(frozen=True)
class Figure:
    """One number with its unit; `budget` is what design allows, None where it names none."""

    name: str
    value: float
    unit: str
    budget: float | None = None
    kept_when: Literal["at most", "at least"] = "at most"
    samples: int = 1

    @property
    def kept(self) -> bool | None:
        """Whether the budget is kept; None without one."""
        if self.budget is None:
            return None
        return (
            self.value <= self.budget if self.kept_when == "at most" else self.value >= self.budget
        )


def p50_p95(
    name: str, seconds: Sequence[float], budget_p50: float | None = None
) -> tuple[Figure, Figure]:
    """Median and 95th percentile of some durations, in milliseconds."""
    count = len(seconds)
    high = sorted(seconds)[min(count - 1, int(count * 0.95))]
    return (
        Figure(f"{name}, p50", median(seconds) * 1000, "ms", budget_p50, samples=count),
        Figure(f"{name}, p95", high * 1000, "ms", samples=count),
    )


def table(figures: Iterable[Figure]) -> str:
    """The figures as lines of text, the budget beside each."""
    lines = [f"{'figure':<58} {'value':>10} {'unit':<9} {'budget':<16} kept", "-" * 103]
    for figure in figures:
        budget = "" if figure.budget is None else f"{figure.kept_when} {figure.budget:g}"
        kept = {None: "", True: "yes", False: "NO"}[figure.kept]
        lines.append(
            f"{figure.name:<58} {figure.value:>10.2f} {figure.unit:<9} {budget:<16} {kept}"
        )
    return "\n".join(lines)


def keep(figures: Iterable[Figure], path: Path, *, quick: bool) -> None:
    """Write the figures as JSON, with what matters of the machine and nothing that names it."""
    document = {
        "quick": quick,
        "machine": {
            "cores": os.cpu_count(),
            "system": platform.system(),
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
        },
        "figures": [
            {**asdict(figure), "value": round(figure.value, 3), "kept": figure.kept}
            for figure in figures
        ],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2) + "\n")
