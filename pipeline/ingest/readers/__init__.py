"""How is each file format read into rows, however broken the file is?"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.ingest.contract import TABLES, DatasetError, Table
from pipeline.ingest.files import TableFile
from pipeline.ingest.privacy import show_columns
from pipeline.ingest.readers import comma_separated, json_lines, parquet
from pipeline.ingest.readers.chunks import BrokenRow, Chunk, RawRow

__all__ = ["BrokenRow", "Chunk", "RawRow", "check_header", "read_chunks"]


def read_chunks(file: TableFile) -> Iterator[Chunk]:
    """Cuts a file into chunks that any worker can read into rows.

    Raises:
        DatasetError: the file cannot be read to its end, or lacks a required column.
    """
    check_header(file)
    if file.format == "csv":
        return comma_separated.read_chunks(file)
    return parquet.read_chunks(file) if file.format == "parquet" else json_lines.read_chunks(file)


def check_header(file: TableFile) -> None:
    """Checks that a file has the required columns; JSON Lines tells only by its rows.

    Raises:
        DatasetError: a required column is not there, or the file cannot be opened as what its
            name says.
    """
    if file.format == "jsonl":
        return
    table = TABLES[file.table]
    reader = comma_separated if file.format == "csv" else parquet
    header = reader.read_header(file)
    missing = [name for name in table.required if name not in header]
    if missing:
        raise DatasetError(
            missing_columns_message(file.name, table, missing, header) + _hint(table, header))


def missing_columns_message(
    where: str, table: Table, missing: list[str], found: tuple[str, ...],
) -> str:
    """Says which required columns are not there, and what is."""
    return (f"{where}: the required column {' and '.join(missing)} is missing; the columns are: "
            f"{show_columns(table, found)}. Rename the column in the export, or add it.")


def _hint(table: Table, header: tuple[str, ...]) -> str:
    if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
        return " The columns should be separated by commas."
    return table.header_hint(header)
