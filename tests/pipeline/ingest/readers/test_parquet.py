import datetime
import decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ingest.contract import DatasetError, Reason
from pipeline.ingest.readers import RawRow
from pipeline.ingest.readers.parquet import read_chunks, read_header
from tests.pipeline.ingest.shops import table_file


def read(path, table="products"):
    return [row for chunk in read_chunks(table_file(path, table)) for row in chunk.rows()]


def write(tmp_path, columns, **options):
    path = tmp_path / "part-0.parquet"
    pq.write_table(pa.table(columns), path, version="2.6", **options)
    return path


def test_reads_row_groups_with_the_rows_number(tmp_path):
    path = write(tmp_path, {"product_id": [1, 2, 3], "title": ["a", None, "ü"]}, row_group_size=2)
    chunks = list(read_chunks(table_file(path)))
    assert [(chunk.row_group, chunk.first_row) for chunk in chunks] == [(0, 1), (1, 3)]
    assert read(path) == [
        RawRow(1, {"product_id": 1, "title": "a"}), RawRow(2, {"product_id": 2, "title": None}),
        RawRow(3, {"product_id": 3, "title": "ü"})]
    assert read_header(table_file(path)) == ("product_id", "title")


MOMENT = datetime.datetime(2010, 12, 1, 8, 26, 30, 123456)
SECONDS = 1_291_191_990


@pytest.mark.parametrize("column", [
    pa.array([MOMENT], pa.timestamp("us")), pa.array([MOMENT], pa.timestamp("us", tz="UTC")),
    pa.array([SECONDS * 10**9 + 5], pa.timestamp("ns")), pa.array([SECONDS], pa.timestamp("s")),
    pa.array([SECONDS * 1000 + 5], pa.timestamp("ms", tz="Europe/Paris"))])
def test_timestamps_of_time_columns_are_seconds(tmp_path, column):
    [row] = read(write(tmp_path, {"created_at": column, "seen": column}))
    assert row.values["created_at"] == SECONDS
    assert row.values["seen"].startswith("2010-12-01 ")


def test_dates_are_their_midnight(tmp_path):
    [row] = read(write(tmp_path, {"created_at": [datetime.date(1970, 1, 3)]}))
    assert row.values == {"created_at": 2 * 86_400}


def test_other_types_come_as_python_values(tmp_path):
    [row] = read(write(tmp_path, {
        "price": pa.array([decimal.Decimal("1.50")], pa.decimal128(6, 2)),
        "brand": pa.array(["Acme"]).dictionary_encode(),
        "title": pa.array([b"Mug"], pa.binary()),
        "attributes": pa.array([[("colour", "red")]], pa.map_(pa.string(), pa.string())),
        "more": pa.array([{"a": 1, "b": None}])}))
    assert row.values == {
        "price": decimal.Decimal("1.50"), "brand": "Acme", "title": "Mug",
        "attributes": [("colour", "red")], "more": {"a": 1, "b": None}}


def test_texts_that_are_not_utf8_are_broken_rows(tmp_path):
    titles = pa.array([b"a", b"\xff", b"c"], pa.binary())
    text = pa.StringArray.from_buffers(3, titles.buffers()[1], titles.buffers()[2])
    rows = read(write(tmp_path, {"title": text}))
    assert [getattr(row, "reason", None) for row in rows] == [None, Reason.INVALID_UTF8, None]
    assert rows[1].line == 2


def test_row_numbers_of_pandas_are_no_column(tmp_path):
    path = tmp_path / "users.parquet"
    pd.DataFrame({"user_id": [np.nan, 17850.0]}, index=[5, 3]).to_parquet(path)
    rows = read(path, "users")
    assert [list(row.values) for row in rows] == [["user_id"], ["user_id"]]


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.95])
def test_a_file_cut_off_is_refused(tmp_path, keep):
    path = write(tmp_path, {"title": [str(i) for i in range(1000)]})
    data = path.read_bytes()
    path.write_bytes(data[:int(len(data) * keep)])
    with pytest.raises(DatasetError, match=r"part-0.parquet: the Parquet file is cut off or dam"):
        read(path)


def test_a_damaged_page_is_refused(tmp_path):
    path = write(tmp_path, {"title": [f"title {i}" for i in range(1000)]}, compression="gzip")
    data = bytearray(path.read_bytes())
    data[200:400] = bytes(200)
    path.write_bytes(bytes(data))
    with pytest.raises(DatasetError, match="cut off or damaged"):
        read(path)


_ROWS = st.lists(st.fixed_dictionaries({
    "product_id": st.integers(-(2**63), 2**63 - 1) | st.none(),
    "title": st.text() | st.none(),
    "price": st.floats(allow_nan=False) | st.none()}), max_size=20)


@settings(max_examples=40)
@given(rows=_ROWS, group=st.integers(1, 7))
def test_round_trip(tmp_path_factory, rows, group):
    schema = pa.schema([("product_id", pa.int64()), ("title", pa.string()),
                        ("price", pa.float64())])
    path = tmp_path_factory.mktemp("parquet") / "p.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema), path, row_group_size=group)
    assert read(path) == [RawRow(number, row) for number, row in enumerate(rows, 1)]
