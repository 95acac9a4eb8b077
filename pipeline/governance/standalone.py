"""Governance without a pipeline: a dataset folder in, a governed one out."""

from __future__ import annotations

import pathlib
import time
from collections.abc import Mapping

import apache_beam as beam

from pipeline.config import Ingest
from pipeline.governance.counts import Counts
from pipeline.governance.govern import Folders, MakePipeline, govern_tables
from pipeline.governance.settings import Governance
from pipeline.ingest.balance import Balance, check_balance, read_balance, write_balance
from pipeline.ingest.files import list_table
from pipeline.ingest.records import WriteFramedRecords
from pipeline.ingest.transforms import IngestTables


def ingest_folder(
    make_pipeline: MakePipeline, data: str, tables: Mapping[str, str], folder: pathlib.Path,
    settings: Ingest,
) -> Balance:
    """Reads a dataset as the pipeline's first component does.

    Args:
        make_pipeline: makes an empty Beam pipeline.
        data: folder or URI of the tables.
        tables: file pattern of each table, as `discover_tables` returns them.
        folder: receives `TABLE/`, the rows of each table, and `quarantine/`.
        settings: how tables are read.

    Raises:
        DatasetError: the data cannot be used.
    """
    files = [file for table, pattern in tables.items() for file in list_table(data, table, pattern)]
    quarantine = folder / "quarantine"
    for name in (*tables, quarantine.name):
        (folder / name).mkdir(parents=True)
    with make_pipeline() as pipeline:
        ingested = pipeline | "Ingest" >> IngestTables(
            files, settings.max_text_chars, now=time.time())
        for table, rows in ingested.examples.items():
            rows | f"Write[{table}]" >> WriteFramedRecords(str(folder / table))
        ingested.quarantine | "WriteQuarantine" >> beam.io.WriteToText(
            str(quarantine / "quarantine"), file_name_suffix=".jsonl.gz")
        ingested.balance | "WriteBalance" >> beam.Map(write_balance, str(quarantine))
    balance = read_balance(str(quarantine))
    check_balance(balance, settings.max_quarantine_fraction)
    return balance


def govern_folder(
    make_pipeline: MakePipeline, ingested: pathlib.Path, tables: Mapping[str, str],
    folder: pathlib.Path, settings: Governance,
) -> Counts:
    """Governs what `ingest_folder` wrote.

    Args:
        make_pipeline: makes an empty Beam pipeline.
        ingested: folder of the rows.
        tables: names of the tables, as keys.
        folder: receives `tables/TABLE/` and `decisions/`.
        settings: what a person decided.
    """
    folders = Folders(
        tables={table: str(ingested / table) for table in tables},
        governed={table: str(folder / "tables" / table) for table in tables},
        decisions=str(folder / "decisions"), work=str(folder / "work"))
    for made in (*folders.governed.values(), folders.decisions, folders.work):
        pathlib.Path(made).mkdir(parents=True)
    return govern_tables(make_pipeline, folders, settings)
