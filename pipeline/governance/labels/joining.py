"""Judgements joined with their products' texts and gathered query by query, as Beam transforms.

Rows travel in batches, hashed into buckets by the id that they are joined on; of the catalogue
only judged products travel.
"""

from __future__ import annotations

import collections
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np
import numpy.typing as npt
from apache_beam import pvalue

from pipeline.examples.split import normalise_query
from pipeline.governance.labels.features import Judged, others_mean
from pipeline.governance.labels.words import MAX_CHARS, Texts
from pipeline.ingest.rows import decode_row

MAX_ROWS = 2_048
"""Rows of a `Judged`, at the most; of a query with more the rest is another's."""

_BUCKETS = 256
_MARKS = 2**22
"""Places of the table that marks judged products: of a million a fifth of the others pass too."""

Marks = npt.NDArray[np.bool_]


class _Judgment(NamedTuple):
    """A judgement as it travels to its product."""

    product_id: str
    query: str
    grade: float
    position: int


class _Described(NamedTuple):
    """A judgement as it travels to its query."""

    query: str
    position: int
    grade: float
    product: Texts
    product_mean: float
    product_count: float


class GatherJudged(beam.PTransform):
    """The tables products and judgments -> `Judged`, each of some whole queries.

    In: serialized rows by table, as ingest wrote them. A judgement of a product that is not in the
    table is left out.
    """

    def expand(self, tables: Mapping[str, beam.PCollection[bytes]]) -> beam.PCollection[Judged]:
        """Joins on the product, then groups by the query."""
        judgments = (
            tables["judgments"]
            | "BatchJudgments" >> beam.BatchElements(min_batch_size=256, max_batch_size=4_096)
            | "ReadJudgments" >> beam.Map(_read_judgments))
        marks = pvalue.AsSingleton(
            judgments | "MarkProducts" >> beam.CombineGlobally(_MarkProducts()))
        products = (
            tables["products"]
            | "BatchProducts" >> beam.BatchElements(min_batch_size=256, max_batch_size=4_096)
            | "JudgedProducts" >> beam.Map(_read_products, marks)
            | "DealProducts" >> beam.FlatMap(_deal))
        return (
            {"products": products, "judgments":
             judgments | "DealJudgments" >> beam.FlatMap(_deal)}
            | "GroupByProduct" >> beam.CoGroupByKey()
            | "JoinProducts" >> beam.FlatMap(_join)
            | "GroupByQuery" >> beam.GroupByKey()
            | "Judged" >> beam.FlatMap(_gather))


class _MarkProducts(beam.CombineFn):
    """Marks the places of judged products' ids."""

    def create_accumulator(self) -> Marks:
        return np.zeros(_MARKS, np.bool_)

    def add_input(self, marks: Marks, batch: Iterable[_Judgment]) -> Marks:
        marks[[_hash(judgment.product_id) % _MARKS for judgment in batch]] = True
        return marks

    def merge_accumulators(self, parts: Iterable[Marks]) -> Marks:
        merged = self.create_accumulator()
        for part in parts:
            merged |= part
        return merged

    def extract_output(self, marks: Marks) -> Marks:
        return marks


def _read_judgments(batch: Iterable[bytes]) -> list[_Judgment]:
    rows = map(decode_row, batch)
    return [
        _Judgment(row["product_id"], normalise_query(row["query"]), float(row["grade"]),
                  row["position"])
        for row in rows]


def _read_products(batch: Iterable[bytes], marks: Marks) -> list[tuple[str, Texts]]:
    """Ids and texts of those products that may be judged."""
    found = []
    for row in map(decode_row, batch):
        if marks[_hash(row["product_id"]) % _MARKS]:
            attributes = (f"{name} {value}" for name, value in row.get("attributes", {}).items())
            other = " ".join(
                [row.get("category", ""), row.get("description", ""), *attributes])
            texts = (row["title"], row.get("brand", ""), other.strip())
            found.append((row["product_id"], Texts(*(text[:MAX_CHARS] for text in texts))))
    return found


def _deal(batch: Iterable[tuple[Any, ...]]) -> Iterator[tuple[int, list[Any]]]:
    """Rows of a batch by the bucket of what they are joined on, their first value."""
    buckets = collections.defaultdict(list)
    for row in batch:
        buckets[_hash(row[0]) % _BUCKETS].append(row)
    yield from buckets.items()


def _join(
    element: tuple[int, Mapping[str, Iterable[list[Any]]]],
) -> Iterator[tuple[int, list[_Described]]]:
    """Judgements of a bucket of products, by bucket of their query."""
    _, grouped = element
    texts = {product_id: found for batch in grouped["products"] for product_id, found in batch}
    judged = sorted(
        judgment for batch in grouped["judgments"] for judgment in batch
        if judgment.product_id in texts)
    if not judged:
        return
    _, product = np.unique([judgment.product_id for judgment in judged], return_inverse=True)
    grade = np.array([judgment.grade for judgment in judged], np.float32)
    means, counts = others_mean(grade, product)
    described = [
        _Described(j.query, j.position, j.grade, texts[j.product_id], float(mean), float(count))
        for j, mean, count in zip(judged, means, counts, strict=True)]
    yield from _deal(described)


def _hash(text: str) -> int:
    return zlib.crc32(text.encode("utf-8"))


def _gather(element: tuple[int, Iterable[list[_Described]]]) -> Iterator[Judged]:
    """Judgements of a bucket of queries, in parts of whole queries."""
    _, batches = element
    rows = sorted((row for batch in batches for row in batch), key=lambda row: row[:2])
    start = 0
    while start < len(rows):
        end = min(start + MAX_ROWS, len(rows))
        cut = end
        while cut < len(rows) and cut > start and rows[cut].query == rows[cut - 1].query:
            cut -= 1  # A query is not torn apart, unless it alone is too long.
        end = cut if cut > start else end
        part = rows[start:end]
        yield Judged(
            position=np.array([row.position for row in part], np.int64),
            query=[row.query for row in part],
            product=[row.product for row in part],
            grade=np.array([row.grade for row in part], np.float32),
            product_mean=np.array([row.product_mean for row in part], np.float32),
            product_count=np.array([row.product_count for row in part], np.float32))
        start = end
