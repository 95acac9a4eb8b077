"""Small shops on disk, and what ingest makes of them."""

import glob
import gzip
import json
import pathlib
from typing import Any, NamedTuple

import apache_beam as beam
import tensorflow as tf

from pipeline.ingest.balance import Balance, read_balance, write_balance
from pipeline.ingest.discovery import discover_tables
from pipeline.ingest.files import TableFile, list_table
from pipeline.ingest.privacy import Privacy
from pipeline.ingest.records import WriteFramedRecords
from pipeline.ingest.transforms import IngestTables

NOW = 1_700_000_000.0
"""2023-11-14, by which the tests' dates are judged."""

PRODUCTS = [
    {"product_id": "p1", "title": "Red mug"},
    {"product_id": "p2", "title": "Blue mug", "price": 3.5},
]


class Ingested(NamedTuple):
    """The rows of each table as Python values, the quarantined rows and the balance."""

    rows: dict[str, list[dict[str, Any]]]
    quarantine: list[dict[str, Any]]
    balance: Balance


def table_file(path: pathlib.Path, table: str = "products", index: int = 0) -> TableFile:
    return TableFile(table, str(path), path.name, index)


def write_jsonl(path: pathlib.Path, rows: list[Any]) -> pathlib.Path:
    """Writes rows as JSON Lines; a str is a line as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    data = "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def ingest(
    folder: pathlib.Path, out: pathlib.Path, max_text_chars: int = 1000,
    privacy: Privacy = Privacy(),  # noqa: B008 (it is frozen)
) -> Ingested:
    """Runs ingest over a folder with Beam and reads back what it wrote."""
    files = [file for table, pattern in discover_tables(str(folder)).items()
             for file in list_table(str(folder), table, pattern)]
    with beam.Pipeline() as pipeline:
        ingested = pipeline | IngestTables(files, max_text_chars, NOW, privacy)
        for table, framed in ingested.examples.items():
            framed | table >> WriteFramedRecords(str(out / table))
        ingested.quarantine | beam.io.WriteToText(
            str(out / "quarantine"), file_name_suffix=".jsonl.gz")
        ingested.balance | beam.Map(write_balance, str(out))
    quarantine = []
    for path in sorted(out.glob("quarantine*.jsonl.gz")):
        quarantine += map(json.loads, gzip.decompress(path.read_bytes()).splitlines())
    quarantine.sort(key=lambda row: (row["table"], row["file"], row["line"]))
    rows = {table: read_examples(out / table) for table in ingested.examples}
    return Ingested(rows, quarantine, read_balance(str(out)))


def read_examples(folder: pathlib.Path) -> list[dict[str, Any]]:
    """The tf.Examples of a split, sorted, bytes decoded; TensorFlow checks every CRC."""
    files = glob.glob(f"{folder}/*.gz")
    rows = []
    for record in tf.data.TFRecordDataset(files, "GZIP"):
        features = tf.train.Example.FromString(record.numpy()).features.feature
        rows.append({name: _value(feature) for name, feature in features.items()})
    return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))


def _value(feature: tf.train.Feature) -> Any:
    [value] = getattr(feature, feature.WhichOneof("kind")).value
    return value.decode("utf-8") if isinstance(value, bytes) else value
