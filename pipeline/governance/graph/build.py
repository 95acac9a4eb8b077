"""The shop's tables -> its graph, as one Beam transform; see `run_graph`."""

from __future__ import annotations

import collections
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from apache_beam.pvalue import AsSingleton

from pipeline.governance.graph import evidence
from pipeline.governance.graph.directory import Directory, GatherDirectory
from pipeline.governance.graph.gathering import BATCH, Evidence, GatherEvidence, deal
from pipeline.governance.graph.pairs import Counts, add_counts
from pipeline.governance.graph.settings import GraphSettings
from pipeline.governance.graph.summary import WriteSummary
from pipeline.governance.graph.triples import (
    FILES,
    PRODUCT,
    SCHEMA,
    VALUE,
    Triple,
    brand_triple,
    category_triples,
    fact_triple,
    kind_of,
    product_triples,
    to_table,
)
from pipeline.ingest.files import join_path
from pipeline.ingest.rows import decode_row

SUMMARY = "graph.json"
"""Name of the file of counts and settings."""

TABLES = ("products", "events", "judgments", "facts")
"""Tables that are read."""

_PARTS = 32
"""Parts that are gathered before they are added up."""

_Parts = dict[int, list[tuple[Counts, float]]]


def run_graph(
    pipeline: beam.Pipeline, table_dirs: Mapping[str, str], folder: str,
    settings: GraphSettings,
) -> None:
    """Builds the graph of a shop and writes `triples-*.parquet` and `graph.json`.

    No node is a shopper and no edge comes of one alone (`GraphSettings.min_shoppers`).

    Args:
        pipeline: to be run here.
        table_dirs: folder of gz TFRecords of each table that is present; products are needed.
        folder: receives the files; a path or a URI.
        settings: of the graph.
    """
    with pipeline as p:
        def read(table: str, again: str = "") -> beam.PCollection[bytes]:
            return p | f"Read[{table}]{again}" >> beam.io.ReadFromTFRecord(
                os.path.join(table_dirs[table], "*"))

        # Read once more rather than kept by the runner until the directory is there.
        directory = AsSingleton(
            read("products", "First") | "Directory" >> GatherDirectory(
                settings.min_value_products))
        tables = {table: read(table) for table in TABLES if table in table_dirs}
        graph = tables | "Graph" >> BuildGraph(directory, settings)
        for part, triples in graph.items():
            _ = triples | f"Write[{part}]" >> beam.io.WriteToParquetBatched(
                os.path.join(folder, f"{FILES}-{part}"), SCHEMA, file_name_suffix=".parquet")
        _ = graph | "Summary" >> WriteSummary(join_path(folder, SUMMARY), settings)


class BuildGraph(beam.PTransform):
    """Serialized rows by table -> Arrow tables of `triples.SCHEMA`, by the part of the graph.

    The parts are not joined: a runner would keep them until the last is there.
    """

    def __init__(self, directory: AsSingleton, settings: GraphSettings) -> None:
        """Names what is known before.

        Args:
            directory: of type `Directory`, of the same products.
            settings: of the graph.
        """
        super().__init__()
        self._directory = directory
        self._settings = settings

    def expand(
        self, tables: Mapping[str, beam.PCollection[bytes]],
    ) -> dict[str, beam.PCollection[pa.Table]]:
        """Builds the job graph."""
        gathered = (
            {table: rows for table, rows in tables.items() if table != "facts"}
            | "Evidence" >> GatherEvidence(self._directory, self._settings))
        graph = {
            "products": tables["products"]
            | "BatchProducts" >> beam.BatchElements(1_000, 1_000)
            | "DescribeProducts" >> beam.Map(_describe_products, self._directory),
            "names": tables["products"].pipeline
            | "Once" >> beam.Create([None])
            | "DescribeNames" >> beam.Map(_describe_names, self._directory),
            "pairs": self._connect(gathered)}
        if "facts" in tables:
            graph["facts"] = (
                tables["facts"]
                | "BatchFacts" >> beam.BatchElements(BATCH, BATCH)
                | "DescribeFacts" >> beam.Map(_describe_facts, self._directory))
        return graph

    def _connect(self, gathered: Evidence) -> beam.PCollection[pa.Table]:
        totals = AsSingleton(
            gathered.totals
            | "AddTotals" >> beam.CombineGlobally(_AddTotals())
            | "Spread" >> beam.Map(_spread, self._directory))
        return (
            gathered.pairs
            | "GroupByPair" >> beam.GroupByKey()
            | "Weigh" >> beam.FlatMap(_weigh, self._directory, totals, self._settings)
            | "GroupByHead" >> beam.GroupByKey()
            | "Strongest" >> beam.Map(_strongest, self._directory, self._settings))


