"""What rules for single rows need to know of the shop as a whole, small enough for every worker."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import apache_beam as beam
import numpy as np
import orjson
from apache_beam.io.filesystems import FileSystems

from pipeline.governance.rules.categories import category_key
from pipeline.governance.usual import FindUsual, Usual
from pipeline.ingest.rows import Row

PRICE_FACTOR = 20.0
QUANTITY_FACTOR = 100.0
"""What a price and a quantity may be off the middle in any case; of online_retail's purchases .07%
are of quantities that are further above it."""

_SAMPLE = 20_000
_MIN_ROWS = 20
_MAX_NEVER_SOLD = 100_000


@dataclasses.dataclass(frozen=True)
class ShopFacts:
    """Habits of a shop, from which a row may stand out.

    Attributes:
        products: rows of the catalogue.
        capital_share: of the titles with letters that have a case, the share without a small one.
        priced_share: of the products, the share with a price over 0.
        charged_share: of the purchases that tell a price, the share with one over 0.
        clock_step: seconds of which every timestamp of the log is a multiple: 1, 60 or 86,400.
        first_time: 0.1% quantile of the log's timestamps; None without one.
        last_time: 99.9% quantile.
        usual_quantity: 99% quantile of what a purchase's `value` is; None without one.
        never_sold: products whose every purchase is a return or was not charged for.
        usual_prices: by category, see `priced_category`, where any price is not usual.
        usual_quantities: of a purchase, by product, where any quantity is not usual.
    """

    products: int = 0
    capital_share: float = 0.0
    priced_share: float = 0.0
    charged_share: float = 0.0
    clock_step: int = 1
    first_time: int | None = None
    last_time: int | None = None
    usual_quantity: float | None = None
    never_sold: frozenset[str] = frozenset()
    usual_prices: Mapping[str, Usual] = dataclasses.field(default_factory=dict)
    usual_quantities: Mapping[str, Usual] = dataclasses.field(default_factory=dict)


def gather_facts(rows: Mapping[str, beam.PCollection[Row]], path: str) -> None:
    """Adds to a pipeline what gathers the facts and writes them as JSON.

    Args:
        rows: of products and, where there are any, events.
        path: of the file; a path or a URI.
    """
    products = rows["products"]
    parts = [
        products | "ProductFacts" >> beam.CombineGlobally(_GatherProductFacts()),
        products
        | "Prices" >> beam.FlatMap(priced_category)
        | "UsualPrices" >> FindUsual(PRICE_FACTOR)
        | "UsualPriceFacts" >> beam.Map(lambda usual: {"usual_prices": usual})]
    if "events" in rows:
        events = rows["events"]
        parts += [
            events | "EventFacts" >> beam.CombineGlobally(_GatherEventFacts()),
            events
            | "Sales" >> beam.FlatMap(sales_of)
            | "AnySale" >> beam.CombinePerKey(any)
            | "NeverSold" >> beam.FlatMap(lambda sold: [] if sold[1] else [sold[0]])
            | "Few" >> beam.combiners.Top.Smallest(_MAX_NEVER_SOLD)
            | "NeverSoldFacts" >> beam.Map(lambda products: {"never_sold": products}),
            events
            | "Quantities" >> beam.FlatMap(sold_quantity)
            | "UsualQuantities" >> FindUsual(QUANTITY_FACTOR)
            | "UsualQuantityFacts" >> beam.Map(lambda usual: {"usual_quantities": usual})]
    _ = (tuple(parts)
         | "Facts" >> beam.Flatten()
         | "Join" >> beam.CombineGlobally(_join)
         | "WriteFacts" >> beam.Map(_write_facts, path))


def read_facts(path: str) -> ShopFacts:
    """Reads what `gather_facts` wrote."""
    with FileSystems.open(path, "application/json") as stream:
        tree = orjson.loads(stream.read())
    usual = {
        name: {key: Usual(*fields) for key, fields in tree.get(name, {}).items()}
        for name in ("usual_prices", "usual_quantities")}
    return ShopFacts(**{**tree, **usual, "never_sold": frozenset(tree.get("never_sold", ()))})


class _GatherProductFacts(beam.CombineFn):
    """Rows of the catalogue -> the part of `ShopFacts` that they tell, as a dict."""

    def create_accumulator(self) -> list[int]:
        return [0, 0, 0, 0]

    def add_input(self, total: list[int], row: Row) -> list[int]:
        title = row["title"]
        cased = title.lower() != title.upper()
        return [
            total[0] + 1, total[1] + cased, total[2] + (cased and title == title.upper()),
            total[3] + (row.get("price", 0) > 0)]

    def merge_accumulators(self, parts: Iterable[list[int]]) -> list[int]:
        return [sum(column) for column in zip(*parts, strict=True)]

    def extract_output(self, total: list[int]) -> dict[str, float]:
        products, cased, capitals, priced = total
        return {
            "products": products, "capital_share": capitals / max(cased, 1),
            "priced_share": priced / max(products, 1)}


@dataclasses.dataclass
class _Log:
    """Counts, and samples of values drawn by the hash of the row's place."""

    minutes: bool = True
    days: bool = True
    told: int = 0
    charged: int = 0
    times: list[tuple[float, int]] = dataclasses.field(default_factory=list)
    quantities: list[tuple[float, float]] = dataclasses.field(default_factory=list)

    def shrink(self) -> None:
        """Keeps the samples bounded; the smallest hashes stay, whatever the order of the rows."""
        for name in ("times", "quantities"):
            values = getattr(self, name)
            if len(values) > 2 * _SAMPLE:
                setattr(self, name, sorted(values)[:_SAMPLE])


