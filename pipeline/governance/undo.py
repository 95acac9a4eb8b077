"""Takes decisions back: every row that they changed or removed is again what it was.

A decision that follows from another is taken back with it, and so is a later one about the same
value: what it changed is not there any more.
"""

from __future__ import annotations

import collections
import copy
import pathlib
import shutil
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import tensorflow as tf

from pipeline.governance.aliases import GIVEN
from pipeline.governance.decisions import SCHEMA, Decision, row_key, set_value, to_json
from pipeline.governance.findings import WHOLE_ROW, Action
from pipeline.governance.log import list_log
from pipeline.ingest.rows import Row, decode_row, encode_row

_BATCH = 1_000
_REMOVING = frozenset(action.value for action in Action if action.removes_row)

Selects = Callable[[Decision], bool]


class UndoError(ValueError):
    """Nothing could be taken back; the message says why."""


class Undone(NamedTuple):
    """What was taken back.

    Attributes:
        asked: decisions that were selected.
        followed: decisions that had to go with them.
        restored: rows that are in their table again.
    """

    asked: int
    followed: int
    restored: int


def undo_decisions(
    tables: pathlib.Path, decisions: pathlib.Path, selects: Selects, new_tables: pathlib.Path,
    new_decisions: pathlib.Path,
) -> Undone:
    """Writes tables and log anew without some decisions; what was there stays as it is.

    Args:
        tables: governed rows, a folder a table.
        decisions: the log.
        selects: whether a decision is to be taken back.
        new_tables: receives a folder a table.
        new_decisions: receives the log of what still holds.

    Raises:
        UndoError: no decision is selected.
    """
    asked, chosen = _choose(decisions, selects)
    restored = 0
    changed: dict[str, str] = {}  # Rows that are still removed: their content, by decision id.
    for folder in sorted(tables.iterdir()):
        by_row = chosen.get(folder.name, {})
        back, patches = _restore_removed(decisions, folder.name, by_row)
        restored += len(back)
        changed.update(patches)
        _write_table(folder, new_tables / folder.name, by_row, back)
    _write_log(decisions, new_decisions, chosen, changed)
    total = sum(len(made) for rows in chosen.values() for made in rows.values())
    return Undone(asked, total - asked, restored)


ByRow = dict[str, list[Decision]]


def _choose(decisions: pathlib.Path, selects: Selects) -> tuple[int, dict[str, ByRow]]:
    """How many decisions are selected; they and what goes with them, by table and row."""
    ids = set()
    first: dict[tuple[str, str, str], int] = {}  # (table, row, column) -> first step undone
    for decision in _read(decisions):
        if selects(decision):
            ids.add(decision.id)
            _lower(first, decision)
    if not ids:
        raise UndoError(
            "no decision of the log is meant: none has this rule or id. The report names the "
            "rules that changed something, and decisions/*.parquet has the ids.")
    asked = len(ids)
    grown = True
    while grown:
        grown = False
        for decision in _read(decisions):
            place = (decision.table, decision.row, decision.column)
            later = decision.column != WHOLE_ROW and decision.step > first.get(place, 1 << 62)
            if decision.id not in ids and (later or decision.because in ids):
                ids.add(decision.id)
                _lower(first, decision)
                grown = True
    chosen: dict[str, ByRow] = collections.defaultdict(lambda: collections.defaultdict(list))
    for decision in _read(decisions):
        if decision.id in ids:
            chosen[decision.table][decision.row].append(decision)
    return asked, chosen


def _lower(first: dict[tuple[str, str, str], int], decision: Decision) -> None:
    place = (decision.table, decision.row, decision.column)
    first[place] = min(first.get(place, decision.step), decision.step)


def _revert(row: Row, made: Iterable[Decision]) -> Row:
    """The row as it was before decisions about its values, the last of them first."""
    row = copy.deepcopy(row)
    for decision in sorted(made, key=lambda decision: -decision.step):
        if decision.column != WHOLE_ROW and decision.action != Action.NOTED.value:
            set_value(row, decision.column, orjson.loads(decision.before or "null"))
    return row


def _restore_removed(
    decisions: pathlib.Path, table: str, by_row: ByRow,
) -> tuple[list[Row], dict[str, str]]:
    """Rows whose removal is taken back; and what rows that stay removed hold now."""
    back, patches = [], {}
    for decision in _read(decisions, f"{table}-"):
        if decision.table != table or decision.action not in _REMOVING or (
                decision.row not in by_row):
            continue
        made = by_row[decision.row]
        row = _revert(orjson.loads(decision.before or "{}"), made)
        if any(other.id == decision.id for other in made):
            back.append(row)
        else:
            patches[decision.id] = to_json(row) or ""
    return back, patches


def _write_table(
    folder: pathlib.Path, target: pathlib.Path, by_row: ByRow, back: list[Row],
) -> None:
    """Writes a table with its values and rows put back."""
    target.mkdir(parents=True)
    options = tf.io.TFRecordOptions(compression_type="GZIP")
    for number, path in enumerate(sorted(folder.iterdir())):
        with tf.io.TFRecordWriter(str(target / path.name), options) as writer:
            records = tf.data.TFRecordDataset(str(path), compression_type="GZIP")
            for serialized in records.as_numpy_iterator():
                writer.write(_mend(folder.name, serialized, by_row))
            for row in back if number == 0 else ():
                writer.write(encode_row(row))


def _mend(table: str, serialized: bytes, by_row: ByRow) -> bytes:
    if not by_row:
        return serialized
    row = decode_row(serialized)
    made = by_row.get(row_key(table, row))
    return encode_row(_revert(row, made)) if made else serialized


def _write_log(
    decisions: pathlib.Path, target: pathlib.Path, chosen: dict[str, ByRow],
    changed: dict[str, str],
) -> None:
    gone = {decision.id for rows in chosen.values() for made in rows.values() for decision in made}
    target.mkdir(parents=True)
    for path in map(pathlib.Path, list_log(str(decisions))):
        with pq.ParquetWriter(target / path.name, SCHEMA) as writer:
            for part in _parts(path):
                lines = [
                    {**line, "before": changed.get(line["id"], line["before"])}
                    for line in part.to_pylist() if line["id"] not in gone]
                writer.write_table(pa.Table.from_pylist(lines, SCHEMA))
    if (decisions / GIVEN).exists():
        shutil.copy(decisions / GIVEN, target)


def _read(decisions: pathlib.Path, prefix: str = "") -> Iterator[Decision]:
    for path in list_log(str(decisions), prefix):
        for part in _parts(pathlib.Path(path)):
            for line in part.to_pylist():
                yield Decision(**line)


def _parts(path: pathlib.Path) -> Iterator[pa.RecordBatch]:
    yield from pq.ParquetFile(path).iter_batches(_BATCH)
