"""Beam: files to chunks to rows, joined with the catalogue, as one Example stream a table.

Rows travel in batches, hashed into buckets by the id that they are joined on: a shuffle then
moves thousands of batches instead of millions of rows. Nothing that the data can cause raises
inside Beam, where a runner would retry it and bury the message; it is counted in the balance.
"""

from __future__ import annotations

import collections
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput

from pipeline.ingest import readers, rows
from pipeline.ingest.balance import Balance, Example, TableBalance
from pipeline.ingest.contract import TABLES, DatasetError, Reason
from pipeline.ingest.files import TableFile
from pipeline.ingest.quarantine import quarantine_line
from pipeline.ingest.records import frame_records
from pipeline.ingest.values import RejectedError, ValueParser, is_missing

BALANCE = "balance"
QUARANTINE = "quarantine"

_BUCKETS = 256
_ROWS = "rows"
_LINE_BITS = 40


class Batch(NamedTuple):
    """Rows of one file that fall into one bucket.

    Attributes:
        rows: (line, id that the row is joined on, row). A row of a table that is merged by its
            id is a Row, of any other an encoded tf.Example.
    """

    file: TableFile
    rows: list[tuple[int, str, Any]]


class Ingested(NamedTuple):
    """What ingest makes of a dataset.

    Attributes:
        examples: by table, serialized tf.Examples framed as TFRecords, several to an element.
        quarantine: JSON lines, several to an element.
        balance: one Balance.
    """

    examples: dict[str, beam.PCollection[bytes]]
    quarantine: beam.PCollection[str]
    balance: beam.PCollection[Balance]


class IngestTables(beam.PTransform):
    """Reads tables into examples, quarantine and balance."""

    def __init__(self, files: Sequence[TableFile], max_text_chars: int, now: float) -> None:
        """Names what is read.

        Args:
            files: of every table; a table without a file has no stream.
            max_text_chars: longer texts are cut.
            now: seconds since the epoch, by which dates are judged.
        """
        super().__init__()
        self._files = list(files)
        self._max_text_chars = max_text_chars
        self._now = now

    def expand(self, pbegin: beam.pvalue.PBegin) -> Ingested:
        """Builds the graph."""
        chunks = (
            pbegin
            | "Files" >> beam.Create(self._files)
            | "SpreadFiles" >> beam.Reshuffle()
            | "ReadChunks" >> beam.ParDo(_ReadChunks()).with_outputs(BALANCE, main=_ROWS))
        parsed = (
            chunks[_ROWS]
            | "SpreadChunks" >> beam.Reshuffle()
            | "ParseRows" >> beam.ParDo(
                _ParseRows(self._max_text_chars, self._now)
            ).with_outputs(BALANCE, QUARANTINE, main=_ROWS))
        tables = {file.table: None for file in self._files}
        joined = (
            parsed[_ROWS]
            | "GroupByBucket" >> beam.GroupByKey()
            | "JoinProducts" >> beam.ParDo(_JoinProducts()).with_outputs(
                BALANCE, QUARANTINE, *tables))
        quarantine = (
            (parsed[QUARANTINE], joined[QUARANTINE]) | "Quarantine" >> beam.Flatten())
        balance = (
            (chunks[BALANCE], parsed[BALANCE], joined[BALANCE])
            | "Balances" >> beam.Flatten()
            | "AddBalances" >> beam.CombineGlobally(_AddBalances(tuple(tables))))
        return Ingested({table: joined[table] for table in tables}, quarantine, balance)


@beam.typehints.with_input_types(TableFile)
class _ReadChunks(beam.DoFn):
    """Cuts a file into chunks; a file that cannot be read becomes an error of the balance."""

    def process(self, file: TableFile) -> Iterator[Any]:
        try:
            yield from readers.read_chunks(file)
        except DatasetError as error:
            yield TaggedOutput(BALANCE, {file.table: TableBalance(errors=[str(error)])})


