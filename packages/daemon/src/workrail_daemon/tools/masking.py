"""How do arguments reach the log without the secrets in them?

What looks like a secret is left out: values of variables and options that are named like one, and
the forms that well-known keys have. It guards against accidents; it cannot know every secret. The
time it takes grows with the length of the text, never faster.
"""

import re
from typing import Final

from workrail_engine.secret_forms import without_secrets

_LEFT_OUT: Final = "***"
_SECRET: Final = re.compile(
    r"(?i)token|secret|passwd|password|api[_-]?key|access[_-]?key|private[_-]?key|credential"
)
_GIVEN: Final = re.compile(r"(?<![\w-])([\w-]++)([\"']?\s*+[=:]\s*+[\"']?)([^\s\"'&;,}]++)")
_OPTION: Final = re.compile(r"(?<![\w-])(-[\w-]++)(\s++)([^\s-]\S*+)")
_IN_ADDRESS: Final = re.compile(r"(://[^/\s:@]*+:)[^/\s@]++@")
"""Quotes too: no page or JSON is around these texts that would have to stay whole."""
_CARRIED: Final = re.compile(r"(?i)\b(bearer|basic)\s++[\w.~+/=-]{8,}")


def masked(text: str) -> str:
    """A text with what looks like a secret replaced."""
    text = _CARRIED.sub(rf"\1 {_LEFT_OUT}", text)
    text = _IN_ADDRESS.sub(rf"\1{_LEFT_OUT}@", text)
    text = without_secrets(text, _LEFT_OUT)
    for named in (_GIVEN, _OPTION):
        text = named.sub(_without_value, text)
    return text


def _without_value(found: re.Match[str]) -> str:
    if _SECRET.search(found[1]) is None:
        return found[0]
    return f"{found[1]}{found[2]}{_LEFT_OUT}"
