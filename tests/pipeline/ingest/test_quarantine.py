import json

import pytest

from pipeline.ingest.contract import TABLES, Reason
from pipeline.ingest.files import TableFile
from pipeline.ingest.privacy import Protection
from pipeline.ingest.quarantine import quarantine_line


@pytest.mark.parametrize("table", ["products", "judgments", "facts"])
def test_shows_the_row_of_a_table_without_persons(table):
    line = quarantine_line(
        TABLES[table], TableFile(table, "/x/t.csv", "t.csv", 0), 7, Reason.BAD_ID, "is bad",
        {"title": "x" * 600}, Protection())
    assert json.loads(line) == {
        "table": table, "file": "t.csv", "line": 7, "reason": "bad_id", "explanation": "is bad",
        "raw": '{"title":"' + "x" * 490}


@pytest.mark.parametrize("table", ["events", "users"])
def test_shows_nothing_of_a_personal_row(table):
    line = quarantine_line(
        TABLES[table], TableFile(table, "/x/t.csv", "t.csv", 0), 7, Reason.BAD_ID, "is bad",
        "Ann,1", Protection())
    assert "raw" not in json.loads(line)
    assert "Ann" not in line
