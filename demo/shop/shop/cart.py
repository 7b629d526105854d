"""What does a cart come to?"""

from collections.abc import Mapping

from shop.offers import Customer, prices_for

FREE_DELIVERY_FROM = 5000
DELIVERY = 490


def total(articles: Mapping[str, int], customer: Customer) -> int:
    """The sum of a cart with delivery; `articles` maps each article to how many of it."""
    prices = prices_for(customer)
    goods = sum(prices[article] * count for article, count in articles.items())
    return goods if goods >= FREE_DELIVERY_FROM else goods + DELIVERY
