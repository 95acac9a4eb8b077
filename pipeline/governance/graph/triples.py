"""What one row of a table says, as triples of a graph.

A node is named by its kind and what stays the same about it: `product:123`, `brand:acme` (the key
of its spellings), `category:home > lamps`, `value:weight=1500 g`, `entity:oak` for what only facts
name, and `text:Acme` for a brand's label.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Container, Iterable, Iterator
from typing import Any, NamedTuple

import pyarrow as pa
from apache_beam.io.filesystems import FileSystems
from pyarrow import parquet

from pipeline.governance.folding import fold
from pipeline.governance.graph.brands import brand_key
from pipeline.governance.quantities import (
    convert,
    first_unit,
    read_number,
    read_quantity,
    write_number,
)
from pipeline.governance.rules.categories import SEPARATOR, split_path
from pipeline.ingest.files import join_path
from pipeline.ingest.numbers import shortest_text
from pipeline.ingest.rows import Row

PRODUCT, BRAND, CATEGORY, VALUE, ENTITY, TEXT = (
    "product", "brand", "category", "value", "entity", "text")
"""Kinds of nodes."""

HAS_BRAND = "has_brand"
IN_CATEGORY = "in_category"
SUBCATEGORY_OF = "subcategory_of"
HAS = "has_"
"""Before the name of an attribute."""
LABEL = "label"
BOUGHT_WITH = "bought_with"
SUBSTITUTES = "substitutes"

FILES = "triples"
"""What the names of the graph's files begin with."""

MAX_VALUE_CHARS = 80
"""A longer value is prose, which no other product shares."""

SCHEMA = pa.schema([
    ("head", pa.string()), ("head_kind", pa.string()), ("relation", pa.string()),
    ("tail", pa.string()), ("tail_kind", pa.string()), ("weight", pa.float32()),
    ("source", pa.string())])
"""Columns of the graph in Parquet."""


class Triple(NamedTuple):
    """An edge.

    Attributes:
        head: node that it starts from.
        relation: what the head is to the tail.
        tail: node that it leads to.
        weight: in (0, 1], how strong the evidence is; 1 for what a table says.
        source: table and column, or table and kind of evidence, that say so.
    """

    head: str
    relation: str
    tail: str
    weight: float
    source: str


def read_triples(folder: str) -> pa.Table:
    """All triples that `run_graph` wrote into a folder, as an Arrow table of `SCHEMA`."""
    [found] = FileSystems.match([join_path(folder, f"{FILES}-*.parquet")])
    tables = [SCHEMA.empty_table()]
    for file in sorted(found.metadata_list, key=lambda file: file.path):
        with FileSystems.open(file.path, "application/octet-stream") as stream:
            tables.append(parquet.read_table(stream, schema=SCHEMA))
    return pa.concat_tables(tables)


def node(kind: str, name: str) -> str:
    """Id of a node."""
    return f"{kind}:{name}"


def kind_of(name: str) -> str:
    """The kind of a node, by its id."""
    return name.partition(":")[0]


def product_triples(row: Row) -> Iterator[Triple]:
    """What a product has and where it belongs."""
    product = node(PRODUCT, row["product_id"])
    if brand := row.get("brand"):
        yield Triple(product, HAS_BRAND, brand_node(brand), 1.0, "products.brand")
    if levels := split_path(row.get("category", "")):
        yield Triple(product, IN_CATEGORY, category_node(levels), 1.0, "products.category")
    for relation, value in product_values(row):
        yield Triple(product, relation, value, 1.0, "products.attributes")


def brand_triple(spelling: str) -> Triple:
    """What a brand is called, by its canonical spelling."""
    return Triple(
        brand_node(spelling), LABEL, node(TEXT, spelling.strip()), 1.0, "products.brand")


def category_triples(category: str) -> Iterator[Triple]:
    """Where a category lies below which, up to the top."""
    levels = split_path(category)
    for depth in range(len(levels), 1, -1):
        yield Triple(
            category_node(levels[:depth]), SUBCATEGORY_OF, category_node(levels[:depth - 1]),
            1.0, "products.category")


def fact_triple(row: Row, products: Container[str], brands: Container[str]) -> Triple | None:
    """A row of the facts; None where its relation has no name.

    Args:
        row: of the facts.
        products: ids of the catalogue.
        brands: keys of the catalogue's brands.
    """
    relation = slug(row["relation"])
    if not relation:
        return None
    head, tail = (_named(row[column], products, brands) for column in ("head", "tail"))
    return Triple(head, relation, tail, 1.0, "facts")


def product_values(row: Row) -> Iterator[tuple[str, str]]:
    """The relation and the value node of each of a product's attributes, once each."""
    found = dict.fromkeys(
        (HAS + name, node(VALUE, f"{name}={value}"))
        for attribute, values in row.get("attributes", {}).items() if (name := slug(attribute))
        for value in _normal_values(values))
    yield from found


def brand_node(spelling: str) -> str:
    """The node of a brand, the same for each of its spellings by form."""
    return node(BRAND, brand_key(spelling))


def category_node(levels: Iterable[str]) -> str:
    """The node of a category with all that is above it."""
    return node(CATEGORY, SEPARATOR.join(map(fold, levels)))


@functools.lru_cache(100_000)
def slug(name: str) -> str:
    """A name as part of an identifier: "Max. Load (kg)" is max_load_kg."""
    return re.sub(r"\W+", "_", fold(name)).strip("_")


def to_table(triples: Iterable[Triple]) -> pa.Table:
    """Triples as an Arrow table of `SCHEMA`."""
    rows = [
        (head, kind_of(head), relation, tail, kind_of(tail), weight, source)
        for head, relation, tail, weight, source in triples]
    columns = zip(*rows, strict=True) if rows else [()] * len(SCHEMA)
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)],
        schema=SCHEMA)


def _named(name: str, products: Container[str], brands: Container[str]) -> str:
    if name in products:
        return node(PRODUCT, name)
    key = brand_key(name)
    return node(BRAND, key) if key in brands else node(ENTITY, fold(name))


def _normal_values(value: Any) -> Iterator[str]:
    """The values of an attribute in normal form, several of a list."""
    if isinstance(value, bool):
        yield "yes" if value else "no"
    elif isinstance(value, (int, float)):
        yield shortest_text(value)
    elif isinstance(value, str) and len(value) <= MAX_VALUE_CHARS:
        text = _normal_text(value)
        if any(map(str.isalnum, text)):
            yield text
    elif isinstance(value, list):
        for item in value:
            if not isinstance(item, list):
                yield from _normal_values(item)


@functools.lru_cache(100_000)
def _normal_text(text: str) -> str:
    """A number as its shortest text, an amount in the first unit of its kind, words folded."""
    number = read_number(text)
    if number is not None:
        return write_number(number.normalize())
    quantity = read_quantity(text)
    if quantity is not None and (number := read_number(quantity.number)) is not None:
        unit = first_unit(quantity.unit)
        converted = convert(number, quantity.unit, unit)
        if converted is not None:
            return f"{write_number(converted.normalize())} {unit.symbol}"
    return fold(text)
