"""The decision log on disk: Parquet files that any tool reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.io.filesystems import FileSystems

from pipeline.governance.decisions import SCHEMA
from pipeline.ingest.files import join_path, match_names


def list_log(folder: str, prefix: str = "") -> list[str]:
    """Paths of the log's files, those that begin with a prefix, in order."""
    return [join_path(folder, name) for name in sorted(match_names(folder, f"{prefix}*.parquet"))]


def read_log(
    folder: str, prefix: str = "", columns: Sequence[str] | None = None,
) -> Iterator[pa.Table]:
    """Reads the log a row group at a time.

    Args:
        folder: of the log.
        prefix: of the files' names: `TABLE-` for the decisions about a table.
        columns: those that are wanted; all where not given.
    """
    for path in list_log(folder, prefix):
        with FileSystems.open(path) as stream:
            file = pq.ParquetFile(stream)
            for group in range(file.num_row_groups):
                yield file.read_row_group(group, list(columns or SCHEMA.names))
