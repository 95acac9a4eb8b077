"""Governed rows as tables of the dataset contract, which a run reads like any shop's."""

from __future__ import annotations

import os
from collections.abc import Mapping

import apache_beam as beam
import orjson

from pipeline.governance.govern import MakePipeline
from pipeline.ingest.contract import TABLES
from pipeline.ingest.rows import Row, decode_row


def export_tables(
    make_pipeline: MakePipeline, tables: Mapping[str, str], aliases: Mapping[str, str],
    folder: str,
) -> None:
    """Writes tables as `TABLE-00000-of-00001.jsonl.gz`, a row a line.

    Args:
        make_pipeline: makes an empty Beam pipeline.
        tables: folder of the rows of each table but that of aliases.
        aliases: the product by each id that stands for it; without one there is no such table.
        folder: receives the files.
    """
    with make_pipeline() as pipeline:
        for table, rows in tables.items():
            _ = (pipeline
                 | f"Read[{table}]" >> beam.io.ReadFromTFRecord(os.path.join(rows, "*"))
                 | f"Lines[{table}]" >> beam.Map(lambda row: row_line(decode_row(row)))
                 | f"Write[{table}]" >> beam.io.WriteToText(
                     os.path.join(folder, table), file_name_suffix=".jsonl.gz",
                     coder=beam.coders.BytesCoder()))
        if aliases:
            _ = (pipeline
                 | "Aliases" >> beam.Create([
                     row_line({"alias": alias, "product_id": product})
                     for alias, product in sorted(aliases.items())])
                 | "Write[aliases]" >> beam.io.WriteToText(
                     os.path.join(folder, "aliases"), file_name_suffix=".jsonl.gz", num_shards=1,
                     coder=beam.coders.BytesCoder()))


def row_line(row: Row) -> bytes:
    """A row as a line of JSON, without what ingest added to it; the same bytes for the same row."""
    return orjson.dumps(
        {name: value for name, value in row.items() if name in _COLUMNS},
        option=orjson.OPT_SORT_KEYS)


_COLUMNS = frozenset().union(*(table.names for table in TABLES.values()))
