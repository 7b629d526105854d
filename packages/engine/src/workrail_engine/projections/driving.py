"""Who drives a session?"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Driver:
    """The process a session is driven from: the client of the MCP server, the daemon."""

    program: str
    """`mcp`, `daemon`."""
    host: str
    process: int
    """Its id on that host."""
    began_at: int
    """When that process began, in microseconds since 1970: ids are used again."""


@dataclass(frozen=True)
class SeenDriver:
    """A driver, and when it was last heard of."""

    driver: Driver
    seen_at: str
    """RFC 3339, UTC."""
