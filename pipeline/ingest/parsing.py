"""From files to rows: chunks that any worker reads, and their rows by the contract, in batches."""

from __future__ import annotations

import collections
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput

from pipeline.ingest import readers, rows
from pipeline.ingest.balance import TableBalance
from pipeline.ingest.cleaning import is_missing
from pipeline.ingest.contract import TABLES, DatasetError, RejectedError
from pipeline.ingest.files import TableFile
from pipeline.ingest.positions import row_position
from pipeline.ingest.privacy import Privacy
from pipeline.ingest.quarantine import BALANCE, Rejected
from pipeline.ingest.values import ValueParser
from pipeline.personal.spans import FreeText

_BUCKETS = 256


class Batch(NamedTuple):
    """Rows of one file that fall into one bucket.

    Attributes:
        rows: (line, id that the row is joined on, row). A row of a table that is merged by its
            id is a Row, of any other an encoded tf.Example.
    """

    file: TableFile
    rows: list[tuple[int, str, Any]]


@beam.typehints.with_input_types(TableFile)
class ReadChunks(beam.DoFn):
    """Cuts a file into chunks; a file that cannot be read becomes an error of the balance."""

    def process(self, file: TableFile) -> Iterator[Any]:
        """Yields chunks, and balances under their tag."""
        try:
            yield from readers.read_chunks(file)
        except DatasetError as error:
            yield TaggedOutput(BALANCE, {file.table: TableBalance(errors=[str(error)])})


@beam.typehints.with_output_types(tuple[int, Any])
class ParseRows(beam.DoFn):
    """Reads the rows of a chunk by the contract and hashes them into buckets."""

    def __init__(self, max_text_chars: int, now: float, privacy: Privacy) -> None:
        super().__init__()
        self._max_text_chars = max_text_chars
        self._now = now
        self._privacy = privacy

    def setup(self) -> None:
        """Takes the key of user ids from the worker's environment.

        Raises:
            ConfigError: it is not the key that the run was started with.
        """
        self._protection = self._privacy.protection()

    def process(self, chunk: readers.Chunk) -> Iterator[Any]:
        """Yields (bucket, Batch), and what is quarantined and its balance under their tags."""
        rejected = Rejected(chunk.file, self._protection)
        balance = rejected.balance
        buckets: dict[int, list[tuple[int, str, Any]]] = collections.defaultdict(list)
        try:
            for line, key, row in self._usable_rows(chunk, rejected):
                buckets[zlib.crc32(key.encode("utf-8")) % _BUCKETS].append((line, key, row))
        except DatasetError as error:
            balance.errors.append(str(error))
        for bucket, batch in buckets.items():
            yield bucket, Batch(chunk.file, batch)
        yield from rejected.outputs()

    def _usable_rows(
        self, chunk: readers.Chunk, rejected: Rejected,
    ) -> Iterator[tuple[int, str, Any]]:
        file, balance = chunk.file, rejected.balance
        table = TABLES[file.table]
        parser = ValueParser(
            self._max_text_chars, self._now, untyped=chunk.untyped, personal=table.personal,
            protection=self._protection)
        for raw in chunk.rows():
            balance.rows_in += 1
            if isinstance(raw, readers.BrokenRow):
                explanation = self._protection.text(raw.explanation, FreeText.PROSE).text
                rejected.add(raw.line, raw.reason, explanation, raw.text)
                continue
            line, values = raw
            present = {name: value for name, value in values.items() if not is_missing(value)}
            balance.columns.update(
                name if name in table.names else parser.cleaner.name(name) for name in present)
            try:
                row = rows.parse_row(table, present, parser)
            except RejectedError as error:
                rejected.add(line, error.reason, str(error), values)
                continue
            if not table.unique:  # What else would name the row?
                row["position"] = row_position(file.index, line)
            yield line, row[table.key], row if table.unique else rows.encode_row(row)
        balance.repairs.update(parser.cleaner.repairs)
