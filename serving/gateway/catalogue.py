"""The shop's products in memory: what the page shows of the ids that the model answers."""

from __future__ import annotations

import dataclasses
import logging
import math
import pathlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from serving.errors import InputFileError
from serving.gateway.tables import Row, parse_json, read_rows, shortest_text, table_files

_log = logging.getLogger(__name__)

_COLUMNS = frozenset({
    "product_id", "title", "description", "brand", "category", "price", "attributes", "image",
    "created_at"})
_PATH_SEPARATOR = ">"


@dataclasses.dataclass(frozen=True, slots=True)
class Product:
    """A row of the products table.

    Attributes:
        category: names from the widest to the narrowest.
        price: None where it is missing or no number.
        attributes: texts by name, those of columns that the contract does not name among them.
        image: path or URI, "" for none.
    """

    product_id: str
    title: str
    description: str = ""
    brand: str = ""
    category: tuple[str, ...] = ()
    price: float | None = None
    attributes: Mapping[str, str] = dataclasses.field(default_factory=dict)
    image: str = ""


@dataclasses.dataclass(frozen=True)
class Catalogue:
    """The products by id, in the order of the table."""

    products: Mapping[str, Product]

    def __len__(self) -> int:
        return len(self.products)

    def get(self, product_id: str) -> Product | None:
        """The product of an id, or None."""
        return self.products.get(product_id)


def read_catalogue(path: pathlib.Path) -> Catalogue:
    """Reads a products table; of rows with the same id the first is kept.

    Raises:
        InputFileError: there is no table, a file cannot be read, or no row is a product.
    """
    products: dict[str, Product] = {}
    skipped = 0
    for row in _rows(table_files(path, "products")):
        product = parse_product(row)
        if product is None:
            skipped += 1
        else:
            products.setdefault(product.product_id, product)
    if not products:
        raise InputFileError(
            f"{path}: none of its {skipped} rows has both a product_id and a title")
    if skipped:
        _log.warning("%s: %d rows without a product_id or a title were skipped", path, skipped)
    return Catalogue(products)


def parse_product(row: Row) -> Product | None:
    """The product of a row, or None where it has no id or no title."""
    product_id, title = shortest_text(row.get("product_id")), shortest_text(row.get("title"))
    if not product_id or not title:
        return None
    return Product(
        product_id, title, shortest_text(row.get("description")), shortest_text(row.get("brand")),
        parse_category(shortest_text(row.get("category"))), _price(row.get("price")),
        dict(_attributes(row)), shortest_text(row.get("image")))


def parse_category(text: str) -> tuple[str, ...]:
    """The names of a path `A > B > C`, without empty ones."""
    return tuple(name for part in text.split(_PATH_SEPARATOR) if (name := part.strip()))


def _rows(files: Iterable[pathlib.Path]) -> Iterator[Row]:
    for file in files:
        yield from read_rows(file)


def _price(value: Any) -> float | None:
    try:
        price = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return price if math.isfinite(price) and price >= 0 else None


def _attributes(row: Row) -> Iterator[tuple[str, str]]:
    yield from _named(row.get("attributes"))
    for name, value in row.items():
        if name not in _COLUMNS and (text := shortest_text(value)):
            yield name, text


def _named(value: Any) -> Iterator[tuple[str, str]]:
    """The pairs of a JSON object, of one written as text, of `key=value|key=value`."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = parse_json(value)
        except (ValueError, RecursionError):
            return
    if isinstance(value, list):  # Parquet's maps are lists of pairs
        value = dict(pair for pair in value if isinstance(pair, tuple) and len(pair) == 2)
    if isinstance(value, Mapping):
        for name, item in value.items():
            texts = item if isinstance(item, list) else [item]
            if text := ", ".join(filter(None, map(shortest_text, texts))):
                yield str(name), text
    elif isinstance(value, str):
        for part in value.split("|"):
            name, equals, text = part.partition("=")
            if equals and name.strip() and text.strip():
                yield name.strip(), text.strip()
