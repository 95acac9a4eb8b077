"""Counts of rows and decisions: what the balance, the quality scores and the report are made of."""

from __future__ import annotations

import collections
import datetime
from collections.abc import Iterable
from typing import NamedTuple

import orjson
from apache_beam.io.filesystems import FileSystems

from pipeline.governance.decisions import Decision
from pipeline.ingest.rows import Row

ROWS_IN = "rows in"
KEPT = "kept"
FLAGGED = "rows with a severe finding"


class Count(NamedTuple):
    """What is counted.

    Attributes:
        table: of the rows.
        what: `ROWS_IN`, `KEPT`, `FLAGGED`, or the value of an Action.
        rule: name of the rule, where decisions are counted.
        week: ISO week of the row's timestamp, such as "2011-W45"; "" where it has none.
    """

    table: str
    what: str
    rule: str = ""
    week: str = ""


Counts = collections.Counter[Count]


def count_row(
    table: str, row: Row, decisions: Iterable[Decision], *, first: bool, kept: bool, flagged: bool,
) -> Counts:
    """Counts of one row.

    Args:
        table: of the row.
        row: as it came in.
        decisions: made about it.
        first: whether no stage has counted it yet.
        kept: whether it is still in its table.
        flagged: whether it has its first severe finding here.
    """
    week = week_of(row.get("timestamp")) if table == "events" else ""
    counts: Counts = collections.Counter()
    if first:
        counts[Count(table, ROWS_IN, week=week)] = 1
    if kept:
        counts[Count(table, KEPT, week=week)] = 1
    for decision in decisions:
        counts[Count(table, decision.action, decision.rule)] += 1
    if flagged:
        counts[Count(table, FLAGGED, week=week)] = 1
    return counts


def week_of(timestamp: int | None) -> str:
    """ISO week of seconds since the epoch, UTC."""
    if timestamp is None:
        return ""
    year, week, _ = datetime.datetime.fromtimestamp(timestamp, datetime.timezone.utc).isocalendar()
    return f"{year}-W{week:02d}"


def write_counts(counts: Counts, path: str) -> None:
    """Writes counts as JSON, to a path or a URI."""
    with FileSystems.create(path, "application/json") as stream:
        stream.write(orjson.dumps([[*count, number] for count, number in sorted(counts.items())]))


def read_counts(path: str) -> Counts:
    """Reads what `write_counts` wrote."""
    with FileSystems.open(path, "application/json") as stream:
        return collections.Counter(
            {Count(*parts): number for *parts, number in orjson.loads(stream.read())})


def add_counts(parts: Iterable[Counts]) -> Counts:
    """The sum, for `beam.CombineGlobally`."""
    total: Counts = collections.Counter()
    for part in parts:
        total.update(part)
    return total
