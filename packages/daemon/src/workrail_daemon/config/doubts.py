"""What around the settings may keep them from working, on this machine and now?

These are facts of the surroundings: keys that are missing, files that others can read. They may
change without the settings.
"""

import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from workrail_daemon.config.checking import named_models
from workrail_daemon.config.loading import Loaded
from workrail_daemon.config.problems import dotted
from workrail_daemon.config.secret_values import headers_of, key_shown
from workrail_daemon.errors import ModelRefusedError


def doubts(loaded: Loaded, environ: Mapping[str, str]) -> list[str]:
    """A sentence for each."""
    return [
        *_missing_keys(loaded, environ),
        *_open_files(loaded),
        *_missing_files(loaded),
    ]


def _missing_keys(loaded: Loaded, environ: Mapping[str, str]) -> Iterator[str]:
    models = loaded.settings.models
    used = {name.partition("/")[0] for path, name in named_models(models) if path[1] != "prices"}
    for name in sorted(used):
        provider = models.providers[name]
        key = f"models.providers.{dotted([name])}"
        shown = key_shown(provider, environ)
        if shown.startswith("missing"):
            yield f"{key}: the key is {shown}, so none of its models can be asked."
        try:
            headers_of(provider, environ)
        except ModelRefusedError as error:
            yield f"{key}: {error}"


def _open_files(loaded: Loaded) -> Iterator[str]:
    for name, provider in loaded.settings.models.providers.items():
        if provider.api_key_file is None:
            continue
        path = provider.api_key_file.expanduser()
        if _mode(path) & (stat.S_IRWXG | stat.S_IRWXO):
            key = f"models.providers.{dotted([name])}.api_key_file"
            yield f"{key}: others can read {path}. Close it: chmod 600 {path}"
    if _mode(loaded.file) & (stat.S_IWGRP | stat.S_IWOTH):
        yield f"{loaded.file}: others can change it. Close it: chmod 600 {loaded.file}"


def _missing_files(loaded: Loaded) -> Iterator[str]:
    soul = loaded.settings.agent.soul
    if soul is not None and not soul.expanduser().is_file():
        yield f"agent.soul: {soul} is not there, so agents do not get the rules in it."
    for name, provider in loaded.settings.models.providers.items():
        if provider.script is not None and not provider.script.expanduser().is_file():
            yield f"models.providers.{dotted([name])}.script: {provider.script} is not there."


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError:
        return 0
