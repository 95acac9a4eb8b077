"""Rows of a table of the dataset contract: JSON Lines, CSV or Parquet, a file or many shards."""

from __future__ import annotations

import csv
import gzip
import io
import json
import logging
import pathlib
import re
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow
import pyarrow.parquet

from serving.errors import InputFileError

_log = logging.getLogger(__name__)

_FORM = re.compile(r"\.(?P<form>jsonl|csv|parquet)(?P<gzip>\.gz)?$")
_MAX_FIELD_CHARS = 2**24
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")

Row = Mapping[str, Any]


def table_files(path: pathlib.Path, table: str) -> list[pathlib.Path]:
    """The files of a table, sorted.

    Args:
        path: one file, a folder with TABLE.jsonl, TABLE-00000-of-00002.csv.gz or TABLE/*.parquet,
            or that last folder itself.
        table: the table's name.

    Raises:
        InputFileError: no such file is there, or the file is of no form that is read.
    """
    if path.is_file():
        if not _FORM.search(path.name):
            raise InputFileError(
                f"{path}: a {table} table should end in .jsonl, .csv (both also .gz) or .parquet")
        return [path]
    found = [
        file for pattern in (f"{table}.*", f"{table}-*", f"{table}/*")
        for file in path.glob(pattern) if _is_data(file)]
    if not found and path.name == table:
        found = [file for file in path.glob("*") if _is_data(file)]
    if not found:
        raise InputFileError(
            f"{path}: no {table} table is there; name a file, or a folder that holds "
            f"{table}.jsonl, {table}-00000-of-00001.csv.gz or {table}/*.parquet")
    return sorted(found)


def read_rows(file: pathlib.Path) -> Iterator[Row]:
    """The rows of one file; a line that is no row is skipped, and the log says how many were.

    Raises:
        InputFileError: the file as a whole cannot be read.
    """
    match = _FORM.search(file.name)
    if match is None:
        raise InputFileError(f"{file}: should end in .jsonl, .csv (both also .gz) or .parquet")
    try:
        if match["form"] == "parquet":
            yield from _parquet_rows(file)
            return
        # `utf-8-sig` drops the mark with which spreadsheets begin a file.
        with (gzip.open(file) if match["gzip"] else file.open("rb")) as data:
            text = io.TextIOWrapper(data, "utf-8-sig", errors="replace", newline="")
            yield from (_csv_rows(text) if match["form"] == "csv" else _json_rows(text, file))
    except (OSError, EOFError, zlib.error, csv.Error, pyarrow.ArrowException) as error:
        raise InputFileError(f"{file}: cannot be read: {error}") from error


def parse_json(text: str) -> Any:
    """A JSON value; half a surrogate pair, which no answer could hold, becomes a question mark.

    Raises:
        ValueError: the text is no JSON.
        RecursionError: it is nested too deeply.
    """
    value = json.loads(text)
    if _SURROGATE_ESCAPE.search(text):
        whole = json.dumps(value, ensure_ascii=False).encode("utf-8", errors="replace")
        value = json.loads(whole)
    return value


def shortest_text(value: Any) -> str:
    """An id or a value as text: 7.0 is 7, a missing one is empty."""
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _is_data(file: pathlib.Path) -> bool:
    return file.is_file() and file.name[0] not in "_." and bool(_FORM.search(file.name))


def _parquet_rows(file: pathlib.Path) -> Iterator[Row]:
    with pyarrow.parquet.ParquetFile(file) as table:
        for batch in table.iter_batches(batch_size=4096):
            yield from batch.to_pylist()


def _csv_rows(text: io.TextIOWrapper) -> Iterator[Row]:
    csv.field_size_limit(_MAX_FIELD_CHARS)
    for row in csv.DictReader(text):
        row.pop(None, None)  # what is beyond the header
        yield row


def _json_rows(text: io.TextIOWrapper, file: pathlib.Path) -> Iterator[Row]:
    broken = 0
    for line in text:
        if not line.strip():
            continue
        try:
            row = parse_json(line)
        except (ValueError, RecursionError):
            row = None
        if isinstance(row, dict):
            yield row
        else:
            broken += 1
    if broken:
        _log.warning("%s: %d lines are no JSON objects and were skipped", file, broken)
