"""What takes the whole catalogue to find out, beyond one row and the habits of the shop.

A finder reads the products as the rules for rows left them, as often as it needs, and tells its
findings by the product's id. It runs where the pipeline's component runs, within memory that does
not grow with the catalogue but by what is found.
"""

from __future__ import annotations

import collections
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import tensorflow as tf

from pipeline.governance.decisions import row_key
from pipeline.governance.extraction import fill
from pipeline.governance.extraction.settings import ExtractionSettings
from pipeline.governance.findings import Finding, Rule
from pipeline.governance.settings import Governance
from pipeline.ingest.rows import Row, decode_row

RULES: tuple[Rule, ...] = fill.RULES

ReadProducts = Callable[[], Iterable[tuple[str, Row]]]
"""Yields every product with its id; may be called again."""

Finder = Callable[[ReadProducts], Iterator[tuple[str, list[Finding]]]]


def product_finders(settings: Governance) -> list[Finder]:
    """The finders that the settings ask for, in order."""
    finders: list[Finder] = []
    if settings.infer:
        extraction = ExtractionSettings(precision=settings.infer_precision)
        finders.append(lambda read: fill.fill_missing(read, extraction))
    return finders


def find_all(finders: Sequence[Finder], folder: str) -> Mapping[str, Sequence[Finding]]:
    """What finders find among the products of a folder of gz TFRecords, by product."""
    found: dict[str, list[Finding]] = collections.defaultdict(list)
    for finder in finders:
        for key, findings in finder(lambda: read_products(folder)):
            found[key] += findings
    return found


def read_products(folder: str) -> Iterator[tuple[str, Row]]:
    """The products of a folder, a path or a URI, with their ids, file by file."""
    for path in sorted(tf.io.gfile.glob(os.path.join(folder, "*"))):
        for serialized in tf.data.TFRecordDataset(path, "GZIP").as_numpy_iterator():
            row = decode_row(serialized)
            yield row_key("products", row), row
