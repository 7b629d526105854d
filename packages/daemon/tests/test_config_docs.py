"""The documentation of settings and models says what holds."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from workrail_daemon.config.loading import VARIABLES, load
from workrail_daemon.config.model_settings import ModelSettings, Price, Provider, Retries
from workrail_daemon.config.problems import dotted
from workrail_daemon.config.settings import Settings

DOCS = Path(__file__).parents[3] / "docs"
TEXT = (DOCS / "configuration.md").read_text(encoding="utf-8")
SECTIONS: dict[str, type[BaseModel]] = {
    **{name: type(value) for name, value in Settings()},
    "models.providers": Provider,
    "models.prices": Price,
    "models.retries": Retries,
}
ROW = re.compile(r"^\| `(\w+)` \| (.*?) \|", re.MULTILINE)


def test_every_section_is_documented() -> None:
    assert re.findall(r"^###? ([a-z.]+)$", TEXT, re.MULTILINE) == sorted(
        SECTIONS, key=lambda name: TEXT.index(f"# {name}\n")
    )


@pytest.mark.parametrize("section", SECTIONS)
def test_every_setting_is_documented_with_its_default(section: str) -> None:
    model = SECTIONS[section]
    part = TEXT.partition(f"# {section}\n")[2].partition("\n#")[0]
    rows = dict(ROW.findall(part))
    assert list(rows) == list(model.model_fields)
    for name, field in model.model_fields.items():
        shown = rows[name].strip()
        if re.fullmatch(r"`[^`]*`", shown):
            default: Any = field.get_default(call_default_factory=True)
            assert json.loads(shown.strip("`")) == json.loads(json.dumps(default)), name
        elif model is not ModelSettings:
            assert field.is_required() or not field.default, name


def test_every_variable_is_documented() -> None:
    part = TEXT.partition("## Variables\n")[2].partition("\n#")[0]
    found = dict(re.findall(r"^\| `(\w+)` \| `([\w.]+)`", part, re.MULTILINE))
    assert found == {name: dotted(path) for name, path in VARIABLES.items()}


@pytest.mark.parametrize("name", ["configuration.md", "models.md"])
def test_the_examples_can_be_used(name: str, tmp_path: Path) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", (DOCS / name).read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    (tmp_path / "config.toml").write_text("\n".join(blocks), encoding="utf-8")
    assert load(tmp_path, {}).exists
