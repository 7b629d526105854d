"""Does a server's entry get into a client's settings, and nothing else change there?"""

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.errors import InvalidInputError
from workrail_mcp_server.clients.commented_json import NotJsonError, read_document
from workrail_mcp_server.clients.entering import NoRoomError, entered, merged
from workrail_mcp_server.clients.known import (
    ClientName,
    Machine,
    Scope,
    Settings,
    settings_of,
)
from workrail_mcp_server.clients.settings_file import enter

ENTRY: JsonObject = {"type": "stdio", "command": "/opt/workrail", "args": ["start"]}
LOOSE = Settings(Path("mcp.json"), "servers", comments=True, typed=True)
STRICT = Settings(Path("mcp.json"), "mcpServers", comments=False, typed=True)
HOME, PROJECT = Path("/home/ada"), Path("/home/ada/shop")

COMMENTED = """\
{
\t// what the editor asks for
\t"inputs": [{"id": "key", "type": "promptString"},],
\t"servers": {
\t\t"other": {"url": "https://example.org/mcp"}, // ours since May
\t},
\t/* the last word */
}
"""

NAMES = st.text(max_size=8)
VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=4)
SERVERS = st.dictionaries(NAMES.filter(lambda name: "rl" not in name.lower()), VALUES, max_size=4)


@pytest.mark.rule("CLI-70")
def test_comments_order_and_unknown_members_stay_where_they_are() -> None:
    after = entered(COMMENTED, LOOSE, "workrail", ENTRY)

    assert after == COMMENTED.replace(
        " // ours since May\n",
        " // ours since May\n"
        '\t\t"workrail": {\n'
        '\t\t\t"type": "stdio",\n'
        '\t\t\t"command": "/opt/workrail",\n'
        '\t\t\t"args": [\n'
        '\t\t\t\t"start"\n'
        "\t\t\t]\n"
        "\t\t},\n",
    )


@pytest.mark.rule("CLI-70")
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '{\n  "servers": {\n    "w": 1\n  }\n}\n'),
        ("{}", '{\n  "servers": {\n    "w": 1\n  }\n}'),
        ('{"a": 1}', '{"a": 1, "servers": {"w": 1}}'),
        ('{"a": 1,}', '{"a": 1, "servers": {"w": 1}}'),
        ('{"servers": {}}', '{"servers": {\n  "w": 1\n}}'),
        ('{\r\n "a": 1\r\n}', '{\r\n "a": 1,\r\n "servers": {\r\n  "w": 1\r\n }\r\n}'),
        ('{\n  "a": 1 // one\n}', '{\n  "a": 1, // one\n  "servers": {\n    "w": 1\n  }\n}'),
        ("{ // none\n}", '{\n  "servers": {\n    "w": 1\n  } // none\n}'),
        ("\ufeff{}", '\ufeff{\n  "servers": {\n    "w": 1\n  }\n}'),
    ],
)
def test_a_new_member_is_written_in_the_manner_of_the_document(before: str, after: str) -> None:
    one: JsonObject = {"x": 1}
    expected = json.dumps(one)

    written = entered(before, LOOSE, "w", one)

    assert _flat(written) == _flat(after.replace('"w": 1', f'"w": {expected}'))
    assert ("\r\n" in written) == ("\r\n" in before)
    read_document(written, comments=True)


@pytest.mark.rule("CLI-70")
def test_an_entry_that_is_there_keeps_what_ours_does_not_speak_of() -> None:
    before = (
        '{"mcpServers": {"workrail": {"env": {"A": "1"}, "command": "old", "disabled": true},'
        ' "z": {}}}'
    )

    after = entered(before, STRICT, "workrail", {**ENTRY, "env": {"B": "2"}})

    assert json.loads(after)["mcpServers"] == {
        "workrail": {
            "env": {"A": "1", "B": "2"},
            "command": "/opt/workrail",
            "disabled": True,
            "type": "stdio",
            "args": ["start"],
        },
        "z": {},
    }
    assert list(json.loads(after)["mcpServers"]["workrail"])[:3] == ["env", "command", "disabled"]


@pytest.mark.rule("CLI-70")
@given(
    document=OBJECTS,
    servers=st.dictionaries(NAMES | st.just("workrail"), SERVERS, max_size=3),
    indent=st.data(),
)
def test_whatever_the_document_holds_it_holds_the_same_and_the_entry(
    document: JsonObject, servers: dict[str, JsonObject], indent: st.DataObject
) -> None:
    document = {**document, "mcpServers": dict(servers)}
    text = json.dumps(document, indent=indent.draw(st.sampled_from([None, 1, 2, 4, "\t"])))
    wanted = merged(document, {"mcpServers": {"workrail": ENTRY}})

    once = entered(text, STRICT, "workrail", ENTRY)
    twice = entered(once, STRICT, "workrail", ENTRY)

    assert json.loads(once) == wanted
    assert twice == once


@given(VALUES, st.sampled_from([None, 0, 2]))
def test_a_document_is_read_as_every_reader_reads_it(value: JsonValue, indent: int | None) -> None:
    node = read_document(json.dumps(value, indent=indent), comments=False)

    assert node.value == value