@beam.typehints.with_output_types(tuple[int, Any])
class _ParseRows(beam.DoFn):
    """Reads the rows of a chunk by the contract and hashes them into buckets."""

    def __init__(self, max_text_chars: int, now: float) -> None:
        super().__init__()
        self._max_text_chars = max_text_chars
        self._now = now

    def process(self, chunk: readers.Chunk) -> Iterator[Any]:
        rejected = _Rejected(chunk.file)
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
        self, chunk: readers.Chunk, rejected: _Rejected,
    ) -> Iterator[tuple[int, str, Any]]:
        file, balance = chunk.file, rejected.balance
        table = TABLES[file.table]
        parser = ValueParser(
            self._max_text_chars, self._now, untyped=chunk.untyped, personal=table.personal)
        for raw in chunk.rows():
            balance.rows_in += 1
            if isinstance(raw, readers.BrokenRow):
                rejected.add(raw.line, raw.reason, raw.explanation, raw.text)
                continue
            line, values = raw
            present = {name: value for name, value in values.items() if not is_missing(value)}
            balance.columns.update(present.keys())
            try:
                row = rows.parse_row(table, present, parser)
            except RejectedError as error:
                rejected.add(line, error.reason, str(error), values)
                continue
            if table.name == "events":
                row["position"] = (file.index << _LINE_BITS) + line
            yield line, row[table.key], row if table.unique else rows.encode_row(row)
        balance.repairs.update(parser.repairs)


class _JoinProducts(beam.DoFn):
    """Merges what is the same, and parts rows of known products from those of unknown ones.

    The batches of a bucket are gone through twice, the second time as a stream, so that memory
    holds no more than a bucket's products and users. (A CoGroupByKey would hold its events too.)
    """

    def process(self, element: tuple[int, Iterable[Batch]]) -> Iterator[Any]:
        _, batches = element
        merged, things = _merge(batches)
        for table, by_key in things.items():
            if by_key:
                yield TaggedOutput(table, frame_records(map(rows.encode_row, by_key.values())))
        yield TaggedOutput(BALANCE, merged)
        products = things["products"]
        for file, batch in batches:
            contract = TABLES[file.table]
            if contract.unique:
                continue
            rejected = _Rejected(file)
            kept = []
            for line, key, example in batch:
                if contract.of_products and key not in products:
                    rejected.add(
                        line, Reason.UNKNOWN_PRODUCT, "product_id is not in products",
                        {"product_id": key})
                else:
                    kept.append(example)
            if kept:
                rejected.balance.kept += len(kept)
                yield TaggedOutput(file.table, frame_records(kept))
            yield from rejected.outputs()


class _AddBalances(beam.CombineFn):
    """Adds balances up; a table without a row has one of zeros."""

    def __init__(self, tables: tuple[str, ...]) -> None:
        super().__init__()
        self._tables = tables

    def create_accumulator(self) -> Balance:
        return {table: TableBalance() for table in self._tables}

    def add_input(self, total: Balance, part: Mapping[str, TableBalance]) -> Balance:
        for table, balance in part.items():
            total[table].add(balance)
        return total

    def merge_accumulators(self, parts: Iterable[Balance]) -> Balance:
        total = self.create_accumulator()
        for part in parts:
            self.add_input(total, part)
        return total

    def extract_output(self, total: Balance) -> Balance:
        return total


class _Rejected:
    """The quarantined rows of a file, or a part of it, with the balance that counts them."""

    def __init__(self, file: TableFile) -> None:
        self.balance = TableBalance()
        self._file = file
        self._lines: list[str] = []

    def add(self, line: int, reason: Reason, explanation: str, raw: Any) -> None:
        """Quarantines a row."""
        self._lines.append(quarantine_line(
            TABLES[self._file.table], self._file, line, reason, explanation, raw))
        self.balance.quarantine(reason.value, Example(self._file.name, line, explanation))

    def outputs(self) -> Iterator[TaggedOutput]:
        """Everything as outputs of a DoFn."""
        if self._lines:
            yield TaggedOutput(QUARANTINE, "\n".join(self._lines))
        yield TaggedOutput(BALANCE, {self._file.table: self.balance})


def _merge(batches: Iterable[Batch]) -> tuple[Balance, dict[str, dict[str, rows.Row]]]:
    """One row an id of each table whose rows are merged, and how many were."""
    places: dict[str, dict[str, list[tuple[int, int, rows.Row]]]] = {
        table.name: collections.defaultdict(list) for table in TABLES.values() if table.unique}
    for file, batch in batches:
        if TABLES[file.table].unique:
            for line, key, row in batch:
                places[file.table][key].append((file.index, line, row))
    balance = {}
    things: dict[str, dict[str, rows.Row]] = {}
    for table, by_key in places.items():
        things[table] = {
            key: found[0][2] if len(found) == 1 else rows.merge_rows(
                row for _, _, row in sorted(found, key=lambda place: place[:2]))
            for key, found in by_key.items()}
        total = sum(map(len, by_key.values()))
        if total:
            balance[table] = TableBalance(kept=len(by_key), merged=total - len(by_key))
    return balance, things
