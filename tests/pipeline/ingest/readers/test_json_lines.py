import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ingest.contract import Reason
from pipeline.ingest.readers import BrokenRow, RawRow
from pipeline.ingest.readers.json_lines import read_chunks
from tests.pipeline.ingest.shops import table_file


def read(tmp_path, data, chunk_bytes=1 << 20):
    path = tmp_path / "products.jsonl"
    path.write_bytes(data)
    return [row for chunk in read_chunks(table_file(path), chunk_bytes) for row in chunk.rows()]


def test_a_line_is_a_row_and_blank_lines_are_none(tmp_path):
    rows = read(tmp_path, b'{"a": 1}\n\n  \r\n{"a": "\xc3\xbc"}\r\n{"a": null}')
    assert rows == [RawRow(1, {"a": 1}), RawRow(4, {"a": "ü"}), RawRow(5, {"a": None})]


def test_skips_a_byte_order_mark(tmp_path):
    assert read(tmp_path, b'\xef\xbb\xbf{"a": 1}\n') == [RawRow(1, {"a": 1})]


def test_an_empty_file_has_no_row(tmp_path):
    assert read(tmp_path, b"") == []


@pytest.mark.parametrize(("line", "reason", "explanation"), [
    (b'{"a": 1', Reason.UNPARSEABLE, "the line is not JSON: "),
    (b"[1, 2]", Reason.UNPARSEABLE, "the line should be a JSON object, it is another value"),
    (b'{"a": "\xff"}', Reason.INVALID_UTF8, "byte 8 of the line is not UTF-8"),
    (rb'{"a": NaN, "b": "\ud800"}', Reason.UNPARSEABLE, "the line is not JSON: "),
    (b'{"a": "' + b"[" * 5 + b'"} trailing', Reason.UNPARSEABLE, "the line is not JSON: "),
])
def test_a_broken_line_is_one_broken_row(tmp_path, line, reason, explanation):
    rows = read(tmp_path, b'{"a": 1}\n' + line + b'\n{"a": 2}\n')
    assert [row.line for row in rows] == [1, 2, 3]
    assert isinstance(rows[1], BrokenRow)
    assert rows[1].reason is reason
    assert rows[1].explanation.startswith(explanation)


def test_reads_the_numbers_that_only_python_writes(tmp_path):
    [row] = read(tmp_path, b'{"a": NaN, "b": -Infinity}\n')
    assert row.values["a"] != row.values["a"]
    assert row.values["b"] == float("-inf")


def test_deep_nesting_is_a_broken_line(tmp_path):
    line = b"[" * 100_000 + b"NaN" + b"]" * 100_000
    assert [row.reason for row in read(tmp_path, line)] == [Reason.UNPARSEABLE]


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children,
                                                                      max_size=3),
    max_leaves=5)


@settings(max_examples=40)
@given(
    rows=st.lists(st.dictionaries(st.text(), _VALUES, max_size=4), max_size=12),
    ascii_only=st.booleans(), chunk_bytes=st.integers(1, 200))
def test_round_trip(tmp_path_factory, rows, ascii_only, chunk_bytes):
    data = "".join(json.dumps(row, ensure_ascii=ascii_only) + "\n" for row in rows)
    found = read(tmp_path_factory.mktemp("jsonl"), data.encode(), chunk_bytes)
    assert found == [RawRow(line, row) for line, row in enumerate(rows, 1)]


@given(data=st.binary(max_size=300), chunk_bytes=st.integers(1, 50))
def test_every_line_of_any_bytes_is_a_row(tmp_path_factory, data, chunk_bytes):
    data = b"x" + data  # Neither a byte order mark nor gzip.
    rows = read(tmp_path_factory.mktemp("jsonl"), data, chunk_bytes)
    lines = [line for line, text in enumerate(data.split(b"\n"), 1) if text.strip()]
    assert [row.line for row in rows] == lines
