import csv
import gzip
import json

import pytest

from pipeline.sample.dirt import Broken
from pipeline.sample.writing import Csv, JsonLines, Parquet, SampleError, shop_folder


def _files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_json_lines_leave_out_what_has_no_value(tmp_path):
    with JsonLines(tmp_path / "t.jsonl") as writer:
        writer.write([{"a": 1, "b": None}, {"a": "é", "b": {"c": 2}}, Broken(a=1, b="long text")])
    lines = (tmp_path / "t.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines[:2]] == [{"a": 1}, {"a": "é", "b": {"c": 2}}]
    with pytest.raises(ValueError):
        json.loads(lines[2])


def test_csv_quotes_what_it_must_and_breaks_what_it_should(tmp_path):
    path = tmp_path / "t.csv.gz"
    with Csv(path, ("a", "b", "c")) as writer:
        writer.write([{"a": 'x, "y"', "b": None, "c": 2}, Broken(a=1, b=2, c=3)])
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [["a", "b", "c"], ['x, "y"', "", "2"], ["1", "2"]]


def test_gzip_bytes_hold_neither_name_nor_time(tmp_path):
    for name in ("one.csv.gz", "other.csv.gz"):
        with Csv(tmp_path / name, ("a",)) as writer:
            writer.write([{"a": 1}])
    assert (tmp_path / "one.csv.gz").read_bytes() == (tmp_path / "other.csv.gz").read_bytes()


def test_parquet_keeps_types_and_gaps(tmp_path):
    import pyarrow
    from pyarrow import parquet

    schema = pyarrow.schema([("user_id", pyarrow.int64()), ("profile", pyarrow.string())])
    rows = [{"user_id": 1, "profile": None}, {"user_id": None, "profile": "p"}]
    with Parquet(tmp_path / "t.parquet", schema) as writer:
        writer.write(rows)
        writer.write([])
    assert parquet.read_table(tmp_path / "t.parquet").to_pylist() == rows


def test_nothing_shows_until_all_is_written(tmp_path):
    with shop_folder(tmp_path / "deep" / "shop") as staging:
        (staging / "products.jsonl").write_text("{}\n")
        assert not (tmp_path / "deep" / "shop" / "products.jsonl").exists()
    assert _files(tmp_path / "deep" / "shop") == {"products.jsonl": b"{}\n"}


def test_a_failure_leaves_the_shop_that_was_there(tmp_path):
    (tmp_path / "products.jsonl").write_text("old")

    def fail():
        with shop_folder(tmp_path) as staging:
            (staging / "products.jsonl").write_text("new")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert _files(tmp_path) == {"products.jsonl": b"old"}


def test_a_new_shop_replaces_every_shard_of_the_old(tmp_path):
    for name in ("products.jsonl", "events-00000-of-00002.csv.gz", "events-00001-of-00002.csv.gz"):
        (tmp_path / name).write_text("old")
    with shop_folder(tmp_path) as staging:
        for name in ("products.jsonl", "events-00000-of-00001.csv.gz"):
            (staging / name).write_text("new")
    assert _files(tmp_path) == {
        "products.jsonl": b"new", "events-00000-of-00001.csv.gz": b"new"}


def test_what_a_killed_run_left_is_cleared(tmp_path):
    (tmp_path / ".partial").mkdir()
    (tmp_path / ".partial" / "facts.csv").write_text("half")
    with shop_folder(tmp_path) as staging:
        (staging / "products.jsonl").write_text("new")
    assert _files(tmp_path) == {"products.jsonl": b"new"}


def test_foreign_files_are_not_touched(tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(SampleError, match=r"thesis\.tex"), shop_folder(tmp_path):
        pass
    assert _files(tmp_path) == {"thesis.tex": b"mine"}


def test_a_file_in_the_way_is_named(tmp_path):
    (tmp_path / "shop").write_text("")
    with pytest.raises(SampleError, match=r"shop: cannot be written"), shop_folder(
            tmp_path / "shop"):
        pass
