"""The decision log on disk: Parquet files that any tool reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.io.filesystems import FileSystems

from pipeline.governance.decisions import Decision
from pipeline.ingest.files import join_path, match_names

_BATCH = 1_000
"""Decisions that are held at once: one may hold a whole row."""


def list_log(folder: str, prefix: str = "") -> list[str]:
    """Paths of the log's files, those that begin with a prefix, in order."""
    return [join_path(folder, name) for name in sorted(match_names(folder, f"{prefix}*.parquet"))]


def read_log(
    folder: str, prefix: str = "", columns: Sequence[str] | None = None,
) -> Iterator[pa.RecordBatch]:
    """Reads the log a batch at a time.

    Args:
        folder: of the log.
        prefix: of the files' names: `TABLE-` for the decisions about a table.
        columns: those that are wanted; all where not given.
    """
    for path in list_log(folder, prefix):
        yield from read_file(path, columns)


def read_file(path: str, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    """Reads a file of the log, as `read_log` does."""
    with FileSystems.open(path) as stream:
        yield from pq.ParquetFile(stream).iter_batches(_BATCH, columns=columns)


def read_decisions(folder: str, prefix: str = "") -> Iterator[Decision]:
    """The decisions of the log, as far as its files' names have a prefix."""
    for part in read_log(folder, prefix):
        for line in part.to_pylist():
            yield Decision(**line)


def read_severe(folder: str, prefix: str, severe: Set[str]) -> frozenset[str]:
    """Keys of the rows about which rules decided that count against the quality of the data.

    Args:
        folder: of the log.
        prefix: of the files' names.
        severe: names of those rules.
    """
    return frozenset(
        line["row"] for part in read_log(folder, prefix, ["row", "rule"])
        for line in part.to_pylist() if line["rule"] in severe)
