"""How are models shown, and what came of asking one?"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from workrail_daemon.commands.terminal import one_line
from workrail_daemon.config.model_settings import Price, Role
from workrail_daemon.config.secret_values import key_shown
from workrail_daemon.config.settings import Settings
from workrail_daemon.models.protocol import Reply, Text
from workrail_daemon.models.registry import Models
from workrail_daemon.options import RunOptions, Tier
from workrail_engine.addresses import without_password
from workrail_engine.canonical import JsonValue


@dataclass(frozen=True)
class Row:
    """A model and what it is for."""

    use: str
    """`tier mid`, `role gate`, `instead of …`."""
    model: str
    kind: str
    where: str | None
    """The address of the provider, where it is not its own."""
    price: Price | None
    key: str
    fallbacks: tuple[str, ...]

    @property
    def usable(self) -> bool:
        """Whether its key is there, as far as it needs one."""
        return not self.key.startswith("missing")


@dataclass(frozen=True)
class Tried:
    """What came of asking a model."""

    model: str
    seconds: float
    reply: Reply | None
    failure: str | None


def rows_of(settings: Settings, environ: Mapping[str, str]) -> list[Row]:
    """A row for each tier, each role, and each model that stands in for another one."""
    models = Models(settings, environ)
    tiers: tuple[Tier, ...] = ("lightweight", "mid", "heavy")
    roles: tuple[Role, ...] = ("main", "child", "gate", "review")
    chosen = [
        *((f"tier {tier}", models.choose(RunOptions(tier=tier)).model) for tier in tiers),
        *((f"role {role}", models.choose(RunOptions(role=role)).model) for role in roles),
        *(
            (f"instead of {name}", other)
            for name, others in settings.models.fallbacks.items()
            for other in others
        ),
    ]
    return [_row(use, name, settings, environ) for use, name in chosen]


def _row(use: str, name: str, settings: Settings, environ: Mapping[str, str]) -> Row:
    provider = settings.models.providers[name.partition("/")[0]]
    return Row(
        use=use,
        model=name,
        kind=provider.kind,
        where=without_password(provider.base_url) if provider.base_url else None,
        price=settings.models.prices.get(name),
        key=key_shown(provider, environ),
        fallbacks=settings.models.fallbacks.get(name, ()),
    )


def row_json(row: Row) -> dict[str, JsonValue]:
    """A row for a program."""
    price: JsonValue = None
    if row.price is not None:
        price = row.price.model_dump(mode="json", exclude_none=True)
    return {
        "use": row.use,
        "model": row.model,
        "kind": row.kind,
        "base_url": row.where,
        "price": price,
        "key": row.key,
        "usable": row.usable,
        "fallbacks": [*row.fallbacks],
    }


def row_lines(rows: Iterable[Row]) -> Iterator[list[tuple[str, str] | str]]:
    """Rows as a table for a person."""
    table = [(row, (row.use, row.model, _price_shown(row), _place_shown(row))) for row in rows]
    heading = ("FOR", "MODEL", "IN/OUT/READ/WRITE", "SERVED BY")
    widths = [
        max(len(cell) for cell in column)
        for column in zip(heading, *(cells for _, cells in table), strict=True)
    ]
    yield [("  ".join(_padded(heading, widths)), "bold")]
    for row, cells in table:
        line: list[tuple[str, str] | str] = ["  ".join(_padded(cells, widths)), "  "]
        yield [*line, (f"key {row.key}", "dim" if row.usable else "yellow")]


def tried_line(tried: Tried) -> str:
    """What came of it, in a line."""
    if tried.reply is None:
        return f"{tried.model} did not answer ({tried.seconds:.1f} s): {tried.failure}"
    reply = tried.reply
    words = " ".join(block.text for block in reply.blocks if isinstance(block, Text))
    read = reply.usage.input + reply.usage.cache_read + reply.usage.cache_write
    cost = "price not known" if reply.cost is None else f"${reply.cost / 1e6:.6f}"
    return (
        f'{tried.model} said "{one_line(words, 60)}" in {tried.seconds:.2f} s; '
        f"{read} tokens read, {reply.usage.output} written, {cost}"
    )


def tried_json(tried: Tried) -> dict[str, JsonValue]:
    """What came of it, for a program."""
    value: dict[str, JsonValue] = {
        "model": tried.model,
        "ok": tried.reply is not None,
        "seconds": round(tried.seconds, 3),
        "failure": tried.failure,
    }
    if tried.reply is None:
        return value
    reply = tried.reply
    return {
        **value,
        "served_as": reply.model,
        "said": " ".join(block.text for block in reply.blocks if isinstance(block, Text)),
        "usage": {
            "input": reply.usage.input,
            "output": reply.usage.output,
            "cache_read": reply.usage.cache_read,
            "cache_write": reply.usage.cache_write,
        },
        "cost_usd": None if reply.cost is None else reply.cost / 1e6,
    }


def _price_shown(row: Row) -> str:
    price = row.price
    if price is None:
        return "free" if row.kind == "scripted" else "not known"
    reading = price.input if price.cache_read is None else price.cache_read
    writing = price.input if price.cache_write is None else price.cache_write
    return "/".join(f"{rate:g}" for rate in (price.input, price.output, reading, writing))


def _place_shown(row: Row) -> str:
    return row.where or row.kind


def _padded(cells: Iterable[str], widths: Iterable[int]) -> list[str]:
    return [cell.ljust(width) for cell, width in zip(cells, widths, strict=True)]
