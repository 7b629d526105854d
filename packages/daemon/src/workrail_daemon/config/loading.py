"""What do the settings say, and where does each one come from?

They are read from `config.toml` in the home of the store; without the file everything has its
default. A few variables go over the file.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from pydantic import ValidationError

from workrail_daemon.config.checking import check
from workrail_daemon.config.model_settings import BUILT_IN_PROVIDERS
from workrail_daemon.config.price_table import BUILT_IN_PRICES
from workrail_daemon.config.problems import dotted, place, problems_of
from workrail_daemon.config.settings import Settings
from workrail_daemon.config.toml_lines import KeyPath, lines_of
from workrail_daemon.errors import ConfigError

FILE_NAME: Final = "config.toml"
VARIABLES: Final[dict[str, KeyPath]] = {
    "WORKTRAIN_MODEL": ("models", "always"),
    "WORKTRAIN_MAX_SESSIONS": ("daemon", "max_concurrent_sessions"),
    "WORKTRAIN_SANDBOX": ("sandbox", "wish"),
    "ANTHROPIC_BASE_URL": ("models", "providers", "anthropic", "base_url"),
}
"""What a variable sets; the last one only where the file does not."""
_YIELDING: Final = ("ANTHROPIC_BASE_URL",)
_AT_LINE: Final = re.compile(r"^(?P<said>.*) \(at line (?P<line>\d+), column (?P<column>\d+)\)$")
Tree = dict[str, Any]


@dataclass(frozen=True)
class Loaded:
    """The settings, and what is known of them."""

    settings: Settings
    file: Path
    """Where config.toml is or would be."""
    exists: bool
    origins: Mapping[KeyPath, str]
    """Where a setting was given: `line 3`, or the name of a variable; the others are defaults."""
    warnings: tuple[str, ...]
    """What may surprise, a sentence each."""


def load(home: Path, environ: Mapping[str, str]) -> Loaded:
    """The settings of a home folder.

    Args:
        home: the folder of the store, which holds config.toml if anything was settled.
        environ: the variables of the process.

    Raises:
        ConfigError: something cannot be used; its message has one problem a line.
    """
    file = home / FILE_NAME
    text = _read(file)
    tree = _parse(text or "", file)
    lines = lines_of(text or "")
    origins = {path: f"line {line}" for path, line in lines.items()}
    for variable, path in VARIABLES.items():
        value = environ.get(variable, "").strip()
        if value and not (variable in _YIELDING and path in lines):
            _set(tree, path, value)
            origins[path] = variable
            lines.pop(path, None)
    settings = _validated(tree, str(file), lines, origins)
    findings = check(settings)
    if findings.problems:
        raise ConfigError(
            "\n".join(
                _said(path, said, str(file), lines, origins) for path, said in findings.problems
            )
        )
    warnings = tuple(
        _said(path, said, str(file), lines, origins) for path, said in findings.warnings
    )
    return Loaded(settings, file, text is not None, origins, warnings)


def _read(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except OSError as error:
        message = (
            f"{file}: it cannot be read: {error.strerror or error}. Mend that, or move it away."
        )
        raise ConfigError(message) from error
    except UnicodeDecodeError as error:
        message = f"{file}: it is not UTF-8 at byte {error.start}. Save it as UTF-8."
        raise ConfigError(message) from error


def _parse(text: str, file: Path) -> Tree:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _AT_LINE.match(str(error))
        if found is None:
            message = f"{file}: this is not TOML: {error}."
        else:
            where = f"{file}, line {found['line']}, column {found['column']}"
            message = f"{where}: this is not TOML: {found['said']}."
        raise ConfigError(message) from error


def _validated(
    tree: Tree, file: str, lines: Mapping[KeyPath, int], origins: Mapping[KeyPath, str]
) -> Settings:
    try:
        return Settings.model_validate(_with_built_in(tree))
    except ValidationError as error:
        found = problems_of(error, Settings, file, lines)
        for path, origin in origins.items():
            if origin in VARIABLES:  # a problem of a variable is not looked for in the file
                key = dotted(path)
                found = [_moved(line, key, f"the variable {origin}") for line in found]
        raise ConfigError("\n".join(found)) from error


def _moved(line: str, key: str, place_of_it: str) -> str:
    _, found, said = line.partition(f": {key}: ")
    return f"{place_of_it}: {key}: {said}" if found else line


def _said(
    path: KeyPath,
    said: str,
    file: str,
    lines: Mapping[KeyPath, int],
    origins: Mapping[KeyPath, str],
) -> str:
    origin = origins.get(path, "")
    at = f"the variable {origin}" if origin in VARIABLES else place(file, path, lines)
    return f"{at}: {dotted(path)}: {said}"


def _set(tree: Tree, path: KeyPath, value: str) -> None:
    *tables, last = [str(part) for part in path]
    for name in tables:
        below = tree.setdefault(name, {})
        if not isinstance(below, dict):
            return  # not a table: pydantic says so
        tree = cast("Tree", below)
    tree[last] = value


def _with_built_in(tree: Tree) -> Tree:
    """The file, over the providers and prices that need not be written down."""
    models = tree.get("models", {})
    if not isinstance(models, dict):
        return tree
    models = cast("Tree", models)
    providers = models.get("providers", {})
    prices = models.get("prices", {})
    if not isinstance(providers, dict) or not isinstance(prices, dict):
        return tree
    whole = {
        "providers": _over_built_in(cast("Tree", providers)),
        "prices": {**BUILT_IN_PRICES, **cast("Tree", prices)},
    }
    return {**tree, "models": {**models, **whole}}


def _over_built_in(providers: Tree) -> Tree:
    merged: Tree = dict(BUILT_IN_PROVIDERS)
    for name, given in providers.items():
        known: Mapping[str, str] = BUILT_IN_PROVIDERS.get(name, {})
        if not isinstance(given, dict):
            merged[name] = given
            continue
        values = cast("Tree", given)
        if values.get("kind", known.get("kind")) != known.get("kind"):
            known = {}
        elif "api_key_file" in values:
            known = {key: value for key, value in known.items() if key != "api_key_env"}
        merged[name] = {**known, **values}
    return merged
