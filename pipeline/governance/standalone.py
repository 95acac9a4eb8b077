"""Governance without a pipeline: a dataset folder in, a governed one out."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Mapping

import apache_beam as beam

from pipeline.config import Ingest, user_key_fingerprint
from pipeline.governance.counts import Counts, read_counts, write_counts
from pipeline.governance.export import export_tables
from pipeline.governance.folder import Version
from pipeline.governance.govern import Folders, MakePipeline, govern_tables
from pipeline.governance.graph.build import run_graph
from pipeline.governance.graph.settings import GraphSettings
from pipeline.governance.profile import (
    Anomaly,
    Profile,
    Statistics,
    describe_columns,
    make_profile,
    read_all_statistics,
    write_schemas,
    write_statistics,
)
from pipeline.governance.quality import Quality, measure_quality
from pipeline.governance.removals import read_aliases
from pipeline.governance.report import QUALITY, SCHEMAS, write_report
from pipeline.governance.settings import Governance
from pipeline.ingest.balance import Balance, check_balance, read_balance, write_balance
from pipeline.ingest.files import list_table
from pipeline.ingest.privacy import Privacy
from pipeline.ingest.records import WriteFramedRecords
from pipeline.ingest.transforms import IngestTables

INGESTED = "ingested"
"""Folder of a version that holds rows between ingest and governance."""


def ingest_folder(
    make_pipeline: MakePipeline, data: str, tables: Mapping[str, str], version: Version,
    settings: Ingest,
) -> Balance:
    """Reads a dataset as the pipeline's first component does.

    Args:
        make_pipeline: makes an empty Beam pipeline.
        data: folder or URI of the tables.
        tables: file pattern of each table, as `discover_tables` returns them.
        version: receives `ingested/TABLE/`, the rows of each table, and `quarantine/`.
        settings: how tables are read.

    Raises:
        DatasetError: the data cannot be used.
        ConfigError: the key of user ids cannot be used.
    """
    files = [file for table, pattern in tables.items() for file in list_table(data, table, pattern)]
    quarantine = version.ingest
    quarantine.mkdir()
    for table in tables:
        (version.root / INGESTED / table).mkdir(parents=True)
    with make_pipeline() as pipeline:
        ingested = pipeline | "Ingest" >> IngestTables(
            files, settings.max_text_chars, time.time(),
            Privacy.of(settings, user_key_fingerprint()))
        for table, rows in ingested.examples.items():
            rows | f"Write[{table}]" >> WriteFramedRecords(
                str(version.root / INGESTED / table))
        ingested.quarantine | "WriteQuarantine" >> beam.io.WriteToText(
            str(quarantine / "quarantine"), file_name_suffix=".jsonl.gz")
        ingested.balance | "WriteBalance" >> beam.Map(write_balance, str(quarantine))
    balance = read_balance(str(quarantine))
    check_balance(balance, settings.max_quarantine_fraction)
    return balance


def govern_folder(
    make_pipeline: MakePipeline, version: Version, balance: Balance, settings: Governance,
    preset: str, previous: Version | None = None,
) -> Quality:
    """Governs what `ingest_folder` wrote, and writes everything else of a version.

    Args:
        make_pipeline: makes an empty Beam pipeline.
        version: whose `ingested/` holds the rows; that folder is removed.
        balance: of ingest.
        settings: what a person decided.
        preset: of the encoder that reads texts.
        previous: the version that this one is compared with, for drift.

    Returns:
        What came of the tables; of the report `quality.json` says whether they are good enough.

    Raises:
        DatasetError: a schema of `settings.schemas` cannot be read.
    """
    ingested, work = version.root / INGESTED, version.root / "work"
    folders = Folders(
        tables={table: str(ingested / table) for table in balance},
        governed={table: str(version.tables / table) for table in balance},
        decisions=str(version.decisions), work=str(work))
    for folder in (
            version.decisions, version.reports, work,
            *(version.tables / table for table in balance),
            *(version.profile / table for table in balance)):
        folder.mkdir(parents=True)
    profile, statistics = _profile(make_pipeline, version, folders.tables, settings, previous)
    counts = govern_tables(make_pipeline, folders, settings, preset)
    shutil.rmtree(ingested)
    write_counts(counts, str(version.counts))
    quality = measure_quality(balance, counts)
    write_report(
        quality, balance, profile, str(version.decisions), str(version.reports),
        settings.min_quality)
    write_schemas(statistics, str(version.reports / SCHEMAS))
    export_version(make_pipeline, version)
    return quality


def report_again(last: Version, version: Version, change: Counts) -> None:
    """Writes the report of a version that is the last one without some decisions.

    Args:
        last: the version that is copied as far as nothing about it changes.
        version: whose log and tables are written.
        change: of the counts of the last one.
    """
    for kept in (last.reports, last.ingest, last.profile):
        shutil.copytree(kept, version.root / kept.name)
    counts = read_counts(str(last.counts))
    counts.update(change)
    counts = Counts({count: number for count, number in counts.items() if number})
    write_counts(counts, str(version.counts))
    balance = read_balance(str(version.ingest))
    before = json.loads((last.reports / QUALITY).read_bytes())
    statistics = read_all_statistics({table: str(version.profile / table) for table in balance})
    profile = Profile(
        {table: describe_columns(found) for table, found in statistics.items()},
        [Anomaly(**anomaly) for anomaly in before["anomalies"]])
    write_report(
        measure_quality(balance, counts), balance, profile, str(version.decisions),
        str(version.reports), before["gate"]["min_quality"])


def _profile(
    make_pipeline: MakePipeline, version: Version, tables: Mapping[str, str],
    settings: Governance, previous: Version | None,
) -> tuple[Profile, dict[str, Statistics]]:
    """Takes the statistics of the tables as ingested, and compares them."""
    folders = {table: str(version.profile / table) for table in tables}
    with make_pipeline() as pipeline:
        for table, folder in tables.items():
            rows = pipeline | f"Read[{table}]" >> beam.io.ReadFromTFRecord(
                os.path.join(folder, "*"))
            write_statistics(rows, table, folders[table])
    statistics = read_all_statistics(folders)
    before = read_all_statistics(
        {table: str(previous.profile / table) for table in tables} if previous else {})
    return make_profile(statistics, before, settings.schemas, settings.max_drift), statistics


def export_version(make_pipeline: MakePipeline, version: Version) -> None:
    """Writes the governed rows of a version as a dataset, and as a graph."""
    tables = {
        folder.name: str(folder) for folder in sorted(version.tables.iterdir())
        if folder.name != "aliases"}
    version.data.mkdir()
    export_tables(make_pipeline, tables, read_aliases(str(version.decisions)), str(version.data))
    version.graph.mkdir()
    run_graph(make_pipeline(), tables, str(version.graph), GraphSettings())
