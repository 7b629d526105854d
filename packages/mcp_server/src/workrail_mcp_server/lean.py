"""How is the server imported without what a process on stdin and stdout never uses?

Importing any part of the MCP SDK imports all of it: clients, OAuth and two HTTP stacks, a third of the
time and of the memory that starting takes. Here its packages are opened without running what they
import by themselves, and the modules for HTTP are replaced by stand-ins while the server is imported.

That leans on how the SDK is built. So it is done for the versions whose layout was looked at and for no
others, and anything unexpected leads back to the plain import. Setting `WORKRAIL_PLAIN_IMPORTS` to any
text leads there too.
"""

import importlib.util
import logging
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from types import ModuleType

SWITCH = "WORKRAIL_PLAIN_IMPORTS"
KNOWN_VERSIONS: Mapping[str, frozenset[str]] = {
    "mcp": frozenset({"2.3.0"}),
    "mcp_types": frozenset({"2.3.0"}),
}
"""The versions whose layout is known, by package."""

_OPENED = ("mcp", "mcp.server")
_STOOD_IN = (
    "starlette.applications",
    "starlette.middleware",
    "starlette.middleware.authentication",
    "starlette.routing",
    "mcp.server.auth.middleware.auth_context",
    "mcp.server.auth.middleware.bearer_auth",
    "mcp.server.auth.provider",
    "mcp.server.auth.routes",
    "mcp.server.auth.settings",
    "mcp.server.streamable_http",
    "mcp.server.streamable_http_manager",
    "mcp.server.transport_security",
)
_TAKEN_BACK = frozenset({"mcp", "mcp_types", "starlette", "workrail_mcp_server"})
_log = logging.getLogger(__name__)


class Way(Enum):
    """How the server was imported."""

    LEAN = "lean"
    PLAIN = "plain"


def import_server(environ: Mapping[str, str]) -> Way:
    """Import the server's modules, lean where that is known to work."""
    if not environ.get(SWITCH) and "mcp" not in sys.modules and _layout_is_known():
        before = frozenset(sys.modules)
        try:
            with _models_built_late(), _stand_ins():
                _import_all()
        except Exception as error:  # noqa: BLE001 - whatever it was, the plain import may do
            _log.warning("the lean import failed (%r); importing everything instead", error)
            _take_back(before)
        else:
            return Way.LEAN
    _import_all()
    return Way.PLAIN


def _import_all() -> tuple[ModuleType, ...]:
    from workrail_mcp_server import server, transport  # noqa: PLC0415 - this is the moment to

    return server, transport


def _layout_is_known() -> bool:
    """Whether the packages are of known versions, as the folders beside them say.

    Asking `importlib.metadata` would cost more than it is worth here.
    """
    for package, versions in KNOWN_VERSIONS.items():
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            return False
        beside = Path(spec.origin).parent.parent
        if not any((beside / f"{package}-{version}.dist-info").is_dir() for version in versions):
            return False
    return True


@contextmanager
def _models_built_late() -> Generator[None]:
    """Let pydantic build each model's validator when it is first used; most never are."""
    from pydantic import BaseModel  # noqa: PLC0415 - the plain way may not need it yet

    before = BaseModel.model_config
    BaseModel.model_config = {**before, "defer_build": True}
    try:
        yield
    finally:
        BaseModel.model_config = before


@contextmanager
def _stand_ins() -> Generator[None]:
    """Open the SDK's packages unrun, and put stand-ins where HTTP would be imported, meanwhile."""
    for name in _OPENED:
        spec = importlib.util.find_spec(name)
        if spec is None:
            raise ModuleNotFoundError(name)
        sys.modules[name] = opened = importlib.util.module_from_spec(spec)
        parent, _, own = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], own, opened)
    placed = {name: _StandIn(name) for name in _STOOD_IN if name not in sys.modules}
    sys.modules.update(placed)
    try:
        yield
    finally:
        for name in placed:
            del sys.modules[name]


class _StandIn(ModuleType):
    """A module that has every name; what it gives can be named and not used."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


def _take_back(before: frozenset[str]) -> None:
    """Forget what was imported since and may hold a stand-in."""
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in _TAKEN_BACK and name != __name__:
            del sys.modules[name]
