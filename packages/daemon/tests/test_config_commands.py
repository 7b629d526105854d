"""`worktrain config` and `worktrain models`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from workrail_daemon.cli import main
from workrail_daemon.testing.model_messages import Answer
from workrail_daemon.testing.model_server import Failing, ModelServer, serving

SECRET = "sk-that-must-not-be-shown"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("WORKTRAIN_MODEL", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WORKRAIL_HOME", str(tmp_path))
    monkeypatch.setenv("THE_KEY", SECRET)
    return tmp_path


@pytest.fixture
def server() -> Iterator[ModelServer]:
    usage = {"input_tokens": 100, "output_tokens": 3}
    with serving([Answer("ready", usage=usage), Failing(404, message="no such model")]) as serving_:
        yield serving_


def worktrain(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def write(home: Path, text: str) -> None:
    (home / "config.toml").write_text(text, encoding="utf-8")


def test_the_settings_are_shown_with_where_they_come_from_and_without_secrets(home: Path) -> None:
    write(
        home,
        """[models.providers.local]
base_url = "http://someone:hidden-word@127.0.0.1:1"
headers = { X-Token = "hidden-word" }
[limits]
usd = 2.5
""",
    )
    ran = worktrain("config", "show")
    assert ran.exit_code == 0
    lines = ran.stdout.splitlines()
    (usd,) = [line for line in lines if line.startswith("limits.usd = 2.5")]
    assert usd.endswith("# config.toml, line 5")
    assert "limits.turns = 200" in lines
    assert "hidden-word" not in ran.output
    assert SECRET not in ran.output
    shown = json.loads(worktrain("config", "show", "limits", "--json").stdout)
    assert shown["settings"]["limits"]["usd"] == 2.5
    assert shown["origins"] == {"limits.usd": "config.toml, line 5"}


def test_a_beginning_that_no_setting_has_is_said(home: Path) -> None:
    ran = worktrain("config", "show", "limmits")
    assert ran.exit_code == 1
    assert "No setting has a name that begins with limmits" in ran.stderr


def test_a_check_tells_every_problem_and_fails(home: Path) -> None:
    write(home, "[limits]\nusd = -1\nminuts = 3\n")
    ran = worktrain("config", "check")
    assert ran.exit_code == 1
    assert "line 2: limits.usd" in ran.stderr
    assert "line 3: limits.minuts: there is no such setting. Did you mean minutes?" in ran.stderr
    ran = worktrain("config", "check", "--json")
    found = json.loads(ran.stdout)
    assert (ran.exit_code, found["ok"], len(found["problems"])) == (1, False, 2)


def test_a_check_warns_of_what_is_missing_around_the_settings(home: Path) -> None:
    key = home / "key"
    key.write_text(SECRET, encoding="utf-8")
    key.chmod(0o644)
    write(home, f'[models.providers.local]\napi_key_file = "{key}"\n[agent]\nsoul = "/none.md"\n')
    ran = worktrain("config", "check")
    assert ran.exit_code == 0
    assert "the key is missing: ANTHROPIC_API_KEY" in ran.stderr
    assert f"others can read {key}" in ran.stderr
    assert "/none.md is not there" in ran.stderr
    assert SECRET not in ran.output
    assert worktrain("config", "check", "--strict").exit_code == 1
    found = json.loads(worktrain("config", "check", "--json").stdout)
    assert found["ok"] is True
    assert len(found["warnings"]) == 3


def test_settings_that_cannot_be_used_end_any_other_command_with_their_place(home: Path) -> None:
    write(home, "[limits\n")
    ran = worktrain("models", "list")
    assert ran.exit_code == 2
    assert "config.toml, line 1" in ran.stderr


def local(server: ModelServer, **more: str) -> str:
    lines = "".join(f"{name} = {value}\n" for name, value in more.items())
    return f"""[models]
always = "local/first"
{lines}
[models.providers.local]
base_url = "{server.address}"
api_key_env = "THE_KEY"
[models.prices."local/first"]
input = 2
output = 10
since = 2026-11-01
"""


def test_models_are_listed_with_provider_price_and_key(home: Path, server: ModelServer) -> None:
    write(home, local(server, fallbacks='{ "local/first" = ["anthropic/claude-haiku-5-5"] }'))
    ran = worktrain("models", "list")
    assert ran.exit_code == 0
    (heavy,) = [line for line in ran.stdout.splitlines() if line.startswith("tier heavy")]
    assert heavy.split()[2:] == ["local/first", "2/10/2/2", server.address, "key", "in", "THE_KEY"]
    assert "key missing: ANTHROPIC_API_KEY" in ran.stdout
    assert SECRET not in ran.output
    rows = json.loads(worktrain("models", "list", "--json").stdout)["models"]
    assert rows[0]["fallbacks"] == ["anthropic/claude-haiku-5-5"]
    assert rows[-1]["use"] == "instead of local/first"
    assert rows[-1]["usable"] is False


def test_a_model_is_tried_and_what_came_of_it_is_told(home: Path, server: ModelServer) -> None:
    write(home, local(server))
    ran = worktrain("models", "test")
    assert ran.exit_code == 0
    assert 'local/first said "ready" in ' in ran.stdout
    assert "100 tokens read, 3 written, $0.000230" in ran.stdout
    ran = worktrain("models", "test", "local/second", "--json")
    assert ran.exit_code == 1
    (tried,) = json.loads(ran.stdout)["tried"]
    assert tried["ok"] is False
    assert "HTTP 404" in tried["failure"]
    assert "no such model" in tried["failure"]
    assert [heard.body["model"] for heard in server.heard] == ["first", "second"]


def test_a_scripted_model_can_be_tried(home: Path) -> None:
    script = home / "script.yaml"
    script.write_text("turns: [{say: ready}]", encoding="utf-8")
    found: dict[str, Any] = json.loads(
        worktrain("models", "test", "scripted/x", "--script", str(script), "--json").stdout
    )
    assert found["tried"][0]["said"] == "ready"
    assert found["tried"][0]["cost_usd"] == 0


def test_a_model_that_is_not_set_up_is_said_and_nothing_is_asked(home: Path) -> None:
    ran = worktrain("models", "test", "opus")
    assert ran.exit_code == 1
    assert "`opus` is no model; write it as provider/model" in ran.stderr
