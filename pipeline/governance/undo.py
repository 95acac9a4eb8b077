"""Takes decisions back: every row that they changed or removed is again what it was.

A decision that follows from another is taken back with it, and so is a later one about the same
value: what it changed is not there any more.
"""

from __future__ import annotations

import collections
import os
import pathlib
import shutil
from collections.abc import Callable, Mapping
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.governance.aliases import GIVEN
from pipeline.governance.catalogue import SEVERE
from pipeline.governance.counts import Counts
from pipeline.governance.decisions import SCHEMA, Decision
from pipeline.governance.findings import WHOLE_ROW, Action
from pipeline.governance.log import list_log, read_decisions, read_file
from pipeline.governance.rebuilding import (
    ByRow,
    Name,
    name_of,
    rebuild_table,
)

Selects = Callable[[Decision], bool]


class UndoError(ValueError):
    """Nothing could be taken back; the message says why."""


class Undone(NamedTuple):
    """What was taken back.

    Attributes:
        asked: decisions that were selected.
        followed: decisions that had to go with them.
        restored: rows that are in their table again.
        change: of the counts of rows and decisions.
    """

    asked: int
    followed: int
    restored: int
    change: Counts


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
    change = Counts()
    changed: dict[Name, str] = {}  # Rows that are still removed: their content.
    for folder in sorted(tables.iterdir()):
        by_row = chosen.get(folder.name)
        if by_row is None:
            shutil.copytree(folder, new_tables / folder.name)
            continue
        removed, left = _about(decisions, folder.name, by_row)
        rebuilt = rebuild_table(
            folder, new_tables / folder.name, by_row, removed, _flagged(by_row) - left)
        restored += rebuilt.restored
        changed.update(rebuilt.still_removed)
        change.update(rebuilt.change)
    _write_log(decisions, new_decisions, chosen, changed)
    total = sum(len(made) for rows in chosen.values() for made in rows.values())
    return Undone(asked, total - asked, restored, change)


def _about(
    decisions: pathlib.Path, table: str, by_row: ByRow,
) -> tuple[list[Decision], frozenset[str]]:
    """Of the log: what removed any of the rows, and keys of those that stay flagged."""
    gone = {name_of(decision) for made in by_row.values() for decision in made}
    removed, left = [], set()
    for decision in read_decisions(str(decisions), f"{table}-"):
        if decision.row in by_row and Action(decision.action).removes_row:
            removed.append(decision)
        if decision.rule in SEVERE and name_of(decision) not in gone:
            left.add(decision.row)
    return removed, frozenset(left)


def _flagged(by_row: ByRow) -> frozenset[str]:
    """Keys of the rows with a severe finding."""
    return frozenset(
        row for row, made in by_row.items() if any(d.rule in SEVERE for d in made))


def _choose(decisions: pathlib.Path, selects: Selects) -> tuple[int, Mapping[str, ByRow]]:
    """How many decisions are selected; they and what goes with them, by table and row."""
    chosen: set[Name] = set()
    first: dict[tuple[str, str, str], int] = {}  # (table, row, column) -> first step undone
    for decision in read_decisions(str(decisions)):
        if selects(decision):
            chosen.add(name_of(decision))
            _lower(first, decision)
    if not chosen:
        raise UndoError(
            "no decision of the log is meant: none has this rule or id. The report names the "
            "rules that changed something, and decisions/*.parquet has the ids.")
    asked = len(chosen)
    ids = {name.id for name in chosen}
    grown = True
    while grown:
        grown = False
        for decision in read_decisions(str(decisions)):
            place = (decision.table, decision.row, decision.column)
            later = decision.column != WHOLE_ROW and decision.step > first.get(place, 1 << 62)
            follows = later or not ids.isdisjoint(decision.because.split())
            if follows and name_of(decision) not in chosen:
                chosen.add(name_of(decision))
                ids.add(decision.id)
                _lower(first, decision)
                grown = True
    by_table: dict[str, dict[str, list[Decision]]] = collections.defaultdict(
        lambda: collections.defaultdict(list))
    for decision in read_decisions(str(decisions)):
        if name_of(decision) in chosen:
            by_table[decision.table][decision.row].append(decision)
    return asked, by_table


def _lower(first: dict[tuple[str, str, str], int], decision: Decision) -> None:
    place = (decision.table, decision.row, decision.column)
    first[place] = min(first.get(place, decision.step), decision.step)


def _write_log(
    decisions: pathlib.Path, target: pathlib.Path, chosen: Mapping[str, ByRow],
    changed: dict[Name, str],
) -> None:
    gone = {
        name_of(decision)
        for rows in chosen.values() for made in rows.values() for decision in made}
    target.mkdir(parents=True)
    for path in list_log(str(decisions)):
        with pq.ParquetWriter(target / os.path.basename(path), SCHEMA) as writer:
            for part in read_file(path):
                lines = [
                    decision._replace(
                        before=changed.get(name_of(decision), decision.before))._asdict()
                    for decision in (Decision(**line) for line in part.to_pylist())
                    if name_of(decision) not in gone]
                writer.write_table(pa.Table.from_pylist(lines, SCHEMA))
    if (decisions / GIVEN).exists():
        shutil.copy(decisions / GIVEN, target)
