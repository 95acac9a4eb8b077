"""Ids that the dataset itself says stand for products, as a governed one says of what was merged.

They are kept as `aliases.json` beside the decision log, whose own merges come on top of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

import apache_beam as beam
import orjson
from apache_beam.io.filesystems import FileSystems
from apache_beam.pvalue import AsSingleton

from pipeline.ingest.files import join_path
from pipeline.ingest.rows import Row

GIVEN = "aliases.json"
"""Name of the file in the folder of the log."""


def gather_given(
    aliases: beam.PCollection[Row], products: beam.PCollection[Row], decisions: str,
) -> None:
    """Adds to a pipeline what writes `GIVEN`.

    Args:
        aliases: rows of that table.
        products: rows of that table, as ingested.
        decisions: folder or URI of the log.
    """
    pairs = AsSingleton(
        aliases
        | "Pairs" >> beam.Map(lambda row: (row["alias"], row["product_id"]))
        | "PairsToDict" >> beam.combiners.ToDict())
    named = AsSingleton(
        aliases
        | "Named" >> beam.FlatMap(lambda row: [(row["alias"], None), (row["product_id"], None)])
        | "NamedToDict" >> beam.combiners.ToDict())
    _ = (products
         | "PresentNamed" >> beam.FlatMap(_present, named)
         | "PresentToList" >> beam.combiners.ToList()
         | "WriteGiven" >> beam.Map(_write_given, pairs, join_path(decisions, GIVEN)))


def read_given(decisions: str) -> dict[str, str]:
    """Id of the product by alias, "" where it is gone; none where the dataset has no such table."""
    path = join_path(decisions, GIVEN)
    if not FileSystems.exists(path):
        return {}
    with FileSystems.open(path, "application/json") as stream:
        return dict(orjson.loads(stream.read()))


def resolve_given(pairs: Mapping[str, str], present: Set[str]) -> dict[str, str]:
    """Follows aliases of aliases to a product.

    Args:
        pairs: what each alias stands for.
        present: those of the ids that are in the catalogue.

    Returns:
        The product by alias, "" where it is gone. An id that is a product's again is no alias.
    """
    resolved = {}
    for alias in pairs:
        if alias in present:
            continue
        seen, product = {alias}, pairs[alias]
        while product in pairs and product not in present and product not in seen:
            seen.add(product)
            product = pairs[product]
        resolved[alias] = product if product in present else ""
    return resolved


def _present(row: Row, named: Mapping[str, Any]) -> Iterator[str]:
    if row["product_id"] in named:
        yield row["product_id"]


def _write_given(present: Sequence[str], pairs: Mapping[str, str], path: str) -> None:
    with FileSystems.create(path, "application/json") as stream:
        stream.write(orjson.dumps(
            resolve_given(pairs, frozenset(present)), option=orjson.OPT_SORT_KEYS))
