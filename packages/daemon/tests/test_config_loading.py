"""What the settings say, where each comes from, and what is said of mistakes."""

import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from workrail_daemon.agent.stuck_rules import StuckSettings as Thresholds
from workrail_daemon.config.loading import Loaded, load
from workrail_daemon.config.secret_values import headers_of, key_of, key_shown
from workrail_daemon.config.settings import Settings
from workrail_daemon.errors import ConfigError, ModelRefusedError

SECRET = "sk-that-must-not-be-shown"


def loaded(home: Path, text: str, **environ: str) -> Loaded:
    (home / "config.toml").write_text(text, encoding="utf-8")
    return load(home, environ)


def problems(home: Path, text: str, **environ: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loaded(home, text, **environ)
    return str(caught.value).splitlines()


def test_without_a_file_everything_has_its_default(tmp_path: Path) -> None:
    found = load(tmp_path, {})
    assert not found.exists
    assert found.origins == {}
    assert found.warnings == ()
    assert found.settings.daemon.max_concurrent_sessions == 3
    assert found.settings.agent.max_output_tokens == 8192
    assert set(found.settings.models.providers) == {"anthropic", "scripted"}
    tiers = found.settings.models.tiers
    assert {tiers.lightweight, tiers.mid, tiers.heavy} <= set(found.settings.models.prices)


def test_what_the_file_says_goes_over_the_defaults_and_its_line_is_known(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        """
[models.tiers]
mid = "local/qwen"

[models.providers.local]
base_url = "http://127.0.0.1:11434"

[models.providers.anthropic]
headers = { X-Team = "blue" }

[models.prices."local/qwen"]
input = 0
output = 0
since = 2026-11-20

[limits]
minutes = 20
usd = 2.5
""",
    )
    settings = found.settings
    assert settings.models.tiers.mid == "local/qwen"
    assert settings.models.tiers.heavy.startswith("anthropic/")
    assert settings.models.providers["anthropic"].api_key_env == "ANTHROPIC_API_KEY"
    assert settings.models.providers["anthropic"].headers == {"X-Team": "blue"}
    assert "anthropic/claude-opus-5-5" in settings.models.prices
    assert (settings.limits.minutes, settings.limits.usd, settings.limits.turns) == (20, 2.5, 200)
    assert found.origins["models", "tiers", "mid"] == "line 3"
    assert found.origins["limits", "usd"] == "line 18"
    assert found.warnings == ()


def test_an_unknown_key_is_named_with_its_line_and_the_one_that_was_meant(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, '[models.tiers]\n# a comment\nhevy = "anthropic/x"\n')
    assert f"{tmp_path / 'config.toml'}, line 3: models.tiers.hevy: " in line
    assert "Did you mean heavy? It accepts: heavy, lightweight, mid." in line


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    lines = problems(
        tmp_path,
        """[daemon]
max_concurrent_sessions = 0
dispatch = "embeded"
[sandbox]
wish = "offf"
hosts = "example.org"
[[limits]]
minutes = 3
[models.prices."a/b"]
input = "much"
since = 2026-01-01
""",
    )
    places = [line.partition(f"{tmp_path / 'config.toml'}, ")[2].split(": ")[:2] for line in lines]
    assert sorted(places) == [
        ["line 10", 'models.prices."a/b".input'],
        ["line 2", "daemon.max_concurrent_sessions"],
        ["line 3", "daemon.dispatch"],
        ["line 5", "sandbox.wish"],
        ["line 6", "sandbox.hosts"],
        ["line 7", "limits"],
        ["line 9", 'models.prices."a/b".output'],
    ]
    said = "\n".join(lines)
    assert (
        "it must be 'embedded' or 'procrastinate'; here: 'embeded'. Did you mean embedded?" in said
    )
    assert "it must be greater than or equal to 1; here: 0." in said
    assert "it is missing." in said


def test_a_key_of_a_table_that_has_free_names_is_known(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, '[models.providers.mine]\nbase_uri = "http://x"\n')
    assert "Did you mean base_url?" in line


def test_a_secret_in_the_file_is_refused_and_not_shown(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, f'[models.providers.anthropic]\napi_key = "{SECRET}"\n')
    assert "line 2: models.providers.anthropic.api_key:" in line
    assert "name the variable that holds it in api_key_env" in line
    assert SECRET not in line


def test_what_is_not_toml_is_told_with_line_and_column(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, "[models]\nalways = \n")
    assert "config.toml, line 2, column " in line
    assert "not TOML" in line


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('models.tiers.mid = "opus"', "`opus` is no model; write it as provider/model"),
        ('models.tiers.mid = "antropic/x"', "provider `antropic`, which is not set up. Did you"),
        ('models.roles.gate = "hevy"', "`hevy` is neither a tier (lightweight, mid, heavy) nor"),
        ('models.roles.gate = "x/y"', "names the provider `x`"),
        ('models.fallbacks."anthropic/a" = ["b/c"]', "names the provider `b`"),
        ('models.providers.v.kind = "vertex"', "vertex needs a project"),
        ('models.providers.v.kind = "bedrock"', "bedrock needs a region"),
        ('models.providers.v.region = "r"', "region is a setting of bedrock and vertex"),
        (
            'models.providers.v = {api_key_env = "A", api_key_file = "b"}',
            "api_key_env and api_key_file both name the key",
        ),
        (
            'models.prices."anthropic/a" = {input=1, output=2, since=2026-01-01, long_prompt_over=9}',
            "long_prompt_over and long_prompt go together",
        ),
    ],
)
def test_settings_that_do_not_fit_together_are_told_with_their_line(
    tmp_path: Path, text: str, said: str
) -> None:
    lines = problems(tmp_path, f"\n{text}\n")
    assert any(f"{tmp_path / 'config.toml'}, line 2: " in line and said in line for line in lines)


