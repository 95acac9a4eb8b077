"""What takes the whole catalogue to find out, beyond one row and the habits of the shop.

A finder reads the products as the rules for rows left them, as often as it needs, and tells its
findings by the product's id. It runs where the pipeline's component runs, within memory that does
not grow with the catalogue but by what is found.
"""

from __future__ import annotations

import collections
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import apache_beam as beam
import orjson
import tensorflow as tf
from apache_beam.io.filesystems import FileSystems

from pipeline.governance.decisions import row_key
from pipeline.governance.extraction import fill
from pipeline.governance.extraction.settings import ExtractionSettings
from pipeline.governance.findings import Action, Finding, Rule
from pipeline.governance.labels.transforms import LABEL_ERROR, LabelSettings, find_in_folders
from pipeline.governance.settings import Governance
from pipeline.ingest.rows import Row, decode_row

RULES: tuple[Rule, ...] = (*fill.RULES, LABEL_ERROR)

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


def find_label_errors(
    make_pipeline: Callable[[], beam.Pipeline], products: str, judgments: str, path: str,
) -> Mapping[str, Sequence[Finding]]:
    """Grades that are likely wrong, by the position of the judgement as text.

    Args:
        make_pipeline: makes an empty Beam pipeline.
        products: folder of the products' gz TFRecords.
        judgments: folder of the judgements'.
        path: of the file that brings the findings from the workers.
    """
    with make_pipeline() as pipeline:
        _ = (find_in_folders(pipeline, products, judgments, LabelSettings())
             | "ToList" >> beam.combiners.ToList()
             | "WriteFindings" >> beam.Map(_write_findings, path))
    with FileSystems.open(path, "application/json") as stream:
        lines = [(key, Finding(*fields)) for key, fields in orjson.loads(stream.read())]
    return {key: [finding._replace(action=Action(finding.action))] for key, finding in lines}


def _write_findings(findings: list[tuple[str, Finding]], path: str) -> None:
    with FileSystems.create(path, "application/json") as stream:
        stream.write(orjson.dumps([[key, list(finding)] for key, finding in sorted(findings)]))


def read_products(folder: str) -> Iterator[tuple[str, Row]]:
    """The products of a folder, a path or a URI, with their ids, file by file."""
    for path in sorted(tf.io.gfile.glob(os.path.join(folder, "*"))):
        for serialized in tf.data.TFRecordDataset(path, "GZIP").as_numpy_iterator():
            row = decode_row(serialized)
            yield row_key("products", row), row
