"""The example of the documentation, run as it is written."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from workrail_mcp_server.testing import masked, token_in
from workrail_mcp_server.testing_process import Peer, serving

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "checks-example.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
DELETED = re.compile(r"    def test_a_visitor_pays_the_list_price.*?\n\n\n", re.DOTALL)
VARIES = (
    (re.compile(r"sha256:[0-9a-f]{64}"), "sha256:…"),
    (re.compile(r"\b(ct|cp|rs)_TOKEN"), "ct_…"),
    (re.compile(r"sess_(?:ID|[a-z2-7]{26})"), "sess_…"),
    (re.compile(r"in \d+\.\d+s"), "in 0.03s"),
    (re.compile(r"\d+ events"), "12 events"),
)


def blocks(language: str) -> list[str]:
    return [text for name, text in BLOCKS if name == language]


def shown(text: str) -> str:
    """A text with what differs from run to run as the documentation writes it."""
    text = masked(text)
    for pattern, written in VARIES:
        text = pattern.sub(written, text)
    return text.strip()


@pytest.fixture(name="shop")
def shop_at_its_first_commit(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "demo" / "shop", folder, ignore=ignored)
    (folder / ".gitignore").write_text("__pycache__/\n")
    workflows = folder / ".workrail" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "mend.yaml").write_text(blocks("yaml")[0])
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--no-gpg-sign", "--message=The shop")
    return folder


def git(folder: Path, *argv: str, given: str | None = None) -> None:
    identity = ("-c", "user.name=Shop", "-c", "user.email=shop@example.invalid")
    subprocess.run(["git", *identity, *argv], cwd=folder, check=True, input=given, text=True)


def check_console(block: str, shop: Path, environment: dict[str, str]) -> None:
    command, _, printed = block.partition("\n")
    done = subprocess.run(
        command.removeprefix("$ ").split(),
        cwd=shop,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL if "verify" in command else subprocess.STDOUT,
        text=True,
        check=True,
    )
    assert shown(done.stdout) == shown(printed)


@pytest.mark.rule("HONEST-5")
def test_the_example_runs_as_it_is_written(shop: Path, tmp_path: Path) -> None:
    beside = Path(sys.executable).parent
    environment = {
        **os.environ,
        "WORKRAIL_HOME": str(tmp_path / "home"),
        "PATH": f"{beside}{os.pathsep}{os.environ['PATH']}",
        "NO_COLOR": "1",
    }
    validate, verify = blocks("console")
    check_console(validate, shop, environment)
    with serving(environment, "2025-11-25") as peer:
        peer.open()
        assert [shown(reply) for reply in conversation(peer, shop)] == [
            shown(text) for text in blocks("text")
        ]
    check_console(verify, shop, environment)


def conversation(peer: Peer, shop: Path) -> list[str]:
    """What the agents of the example are told, in order."""
    goal = "The total of a visitor's cart is too low"
    started = peer.call("start_workflow", workflowId="shop.mend", goal=goal, workspace=str(shop))
    claims = complete(peer, started, "Mended. All tests pass.")
    judge = shop / "tests" / "test_cart.py"
    tests = judge.read_text()
    judge.write_text(DELETED.sub("\n\n", tests))
    tampers = complete(peer, claims, "The suite is green now.")
    judge.write_text(tests)
    git(shop, "apply", given=blocks("diff")[0])
    mends = complete(peer, tampers, "prices_for changed the cached list; it copies it now.")
    readme = shop / "README.md"
    readme.write_text(f"{readme.read_text()}\n## Changes\n\nA visitor pays the list price again.\n")
    return [claims, tampers, mends, complete(peer, mends, "Told in README.md.")]


def complete(peer: Peer, before: str, notes: str) -> str:
    return peer.call("complete_step", token=token_in(before), notes=notes)
