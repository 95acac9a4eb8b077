"""Prices and quantities that are far from what others of their kind are."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.governance.facts import ShopFacts, priced_category, sold_quantity
from pipeline.governance.findings import Action, Finding, Rule
from pipeline.ingest.rows import Row

UNUSUAL_PRICE = Rule(
    "unusual_price", ("products",), "The price is far from what products of the category cost.",
    "Look whether cents were read as the currency, or the currency as cents.", severe=False)
UNUSUAL_QUANTITY = Rule(
    "unusual_quantity", ("events",), "The quantity is far above what others buy of the product.",
    "Ask for a confirmation of such quantities where orders are entered.", severe=False)

RULES = (UNUSUAL_PRICE, UNUSUAL_QUANTITY)

_LIKELY = 0.7


def find_unusual_prices(row: Row, facts: ShopFacts) -> Iterator[Finding]:
    """Notes a price that is out of the range of the category; a person knows if it is right."""
    for category, price in priced_category(row):
        usual = facts.usual_prices.get(category)
        if usual and not usual.low <= price <= usual.high:
            yield Finding(
                UNUSUAL_PRICE.name, "price", Action.NOTED, confidence=_LIKELY,
                note=f"usual: {usual}")


def find_unusual_quantities(row: Row, facts: ShopFacts) -> Iterator[Finding]:
    """Notes a quantity above the range of the product; a wholesaler may mean it."""
    for product, quantity in sold_quantity(row):
        usual = facts.usual_quantities.get(product)
        if usual and quantity > usual.high:
            yield Finding(
                UNUSUAL_QUANTITY.name, "value", Action.NOTED, confidence=_LIKELY,
                note=f"usual: {usual}")
