"""Beam: the rows of a table, judged and changed a batch at a time.

Rows are read anew for each stage and written as they come: what is shuffled or held is the events
of a bucket of shoppers and what was found out about the shop, never a catalogue.
"""

from __future__ import annotations

import functools
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import apache_beam as beam
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput

from pipeline.governance.counts import Counts, count_row
from pipeline.governance.decisions import SCHEMA, Decision, row_key
from pipeline.governance.findings import Finding
from pipeline.governance.judging import Judge, Policy, Shop, judge_row
from pipeline.governance.shoppers import judge_shopper
from pipeline.ingest.records import WriteFramedRecords, frame_records
from pipeline.ingest.rows import Row, decode_row, encode_row

_BATCH = 1_000
_BUCKETS = 256
_DECISIONS = "decisions"
_COUNTS = "counts"


class Left(NamedTuple):
    """A row that is still in its table.

    Attributes:
        row: serialized.
        flagged: whether it had a severe finding so far.
    """

    row: bytes
    flagged: bool


class Judged(NamedTuple):
    """What comes of a table.

    Attributes:
        rows: lists of `Left`.
        decisions: Arrow tables of `decisions.SCHEMA`.
        counts: `Counts` of parts.
    """

    rows: beam.PCollection[list[Left]]
    decisions: beam.PCollection[pa.Table]
    counts: beam.PCollection[Counts]


class JudgeTable(beam.PTransform):
    """Serialized rows -> what judges leave of them."""

    def __init__(
        self, table: str, judges: Sequence[Judge], shop: beam.pvalue.AsSingleton,
        policy: Policy, stage: int,
    ) -> None:
        """Names the table and those who judge its rows.

        Args:
            table: name of the table.
            judges: one after the other; picklable.
            shop: of type `Shop`.
            policy: what a person decided.
            stage: number of the stage, from 0; decisions of later ones are undone first.
        """
        super().__init__()
        self._judge = _JudgeRows(table, judges, policy, stage)
        self._shop = shop

    def expand(self, rows: beam.PCollection[bytes]) -> Judged:
        """Builds the graph."""
        judged = (
            rows
            | "Batch" >> beam.BatchElements(_BATCH, _BATCH)
            | "Judge" >> beam.ParDo(self._judge, self._shop).with_outputs(
                _DECISIONS, _COUNTS, main="rows"))
        return Judged(judged.rows, judged[_DECISIONS], judged[_COUNTS])


class JudgeShoppers(beam.PTransform):
    """Lists of events that are left -> what is left of them, judged shopper by shopper."""

    def __init__(
        self, judges: Sequence[Judge], shop: beam.pvalue.AsSingleton, policy: Policy, stage: int,
    ) -> None:
        """As for `JudgeTable`; the judges see the row after what its shopper's others say."""
        super().__init__()
        self._judge = _JudgeBucket(judges, policy, stage)
        self._shop = shop

    def expand(self, rows: beam.PCollection[list[Left]]) -> Judged:
        """Builds the graph."""
        judged = (
            rows
            | "Deal" >> beam.FlatMap(_deal)
            | "GroupByBucket" >> beam.GroupByKey()
            | "Judge" >> beam.ParDo(self._judge, self._shop).with_outputs(
                _DECISIONS, _COUNTS, main="rows"))
        return Judged(judged.rows, judged[_DECISIONS], judged[_COUNTS])


def write_rows(rows: beam.PCollection[list[Left]], folder: str, table: str) -> None:
    """Writes rows as TFRecords."""
    _ = (rows
         | f"Frame[{table}]" >> beam.Map(lambda batch: frame_records(left.row for left in batch))
         | f"WriteRows[{table}]" >> WriteFramedRecords(folder))


def write_decisions(
    decisions: beam.PCollection[pa.Table], folder: str, table: str, stage: int,
) -> None:
    """Writes Arrow tables as `TABLE-STAGE-*.parquet`.

    No name may begin as another does: when Beam finishes a file, it removes those that do.
    """
    _ = decisions | f"WriteDecisions[{table}-{stage}]" >> beam.io.WriteToParquetBatched(
        os.path.join(folder, f"{table}-{stage}"), SCHEMA, file_name_suffix=".parquet")


