"""Which parts of a text look like secrets, and are not shown?

The store keeps what agents wrote; pages hide what can be told to be a key or a password by its form.
No pattern reaches over a quote or a bracket, so masked HTML stays HTML and masked JSON stays JSON.
"""

import re
from typing import Final

HIDDEN: Final = "[hidden secret]"

_KEY = r"[A-Za-z0-9_-]"
_PATTERNS: Final[tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...]] = (
    (("sk-",), re.compile(rf"(?<![A-Za-z0-9])sk-{_KEY}{{20,}}"), HIDDEN),
    (
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        re.compile(r"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})"),
        HIDDEN,
    ),
    (("glpat-",), re.compile(rf"(?<![A-Za-z0-9])glpat-{_KEY}{{16,}}"), HIDDEN),
    (("AKIA", "ASIA"), re.compile(r"(?<![A-Z0-9])A(?:KI|SI)A[A-Z0-9]{16}(?![A-Z0-9])"), HIDDEN),
    (("AIza",), re.compile(rf"(?<![A-Za-z0-9])AIza{_KEY}{{30,}}"), HIDDEN),
    (("xox",), re.compile(r"(?<![A-Za-z0-9])xox[abeoprs]-[A-Za-z0-9-]{10,}"), HIDDEN),
    (
        ("eyJ",),
        re.compile(rf"(?<![A-Za-z0-9_-])eyJ{_KEY}{{8,}}\.eyJ{_KEY}{{8,}}\.{_KEY}{{8,}}"),
        HIDDEN,
    ),
    (
        ("://",),
        re.compile(r"(?<=://)([^\s/:@<>\"'\\]*):[^\s/@<>\"'\\]+@"),
        rf"\1:{HIDDEN}@",
    ),
    (
        ("PRIVATE KEY-----",),
        re.compile(
            r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----"
            r"[^\"<]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|(?=[\"<])|\Z)"
        ),
        HIDDEN,
    ),
)


def masked(text: str) -> str:
    """The text with everything that looks like a secret replaced by `[hidden secret]`."""
    for signs, pattern, shown in _PATTERNS:
        # Looking for a plain sign first makes a page without secrets cost next to nothing.
        if any(sign in text for sign in signs):
            text = pattern.sub(shown, text)
    return text
