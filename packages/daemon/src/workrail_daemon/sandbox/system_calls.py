"""Which calls of the kernel can no process of a sandbox make?

What programs that build and test software do not need, and what has opened a wall before: keys of
the session that started the daemon, other processes' memory, typing into a terminal, new namespaces,
programs that run as their owner, kinds of sockets that know no namespaces, and the doors through which
most of the kernel's own faults were reached. Such a call fails with "Operation not permitted".

The list is a program for the kernel, written here by hand for the two kinds of machine it knows; on
others there is none, and the other walls stand.
"""

import platform
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

_Line: TypeAlias = tuple[int, int, int, int]
"""Operation, how many lines to skip if so and if not, and a value."""
_X86_64: Final = {
    "syslog": 103, "vhangup": 153,
    "pivot_root": 155, "acct": 163, "settimeofday": 164, "mount": 165, "umount2": 166,
    "swapon": 167, "swapoff": 168, "reboot": 169, "sethostname": 170, "setdomainname": 171,
    "iopl": 172, "ioperm": 173, "init_module": 175, "delete_module": 176, "quotactl": 179,
    "clock_settime": 227, "kexec_load": 246, "add_key": 248, "request_key": 249, "keyctl": 250,
    "unshare": 272, "move_pages": 279, "perf_event_open": 298, "open_by_handle_at": 304,
    "setns": 308, "process_vm_readv": 310, "process_vm_writev": 311, "finit_module": 313,
    "kexec_file_load": 320, "bpf": 321, "userfaultfd": 323, "io_uring_setup": 425,
    "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsmount": 432, "fspick": 433,
    "mount_setattr": 442,
}  # fmt: skip
_AARCH64: Final = {
    "umount2": 39, "mount": 40, "pivot_root": 41, "vhangup": 58, "quotactl": 60,
    "acct": 89, "unshare": 97, "kexec_load": 104, "init_module": 105,
    "delete_module": 106, "clock_settime": 112, "syslog": 116, "reboot": 142,
    "sethostname": 161, "setdomainname": 162, "settimeofday": 170, "add_key": 217, 
    "request_key": 218, "keyctl": 219, "swapon": 224, "swapoff": 225, "move_pages": 239,
    "perf_event_open": 241, "open_by_handle_at": 265, "setns": 268, "process_vm_readv": 270,
    "process_vm_writev": 271, "finit_module": 273, "bpf": 280, "userfaultfd": 282,
    "kexec_file_load": 294, "io_uring_setup": 425, "open_tree": 428, "move_mount": 429,
    "fsopen": 430, "fsmount": 432, "fspick": 433, "mount_setattr": 442,
}  # fmt: skip


@dataclass(frozen=True)
class _Kind:
    """A kind of machine: the kernel's numbers of calls."""

    number: int
    refused: Mapping[str, int]
    """Calls that fail whatever their arguments are."""
    ioctl: int
    clone: int
    socket: int
    modes: Sequence[tuple[int, int]]
    """Calls that set the mode of a file, and which of their arguments it is."""
    opens: Sequence[tuple[int, int]]
    """Calls that may make a file, and which of their arguments say so; the next is its mode."""


_KINDS: Final = {
    "x86_64": _Kind(
        number=0xC000003E,
        refused=_X86_64,
        ioctl=16,
        clone=56,
        socket=41,
        modes=((85, 1), (90, 1), (91, 1), (133, 1), (259, 2), (268, 2), (452, 2)),
        opens=((2, 1), (257, 2)),
    ),
    "aarch64": _Kind(
        number=0xC00000B7,
        refused=_AARCH64,
        ioctl=29,
        clone=220,
        socket=198,
        modes=((33, 2), (52, 1), (53, 2), (452, 2)),
        opens=((56, 2),),
    ),
}
_OTHER_NUMBERS: Final = 0x40000000  # calls of x86_64 in its other, 32-bit numbering
_HIDDEN_ARGUMENTS: Final = (435, 437)
"""`clone3` and `openat2`: their arguments cannot be looked at, so they are said not to exist. What uses
them falls back to `clone` and `openat`."""
_TERMINAL: Final = (0x5412, 0x541C)  # TIOCSTI and TIOCLINUX: to type into a terminal
_NAMESPACES: Final = 0x7E020000  # flags of `clone` that make new namespaces
_AS_ITS_OWNER: Final = 0o4000  # the bit of a mode that lets a program run as its owner
_MAKES: Final = 0o100  # the flag of `open` that makes a file
_FAMILIES: Final = (1, 2, 10, 16)  # unix, internet 4 and 6, and the kernel's own about networks

_LOAD, _EQUAL, _AT_LEAST, _ANY_OF, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _MACHINE_AT, _ARGUMENTS_AT = 0, 4, 16
_ALLOWED: Final = (_RETURN, 0, 0, 0x7FFF0000)
_REFUSED: Final = (_RETURN, 0, 0, 0x00050000 | 1)  # EPERM
_NOT_THERE: Final = (_RETURN, 0, 0, 0x00050000 | 38)  # ENOSYS
_NO_SUCH_FAMILY: Final = (_RETURN, 0, 0, 0x00050000 | 97)  # EAFNOSUPPORT


def filter_program(machine: str | None = None) -> bytes | None:
    """The program as the kernel reads it; None: this kind of machine is not known here."""
    kind = _KINDS.get(platform.machine() if machine is None else machine)
    if kind is None:
        return None
    return b"".join(struct.pack("<HBBI", *line) for line in _assembled(kind))


def _assembled(kind: _Kind) -> list[_Line]:
    lines: list[_Line] = [
        (_LOAD, 0, 0, _MACHINE_AT),
        (_EQUAL, 1, 0, kind.number),
        _REFUSED,
        (_LOAD, 0, 0, _NUMBER_AT),
        (_AT_LEAST, 0, 1, _OTHER_NUMBERS),
        _REFUSED,
    ]
    for number in _HIDDEN_ARGUMENTS:
        lines += [(_EQUAL, 0, 1, number), _NOT_THERE]
    for number in kind.refused.values():
        lines += [(_EQUAL, 0, 1, number), _REFUSED]
    lines += _looked_into(kind.clone, [_argument(0), *_unless(_ANY_OF, _NAMESPACES)])
    typed = [line for value in _TERMINAL for line in _unless(_EQUAL, value)]
    lines += _looked_into(kind.ioctl, [_argument(1), *typed])
    for number, place in kind.modes:
        lines += _looked_into(number, [_argument(place), *_unless(_ANY_OF, _AS_ITS_OWNER)])
    for number, place in kind.opens:
        made = [_argument(place + 1), *_unless(_ANY_OF, _AS_ITS_OWNER)]
        lines += _looked_into(number, [_argument(place), (_ANY_OF, 0, len(made), _MAKES), *made])
    families = [
        (_EQUAL, len(_FAMILIES) - at, 0, family) for at, family in enumerate(_FAMILIES)
    ]  # each leads past the refusal
    lines += _looked_into(kind.socket, [_argument(0), *families, _NO_SUCH_FAMILY])
    return [*lines, _ALLOWED]


def _argument(place: int) -> _Line:
    """The lower half of an argument, from 0."""
    return (_LOAD, 0, 0, _ARGUMENTS_AT + 8 * place)


def _unless(operation: int, value: int) -> list[_Line]:
    """Refuse when what was loaded is so."""
    return [(operation, 0, 1, value), _REFUSED]


def _looked_into(number: int, body: Sequence[_Line]) -> list[_Line]:
    """Lines for one call, which is allowed when it comes to their end."""
    return [(_EQUAL, 0, len(body) + 1, number), *body, _ALLOWED]
