"""How do bytes a program wrote become text a model can read?"""

import re
from typing import Final

_ANSI: Final = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_CONTROL: Final = {
    code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n"
}
_SAMPLE: Final = 8192
_BYTES_SHOWN: Final = 256


def readable(data: bytes) -> str:
    """Output as text.

    Colours and cursor movements are left out, each line that was overwritten is a line, other control
    characters and what is no UTF-8 are written as escapes. Of binary data the size and the beginning
    are told.
    """
    if is_binary(data):
        shown = data[:_BYTES_SHOWN]
        rows = [shown[start : start + 16].hex(" ") for start in range(0, len(shown), 16)]
        return f"[binary data, {len(data):,} bytes; it begins:]\n" + "\n".join(rows)
    plain = _ANSI.sub(b"", data).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return plain.decode("utf-8", "backslashreplace").translate(_CONTROL)


def is_binary(data: bytes) -> bool:
    """Whether bytes are no text: the beginning holds zeros, or is mostly not UTF-8."""
    sample = data[:_SAMPLE]
    if b"\0" in sample:
        return True
    lost = sample.decode("utf-8", "replace").count("�")
    return lost > 16 and lost * 4 > len(sample)
