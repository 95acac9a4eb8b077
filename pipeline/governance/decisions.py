"""The decision log: what was done to which row, so that it can be undone."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterable, Set
from typing import Any, NamedTuple

import orjson
import pyarrow as pa

from pipeline.governance.findings import WHOLE_ROW, Action, Finding
from pipeline.ingest.contract import TABLES, Kind
from pipeline.ingest.rows import Row

ATTRIBUTE = "attributes."
"""Before the name of an attribute in the name of a column."""

SCHEMA = pa.schema([
    ("id", pa.string()), ("table", pa.string()), ("row", pa.string()), ("column", pa.string()),
    ("rule", pa.string()), ("action", pa.string()), ("before", pa.string()),
    ("after", pa.string()), ("confidence", pa.float32()), ("note", pa.string()),
    ("because", pa.string()), ("step", pa.int32())])
"""Columns of the log in Parquet, those of `Decision`."""


class Decision(NamedTuple):
    """A line of the log.

    Attributes:
        id: see `decision_id`.
        table: of the row.
        row: key of the row in its table, see `row_key`.
        column: as in `Finding`.
        rule: name of the rule.
        action: value of an `Action`.
        before: JSON of the value that was, or of the whole row where the row is removed; None
            where there was none.
        after: JSON of the value that is now; None where there is none.
        confidence: in [0, 1].
        note: as in `Finding`.
        because: as in `Finding`.
        step: place among the decisions about this row, from 0; they are undone from the last.
    """

    id: str
    table: str
    row: str
    column: str
    rule: str
    action: str
    before: str | None
    after: str | None
    confidence: float
    note: str
    because: str
    step: int


class Applied(NamedTuple):
    """A row after its findings.

    Attributes:
        row: what is left of it; None where it is no longer in its table.
        decisions: what was done, in order.
    """

    row: Row | None
    decisions: list[Decision]


def row_key(table: str, row: Row) -> str:
    """What names a row of a table: its id where ids are unique, else its place in the files."""
    contract = TABLES[table]
    return str(row[contract.key] if contract.unique else row["position"])


def apply_findings(
    table: str, row: Row, findings: Iterable[Finding], released: Set[str] = frozenset(),
    first_step: int = 0,
) -> Applied:
    """Does what findings say.

    A finding that changes nothing, or fills what has been filled, leaves no decision; after one
    that removes the row, the rest is not looked at. The row that came in stays as it was.

    Args:
        table: of the row.
        row: as ingested, or as earlier findings left it.
        findings: in order.
        released: ids of decisions that are not to be made, nor what follows from them.
        first_step: of the decisions made here, above those of earlier stages.
    """
    key = row_key(table, row)
    current = row
    decisions: list[Decision] = []
    for finding in findings:
        before, after = _change(table, current, finding)
        changes = before != after
        if finding.action is Action.FILLED and before is not None:
            continue
        if not (changes or finding.action is Action.NOTED):
            continue
        made = decision_id(table, current, finding)
        if made in released or not released.isdisjoint(finding.because.split()):
            continue
        decisions.append(Decision(
            made, table, key, finding.column, finding.rule, finding.action.value, before, after,
            round(finding.confidence, 4), finding.note, finding.because,
            first_step + len(decisions)))
        if finding.action.removes_row:
            return Applied(None, decisions)
        if changes:
            if current is row:
                current = copy.deepcopy(row)
            set_value(current, finding.column, finding.after)
    return Applied(current, decisions)


def decision_id(table: str, row: Row, finding: Finding) -> str:
    """The id of the decision that a finding about a row leads to: 16 hexadecimal digits.

    It is the same in every run on the same data. A row without an id of its own is known by what it
    holds, since its place changes where governed tables are read again; decisions about equal rows
    share an id.
    """
    before, after = _change(table, row, finding)
    contract = TABLES[table]
    key: str | None = row_key(table, row)
    if not contract.unique:
        key = to_json([
            row.get(column.name) for column in contract.columns if column.kind in _NAMING])
        if finding.action.removes_row:
            before = to_json({name: row[name] for name in contract.names if name in row})
    digest = hashlib.blake2b(digest_size=8)
    for part in (table, key, finding.column, finding.rule, before, after):
        digest.update(f"{part!r}\n".encode())
    return digest.hexdigest()


_NAMING = frozenset((Kind.ID, Kind.TIME, Kind.CHOICE))
"""Kinds of columns whose values say which row it is; texts and numbers may have been repaired."""


def _change(table: str, row: Row, finding: Finding) -> tuple[str | None, str | None]:
    """What is before and what after a finding, as the log holds it."""
    before = _before(table, row, finding)
    if finding.action is Action.NOTED:
        return before, before
    return before, to_json(None if finding.action.removes_row else finding.after)


def _before(table: str, row: Row, finding: Finding) -> str | None:
    if finding.action.removes_row:
        return to_json(row)
    if finding.action is Action.NOTED and (
            TABLES[table].personal or finding.column == WHOLE_ROW):
        return None
    return to_json(get_value(row, finding.column))


def get_value(row: Row, column: str) -> Any:
    """The value of a column or of an attribute; None where there is none."""
    if column.startswith(ATTRIBUTE):
        return row.get("attributes", {}).get(column[len(ATTRIBUTE):])
    return row.get(column)


def set_value(row: Row, column: str, value: Any) -> None:
    """Gives a column or an attribute a value, or takes it away where the value is None."""
    if not column.startswith(ATTRIBUTE):
        if value is None:
            row.pop(column, None)
        else:
            row[column] = value
        return
    attributes = row.setdefault("attributes", {})
    if value is None:
        attributes.pop(column[len(ATTRIBUTE):], None)
    else:
        attributes[column[len(ATTRIBUTE):]] = value
    if not attributes:
        del row["attributes"]


def to_json(value: Any) -> str | None:
    """A value as the log holds it: the same text for the same value."""
    if value is None:
        return None
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode("utf-8")
