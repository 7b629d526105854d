"""Can sessions be stored: does the store open, is it whole and today's, may it be written?"""

import shutil
from pathlib import Path
from typing import Final

from workrail_engine.errors import StoreUnavailableError
from workrail_engine.projections.store_checkup import StoreCheckup
from workrail_engine.reader import check_store
from workrail_engine.system import Locations
from workrail_mcp_server.diagnosis.finding import Finding, good, problem, warning

_MOUNTS: Final = Path("/proc/self/mountinfo")
_OVER_A_NETWORK: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "fuse.sshfs", "fuse.glusterfs"}
    | {"ncpfs", "lustre", "fuse.rclone", "fuse.s3fs", "davfs", "fuse.davfs"}
)
_LITTLE: Final = 1_000_000_000
_TOO_LITTLE: Final = 50_000_000


def check_sessions(locations: Locations) -> list[Finding]:
    """The store and its key; what is wrong is told as the store itself tells it."""
    try:
        found = check_store(locations)
    except StoreUnavailableError as error:
        return [problem("store", str(error), _how_to_look(locations))]
    return _judged(found, locations)


def check_disk(locations: Locations, mounts: str | None = None) -> list[Finding]:
    """The disk a store in a file lies on: its room, and whether it is this machine's.

    Args:
        locations: of the store.
        mounts: the mounted file systems as Linux lists them; asked of the system when left out.
    """
    if locations.database_url is not None:
        return []
    folder = next(at for at in (locations.home, *locations.home.parents) if at.exists()).resolve()
    kind = file_system_of(folder, _mounts() if mounts is None else mounts)
    findings = [_room(folder)]
    if kind in _OVER_A_NETWORK:
        findings.append(
            warning(
                "disk",
                f"{folder} is on a network file system ({kind}). The store's write-ahead log needs "
                "memory that processes share, which machines do not: two machines that write would "
                "damage it.",
                "Set WORKRAIL_HOME to a folder on a disk of this machine, or move the sessions to a "
                "server: workrail db move --to postgresql://USER@HOST/NAME",
            )
        )
    return findings


def file_system_of(folder: Path, mounts: str) -> str | None:
    """The kind of the file system a folder is on; None where it is not known.

    Args:
        folder: a resolved path.
        mounts: as in `/proc/self/mountinfo`.
    """
    best: tuple[int, str] | None = None
    for line in mounts.splitlines():
        left, dash, right = line.partition(" - ")
        fields = left.split()
        if not dash or len(fields) < 5 or not right.split():
            continue
        point = Path(fields[4].replace("\\040", " "))
        depth = len(point.parts)
        # Of two at one place, the later one hides the other.
        if folder.is_relative_to(point) and (best is None or depth >= best[0]):
            best = (depth, right.split()[0])
    return None if best is None else best[1]


def _judged(found: StoreCheckup, locations: Locations) -> list[Finding]:
    status = found.status
    if found.damage:
        return [
            problem(
                "store",
                f"{status.place} is damaged: {'; '.join(found.damage)}.",
                "workrail session verify --all tells which sessions are whole; then put a backup in "
                "its place, or workrail session repair.",
            )
        ]
    if found.unwritable is not None:
        return [
            problem(
                "store",
                f"{status.place} cannot be written: {found.unwritable}.",
                _how_to_write(locations),
            )
        ]
    if not status.made:
        return [good("store", f"{status.place} will be made with the first session.")]
    sessions = dict(status.counts).get("sessions", 0)
    said = f"{status.place}, schema {status.schema}"
    if status.schema > status.known_schema:
        newer = f"{said}: newer than this program, which knows {status.known_schema}."
        return [
            problem("store", newer, "Upgrade workrail-mcp-server to the version that wrote it.")
        ]
    if status.schema < status.known_schema:
        older = f"{said}: brought to {status.known_schema} by the next program that writes it."
        return [warning("store", older, "workrail db upgrade")]
    how = "sound" if status.kind == "sqlite" else "reached"
    stored = good("store", f"{said}, {sessions:,} sessions, {how}, may be written")
    if found.has_key:
        return [stored, good("key", "The key of its tokens is there.")]
    return [stored, good("key", "The key of its tokens is made with the first session.")]


def _room(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    said = f"{free / 1_000_000_000:,.1f} GB free on the disk of {folder}"
    remedy = (
        f"Make room there (du -sh {folder}); workrail gc --older-than 90d removes old sessions."
    )
    if free < _TOO_LITTLE:
        return problem("disk", f"{said}: too little to store sessions safely.", remedy)
    if free < _LITTLE:
        return warning("disk", f"{said}.", remedy)
    return good("disk", said)


def _how_to_look(locations: Locations) -> str:
    if locations.database_url is not None:
        return "Check the server and WORKRAIL_DATABASE_URL, then: workrail db status"
    return f"ls -la {locations.home}, then: workrail db status"


def _how_to_write(locations: Locations) -> str:
    if locations.database_url is not None:
        return "Give the database's user the rights, or name the primary in WORKRAIL_DATABASE_URL."
    return f'sudo chown -R "$USER" {locations.home} && chmod -R u+rwX {locations.home}'


def _mounts() -> str:
    try:
        return _MOUNTS.read_text("utf-8", "replace")
    except OSError:
        return ""
