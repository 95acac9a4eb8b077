"""What every step has to know of the catalogue: numbers for its ids, its brands and categories."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import apache_beam as beam
import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.governance.graph.brands import BrandUse, brand_key, brand_use, resolve_brands
from pipeline.governance.graph.pairs import Counts, add_counts, as_counts
from pipeline.governance.graph.triples import category_node, product_values
from pipeline.governance.rules.categories import split_path
from pipeline.ingest.rows import decode_row

_PARTS = 64
"""Parts that are gathered before they are added up."""


@dataclasses.dataclass(frozen=True)
class Directory:
    """The catalogue; some 30 bytes a product besides its id.

    Attributes:
        hashes: of the products' ids, ascending, uint64 `[products]`; a product's place is its row.
        ids: of the products.
        categories: hash of each product's category, 0 for none, uint64 `[products]`.
        brands: canonical spelling of each brand, by its key.
        spellings: canonical spelling, by the spellings that are not.
        paths: spellings of categories.
        shared_values: hashes of the values' nodes that products enough have, ascending, uint64.
    """

    hashes: np.ndarray
    ids: pa.Array
    categories: np.ndarray
    brands: Mapping[str, str]
    spellings: Mapping[str, str]
    paths: tuple[str, ...]
    shared_values: np.ndarray

    def __len__(self) -> int:
        return len(self.hashes)

    def rows(self, ids: Sequence[str]) -> np.ndarray:
        """The rows of products, int32 `[n]`; -1 for what is none."""
        return _find(self.hashes, hash_texts(ids))

    def are_shared(self, values: Sequence[str]) -> np.ndarray:
        """Whether products enough have each value node, bool `[n]`."""
        return _find(self.shared_values, hash_texts(values)) >= 0


class GatherDirectory(beam.PTransform):
    """Serialized rows of the products -> one `Directory`."""

    def __init__(self, min_value_products: int) -> None:
        super().__init__()
        self._min_value_products = min_value_products

    def expand(self, rows: beam.PCollection[bytes]) -> beam.PCollection[Directory]:
        """Builds the graph."""
        return (
            rows
            | "Batch" >> beam.BatchElements(1_000, 1_000)
            | "Parts" >> beam.Map(_read_part)
            | "Add" >> beam.CombineGlobally(_AddParts())
            | "Directory" >> beam.Map(_make_directory, self._min_value_products))


def hash_texts(texts: Sequence[str]) -> np.ndarray:
    """64-bit hashes, the same everywhere, never 0: that means that there is none."""
    values = np.empty(len(texts), object)
    values[:] = texts
    return np.maximum(pd.util.hash_array(values, categorize=False), 1)


class _Part(NamedTuple):
    """Some of the products; as in `Directory`, but in any order."""

    hashes: np.ndarray
    ids: pa.Array
    categories: np.ndarray
    brands: collections.Counter[BrandUse]
    paths: frozenset[str]
    values: Counts


def _read_part(batch: Sequence[bytes]) -> _Part:
    rows = [decode_row(serialized) for serialized in batch]
    brands: collections.Counter[BrandUse] = collections.Counter()
    for row in rows:
        if use := brand_use(row):
            brands[use] += 1
    levels = [split_path(row.get("category", "")) for row in rows]
    categories = hash_texts([category_node(path) for path in levels])
    ids = [row["product_id"] for row in rows]
    return _Part(
        hash_texts(ids), pa.array(ids, pa.string()),
        np.where([bool(path) for path in levels], categories, np.uint64(0)), brands,
        frozenset(row["category"] for row, path in zip(rows, levels, strict=True) if path),
        as_counts(hash_texts([value for row in rows for _, value in product_values(row)])))


class _AddParts(beam.CombineFn):
    def create_accumulator(self) -> list[_Part]:
        return []

    def add_input(self, parts: list[_Part], part: _Part) -> list[_Part]:
        parts.append(part)
        return parts if len(parts) < _PARTS else [_add_parts(parts)]

    def merge_accumulators(self, parts: Iterable[list[_Part]]) -> list[_Part]:
        return [_add_parts([part for some in parts for part in some])]

    def extract_output(self, parts: list[_Part]) -> _Part:
        return _add_parts(parts)


def _add_parts(parts: Sequence[_Part]) -> _Part:
    brands: collections.Counter[BrandUse] = collections.Counter()
    for part in parts:
        brands.update(part.brands)
    return _Part(
        np.concatenate([np.empty(0, np.uint64), *(part.hashes for part in parts)]),
        pa.concat_arrays([pa.array([], pa.string()), *(part.ids for part in parts)]),
        np.concatenate([np.empty(0, np.uint64), *(part.categories for part in parts)]),
        brands, frozenset().union(*(part.paths for part in parts)),
        add_counts([part.values for part in parts]))


def _make_directory(part: _Part, min_value_products: int) -> Directory:
    order = np.argsort(part.hashes, kind="stable")
    spellings = {
        spelling: right.canonical for spelling, right in resolve_brands(part.brands).items()}
    canonical = sorted({spellings.get(spelling, spelling) for spelling, _ in part.brands})
    return Directory(
        part.hashes[order], part.ids.take(pa.array(order)), part.categories[order],
        {brand_key(spelling): spelling for spelling in canonical}, spellings,
        tuple(sorted(part.paths)), part.values.keys[part.values.amounts >= min_value_products])


def _find(ascending: np.ndarray, hashes: np.ndarray) -> np.ndarray:
    """The place of each hash, int32; -1 where it is not among the others."""
    if not len(ascending):
        return np.full(len(hashes), -1, np.int32)
    place = np.minimum(np.searchsorted(ascending, hashes), len(ascending) - 1)
    return np.where(ascending[place] == hashes, place, -1).astype(np.int32)
