"""Tables in the dataset contract's forms."""

import gzip
import json

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.errors import InputFileError
from serving.gateway.tables import read_rows, shortest_text, table_files

ROWS = [{"product_id": "7", "title": "Oak, desk"}, {"product_id": "8", "title": "Lampe “é”"}]
CSV = 'product_id,title\r\n7,"Oak, desk"\r\n8,Lampe “é”\r\n'
JSONL = "".join(f"{json.dumps(row)}\n" for row in ROWS)


@pytest.mark.parametrize(("name", "data"), [
    ("products.csv", CSV.encode()),
    ("products.csv", CSV.encode("utf-8-sig")),
    ("products.csv.gz", gzip.compress(CSV.encode(), mtime=0)),
    ("products.jsonl", JSONL.encode()),
    ("products.jsonl.gz", gzip.compress(JSONL.encode(), mtime=0)),
])
def test_text_forms(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    [file] = table_files(tmp_path, "products")
    assert list(read_rows(file)) == ROWS


def test_parquet(tmp_path):
    pandas.DataFrame(ROWS).to_parquet(tmp_path / "products.parquet")
    [file] = table_files(tmp_path, "products")
    assert list(read_rows(file)) == ROWS


def test_shards_are_sorted_and_other_files_are_not_read(tmp_path):
    for name in ("products-00001-of-00002.csv", "products-00000-of-00002.csv", "events.csv",
                 ".products-x.csv", "products-notes.txt"):
        (tmp_path / name).write_text(CSV)
    assert [file.name for file in table_files(tmp_path, "products")] == [
        "products-00000-of-00002.csv", "products-00001-of-00002.csv"]


def test_a_folder_of_the_table(tmp_path):
    folder = tmp_path / "products"
    folder.mkdir()
    (folder / "part-0.csv").write_text(CSV)
    (folder / "_SUCCESS").write_text("")
    assert table_files(tmp_path, "products") == table_files(folder, "products") == [
        folder / "part-0.csv"]


def test_no_table(tmp_path):
    with pytest.raises(InputFileError, match="no products table is there"):
        table_files(tmp_path, "products")
    (tmp_path / "products.xlsx").write_text("")
    with pytest.raises(InputFileError, match="should end in"):
        table_files(tmp_path / "products.xlsx", "products")


def test_broken_lines_are_skipped_and_told(tmp_path, caplog):
    file = tmp_path / "products.jsonl"
    file.write_text(f'{JSONL}{{"half": \n[1]\n\n{"[" * 100_000}\n')
    assert list(read_rows(file)) == ROWS
    assert "3 lines are no JSON objects" in caplog.text


@pytest.mark.parametrize(("name", "data"), [
    ("products.csv.gz", b"not gzip"),
    ("products.jsonl.gz", gzip.compress(b"x" * 9999, mtime=0)[:40]),
    ("products.jsonl.gz", gzip.compress(b"", mtime=0)[:10] + b"\xff" * 20),  # no block of this kind
    ("products.parquet", b"PAR1 not")])
def test_broken_files(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputFileError, match="cannot be read"):
        list(read_rows(tmp_path / name))


def test_half_a_surrogate_pair_is_replaced(tmp_path):
    file = tmp_path / "products.jsonl"
    file.write_text(r'{"title": "cup \ud83d", "\udc00": "\ud83d\ude00"}' + "\n")
    assert list(read_rows(file)) == [{"title": "cup ?", "?": "\N{GRINNING FACE}"}]


@pytest.mark.parametrize(("value", "text"), [
    (7.0, "7"), (7.5, "7.5"), (7, "7"), (" a ", "a"), (None, ""), (float("nan"), ""),
    (float("inf"), "inf")])
def test_shortest_text(value, text):
    assert shortest_text(value) == text


@given(st.lists(st.dictionaries(st.text(), st.none() | st.floats() | st.text()), max_size=5))
def test_any_json_rows_are_read_back(tmp_path_factory, rows):
    file = tmp_path_factory.mktemp("rows") / "products.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    assert json.dumps(list(read_rows(file))) == json.dumps(rows)


@given(st.binary(max_size=300))
def test_any_bytes_end_in_rows_or_an_input_error(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("bytes")
    for name in ("products.csv", "products.jsonl", "products.csv.gz", "products.parquet"):
        (folder / name).write_bytes(data)
        try:
            rows = list(read_rows(folder / name))
        except InputFileError:
            continue
        assert all(isinstance(row, dict) for row in rows)
