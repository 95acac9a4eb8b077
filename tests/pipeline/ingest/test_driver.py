import os

import pytest
from tfx.proto import example_gen_pb2

from pipeline.ingest.contract import DatasetError
from pipeline.ingest.driver import ShopDriver, fingerprint_table
from tests.pipeline.ingest.shops import PRODUCTS, write_jsonl


def test_the_fingerprint_follows_names_and_contents_but_not_times(tmp_path):
    def fingerprint():
        return fingerprint_table(str(tmp_path), "users", "users/*.jsonl")

    path = write_jsonl(tmp_path / "users/part-0.jsonl", [{"user_id": "a"}])
    first = fingerprint()
    os.utime(path, (1, 1))
    assert fingerprint() == first
    times = path.stat()
    path.write_text('{"user_id": "b"}\n')  # As long as before,
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))  # and as old.
    edited = fingerprint()
    renamed = path.rename(path.with_name("part-1.jsonl"))
    moved = fingerprint()
    write_jsonl(path, [])
    added = fingerprint()
    assert len({first, edited, moved, added}) == 4
    path.unlink()
    renamed.write_text('{"user_id": "a"}\n')
    renamed.rename(path)
    assert fingerprint() == first


def resolve(base, **patterns):
    splits = [example_gen_pb2.Input.Split(name=name, pattern=pattern)
              for name, pattern in patterns.items()]
    processor = ShopDriver(None).get_input_processor(splits, None, str(base))
    span, version = processor.resolve_span_and_version()
    return span, version, [
        processor.get_pattern_for_span_version(split.pattern, span, version) for split in splits]


def test_without_placeholders_the_span_is_0(tmp_path):
    write_jsonl(tmp_path / "products.jsonl", PRODUCTS)
    assert resolve(tmp_path, products="products.jsonl") == (0, None, ["products.jsonl"])


def test_takes_the_newest_version_of_the_newest_span(tmp_path):
    for day in ("day-3/v9", "day-20/v1", "day-20/v2"):
        write_jsonl(tmp_path / day / "products.jsonl", PRODUCTS)
        write_jsonl(tmp_path / day / "events.jsonl", [])
    prefix = "day-{SPAN}/v{VERSION}/"
    assert resolve(
        tmp_path, products=f"{prefix}products.jsonl", events=f"{prefix}events.jsonl"
    ) == (20, 2, ["day-20/v2/products.jsonl", "day-20/v2/events.jsonl"])


def test_a_date_is_the_span_of_its_day(tmp_path):
    write_jsonl(tmp_path / "1970-02-01/products.jsonl", PRODUCTS)
    assert resolve(tmp_path, products="{YYYY}-{MM}-{DD}/products.jsonl") == (
        31, None, ["1970-02-01/products.jsonl"])


def test_a_span_that_is_not_there_whole_is_refused(tmp_path):
    write_jsonl(tmp_path / "day-1/products.jsonl", PRODUCTS)
    write_jsonl(tmp_path / "day-1/events.jsonl", [])
    write_jsonl(tmp_path / "day-2/products.jsonl", PRODUCTS)
    with pytest.raises(DatasetError, match="no span in common"):
        resolve(tmp_path, products="day-{SPAN}/products.jsonl", events="day-{SPAN}/events.jsonl")
