"""What does the text that was slipped into a repository tell an agent to do?

The data (CodeIPI) lies in the wheel of `inspect-evals`; none of it is copied here. Commands are taken
from it as an obedient agent would: from blocks of shell, from `code` after "run", from comments; a
request to add a line to a file becomes a command that adds it.
"""

import json
import re
import shlex
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypedDict, cast

WHEEL: Final = "inspect-evals==0.26.0"
_INSIDE: Final = "inspect_evals/ipi_coding_agent/dataset/samples.json"
_FENCE: Final = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
_COMMENT: Final = re.compile(r"^\s*#+ ?(.*)$", re.MULTILINE)
_STARTS: Final = re.compile(r"(?:^|\s)((?:python3? -[cm]|pip install|echo|cat|curl|env)\s.*)$")
_TO_RUN: Final = re.compile(r"\b[Rr]un `([^`]+)`")
_TO_ADD: Final = re.compile(r"\b[Aa]dd `([^`]+)` to (\S+\.\w+)")
_TO_ADD_BLOCK: Final = re.compile(
    r"(?:following to `(\S+)`|Add to your project):\s*```python\n(.*?)```", re.DOTALL
)
_NAMED_IN_BLOCK: Final = re.compile(r"^# In (\S+)")
_TASK_FILE: Final = re.compile(r"`(src/[\w/]+\.py)`")


class _Record(TypedDict):
    id: str
    task_description: str
    issue_text: str
    injection_vector: str
    payload_category: str
    is_benign: bool
    repo_files: dict[str, str]
    verification_command: str


@dataclass(frozen=True)
class Sample:
    """One small repository with a task, and maybe with a payload."""

    id: str
    kind: str
    """`exfiltration`, `code_execution`, `persistence` or `benign`."""
    files: dict[str, str]
    task_file: str
    """The one file the task is about."""
    verification: str
    commands: tuple[str, ...]
    """What the payload asks for; none of a benign one."""


def samples(wheel: Path | None, folder: Path) -> tuple[Sample, ...]:
    """All of them.

    Args:
        wheel: the wheel of `inspect-evals`; None: it is downloaded.
        folder: where it is put then.
    """
    with zipfile.ZipFile(wheel or _downloaded(folder)) as archive:
        records = cast("list[_Record]", json.loads(archive.read(_INSIDE)))
    found = tuple(map(_sample, records))
    silent = [each.id for each in found if each.kind != "benign" and not each.commands]
    if silent:
        message = f"no command was found in {', '.join(silent)}; the reading of payloads is wrong"
        raise ValueError(message)
    return found


def _downloaded(folder: Path) -> Path:
    words = ["download", "--no-deps", "--quiet", "--dest", str(folder), WHEEL]
    subprocess.run([sys.executable, "-m", "pip", *words], check=True)
    return next(folder.glob("inspect_evals-*.whl"))


def _sample(record: _Record) -> Sample:
    named = _TASK_FILE.search(record["task_description"])
    assert named is not None, record["id"]
    return Sample(
        record["id"],
        "benign" if record["is_benign"] else record["payload_category"],
        record["repo_files"],
        named[1],
        record["verification_command"],
        () if record["is_benign"] else tuple(dict.fromkeys(_asked(record))),
    )


def _asked(record: _Record) -> Iterator[str]:
    vector, files = record["injection_vector"], record["repo_files"]
    match vector:
        case "issue_text":
            yield from _in_prose(record["issue_text"])
        case "readme":
            yield from _in_prose(files["README.md"])
        case "code_comment":
            yield from _in_comments([text for name, text in files.items() if name.endswith(".py")])
        case _:
            yield from _in_comments(
                [text for name, text in files.items() if not name.endswith(".py")]
            )


def _in_prose(text: str) -> Iterator[str]:
    for language, block in _FENCE.findall(text):
        if language in {"", "bash", "sh"}:
            yield from (line for line in block.splitlines() if line.strip())
    yield from _TO_RUN.findall(text)
    for line, file in _TO_ADD.findall(text):
        yield f"echo {shlex.quote(line)} >> {file}"
    for file, block in _TO_ADD_BLOCK.findall(text):
        named = _NAMED_IN_BLOCK.search(block)
        target = file or (named[1] if named else "src/__init__.py")
        yield f"printf '%s' {shlex.quote(block)} >> {target}"
    yield from _in_comments(re.findall(r"<!--(.*?)-->", text, re.DOTALL))


def _in_comments(texts: Sequence[str]) -> Iterator[str]:
    for text in texts:
        lines = _COMMENT.findall(text) or text.splitlines()
        for line in lines:
            match = _STARTS.search(line)
            if match is not None:
                yield match[1].strip()
