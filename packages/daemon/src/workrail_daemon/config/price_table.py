"""What does a model cost, where the operator says nothing else?

List prices in US dollars per million tokens, as the providers published them on `SINCE`. A cache is
written for five minutes. `[models.prices]` in config.toml replaces or adds entries.
"""

from datetime import date
from typing import Any, Final

SINCE: Final = date(2026, 11, 1)


def _list_price(rate_in: float, rate_out: float, read: float, write: float) -> dict[str, Any]:
    return {
        "input": rate_in,
        "output": rate_out,
        "cache_read": read,
        "cache_write": write,
        "since": SINCE,
    }


BUILT_IN_PRICES: Final[dict[str, dict[str, Any]]] = {
    "anthropic/claude-fable-5-1": _list_price(10, 50, 0.25, 12.5),
    "anthropic/claude-opus-5-5": _list_price(4, 20, 0.2, 5),
    "anthropic/claude-opus-5": _list_price(5, 25, 0.5, 6.25),
    "anthropic/claude-opus-4-8": _list_price(5, 25, 0.5, 6.25),
    "anthropic/claude-sonnet-5-5": _list_price(2, 10, 0.1, 2.5),
    "anthropic/claude-sonnet-5": _list_price(2, 10, 0.2, 2.5),
    "anthropic/claude-sonnet-4-6": _list_price(3, 15, 0.3, 3.75),
    "anthropic/claude-haiku-5-5": {
        **_list_price(0.1, 0.5, 0.01, 0.125),
        "long_prompt_over": 100_000,
        "long_prompt": {"input": 0.5, "output": 2.5, "cache_read": 0.05, "cache_write": 0.625},
    },
    "anthropic/claude-haiku-4-5": _list_price(1, 5, 0.1, 1.25),
}
