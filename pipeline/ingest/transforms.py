"""Beam: files to chunks to rows, joined with the catalogue, as one Example stream a table.

Rows travel in batches, hashed into buckets by the id that they are joined on: a shuffle then
moves thousands of batches instead of millions of rows. Nothing that the data can cause raises
inside Beam, where a runner would retry it and bury the message; it is counted in the balance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import apache_beam as beam

from pipeline.ingest.balance import Balance, TableBalance
from pipeline.ingest.files import TableFile
from pipeline.ingest.joining import JoinProducts
from pipeline.ingest.parsing import ParseRows, ReadChunks
from pipeline.ingest.privacy import Privacy, Protection
from pipeline.ingest.quarantine import BALANCE, QUARANTINE

_ROWS = "rows"


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

    def __init__(
        self, files: Sequence[TableFile], max_text_chars: int, now: float,
        privacy: Privacy,
    ) -> None:
        """Names what is read.

        Args:
            files: of every table; a table without a file has no stream.
            max_text_chars: longer texts are cut.
            now: seconds since the epoch, by which dates are judged.
            privacy: what is done about personal data.
        """
        super().__init__()
        self._files = list(files)
        self._max_text_chars = max_text_chars
        self._now = now
        self._privacy = privacy

    def expand(self, pbegin: beam.pvalue.PBegin) -> Ingested:
        """Builds the graph."""
        chunks = (
            pbegin
            | "Files" >> beam.Create(self._files)
            | "SpreadFiles" >> beam.Reshuffle()
            | "ReadChunks" >> beam.ParDo(ReadChunks()).with_outputs(BALANCE, main=_ROWS))
        parsed = (
            chunks[_ROWS]
            | "SpreadChunks" >> beam.Reshuffle()
            | "ParseRows" >> beam.ParDo(
                ParseRows(self._max_text_chars, self._now, self._privacy)
            ).with_outputs(BALANCE, QUARANTINE, main=_ROWS))
        tables = {file.table: None for file in self._files}
        hidden = Protection(self._privacy.mask, self._privacy.phone_regions)
        joined = (
            parsed[_ROWS]
            | "GroupByBucket" >> beam.GroupByKey()
            | "JoinProducts" >> beam.ParDo(JoinProducts(hidden)).with_outputs(
                BALANCE, QUARANTINE, *tables))
        quarantine = (
            (parsed[QUARANTINE], joined[QUARANTINE]) | "Quarantine" >> beam.Flatten())
        balance = (
            (chunks[BALANCE], parsed[BALANCE], joined[BALANCE])
            | "Balances" >> beam.Flatten()
            | "AddBalances" >> beam.CombineGlobally(_AddBalances(tuple(tables))))
        return Ingested({table: joined[table] for table in tables}, quarantine, balance)


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
