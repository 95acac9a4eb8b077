"""A table as it is without some decisions: values and rows put back where they were."""

from __future__ import annotations

import collections
import copy
import pathlib
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import NamedTuple

import orjson
import tensorflow as tf

from pipeline.governance.counts import FLAGGED, KEPT, Count, Counts, week_of
from pipeline.governance.decisions import Decision, row_key, set_value, to_json
from pipeline.governance.findings import WHOLE_ROW, Action
from pipeline.ingest.rows import Row, decode_row, encode_row

ByRow = Mapping[str, Sequence[Decision]]
"""Decisions to take back, by the key of their row."""

Waiting = dict[str, collections.deque[Row]]
"""Rows to put back, in order, by shopper."""


class Name(NamedTuple):
    """What names a decision; equal rows share its id."""

    table: str
    row: str
    id: str


class Rebuilt(NamedTuple):
    """What came of a table.

    Attributes:
        restored: rows that are in it again.
        still_removed: what rows hold that another decision removed, as JSON by that decision.
        change: of the counts of rows and decisions.
    """

    restored: int
    still_removed: dict[Name, str]
    change: Counts


def name_of(decision: Decision) -> Name:
    """What names a decision."""
    return Name(decision.table, decision.row, decision.id)


def rebuild_table(
    folder: pathlib.Path, target: pathlib.Path, by_row: ByRow, removed: Iterable[Decision],
    unflagged: Set[str],
) -> Rebuilt:
    """Writes a table with its values and rows put back.

    Args:
        folder: of the table's rows, whose name it has.
        target: receives the rows.
        by_row: decisions to take back, at least one.
        removed: decisions that removed any of these rows.
        unflagged: keys of the rows of which no severe finding is left.
    """
    table = folder.name
    tally = _Tally(table, unflagged)
    back, still_removed = [], {}
    for decision in removed:
        made = by_row[decision.row]
        row = _revert(orjson.loads(decision.before or "{}"), made)
        taken_back = any(other.id == decision.id for other in made)
        tally.add_row(row, restored=taken_back)
        if taken_back:
            back.append(row)
        else:
            still_removed[name_of(decision)] = to_json(row) or ""
    for made in by_row.values():
        tally.add_decisions(made)
    _write_table(folder, target, by_row, back, tally)
    return Rebuilt(len(back), still_removed, tally.change)


class _Tally:
    """Counts what changes."""

    def __init__(self, table: str, unflagged: Set[str]) -> None:
        self.change = Counts()
        self._table, self._unflagged = table, unflagged

    def add_row(self, row: Row, *, restored: bool) -> None:
        """A row that is not what it was."""
        week = week_of(row.get("timestamp")) if self._table == "events" else ""
        if restored:
            self.change[Count(self._table, KEPT, week=week)] += 1
        if row_key(self._table, row) in self._unflagged:
            self.change[Count(self._table, FLAGGED, week=week)] -= 1

    def add_decisions(self, made: Iterable[Decision]) -> None:
        """Decisions that hold no more."""
        for decision in made:
            self.change[Count(self._table, decision.action, decision.rule)] -= 1


def _revert(row: Row, made: Iterable[Decision]) -> Row:
    """The row as it was before decisions about its values, the last of them first."""
    row = copy.deepcopy(row)
    for decision in sorted(made, key=lambda decision: -decision.step):
        if decision.column != WHOLE_ROW and decision.action != Action.NOTED.value:
            set_value(row, decision.column, orjson.loads(decision.before or "null"))
    return row


def _write_table(
    folder: pathlib.Path, target: pathlib.Path, by_row: ByRow, back: list[Row], tally: _Tally,
) -> None:
    target.mkdir(parents=True)
    options = tf.io.TFRecordOptions(compression_type="GZIP")
    waiting: Waiting = collections.defaultdict(collections.deque)
    for row in sorted(back, key=lambda row: row.get("position", 0)):
        waiting[_shopper(row)].append(row)
    paths = sorted(folder.iterdir())
    for path in paths:
        records = tf.data.TFRecordDataset(str(path), compression_type="GZIP").as_numpy_iterator()
        with tf.io.TFRecordWriter(str(target / path.name), options) as writer:
            for record in _put_back(folder.name, records, by_row, waiting, tally):
                writer.write(record)
            if path == paths[-1]:  # Of shoppers of whom nothing was left, and of other tables.
                for row in (row for rows in waiting.values() for row in rows):
                    writer.write(encode_row(row))


def _put_back(
    table: str, records: Iterable[bytes], by_row: ByRow, waiting: Waiting, tally: _Tally,
) -> Iterator[bytes]:
    """The records of a file with the rows put back of the shoppers who are in it.

    Governance wrote the rows of a shopper one after the other by their position. So it stays: the
    order of rows is that of events where they have no time.
    """
    last = ""
    for serialized in records:
        row = decode_row(serialized)
        if (shopper := _shopper(row)) != last:
            yield from map(encode_row, waiting.pop(last, ()))
            last = shopper
        rows = waiting.get(shopper, ()) if shopper else ()
        while rows and rows[0]["position"] < row["position"]:
            yield encode_row(rows.popleft())
        made = by_row.get(row_key(table, row))
        if made:
            row = _revert(row, made)
            tally.add_row(row, restored=False)
        yield encode_row(row) if made else serialized
    if last:
        yield from map(encode_row, waiting.pop(last, ()))


def _shopper(row: Row) -> str:
    """Who did what a row tells; "" where rows are in no order."""
    return row["user_id"] if "position" in row and "user_id" in row else ""
