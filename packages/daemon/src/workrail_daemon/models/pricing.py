"""What did an answer cost?

In millionths of a US dollar, which is what a price per million tokens is for one token. Sums are
exact and rounded up once, so that a limit is never passed by rounding.
"""

import math
from decimal import Decimal

from workrail_daemon.config.model_settings import Price, Rates
from workrail_engine.agent_events import Usage


def cost_of(usage: Usage, price: Price | None) -> int | None:
    """The cost of one request in millionths of a US dollar; None where there is no price."""
    if price is None:
        return None
    rates: Rates = price
    read = usage.input + usage.cache_read + usage.cache_write
    if price.long_prompt_over is not None and price.long_prompt is not None:
        rates = price.long_prompt if read > price.long_prompt_over else price
    cost = (
        usage.input * _exact(rates.input)
        + usage.output * _exact(rates.output)
        + usage.cache_read * _exact(rates.input if rates.cache_read is None else rates.cache_read)
        + usage.cache_write
        * _exact(rates.input if rates.cache_write is None else rates.cache_write)
    )
    return math.ceil(cost)


def added(first: Usage, second: Usage) -> Usage:
    """The tokens of two answers."""
    return Usage(
        input=first.input + second.input,
        output=first.output + second.output,
        cache_read=first.cache_read + second.cache_read,
        cache_write=first.cache_write + second.cache_write,
    )


def added_cost(first: int | None, second: int | None) -> int | None:
    """The cost of two answers; None where either is not known."""
    return None if first is None or second is None else first + second


def _exact(rate: float) -> Decimal:
    return Decimal(repr(rate))
