"""What does an article cost?"""

import csv
from functools import cache
from pathlib import Path

PRICE_FILE = Path(__file__).with_name("prices.csv")


@cache
def price_list() -> dict[str, int]:
    """The list price of every article."""
    with PRICE_FILE.open(newline="") as file:
        return {row["article"]: int(row["cents"]) for row in csv.DictReader(file)}
