"""The door for proofs away from their store: whose key signs, and what does a file of proofs prove?

Checking a file needs no store, no network and no key but the public ones it is checked with.
"""

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from workrail_engine.checks.local_checks import LocalChecks
from workrail_engine.errors import InvalidInputError, InvalidProofError
from workrail_engine.git_command import GitFailedError, run_git
from workrail_engine.ports import CheckPlace
from workrail_engine.projections.bundle import Reading, read_bundle
from workrail_engine.proofs.claims import Claim
from workrail_engine.proofs.judging import judge
from workrail_engine.proofs.keys import KeyRing
from workrail_engine.proofs.public_key import PublicKey, read_public_key
from workrail_engine.proofs.rerun import base_in, commands_of, folder_in
from workrail_engine.proofs.verdict import Verdict, completion_of, passed_for, verdict
from workrail_engine.system import Locations, SystemClock
from workrail_engine.workflow.checks import CheckOutcome

__all__ = [
    "Checked",
    "Gate",
    "PublicKey",
    "RunAgain",
    "Verdict",
    "check_file",
    "open_keys",
    "read_key",
    "rerun_checks",
]

_GIT: Final = "git:"
_MOST: Final = 512 * 1024 * 1024
_REVISION: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._/^~{}@-]*")
_CLONE: Final = 600.0


def open_keys(locations: Locations | None = None) -> KeyRing:
    """The keys of this installation."""
    return KeyRing((locations or Locations.from_environment()).keys)


def read_key(text: str) -> PublicKey:
    """A public key from its text, or from a file that holds it.

    Raises:
        InvalidProofError: it is neither.
    """
    if text.strip().startswith("ed25519:"):
        return read_public_key(text)
    try:
        return read_public_key(Path(text).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        message = (
            f'"{text[:80]}" is neither a public key (ed25519: and 64 hex digits) nor a file that can be '
            "read."
        )
        raise InvalidProofError(message) from error


@dataclass(frozen=True)
class Gate:
    """What a file of proofs has to show besides being sound."""

    repository: Path | None = None
    commit: str | None = None
    """The run must have come to its end with the very files of this commit of `repository`."""
    workflow: str | None = None
    """The workflow that must have been run: its id, or its hash."""
    checks: tuple[str, ...] = ()
    """Ids of checks that must have passed for the files the run ended with."""
    completed: bool = False
    """The run must have come to its end."""


@dataclass(frozen=True)
class RunAgain:
    """What came of a check that was run again."""

    check_id: str
    outcome: CheckOutcome
    summary: str
    exit_code: int | None
    tree: str | None
    """The files it was run on."""


@dataclass(frozen=True)
class Checked:
    """A file of proofs that was checked."""

    verdict: Verdict
    claims: tuple[Claim, ...]
    reading: Reading
    missing: tuple[str, ...]
    """What the gate asks for and the file does not show."""


def check_file(path: Path, keys: Sequence[PublicKey], gate: Gate | None = None) -> Checked:
    """What a file of proofs proves to whoever trusts some keys.

    Raises:
        InvalidProofError: the file cannot be read, or is none of proofs.
        InvalidInputError: the gate names a commit that is not in its repository.
    """
    reading = read_bundle(_content(path))
    judged = judge(reading.bundle, keys)
    problems = (*reading.problems, *judged.problems)
    links = reading.bundle.links
    found = verdict(reading.bundle.session_id, len(links), judged.claims, problems)
    missing = tuple(_missing(judged.claims, gate)) if gate is not None and not problems else ()
    return Checked(found, judged.claims, reading, missing)


def rerun_checks(
    checked: Checked, repository: Path, told: Callable[[str], None]
) -> tuple[RunAgain, ...]:
    """Run the command checks of a sound file again, in a clean checkout of the files it ended with.

    The checkout lies in a temporary folder; the repository is only read. The commands are those of
    the workflow in the file, so run them only where you would run that workflow.

    Args:
        checked: a file without problems.
        repository: holds the tree the run ended with.
        told: told how far it is, a line at a time.

    Raises:
        InvalidInputError: the file has problems, proves no end of the run with known files, or the
            repository does not hold them.
    """
    end = None if checked.verdict.problems else completion_of(checked.claims)
    if end is None or end.tree is None or not end.tree.startswith(_GIT):
        message = (
            "There is nothing to run again: the file does not prove that the run came to its end with "
            "files git knows."
        )
        raise InvalidInputError(message)
    ran = passed_for(checked.claims, end.tree)
    commands = [check for check in commands_of(checked.reading.bundle) if check.check_id in ran]
    runner = LocalChecks(SystemClock())
    with tempfile.TemporaryDirectory(
        prefix="workrail-rerun-", ignore_cleanup_errors=True
    ) as folder:
        checkout = Path(folder).resolve() / "checkout"
        _check_out(repository, end.tree.removeprefix(_GIT), checkout)
        place = checkout / folder_in(checked.reading.bundle)
        at = CheckPlace(str(place), base_in(checked.reading.bundle), ())
        results = [runner.run(check, at, told) for check in commands]
    return tuple(
        RunAgain(one.check_id, one.outcome, one.summary, one.exit_code, one.tree) for one in results
    )


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > _MOST:
            message = f"{path} is larger than {_MOST // 1024 // 1024} MB; no file of proofs is."
            raise InvalidProofError(message)
        return path.read_bytes()
    except OSError as error:
        message = f"{path} cannot be read ({error.strerror}). Name a file of proofs."
        raise InvalidProofError(message) from error


def _missing(claims: Sequence[Claim], gate: Gate) -> Iterator[str]:
    end = completion_of(claims)
    if end is None:
        yield "there is no proof that the run came to its end"
        return
    if gate.workflow is not None and gate.workflow not in (end.workflow_id, end.workflow_hash):
        yield f"it is a run of workflow {end.workflow_id} ({end.workflow_hash}), not {gate.workflow}"
    if gate.commit is not None:
        tree = _GIT + _tree_of(gate.repository or Path(), gate.commit)
        if end.tree != tree:
            yield (
                f"the run ended with other files ({end.tree or 'not known'}) than those of commit "
                f"{gate.commit} ({tree})"
            )
    passed = passed_for(claims, end.tree)
    for check in gate.checks:
        if check not in passed:
            yield f"check {check} has not passed for the files the run ended with"


def _tree_of(repository: Path, commit: str) -> str:
    """The tree of a commit.

    Raises:
        InvalidInputError: there is no such commit.
    """
    if _REVISION.fullmatch(commit) is None:
        message = f'"{commit[:80]}" does not name a commit.'
        raise InvalidInputError(message)
    try:
        arguments = ("rev-parse", "--verify", "--end-of-options", f"{commit}^{{tree}}")
        return run_git(arguments, repository).decode("ascii").strip()
    except GitFailedError as error:
        message = f"Commit {commit} is not in the repository at {repository}: {error}."
        raise InvalidInputError(message) from error


def _check_out(repository: Path, tree: str, checkout: Path) -> None:
    try:
        source = str(repository.resolve())
        run_git(
            ("clone", "--quiet", "--shared", "--no-checkout", "--", source, str(checkout)),
            repository,
            _CLONE,
        )
        run_git(("read-tree", tree), checkout)
        run_git(("checkout-index", "--all", "--quiet"), checkout, _CLONE)
    except GitFailedError as error:
        message = (
            f"The files the run ended with (tree {tree}) cannot be taken from the repository at "
            f"{repository}: {error}. Fetch the commit that holds them."
        )
        raise InvalidInputError(message) from error
