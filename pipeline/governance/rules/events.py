"""Events that tell of no sale, or of none at the time that they say."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.governance.facts import ShopFacts, unit_price
from pipeline.governance.findings import WHOLE_ROW, Action, Finding, Rule
from pipeline.governance.rules.non_products import USUAL_SHARE
from pipeline.ingest.rows import Row

NO_CHARGE = Rule(
    "no_charge", ("events",), "The purchase was at a price of 0 or less, where nearly every other "
    "had one: a gift, a sample or a correction of stock.",
    "Book stock corrections apart from sales.")
IMPOSSIBLE_DATE = Rule(
    "impossible_date", ("products", "events"), "The date lies far outside the time that the rest "
    "of the table is about, as a date that stands for none does.",
    "Leave the date empty where it is not known.")
QUANTITY_OUTLIER = Rule(
    "quantity_outlier", ("events",), "The quantity is a hundred times what is usual at the most: "
    "a typing error or a booking that was cancelled.",
    "Ask for a confirmation of such quantities where orders are entered.")

RULES = (NO_CHARGE, IMPOSSIBLE_DATE, QUANTITY_OUTLIER)

_FAR_SECONDS = 5 * 366 * 86_400
_DAY_SECONDS = 86_400
_FAR_QUANTITY = 100


def find_odd_events(row: Row, facts: ShopFacts) -> Iterator[Finding]:
    """Findings about one event; returns, which need the purchase, are left to `shoppers`."""
    time = row.get("timestamp")
    if time is not None and facts.first_time is not None and facts.last_time is not None and not (
            facts.first_time - _FAR_SECONDS <= time <= facts.last_time + _FAR_SECONDS):
        yield Finding(IMPOSSIBLE_DATE.name, WHOLE_ROW, Action.SET_ASIDE, confidence=0.95)
    price = unit_price(row) if row["event"] == "purchase" else None
    if price is not None and price <= 0 and facts.charged_share >= USUAL_SHARE:
        yield Finding(NO_CHARGE.name, WHOLE_ROW, Action.SET_ASIDE, confidence=0.95)


def find_odd_quantities(row: Row, facts: ShopFacts) -> Iterator[Finding]:
    """Clears the quantity of a purchase that cannot be; its return is to be matched before."""
    quantity = row.get("value", 0) if row["event"] == "purchase" else 0
    if facts.usual_quantity is not None and quantity > _FAR_QUANTITY * facts.usual_quantity:
        yield Finding(QUANTITY_OUTLIER.name, "value", Action.CLEARED, confidence=0.9)


def find_odd_dates(row: Row) -> Iterator[Finding]:
    """The first day of 1970, which stands for no date, is taken from a product."""
    if row.get("created_at", _DAY_SECONDS) < _DAY_SECONDS:
        yield Finding(IMPOSSIBLE_DATE.name, "created_at", Action.CLEARED, confidence=0.99)
