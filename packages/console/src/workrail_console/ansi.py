"""How does what a terminal would show in colours become HTML?

Colours and weights become classes; every other control sequence is dropped. A line that was written
over, as progress bars do, shows what was written last.
"""

import re
from dataclasses import dataclass, replace
from html import escape
from typing import Final

_SEQUENCE: Final = re.compile(
    r"\x1b\[([0-9;:]*)m"  # colours and weights
    r"|\x1b\[[0-?]*[ -/]*[@-~]"  # any other control sequence
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # titles, links
    r"|\x1b[@-Z\\^_]?"
)
_OTHER_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_WEIGHTS: Final = {1: "bold", 2: "faint", 3: "italic", 4: "underline"}
_ENDS_OF_WEIGHTS: Final = {22: ("bold", "faint"), 23: ("italic",), 24: ("underline",)}
_NAMES: Final = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
CLASSES: Final = frozenset({*_WEIGHTS.values(), *_NAMES})


@dataclass(frozen=True)
class _Pen:
    colour: str | None = None
    weights: tuple[str, ...] = ()

    def names(self) -> str:
        """Its classes, each with the prefix that keeps them apart from the page's own."""
        colour = () if self.colour is None else (self.colour,)
        return " ".join(f"a-{name}" for name in (*self.weights, *colour))


def terminal_html(text: str) -> str:
    """A terminal's output as escaped HTML with classes."""
    pen = _Pen()
    parts: list[str] = []
    place = 0
    text = _as_left_standing(text)
    for found in _SEQUENCE.finditer(text):
        parts.append(_written(text[place : found.start()], pen))
        place = found.end()
        if found[1] is not None:
            pen = _after(pen, found[1])
    parts.append(_written(text[place:], pen))
    return "".join(parts)


def _as_left_standing(text: str) -> str:
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)


def _written(text: str, pen: _Pen) -> str:
    clean = escape(_OTHER_CONTROLS.sub("", text))
    names = pen.names()
    return f'<span class="{names}">{clean}</span>' if clean and names else clean


def _after(pen: _Pen, parameters: str) -> _Pen:
    codes = [int(code or 0) for code in re.split("[;:]", parameters[:60])]
    while codes:
        code = codes.pop(0)
        if code in (38, 48):  # colours by number: too many to name
            del codes[: 2 if codes[:1] == [5] else 4]
        else:
            pen = _changed(pen, code)
    return pen


def _changed(pen: _Pen, code: int) -> _Pen:
    if code == 0:
        return _Pen()
    if code in _WEIGHTS:
        weight = _WEIGHTS[code]
        return pen if weight in pen.weights else replace(pen, weights=(*pen.weights, weight))
    if code in _ENDS_OF_WEIGHTS:
        ended = _ENDS_OF_WEIGHTS[code]
        return replace(pen, weights=tuple(name for name in pen.weights if name not in ended))
    if 30 <= code <= 37 or 90 <= code <= 97:
        return replace(pen, colour=_NAMES[code % 10])
    return replace(pen, colour=None) if code == 39 else pen
