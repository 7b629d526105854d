"""How is a setting shown, with its origin and without what may be a secret?"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, cast

from workrail_daemon.config.loading import Loaded
from workrail_daemon.config.problems import dotted
from workrail_daemon.config.toml_lines import KeyPath
from workrail_engine.addresses import without_password
from workrail_engine.canonical import JsonValue

HIDDEN: Final = "(hidden)"
_ONE_LINE: Final = (("models", "prices"), ("models", "parameters"))
"""Tables whose members are shown whole."""


@dataclass(frozen=True)
class Leaf:
    """A setting that holds no others."""

    path: KeyPath
    value: JsonValue
    origin: str | None
    """Where it was given; None: a default."""

    @property
    def line(self) -> str:
        """The setting as TOML, as far as TOML can say it."""
        if self.value is None:
            return f"# {dotted(self.path)} is not set"
        return f"{dotted(self.path)} = {_written(self.value)}"


def leaves(loaded: Loaded) -> Iterator[Leaf]:
    """Every setting; of providers, those that are given."""
    tree: JsonValue = loaded.settings.model_dump(mode="json")
    for leaf in _below(tree, (), loaded):
        if leaf.path[:2] != ("models", "providers") or leaf.value not in (None, {}):
            yield leaf


def setting_json(found: Iterable[Leaf]) -> tuple[dict[str, JsonValue], dict[str, JsonValue]]:
    """Settings as a tree, and the origins of those that are no defaults by their names."""
    tree: dict[str, JsonValue] = {}
    origins: dict[str, JsonValue] = {}
    for leaf in found:
        here = tree
        *tables, last = [str(part) for part in leaf.path]
        for name in tables:
            here = cast("dict[str, JsonValue]", here.setdefault(name, {}))
        here[last] = leaf.value
        if leaf.origin is not None:
            origins[dotted(leaf.path)] = leaf.origin
    return tree, origins


def _below(value: JsonValue, path: KeyPath, loaded: Loaded) -> Iterator[Leaf]:
    if isinstance(value, dict) and path[:-1] not in _ONE_LINE and (value or not path):
        for name, inner in value.items():
            yield from _below(inner, (*path, name), loaded)
        return
    if isinstance(value, dict):
        value = {name: inner for name, inner in value.items() if inner is not None}
    yield Leaf(path, _without_secrets(path, value), _origin(path, loaded))


def _origin(path: KeyPath, loaded: Loaded) -> str | None:
    """Where a setting, or a table or array around it that is written as one, was given."""
    origin = loaded.origins.get(path)
    return origin if origin is None or not origin.startswith("line") else f"config.toml, {origin}"


def _without_secrets(path: KeyPath, value: JsonValue) -> JsonValue:
    if "headers" in path[:-1]:
        return HIDDEN
    if path[-1] in ("base_url", "endpoint") and isinstance(value, str):
        return without_password(value)
    return value


def _written(value: JsonValue) -> str:
    if isinstance(value, dict):
        pairs = ", ".join(f"{dotted([name])} = {_written(inner)}" for name, inner in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    return json.dumps(value, ensure_ascii=False)
