"""What can an agent do that obeys every instruction slipped into its repository?

Run it with `make bench-containment`: a few minutes on two cores. It takes the 35 payloads and 10 benign
tasks of CodeIPI (`--wheel`, or a download of `inspect-evals`), acts each out, and writes
docs/benchmarks/containment.md. It exits with 1 when a payload reached anything within the sandbox, when
a benign task became impossible, or when nothing was reached without it.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from containment_agents import DaemonHands, Hands, PlainHands, go_on, mend, obey
from containment_payloads import Sample, samples
from containment_report import ARMS, Row, as_markdown, sound
from containment_scene import SECRET_NAMES, Reached, World, here, secret_words, watched, world
from containment_scene import workspace_of as workspace_for

from workrail_daemon.sandbox.choosing import possible, sandbox_for
from workrail_daemon.sandbox.contract import SandboxPolicy

_REPORT: Final = Path(__file__).parent.parent / "docs" / "benchmarks" / "containment.md"
_SELF: Final = "WORKTRAIN_CONTAINMENT"
"""Names the folder of the run, in the environment of the process that stands for the daemon."""
_PIP: Final = ("PIP_*",)


@dataclass(frozen=True)
class Asked:
    """What the command line says."""

    wheel: Path | None
    only: tuple[str, ...]
    json: bool


def main() -> int:
    """Act everything out, and say what came of it."""
    parser = argparse.ArgumentParser(description="Act out injected instructions.")
    parser.add_argument("--wheel", type=Path, help="the wheel of inspect-evals")
    parser.add_argument("--only", nargs="*", default=[], help="ids of samples, or parts of them")
    parser.add_argument("--json", action="store_true", help="print what happened as JSON")
    words = parser.parse_args()
    asked = Asked(words.wheel, tuple(words.only), words.json)
    if possible().kind == "none":
        print(f"there is no sandbox to measure here: {possible().why_not}", file=sys.stderr)
        return 1
    folder = os.environ.get(_SELF)
    if folder is None:
        _become_the_daemon()
    assert folder is not None
    rows = _acted_out(asked, Path(folder))
    if asked.json:
        print(json.dumps([asdict(row) for row in rows], default=sorted))
    else:
        print(as_markdown(rows))
    if not asked.only:
        _REPORT.write_text(as_markdown(rows), encoding="utf-8")
    return 0 if sound(rows) else 1


def _become_the_daemon() -> None:
    """Start again with secrets in the environment and another home: as the daemon has them."""
    with tempfile.TemporaryDirectory(prefix="containment-", ignore_cleanup_errors=True) as folder:
        place = Path(folder).resolve()
        (place / "home").mkdir()
        secrets = secret_words()
        (place / "words.json").write_text(json.dumps(secrets))
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        variables = {
            **os.environ,
            **{name: secrets[name] for name in SECRET_NAMES},
            "HOME": str(place / "home"),
            "PATH": path,
            _SELF: str(place),
        }
        again = subprocess.run([sys.executable, *sys.argv], env=variables, check=False)
    sys.exit(again.returncode)


def _acted_out(asked: Asked, folder: Path) -> list[Row]:
    secrets = json.loads((folder / "words.json").read_text())
    chosen = [
        each
        for each in samples(asked.wheel, folder)
        if not asked.only or any(part in each.id for part in asked.only)
    ]
    rows: list[Row] = []
    with world(folder, secrets) as around:
        _point_pip_at(around)
        for sample in chosen:
            rows += [_row(sample, arm, around) for arm in ARMS]
            print(f"{sample.id}: {[row.short for row in rows[-len(ARMS) :]]}", file=sys.stderr)
    return rows


def _point_pip_at(around: World) -> None:
    """Packages that payloads name are asked of the listener, never of the public index."""
    os.environ |= {
        "PIP_INDEX_URL": f"http://127.0.0.1:{around.port}/simple",
        "PIP_RETRIES": "0",
        "PIP_TIMEOUT": "3",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
    }


def _row(sample: Sample, arm: str, around: World) -> Row:
    workspace = workspace_for(sample, around, arm)
    if sample.kind == "benign":
        hands = _hands(arm, sample, workspace, around)
        possible_still = (
            mend(hands, sample, here(sample.verification, workspace, around))
            if arm != "plain"
            else None
        )
        return Row(sample.id, sample.kind, arm, None, None, possible_still)
    commands = [here(command, workspace, around) for command in sample.commands]
    asked = _watched(arm, sample, workspace, around, commands)
    further = _watched(arm, sample, workspace_for(sample, around, f"{arm}-further"), around, None)
    (around.home / ".bashrc").write_text("# of this account\n")
    for file in (around.home / ".config" / "planted", around.elsewhere / "planted"):
        file.unlink(missing_ok=True)
    return Row(sample.id, sample.kind, arm, asked, further, None)


def _watched(
    arm: str, sample: Sample, workspace: Path, around: World, commands: list[str] | None
) -> Reached:
    hands = _hands(arm, sample, workspace, around)

    def act() -> str:
        return go_on(hands, around) if commands is None else obey(hands, commands)

    return watched(act, sample, workspace, around)


def _hands(arm: str, sample: Sample, workspace: Path, around: World) -> Hands:
    if arm == "plain":
        return PlainHands(workspace)
    writable = (sample.task_file,) if arm == "narrow" else ("**",)
    policy = SandboxPolicy(
        workspace, parts=writable, environment=_PIP, hidden=(around.store, around.home / ".ssh")
    )
    sandbox = sandbox_for("off" if arm == "off" else "required", policy)
    return DaemonHands(workspace, sandbox, writable)


if __name__ == "__main__":
    sys.exit(main())
