"""The dirt that the generator counts is what ingest finds."""

import collections

import pytest

from pipeline.ingest import readers
from pipeline.ingest.cleaning import is_missing
from pipeline.ingest.contract import TABLES, Reason, RejectedError
from pipeline.ingest.discovery import discover_tables
from pipeline.ingest.files import list_table
from pipeline.ingest.privacy import Protection
from pipeline.ingest.rows import parse_row
from pipeline.ingest.values import ValueParser

FOUND = {
    "missing title": Reason.MISSING_VALUE, "missing user": Reason.MISSING_VALUE,
    "missing query": Reason.MISSING_VALUE, "missing tail": Reason.MISSING_VALUE,
    "impossible date": Reason.IMPOSSIBLE_DATE, "bad number": Reason.BAD_NUMBER}
KEPT = {"markup", "wrong case", "placeholder", "duplicate id", "entered twice", "unknown product",
        "return"}
LINES = {"products": Reason.UNPARSEABLE, "judgments": Reason.UNPARSEABLE,
         "events": Reason.WRONG_COLUMNS, "facts": Reason.WRONG_COLUMNS}


@pytest.mark.parametrize("table", sorted(set(TABLES) - {"aliases"}))
def test_quarantine_is_what_was_put_in(shop, table):
    reasons = collections.Counter()
    total = 0
    pattern = discover_tables(str(shop.folder))[table]
    for file in list_table(str(shop.folder), table, pattern):
        for chunk in readers.read_chunks(file):
            parser = ValueParser(
                20_000, 1.8e9, untyped=chunk.untyped, personal=False, protection=Protection())
            for row in chunk.rows():
                total += 1
                if isinstance(row, readers.BrokenRow):
                    reasons[row.reason] += 1
                    continue
                try:
                    parse_row(TABLES[table], {
                        name: value for name, value in row.values.items()
                        if not is_missing(value)}, parser)
                except RejectedError as error:
                    reasons[error.reason] += 1
    expected = collections.Counter()
    for kind, count in shop.summary.tables[table].dirty.items():
        if kind not in KEPT:
            expected[LINES[table] if kind == "broken line" else FOUND[kind]] += count
    assert reasons == expected
    assert total == shop.summary.tables[table].rows
