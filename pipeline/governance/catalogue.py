"""Every rule by its name, and who judges which table with them."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pipeline.governance import finders, forms, shoppers
from pipeline.governance.decisions import row_key
from pipeline.governance.findings import WHOLE_ROW, Action, Finding, Rule
from pipeline.governance.judging import Judge, Shop
from pipeline.governance.rules import events, non_products, outliers, texts
from pipeline.ingest.contract import TABLES
from pipeline.ingest.rows import Row

REMOVED_PRODUCT = Rule(
    "removed_product", ("events", "judgments"), "The row is about a product that was set aside "
    "or is gone.", "See why the product was set aside.")
ALIAS = Rule(
    "alias", ("events", "judgments", "facts"), "The row names a product that was merged into "
    "another.", "Use one id for one product.", severe=False)

RULES: Mapping[str, Rule] = {rule.name: rule for rule in (
    *texts.RULES, *forms.RULES, *non_products.RULES, *events.RULES, *outliers.RULES,
    *shoppers.RULES, *finders.RULES, REMOVED_PRODUCT, ALIAS)}
"""Rules by name."""

SEVERE = frozenset(rule.name for rule in RULES.values() if rule.severe)
"""Names of the rules whose findings count against the quality of the data."""


def follow_products(table: str, row: Row, shop: Shop) -> Iterator[Finding]:
    """A row follows the products that it names: to the one it is an alias of, or aside."""
    for column in ("head", "tail") if table == "facts" else ("product_id",):
        product = row[column]
        while removal := shop.removed.get(product):
            if removal.kept:
                yield Finding(
                    ALIAS.name, column, Action.REPAIRED, removal.kept, because=removal.decision)
            elif TABLES[table].of_products:
                yield Finding(
                    REMOVED_PRODUCT.name, WHOLE_ROW, Action.SET_ASIDE, because=removal.decision)
            product = removal.kept


def tell_found(table: str, row: Row, shop: Shop) -> Iterable[Finding]:
    """What the finders found in a row."""
    return shop.found.get(row_key(table, row), ())


def row_judges(table: str) -> Sequence[Judge]:
    """Those who judge the rows of a table one by one, in order.

    Products are followed first, so that a row names the same one, and its decisions have the same
    ids, where the governed tables are read again.
    """
    if table == "aliases":
        return []
    judges: list[Judge] = []
    if table not in ("products", "users"):
        judges.append(lambda row, shop: follow_products(table, row, shop))
    judges.append(lambda row, _: texts.find_broken_texts(table, row))
    if table == "products":
        judges += [
            lambda row, shop: forms.find_unusual_forms(row, shop.forms),
            lambda row, _: events.find_odd_dates(row),
            lambda row, shop: non_products.find_non_products(row, shop.facts),
            lambda row, shop: outliers.find_unusual_prices(row, shop.facts)]
    if table == "events":
        judges.append(lambda row, shop: events.find_odd_events(row, shop.facts))
    if table == "judgments":
        judges.append(functools.partial(tell_found, table))
    return judges


def shopper_judges() -> Sequence[Judge]:
    """Those who judge an event after what its shopper's others say about it."""
    return [
        lambda row, shop: events.find_odd_quantities(row, shop.facts),
        lambda row, shop: outliers.find_unusual_quantities(row, shop.facts)]