def test_a_model_without_a_price_is_a_warning_where_it_is_named(tmp_path: Path) -> None:
    text = '[limits]\nusd = 3\n[models]\nalways = "anthropic/claude-next"\n'
    (warning,) = loaded(tmp_path, text).warnings
    assert "line 4: models.always: `anthropic/claude-next` has no price" in warning
    assert "limit in US dollars" in warning


def test_variables_go_over_the_file(tmp_path: Path) -> None:
    text = '[models]\nalways = "anthropic/a"\n[models.providers.anthropic]\nbase_url = "http://f"\n'
    variables = {"WORKTRAIN_MODEL": "scripted/x", "ANTHROPIC_BASE_URL": "http://e"}
    found = loaded(tmp_path, text, **variables)
    assert found.settings.models.always == "scripted/x"
    assert found.origins["models", "always"] == "WORKTRAIN_MODEL"
    assert found.settings.models.providers["anthropic"].base_url == "http://f"
    found = load(tmp_path / "nowhere", variables)
    assert found.settings.models.providers["anthropic"].base_url == "http://e"
    assert found.origins["models", "providers", "anthropic", "base_url"] == "ANTHROPIC_BASE_URL"


def test_a_problem_of_a_variable_names_the_variable(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, "", WORKTRAIN_MAX_SESSIONS="many")
    assert line.startswith("the variable WORKTRAIN_MAX_SESSIONS: daemon.max_concurrent_sessions: ")
    (line,) = problems(tmp_path, "", WORKTRAIN_MODEL="opus")
    assert line.startswith("the variable WORKTRAIN_MODEL: models.always: `opus` is no model")


def test_a_key_is_found_by_its_variable_or_its_file_and_only_there(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{SECRET}\n", encoding="utf-8")
    found = loaded(
        tmp_path,
        f"""[models.providers]
by_file = {{ api_key_file = "{file}" }}
by_name = {{ api_key_env = "MY_KEY", headers_env = {{ X-More = "MORE" }} }}
by_none = {{ base_url = "http://127.0.0.1" }}
anthropic = {{ api_key_file = "{file}" }}
""",
    )
    providers = found.settings.models.providers
    environ = {"MY_KEY": SECRET}
    assert key_of(providers["by_file"], {}) == SECRET
    assert key_of(providers["by_name"], environ) == SECRET
    assert key_of(providers["by_none"], environ) is None
    assert providers["anthropic"].api_key_env is None
    with pytest.raises(ModelRefusedError, match="MY_KEY is not set"):
        key_of(providers["by_name"], {})
    with pytest.raises(ModelRefusedError, match="MORE is not set"):
        headers_of(providers["by_name"], environ)
    file.unlink()
    with pytest.raises(ModelRefusedError, match="cannot be read"):
        key_of(providers["by_file"], {})
    shown = [key_shown(provider, environ) for provider in providers.values()]
    assert "in MY_KEY" in shown
    assert f"missing: {file}" in shown
    assert SECRET not in repr(found)


def test_thresholds_are_those_the_agent_knows() -> None:
    mine = Settings().stuck.model_dump(exclude={"policy"})
    assert mine == {each.name: getattr(Thresholds(), each.name) for each in fields(Thresholds)}


def test_settings_are_read_without_loading_what_is_heavy(tmp_path: Path) -> None:
    code = (
        "import sys, os\n"
        "from pathlib import Path\n"
        "from workrail_daemon.config.loading import load\n"
        "from workrail_daemon.models.registry import Models\n"
        "Models(load(Path(sys.argv[1]), os.environ).settings, os.environ)\n"
        "heavy = {'anthropic', 'httpx2', 'sqlalchemy', 'opentelemetry', 'ruamel'}\n"
        "print(sorted(heavy & {name.partition('.')[0] for name in sys.modules}))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "ANTHROPIC_API_KEY": SECRET},
    )
    assert ran.stdout.strip() == "[]"
