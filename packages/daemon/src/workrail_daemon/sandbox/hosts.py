"""Is a host one of those a run may reach, and where is it found?

A list names hosts, `name` or `*.name`. The name is looked up in the daemon; an answer within the own
machine or network is refused, as whoever owns a name may let it point anywhere.
"""

import ipaddress
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeAlias

Address: TypeAlias = tuple[str, int]
"""An IP address and a port."""
_TRANSLATED: Final = ipaddress.IPv6Network("64:ff9b::/96")
"""Addresses that hold one of version 4 in their last four bytes."""


def resolved(host: str, port: int) -> tuple[Address, ...]:
    """The addresses of a host, as this machine finds them.

    Raises:
        OSError: it has none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple((str(each[4][0]), port) for each in found)


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the open internet."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    inner = None
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour
        if parsed in _TRANSLATED:
            inner = ipaddress.IPv4Address(parsed.packed[-4:])
    public = parsed.is_global and not parsed.is_multicast
    return public and (inner is None or inner.is_global)


@dataclass(frozen=True)
class Reach:
    """How hosts are found and reached."""

    resolve: Callable[[str, int], Sequence[Address]] = resolved
    permitted: Callable[[str], bool] = is_public
    ports: frozenset[int] = frozenset({80, 443})


def allows(hosts: Sequence[str], host: str) -> bool:
    """Whether a host is one of a list of `name` and `*.name`. An IP address never is."""
    name = host.lower().rstrip(".")
    if not name or _is_address(name):
        return False
    for each in hosts:
        wanted = each.lower().rstrip(".")
        if name == wanted or (wanted.startswith("*.") and name.endswith(wanted[1:])):
            return True
    return False


def _is_address(name: str) -> bool:
    """Whether a name is an IP address in any of the ways a resolver would understand."""
    with suppress(ValueError):
        ipaddress.ip_address(name.strip("[]"))
        return True
    with suppress(OSError):
        socket.inet_aton(name)
        return True
    return False
