"""Parquet: chunks are row groups, which workers read for themselves."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.ingest.contract import TABLES, DatasetError, Kind, Reason
from pipeline.ingest.files import TableFile, open_raw
from pipeline.ingest.readers.chunks import BrokenRow, RawRow

BATCH_ROWS = 5_000

_PANDAS_INDEX = re.compile(r"__index_level_\d+__")  # Row numbers of a frame, not data.


@dataclass(frozen=True)
class ParquetChunk:
    """A row group of a file.

    Attributes:
        row_group: its number, from 0.
        first_row: number of its first row in the file, from 1.
    """

    file: TableFile
    row_group: int
    first_row: int

    @property
    def untyped(self) -> bool:
        """Parquet tells numbers from text."""
        return False

    def rows(self) -> Iterator[RawRow | BrokenRow]:
        """The rows.

        Raises:
            DatasetError: the row group is damaged.
        """
        row = self.first_row
        with _open(self.file) as parquet:
            for batch in parquet.iter_batches(BATCH_ROWS, row_groups=[self.row_group]):
                for values in _to_rows(self.file, batch):
                    yield _decode(row, values)
                    row += 1


def read_header(file: TableFile) -> tuple[str, ...]:
    """The column names of a file.

    Raises:
        DatasetError: it is not a whole Parquet file.
    """
    with _open(file) as parquet:
        return tuple(parquet.schema_arrow.names)


def read_chunks(file: TableFile) -> Iterator[ParquetChunk]:
    """The row groups of a file.

    Raises:
        DatasetError: it is not a whole Parquet file.
    """
    with _open(file) as parquet:
        row = 1
        for group in range(parquet.num_row_groups):
            yield ParquetChunk(file, group, row)
            row += parquet.metadata.row_group(group).num_rows


@contextlib.contextmanager
def _open(file: TableFile) -> Iterator[pq.ParquetFile]:
    with open_raw(file) as raw:
        try:
            yield pq.ParquetFile(raw)
        except (pa.ArrowException, OSError) as error:
            raise DatasetError(
                f"{file.name}: the Parquet file is cut off or damaged ({error}). Copy or export "
                "the file again.") from error


def _to_rows(file: TableFile, batch: pa.RecordBatch) -> list[dict[str, Any]]:
    """Rows of a batch as Python values; dates of TIME columns as seconds, texts as bytes."""
    times = {column.name for column in TABLES[file.table].columns if column.kind is Kind.TIME}
    names, columns = [], []
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if _PANDAS_INDEX.fullmatch(name):
            continue
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            column = column.cast(pa.large_binary())
        elif pa.types.is_temporal(column.type) and name in times:
            column = _seconds(column)
        elif pa.types.is_temporal(column.type):
            column = pc.cast(column, pa.string())
        names.append(name)
        columns.append(column)
    return pa.RecordBatch.from_arrays(columns, names).to_pylist()


def _seconds(column: pa.Array) -> pa.Array:
    """A date or timestamp column as whole seconds since the epoch, UTC where it has no zone."""
    zone = getattr(column.type, "tz", None)
    return pc.cast(column, pa.timestamp("s", tz=zone), safe=False).cast(pa.int64())


def _decode(row: int, values: dict[str, Any]) -> RawRow | BrokenRow:
    """Decodes a row's texts one by one: pyarrow would refuse the batch for one bad byte."""
    for name, value in values.items():
        if isinstance(value, bytes):
            try:
                values[name] = value.decode("utf-8")
            except UnicodeDecodeError:
                return BrokenRow(
                    row, Reason.INVALID_UTF8, f"column {name!r} of the row is not UTF-8",
                    repr(values))
    return RawRow(row, values)
