"""CSV by RFC 4180: a header row, commas, quoted fields that may hold line breaks.

A file in disorder is read as far as rows can be told apart: a quote that is never closed, or
one that is not where quotes belong, costs the line on which it stands and no other.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from pipeline.ingest.contract import TABLES, DatasetError, Reason
from pipeline.ingest.files import TableFile, open_text
from pipeline.ingest.privacy import show_columns
from pipeline.ingest.readers.chunks import BrokenRow, RawRow

CHUNK_ROWS = 5_000

_MAX_RECORD_LINES = 10_000
_OPEN_AT_END = "unexpected end of data"
_NUL_STAND_IN = "\ufdd0"  # A code point that Unicode reserves for uses like this one.


@dataclass(frozen=True)
class CsvChunk:
    """Records of a file.

    Attributes:
        header: the column names.
        records: (line, cells) of each record, or why it is broken.
    """

    file: TableFile
    header: tuple[str, ...]
    records: list[tuple[int, list[str]] | BrokenRow]

    @property
    def untyped(self) -> bool:
        """CSV knows text only."""
        return True

    def rows(self) -> Iterator[RawRow | BrokenRow]:
        """The rows."""
        for record in self.records:
            if isinstance(record, BrokenRow):
                yield record
            else:
                line, cells = record
                yield RawRow(line, dict(zip(self.header, cells, strict=True)))


def read_header(file: TableFile) -> tuple[str, ...]:
    """The column names of a file.

    Raises:
        DatasetError: the file has no header row, or one that names a column twice.
    """
    with open_text(file) as stream:
        return _Records(file, stream).header


def read_chunks(file: TableFile, chunk_rows: int = CHUNK_ROWS) -> Iterator[CsvChunk]:
    """Cuts a file into chunks of `chunk_rows` records.

    Raises:
        DatasetError: the header cannot be used, or the file cannot be read to its end.
    """
    with open_text(file) as stream:
        records = _Records(file, stream)
        batch: list[tuple[int, list[str]] | BrokenRow] = []
        for record in records:
            batch.append(record)
            if len(batch) == chunk_rows:
                yield CsvChunk(file, records.header, batch)
                batch = []
        if batch:
            yield CsvChunk(file, records.header, batch)


class _Records:
    """The records of a CSV stream, with the lines on which they start."""

    def __init__(self, file: TableFile, stream: BinaryIO) -> None:
        # The csv module's limit, 128 KB a field, holds for the whole process; longer texts are
        # cut later, with a count, rather than lost here.
        csv.field_size_limit(2**31 - 1)
        self._file = file
        self._stream = stream
        self._line = 0
        self._pushed_back: deque[bytes] = deque()
        self.header = self._read_header()

    def __iter__(self) -> Iterator[tuple[int, list[str]] | BrokenRow]:
        while text := self._next_line():
            if text.isspace():
                continue
            record = self._read_record(text)
            if isinstance(record, BrokenRow) or len(record[1]) == len(self.header):
                yield record
            else:
                line, cells = record
                yield BrokenRow(
                    line, Reason.WRONG_COLUMNS,
                    f"the line has {len(cells)} columns, the header {len(self.header)}",
                    ",".join(cells))

    def _next_line(self) -> bytes:
        self._line += 1
        return self._pushed_back.popleft() if self._pushed_back else self._stream.readline()

    def _read_record(self, first: bytes) -> tuple[int, list[str]] | BrokenRow:
        """Reads the record that starts with a line, further lines as far as a quote is open."""
        line = self._line
        cells, problem = _parse_record(first)
        if cells is None and problem == _OPEN_AT_END:
            lines = [first]
            while cells is None and problem == _OPEN_AT_END:
                if not self._extend(lines):
                    break
                cells, problem = _parse_record(b"".join(lines))
            if cells is None:  # The quote opened nothing: the other lines stand for themselves.
                self._pushed_back.extendleft(reversed(lines[1:]))
                self._line = line
                first = lines[0]
                problem = "a quote is opened and not closed as it should be"
        if cells is None:
            return BrokenRow(
                line, Reason.UNPARSEABLE, f"the line is not CSV: {problem}",
                first.decode("utf-8", "replace"))
        if bad := next((cell for cell in cells if not _is_utf8(cell)), None):
            column = cells.index(bad) + 1
            return BrokenRow(
                line, Reason.INVALID_UTF8, f"column {column} of the line is not UTF-8",
                first.decode("utf-8", "replace"))
        return line, cells

    def _extend(self, lines: list[bytes]) -> bool:
        """Adds lines up to the next that can close the quote; False where there is none.

        Inside quotes a quote is written twice, so a record ends where the count is even.
        """
        odd = sum(line.count(b'"') for line in lines) % 2 == 1
        while len(lines) < _MAX_RECORD_LINES:
            text = self._next_line()
            if not text:
                return False
            lines.append(text)
            quotes = text.count(b'"')
            odd ^= quotes % 2 == 1
            if quotes and not odd:
                return True
        return False

    def _read_header(self) -> tuple[str, ...]:
        text = self._next_line()
        while text and text.isspace():
            text = self._next_line()
        if not text:
            raise DatasetError(
                f"{self._file.name}: the file is empty; a CSV file starts with a row of column "
                "names. Export it again, or remove it.")
        record = self._read_record(text)
        if isinstance(record, BrokenRow):
            raise DatasetError(
                f"{self._file.name}: the first row should hold the column names, but "
                f"{record.explanation}. Export the file as comma-separated UTF-8 with line feeds.")
        names = [name.strip() or f"column {i}" for i, name in enumerate(record[1], 1)]
        if len(set(names)) < len(names):
            twice = sorted({name for name in names if names.count(name) > 1})
            table = TABLES[self._file.table]
            raise DatasetError(
                f"{self._file.name}: the header names columns more than once: "
                f"{show_columns(table, twice)}. Rename or remove one of each."
                f"{table.header_hint(names)}")
        return tuple(names)


def _parse_record(data: bytes) -> tuple[list[str] | None, str]:
    """The cells of a record, or None and what is wrong with it.

    Bytes that are not UTF-8 come through as lone surrogates, so that the cells can be told apart.
    """
    text = data.decode("utf-8", "surrogateescape").rstrip("\r\n")
    nul = "\0" in text
    if nul:  # Python's csv refuses them before 3.11; they are removed, and counted, later.
        text = text.replace("\0", _NUL_STAND_IN)
    try:
        cells = next(csv.reader((text,), strict=True))
    except csv.Error as error:
        return None, str(error)
    return [cell.replace(_NUL_STAND_IN, "\0") for cell in cells] if nul else cells, ""


def _is_utf8(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