@pytest.mark.rule("CLI-71")
@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{", "line 1, column 2"),
        ('{"a": 1,}', "line 1, column 9"),
        ('{\n// x\n"a": 1}', "line 2, column 1"),
        ('{"a": [1 2]}', "line 1, column 10"),
        ('{"a" 1}', "line 1, column 6"),
        ("{a: 1}", "line 1, column 2"),
        ("{} {}", "line 1, column 4"),
        ('{"a": NaN}', "line 1, column 7"),
        ("[" * 500, "line 1, column"),
        ("'a'", "line 1, column 1"),
    ],
)
def test_what_is_no_json_is_refused_with_its_place(text: str, place: str) -> None:
    with pytest.raises(NotJsonError, match=place):
        entered(text, STRICT, "workrail", ENTRY)


@pytest.mark.rule("CLI-71")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "not an object"),
        ('{"mcpServers": []}', '"mcpServers" is not an object'),
        ('{"mcpServers": {"workrail": "x"}}', '"workrail" in "mcpServers" is not an object'),
        ('{"mcpServers": {"workrail": {"url": "https://x"}}}', "--name"),
        ('{"mcpServers": {"workrail": {"env": 1}}}', '"env" is not an object'),
    ],
)
def test_a_document_without_room_for_the_entry_is_refused(text: str, said: str) -> None:
    with pytest.raises(NoRoomError, match=said):
        entered(text, STRICT, "workrail", {**ENTRY, "env": {"A": "1"}})


@pytest.mark.rule("CLI-70")
def test_a_file_is_replaced_with_its_rights_and_its_old_content_is_kept(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "mcp.json"
    real.parent.mkdir()
    before = '{"mcpServers": {}, "token": "secret"}'
    real.write_text(before)
    real.chmod(0o600)
    link = tmp_path / "mcp.json"
    link.symlink_to(real)
    settings = Settings(link, "mcpServers", comments=False, typed=True)

    first = enter(settings, "workrail", ENTRY)
    again = enter(settings, "workrail", ENTRY)
    changed = enter(settings, "workrail", {**ENTRY, "command": "/else"})

    assert link.is_symlink()
    assert (first.changed, again.changed, changed.changed) == (True, False, True)
    assert first.backup is not None
    assert changed.backup is not None
    assert first.backup.read_text() == before
    assert "/opt/workrail" in changed.backup.read_text()
    kept = (real, first.backup, changed.backup)
    assert [stat.S_IMODE(path.stat().st_mode) for path in kept] == [0o600] * 3
    assert sorted(path.name for path in real.parent.iterdir()) == [
        "mcp.json",
        "mcp.json.backup",
        "mcp.json.backup-2",
    ]


@pytest.mark.rule("CLI-71")
@pytest.mark.parametrize("content", [b"{", b"\xff\xfe{\x00}\x00", b"[]"])
def test_a_file_that_cannot_be_read_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mcp.json"
    path.write_bytes(content)

    with pytest.raises(InvalidInputError, match=r"mcp\.json.*Nothing was changed"):
        enter(Settings(path, "mcpServers", comments=False, typed=True), "workrail", ENTRY)

    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
@pytest.mark.rule("CLI-71")
def test_a_folder_that_may_not_be_written_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    settings = Settings(tmp_path / "mcp.json", "mcpServers", comments=False, typed=True)

    with pytest.raises(InvalidInputError, match="Permission denied"):
        enter(settings, "workrail", ENTRY)


def test_a_path_that_is_a_folder_is_told(tmp_path: Path) -> None:
    settings = Settings(tmp_path, "mcpServers", comments=False, typed=True)

    with pytest.raises(InvalidInputError, match="--print"):
        enter(settings, "workrail", ENTRY)


@pytest.mark.parametrize(
    ("client", "scope", "platform", "path"),
    [
        ("claude-code", "user", "linux", "/home/ada/.claude.json"),
        ("claude-code", "project", "linux", "/home/ada/shop/.mcp.json"),
        ("cursor", "user", "darwin", "/home/ada/.cursor/mcp.json"),
        ("cursor", "project", "win32", "/home/ada/shop/.cursor/mcp.json"),
        ("vscode", "user", "linux", "/home/ada/.config/Code/User/mcp.json"),
        ("vscode", "user", "darwin", "/home/ada/Library/Application Support/Code/User/mcp.json"),
        ("vscode", "user", "win32", "/home/ada/AppData/Roaming/Code/User/mcp.json"),
        ("vscode", "project", "linux", "/home/ada/shop/.vscode/mcp.json"),
        (
            "claude-desktop",
            "user",
            "darwin",
            "/home/ada/Library/Application Support/Claude/claude_desktop_config.json",
        ),
        ("claude-desktop", "user", "linux", "/home/ada/.config/Claude/claude_desktop_config.json"),
    ],
)
def test_each_client_keeps_its_servers_where_it_looks_for_them(
    client: ClientName, scope: Scope, platform: str, path: str
) -> None:
    settings = settings_of(client, scope, Machine(platform, HOME, {}), PROJECT)

    assert settings is not None
    assert settings.path == Path(path)
    assert settings.key == ("servers" if client == "vscode" else "mcpServers")


def test_the_variables_clients_move_their_settings_with_are_followed() -> None:
    moved = {"CLAUDE_CONFIG_DIR": "/c", "XDG_CONFIG_HOME": "/x", "APPDATA": "/a"}

    def path(client: ClientName, platform: str) -> str:
        settings = settings_of(client, "user", Machine(platform, HOME, moved), PROJECT)
        assert settings is not None
        return str(settings.path)

    assert path("claude-code", "linux") == "/c/.claude.json"
    assert path("vscode", "linux") == "/x/Code/User/mcp.json"
    assert path("claude-desktop", "win32") == "/a/Claude/claude_desktop_config.json"


def _flat(text: str) -> str:
    return "".join(text.split())
