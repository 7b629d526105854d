"""What the process imports, and that leaving out what it does not need changes nothing it says."""

import json
import re
import shutil
from collections.abc import Mapping
from typing import Any

import pytest

from workrail_mcp_server.lean import KNOWN_VERSIONS, SWITCH
from workrail_mcp_server.testing import masked, token_in
from workrail_mcp_server.testing_process import ERAS, SERVE, Era, Peer, opened, serving

# After each moment without open requests, what runs and what is imported is said on stderr.
RECORDING = f"""
import json, sys, threading
from workrail_mcp_server import process
quiet = process.Lifetime.on_quiet
def on_quiet(self):
    names = [thread.name for thread in threading.enumerate()]
    print(json.dumps(names + sorted(sys.modules)), file=sys.stderr, flush=True)
    quiet(self)
process.Lifetime.on_quiet = on_quiet
{SERVE}
"""
# In the midst of the import of the SDK something is not as it was; the second time it is.
SURPRISE = """
import sys
class Surprise:
    def find_spec(self, name, path=None, target=None):
        if name == "mcp.server.connection":
            sys.meta_path.remove(self)
            raise AttributeError("no such thing any more")
sys.meta_path.insert(0, Surprise())
"""
UNKNOWN = f"""
from workrail_mcp_server import lean
lean.KNOWN_VERSIONS = {{"mcp": frozenset({{"2.3.999"}})}}
{RECORDING}
"""
LISTS = ("tools/list", "prompts/list", "resources/list", "resources/templates/list")
CALLS: tuple[tuple[str, Mapping[str, object]], ...] = (
    ("list_workflows", {}),
    ("list_workflows", {"query": "nothing has these words"}),
    ("inspect_workflow", {"workflowId": "two-steps"}),
    ("inspect_workflow", {}),
    ("complete_step", {"token": "ct_short", "notes": 7}),
    ("no_such_tool", {}),
)
REFUSED: tuple[tuple[str, Mapping[str, object]], ...] = (
    ("ping", {}),
    ("no/such/method", {}),
    ("tools/call", {}),
    ("tools/call", {"name": 7}),
    ("prompts/get", {"name": "no-such-prompt"}),
    ("resources/read", {"uri": "workrail://no/such"}),
    ("initialize", {"protocolVersion": "2024-11-05"}),
)
START = {"workflowId": "two-steps", "goal": "Say the same"}
ASIDE = re.compile(r"(httpx2|uvicorn|starlette|sse_starlette|mcp\.client|mcp\.server\.mcpserver)\b")
HEAVY = re.compile(
    r"(sqlalchemy|alembic|jsonschema|ruamel|sqlite3|workrail_mcp_server\.tools\.desk"
    r"|workrail_engine\.(store|registry|engine|runner|reader|session|workflow))\b"
)


@pytest.mark.rule("MCP-18")
@pytest.mark.parametrize("era", ERAS)
def test_nothing_heavy_is_imported_before_the_list_of_tools_is_answered(
    environment: dict[str, str], era: Era
) -> None:
    opened, called = modules_in(environment, era, RECORDING)
    assert [name for name in opened if HEAVY.match(name) or ASIDE.match(name)] == []
    assert "workrail_engine.engine" in called
    assert [name for name in called if ASIDE.match(name)] == []
    assert "sqlalchemy.dialects.postgresql" not in called  # two megabytes, and this is SQLite


@pytest.mark.rule("MCP-40")
@pytest.mark.parametrize("era", ERAS)
def test_a_lean_server_answers_byte_for_byte_what_a_plain_one_does(
    environment: dict[str, str], era: Era
) -> None:
    lean = transcript(environment, era)
    plain = transcript({**environment, SWITCH: "1"}, era)
    surprised = transcript(environment, era, SURPRISE + SERVE)

    assert len(lean) == 1 + len(LISTS) + len(CALLS) + len(REFUSED) + 5
    assert lean == plain
    assert surprised == plain