class _JudgeRows(beam.DoFn):
    def __init__(
        self, table: str, judges: Sequence[Judge], policy: Policy, stage: int,
    ) -> None:
        super().__init__()
        self._table = table
        self._judges = list(judges)
        self._policy = policy
        self._stage = stage

    def process(self, batch: Sequence[bytes], shop: Shop) -> Iterator[Any]:
        output = _Output(self._table, self._policy.severe)
        for serialized in batch:
            row = decode_row(serialized)
            left, decisions = judge_row(
                self._table, row, self._judges, shop, self._policy, _first_step(self._stage))
            before = Left(serialized, row_key(self._table, row) in shop.flagged)
            output.add(row, left, decisions, before, first=self._stage == 0)
        yield from output.elements()


class _JudgeBucket(beam.DoFn):
    def __init__(self, judges: Sequence[Judge], policy: Policy, stage: int) -> None:
        super().__init__()
        self._judges = list(judges)
        self._policy = policy
        self._stage = stage

    def process(
        self, element: tuple[int, Iterable[list[Left]]], shop: Shop,
    ) -> Iterator[Any]:
        shoppers: dict[str, list[tuple[Row, Left]]] = {}
        for batch in element[1]:
            for before in batch:
                row = decode_row(before.row)
                shoppers.setdefault(row["user_id"], []).append((row, before))
        output = _Output("events", self._policy.severe)
        for shopper in sorted(shoppers):
            # A runner may bring the rows of a shopper in any order.
            events = sorted(shoppers[shopper], key=lambda event: event[0]["position"])
            findings = judge_shopper(
                [row for row, _ in events], shop.facts, self._policy.released)
            for place, (row, before) in enumerate(events):
                judges: list[Judge] = [
                    functools.partial(_found, findings.get(place, ())), *self._judges]
                left, decisions = judge_row(
                    "events", row, judges, shop, self._policy, _first_step(self._stage))
                output.add(row, left, decisions, before, first=False)
        yield from output.elements()


class _Output:
    """Collects what a DoFn yields about a batch."""

    def __init__(self, table: str, severe: frozenset[str]) -> None:
        self._table = table
        self._severe = severe
        self._rows: list[Left] = []
        self._decisions: list[Decision] = []
        self._counts: Counts = Counts()

    def add(
        self, row: Row, left: Row | None, decisions: list[Decision], before: Left, *, first: bool,
    ) -> None:
        """Adds a row as it came, what is left of it, and why.

        Args:
            row: as it came.
            left: what is left of it; the same object where it has not changed.
            decisions: made about it.
            before: the row as it came, serialized, and whether it was flagged.
            first: whether no stage has seen it before.
        """
        flagged = any(decision.rule in self._severe for decision in decisions)
        if left is not None:  # What has not changed keeps its very bytes.
            self._rows.append(Left(
                before.row if left is row else encode_row(left), before.flagged or flagged))
        self._decisions += decisions
        self._counts.update(count_row(
            self._table, row, decisions, first=first, kept=left is not None,
            flagged=flagged and not before.flagged))

    def elements(self) -> Iterator[Any]:
        """The outputs of the DoFn."""
        if self._rows:
            yield self._rows
        if self._decisions:
            columns = zip(*self._decisions, strict=True)
            yield TaggedOutput(_DECISIONS, pa.table(
                [pa.array(column, field.type) for column, field in zip(
                    columns, SCHEMA, strict=True)], schema=SCHEMA))
        yield TaggedOutput(_COUNTS, self._counts)


def _first_step(stage: int) -> int:
    """Above every step of the stages before."""
    return 1_000 * stage


def _found(findings: Iterable[Finding], _row: Row, _shop: Shop) -> Iterable[Finding]:
    """A judge who says what was found before."""
    return findings


def _deal(batch: Sequence[Left]) -> Iterator[tuple[int, list[Left]]]:
    buckets: dict[int, list[Left]] = {}
    for left in batch:
        user = decode_row(left.row)["user_id"]
        buckets.setdefault(zlib.crc32(user.encode("utf-8")) % _BUCKETS, []).append(left)
    yield from buckets.items()
