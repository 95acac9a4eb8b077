"""Rows that name a merged product, and the file that says which."""

import pytest

from pipeline.governance.decisions import apply_findings
from pipeline.governance.duplicates.aliases import read_aliases, resolve, write_aliases

ALIASES = {"old": "p1", "older": "p1"}


@pytest.mark.parametrize(("table", "row", "expected"), [
    ("events", {"user_id": "u", "product_id": "old", "position": 3}, {"product_id": "p1"}),
    ("judgments", {"query": "desk", "product_id": "older", "position": 4}, {"product_id": "p1"}),
    ("facts", {"head": "old", "relation": "fits", "tail": "older", "position": 5},
     {"head": "p1", "tail": "p1"}),
    ("facts", {"head": "p1", "relation": "old", "tail": "x", "position": 6}, {}),
    ("events", {"user_id": "old", "product_id": "p1", "position": 7}, {}),
])
def test_aliases_become_the_kept_product(table, row, expected):
    findings = list(resolve(row, ALIASES))
    assert {finding.column for finding in findings} == expected.keys()
    assert apply_findings(table, row, findings).row == {**row, **expected}


def test_the_file_comes_back(tmp_path):
    write_aliases(str(tmp_path), {"ä": "p1", **ALIASES})
    assert read_aliases(str(tmp_path)) == {"ä": "p1", **ALIASES}


@pytest.mark.parametrize(("content", "message"), [
    ("{", "should hold JSON"), ("[1]", "Received: list"), ('{"a": 1}', "ids by ids")])
def test_a_broken_file_is_told(tmp_path, content, message):
    (tmp_path / "aliases.json").write_text(content)
    with pytest.raises(ValueError, match=message):
        read_aliases(str(tmp_path))
