"""Writes tables into a folder so that it never shows half a shop."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import json
import os
import pathlib
import re
import shutil
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Protocol

from pipeline.sample.dirt import Broken
from pipeline.sample.wording import Row

if TYPE_CHECKING:
    import pyarrow

_STAGING = ".partial"
_OURS = re.compile(
    r"(products|judgments)\.jsonl|facts\.csv|users\.parquet|events-\d{5}-of-\d{5}\.csv\.gz")


class SampleError(ValueError):
    """The sample shop cannot be made as asked; the message says why and what to do."""


class TableWriter(Protocol):
    """Takes rows of a table, block by block."""

    def write(self, rows: Iterable[Row]) -> None:
        """Appends rows."""


@contextlib.contextmanager
def shop_folder(directory: str | os.PathLike[str]) -> Iterator[pathlib.Path]:
    """A folder to write tables to; when all is written they move to `directory`, each at once.

    A sample shop that is there already is replaced. Products, without which a folder is no
    dataset, leave first and arrive last.

    Raises:
        SampleError: `directory` holds something else, or cannot be written to.
    """
    target = pathlib.Path(directory)
    try:
        target.mkdir(parents=True, exist_ok=True)
        _refuse_foreign(target)
        staging = target / _STAGING
        shutil.rmtree(staging, ignore_errors=True)  # of a run that was killed
        staging.mkdir()
    except OSError as error:
        raise SampleError(
            f"{target}: cannot be written to ({error.strerror}); give another folder") from error
    try:
        yield staging
        new = sorted(staging.iterdir(), key=lambda path: path.name.startswith("products"))
        for old in sorted(target.iterdir(), reverse=True):
            if _OURS.fullmatch(old.name):
                old.unlink()
        for path in new:
            path.replace(target / path.name)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _refuse_foreign(target: pathlib.Path) -> None:
    foreign = [
        path.name for path in target.iterdir()
        if path.name != _STAGING and not _OURS.fullmatch(path.name)]
    if foreign:
        raise SampleError(
            f"{target}: holds {min(foreign)!r}, which is not of a sample shop; give an empty "
            "or new folder")


class JsonLines:
    """A `.jsonl` file; columns without a value are left out."""

    def __init__(self, path: pathlib.Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="\n")

    def write(self, rows: Iterable[Row]) -> None:
        """Appends rows; the line of a broken one ends in the middle."""
        for row in rows:
            line = json.dumps(
                {name: value for name, value in row.items() if value is not None},
                ensure_ascii=False)
            if isinstance(row, Broken):
                line = line[:len(line) // 2]
            self._file.write(line + "\n")

    def __enter__(self) -> JsonLines:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


class Csv:
    """A `.csv` or `.csv.gz` file with a header; the same rows give the same bytes."""

    def __init__(self, path: pathlib.Path, columns: tuple[str, ...]) -> None:
        self._columns = columns
        self._raw = path.open("wb")
        self._binary = (
            gzip.GzipFile(filename="", fileobj=self._raw, mode="wb", compresslevel=6, mtime=0)
            if path.name.endswith(".gz") else self._raw)
        self._text = io.TextIOWrapper(self._binary, encoding="utf-8", newline="")
        self._csv = csv.writer(self._text, lineterminator="\n")
        self._csv.writerow(columns)

    def write(self, rows: Iterable[Row]) -> None:
        """Appends rows; a broken one has two fields and no more."""
        for row in rows:
            fields = [row[name] for name in self._columns]
            self._csv.writerow(fields[:2] if isinstance(row, Broken) else fields)

    def __enter__(self) -> Csv:
        return self

    def __exit__(self, *_: object) -> None:
        self._text.close()
        self._raw.close()


class Parquet:
    """A `.parquet` file, a row group for each block of rows."""

    def __init__(self, path: pathlib.Path, schema: pyarrow.Schema) -> None:
        from pyarrow import parquet

        self._schema = schema
        self._writer = parquet.ParquetWriter(path, schema)

    def write(self, rows: Iterable[Row]) -> None:
        """Appends rows as a row group."""
        import pyarrow

        self._writer.write_table(pyarrow.Table.from_pylist(list(rows), schema=self._schema))

    def __enter__(self) -> Parquet:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()
