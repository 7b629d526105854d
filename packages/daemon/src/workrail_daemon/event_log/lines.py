"""How is a line of the log written, so that it holds no secret and fits?"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Final, cast

from workrail_engine.secret_forms import without_secrets

VERSION: Final = 1
MOST: Final = 16 * 1024
"""Bytes of one line; longer texts in it are cut."""
_TEXT: Final = 500
"""Characters of a text in a line that would be too long."""
HIDDEN: Final = "[hidden]"
_TOKENS: Final = re.compile(r"c[tp]_[\w-]{24}|rs_[\w-]{24}")
"""Continue sessions: whoever has one can."""
_SECRET_NAMES: Final = re.compile(r"(?i)(?:key|token|secret|password|authorization)$")
_ALWAYS: Final = ("v", "at", "kind", "sessionId", "host", "process")


class Masking:
    """Hides what looks like a secret, and what is known to be one."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        """Know some secrets, such as the keys of models; short ones are no secrets."""
        self._known = sorted((each for each in known if len(each) >= 8), key=len, reverse=True)

    def text(self, text: str) -> str:
        """A text without secrets."""
        for secret in self._known:
            text = text.replace(secret, HIDDEN)
        return _TOKENS.sub(HIDDEN, without_secrets(text, HIDDEN))

    def value(self, value: object) -> object:
        """A value of JSON without secrets; a text under the name of a secret is one."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            named = cast("Mapping[object, object]", value).items()
            return {str(name): self._under(str(name), each) for name, each in named}
        if isinstance(value, list | tuple):
            return [self.value(each) for each in cast("Iterable[object]", value)]
        return value

    def _under(self, name: str, value: object) -> object:
        secret = isinstance(value, str) and _SECRET_NAMES.search(name)
        return HIDDEN if secret else self.value(value)


def line_of(fields: Mapping[str, object], masking: Masking) -> bytes:
    """One line, its end included; texts are cut where it would be longer than `MOST`."""
    masked = cast("dict[str, object]", masking.value(fields))
    line = _written(masked)
    if len(line) > MOST:
        line = _written({name: _cut(value) for name, value in masked.items()})
    if len(line) > MOST:
        kept = {name: value for name, value in masked.items() if name in _ALWAYS}
        line = _written({**kept, "leftOut": len(masked) - len(kept)})
    return line


def _written(fields: Mapping[str, object]) -> bytes:
    text = json.dumps(fields, ensure_ascii=True, separators=(",", ":"), default=str)
    return text.encode("ascii") + b"\n"


def _cut(value: object) -> object:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return value if len(text) <= _TEXT else f"{text[:_TEXT]}…"