def _describe_products(batch: Sequence[bytes], directory: Directory) -> pa.Table:
    """Triples of rows of the products."""
    triples: list[Triple] = []
    for row in map(decode_row, batch):
        if "brand" in row:
            row["brand"] = directory.spellings.get(" ".join(row["brand"].split()), row["brand"])
        triples += product_triples(row)
    is_value = np.array([kind_of(one.tail) == VALUE for one in triples], bool)
    is_kept = ~is_value
    is_kept[is_value] = directory.are_shared(
        [one.tail for one, value in zip(triples, is_value, strict=True) if value])
    return to_table([one for one, kept in zip(triples, is_kept, strict=True) if kept])


def _describe_names(_: None, directory: Directory) -> pa.Table:
    """Labels of brands, and what category lies in which."""
    paths = dict.fromkeys(one for path in directory.paths for one in category_triples(path))
    return to_table([*map(brand_triple, directory.brands.values()), *paths])


def _describe_facts(batch: Sequence[bytes], directory: Directory) -> pa.Table:
    """Triples of rows of the facts."""
    rows = [decode_row(serialized) for serialized in batch]
    names = sorted({row[column] for row in rows for column in ("head", "tail")})
    found = directory.rows(names)
    products = {name for name, place in zip(names, found, strict=True) if place >= 0}
    triples = (fact_triple(row, products, directory.brands) for row in rows)
    return to_table([one for one in triples if one is not None])


class _AddTotals(beam.CombineFn):
    """(kind, counts by product, total) of parts -> (counts, total) of all, by kind."""

    def create_accumulator(self) -> _Parts:
        return {}

    def add_input(self, parts: _Parts, part: tuple[int, Counts, float]) -> _Parts:
        kind, counts, total = part
        some = parts.setdefault(kind, [])
        some.append((counts, total))
        if len(some) > _PARTS:
            parts[kind] = [_sum(some)]
        return parts

    def merge_accumulators(self, accumulators: Iterable[_Parts]) -> _Parts:
        merged: _Parts = collections.defaultdict(list)
        for parts in accumulators:
            for kind, some in parts.items():
                merged[kind].append(_sum(some))
        return dict(merged)

    def extract_output(self, parts: _Parts) -> dict[int, tuple[Counts, float]]:
        return {kind: _sum(some) for kind, some in parts.items()}


def _sum(parts: Sequence[tuple[Counts, float]]) -> tuple[Counts, float]:
    return add_counts([counts for counts, _ in parts]), sum(total for _, total in parts)


def _spread(
    added: dict[int, tuple[Counts, float]], directory: Directory,
) -> dict[int, evidence.Totals]:
    totals = {}
    for kind, (counts, total) in added.items():
        amounts = np.zeros(len(directory), np.float32)
        amounts[counts.keys] = counts.amounts
        totals[kind] = evidence.Totals(amounts, total)
    return totals


def _weigh(
    element: tuple[int, Iterable[tuple[int, Counts]]], directory: Directory,
    totals: Mapping[int, evidence.Totals], settings: GraphSettings,
) -> Iterator[tuple[int, np.ndarray]]:
    parts: dict[int, list[Counts]] = collections.defaultdict(list)
    for kind, counts in element[1]:
        parts[kind].append(counts)
    edges = evidence.weigh(
        {kind: add_counts(some) for kind, some in parts.items()}, totals, directory.categories,
        settings)
    for bucket, places in deal(edges["head"]):
        yield bucket, edges[places]


def _strongest(
    element: tuple[int, Iterable[np.ndarray]], directory: Directory, settings: GraphSettings,
) -> pa.Table:
    """Triples from product to product."""
    edges = evidence.strongest(np.concatenate(list(element[1])), settings.neighbours)
    meanings = [evidence.MEANING[kind] for kind in edges["kind"]]
    kinds = pa.array([PRODUCT] * len(edges), pa.string())
    head, tail = (
        pc.binary_join_element_wise(kinds, directory.ids.take(pa.array(edges[end])), ":")
        for end in ("head", "tail"))
    return pa.table([
        head, kinds, pa.array([relation for relation, _ in meanings], pa.string()), tail, kinds,
        pa.array(edges["weight"]), pa.array([source for _, source in meanings], pa.string())],
        schema=SCHEMA)