@pytest.mark.rule("MCP-41")
def test_any_surprise_leads_to_the_plain_import(environment: dict[str, str]) -> None:
    for code in (SURPRISE + RECORDING, UNKNOWN):
        opened, called = modules_in(environment, "2026-07-28", code)
        assert {"starlette.applications", "mcp.client"} <= set(opened)
        assert "workrail_engine.engine" in called


@pytest.mark.rule("MCP-41")
def test_the_lean_import_can_be_switched_off(environment: dict[str, str]) -> None:
    opened, _ = modules_in({**environment, SWITCH: "1"}, "2026-07-28", RECORDING)
    assert "mcp.client" in opened


@pytest.mark.rule("MCP-41")
def test_the_versions_that_are_installed_here_are_known() -> None:
    # When this fails, look at what the new version imports, then add it or leave it to the plain way.
    from importlib.metadata import version  # noqa: PLC0415 - beside its use

    assert version("mcp") in KNOWN_VERSIONS["mcp"]
    assert version("mcp-types") in KNOWN_VERSIONS["mcp_types"]


@pytest.mark.rule("MCP-42")
@pytest.mark.parametrize("era", ERAS)
def test_what_calls_need_is_imported_once_the_tools_are_listed(
    environment: dict[str, str], era: Era
) -> None:
    with opened(environment, era, RECORDING) as peer:
        next_record(peer)
        for _ in range(20_000):
            peer.ping()
            if "workrail_engine.engine" in next_record(peer):
                break
        else:
            pytest.fail("nothing was imported")
        assert "two-steps" in peer.call("list_workflows")


@pytest.mark.rule("MCP-42")
def test_a_server_that_was_imported_plain_stays_small_until_a_call(
    environment: dict[str, str],
) -> None:
    with opened({**environment, SWITCH: "1"}, "2026-07-28", RECORDING) as peer:
        peer.ping()
        peer.ping()
        for _ in range(3):
            record = next_record(peer)
            assert not {"warming", "workrail_engine.engine"} & set(record)


def modules_in(environment: Mapping[str, str], era: Era, code: str) -> tuple[list[str], list[str]]:
    with serving(environment, era, code) as peer:
        return recorded(peer)


def recorded(peer: Peer) -> tuple[list[str], list[str]]:
    """What is imported once the tools are listed, and after a call."""
    peer.open()
    peer.ping()
    peer.call("list_workflows")
    _opened, listed, called = (next_record(peer) for _ in range(3))
    return listed, called


def next_record(peer: Peer) -> list[str]:
    assert peer.process.stderr is not None
    while not (line := peer.process.stderr.readline()).startswith(b"["):
        assert line, "the server left"
    return json.loads(line)


def transcript(environment: Mapping[str, str], era: Era, code: str = SERVE) -> list[str]:
    """All that comes out of a server with a new home that is sent a fixed set of requests."""
    shutil.rmtree(environment["WORKRAIL_HOME"], ignore_errors=True)
    lines = list[str]()

    def said(peer: Peer, method: str, **params: object) -> str:
        peer.ask(method, **params)
        lines.append(peer.line().decode())
        return lines[-1]

    with serving(environment, era, code) as peer:
        handshake: dict[str, Any] = {
            "protocolVersion": era,
            "capabilities": {"roots": {}, "elicitation": {}},
            "clientInfo": {"name": "test", "version": "0"},
        }
        if era == "2026-07-28":
            said(peer, "server/discover")
        else:
            said(peer, "initialize", **handshake)
            peer.tell("notifications/initialized")
        for method in LISTS:
            said(peer, method)
        for name, arguments in CALLS:
            said(peer, "tools/call", name=name, arguments=arguments)
        for method, params in REFUSED:
            said(peer, method, **params)
        started = said(peer, "tools/call", name="start_workflow", arguments=START)
        done = {"token": token_in(started), "notes": "Done."}
        said(peer, "tools/call", name="complete_step", arguments=done)
        said(peer, "tools/call", name="complete_step", arguments=done)
        peer.write(b"no JSON\n[]\n")
        lines += [peer.line().decode(), peer.line().decode()]
        peer.end_input()
        assert peer.rest() == []
        assert peer.code() == 0
    return [masked(line) for line in lines]