class _GatherEventFacts(beam.CombineFn):
    """Rows of the event log -> the part of `ShopFacts` that they tell, as a dict."""

    def create_accumulator(self) -> _Log:
        return _Log()

    def add_input(self, log: _Log, row: Row) -> _Log:
        draw = _draw(row["position"])
        if (time := row.get("timestamp")) is not None:
            log.minutes &= time % 60 == 0
            log.days &= time % 86_400 == 0
            log.times.append((draw, time))
        if row["event"] == "purchase":
            if (price := unit_price(row)) is not None:
                log.told += 1
                log.charged += price > 0
            if row.get("value", 0) > 0:
                log.quantities.append((draw, row["value"]))
        log.shrink()
        return log

    def merge_accumulators(self, parts: Iterable[_Log]) -> _Log:
        total = _Log()
        for part in parts:
            total.minutes &= part.minutes
            total.days &= part.days
            total.told += part.told
            total.charged += part.charged
            total.times += part.times
            total.quantities += part.quantities
            total.shrink()
        return total

    def extract_output(self, log: _Log) -> dict[str, float | int | None]:
        times = np.array([time for _, time in sorted(log.times)[:_SAMPLE]], np.int64)
        quantities = [value for _, value in sorted(log.quantities)[:_SAMPLE]]
        enough = len(times) >= _MIN_ROWS
        return {
            "charged_share": log.charged / log.told if log.told else 0.0,
            "clock_step": 1 if not log.times or not log.minutes else 86_400 if log.days else 60,
            "first_time": int(np.quantile(times, 0.001)) if enough else None,
            "last_time": int(np.quantile(times, 0.999)) if enough else None,
            "usual_quantity": (
                float(np.quantile(quantities, 0.99)) if len(quantities) >= _MIN_ROWS else None)}


def sales_of(event: Row) -> Iterator[tuple[str, bool]]:
    """A purchase as (product, whether it was a sale that somebody paid for)."""
    if event["event"] == "purchase":
        price = unit_price(event)
        yield event["product_id"], event.get("value", 1.0) > 0 and (price is None or price > 0)


def priced_category(product: Row) -> Iterator[tuple[str, float]]:
    """A product with a price as (category or "" for none, price)."""
    if product.get("price", 0) > 0:
        yield category_key(product), product["price"]


def sold_quantity(event: Row) -> Iterator[tuple[str, float]]:
    """A purchase with a quantity as (product, pieces)."""
    if event["event"] == "purchase" and event.get("value", 0) > 0:
        yield event["product_id"], event["value"]


def _join(parts: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {name: value for part in parts for name, value in part.items()}


def _write_facts(facts: dict[str, Any], path: str) -> None:
    with FileSystems.create(path, "application/json") as stream:
        stream.write(orjson.dumps(
            facts, default=tuple, option=orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_SUBCLASS))


PRICE_ATTRIBUTES = ("price", "unit_price", "unitprice", "unit price")
"""Attributes of an event that tell what one piece of the product cost."""


def unit_price(event: Row) -> float | None:
    """What a piece cost, where the event tells it."""
    for name, value in event.get("attributes", {}).items():
        if name.casefold() in PRICE_ATTRIBUTES:
            try:
                price = float(value)
            except (TypeError, ValueError):
                continue
            return price if math.isfinite(price) else None
    return None


def _draw(position: int) -> float:
    """A hash in [0, 1), by Knuth's multiplication: which rows a sample keeps."""
    return (position * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF) / 2**64
