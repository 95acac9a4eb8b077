import csv
import gzip

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ingest.balance import check_balance
from pipeline.ingest.contract import DatasetError
from tests.pipeline.ingest.shops import PRODUCTS, ingest, write_jsonl


def test_every_table_in_every_format(tmp_path):
    data = tmp_path / "data"
    write_jsonl(data / "products.jsonl.gz", [
        {"product_id": 1, "title": "Mug", "colour": "red"}, {"product_id": "2", "title": "Cup"}])
    for shard, rows in enumerate([
            [("u1", "1.0", "view", "1970-01-02")], [("u2", "2", "Purchase", "")]]):
        with gzip.open(data / f"events-0000{shard}-of-00002.csv.gz", "wt", newline="") as stream:
            csv.writer(stream).writerows([("user_id", "product_id", "event", "timestamp"), *rows])
    (data / "users").mkdir()
    pd.DataFrame({"user_id": ["u1"], "profile": ["likes tea"]}).to_parquet(data / "users/p.parquet")
    pd.DataFrame({"query": ["mug"], "product_id": [1.0], "grade": [2], "split": ["Train"]}
                 ).to_parquet(data / "judgments.parquet")
    write_jsonl(data / "facts.jsonl", [{"head": "1", "relation": "fits", "tail": "saucer"}])

    result = ingest(data, tmp_path / "out")
    assert result.rows == {
        "products": [
            {"attributes": '{"colour":"red"}', "product_id": "1", "title": "Mug"},
            {"product_id": "2", "title": "Cup"}],
        "events": [
            # Line 2 of the second file: its files count by 2**40.
            {"event": "purchase", "position": 2**40 + 2, "product_id": "2", "user_id": "u2"},
            {"event": "view", "position": 2, "product_id": "1", "timestamp": 86_400,
             "user_id": "u1"}],
        "users": [{"profile": "likes tea", "user_id": "u1"}],
        "judgments": [{"grade": 2.0, "position": 1, "product_id": "1", "query": "mug",
                       "split": "train"}],
        "facts": [{"head": "1", "position": 1, "relation": "fits", "tail": "saucer"}],
    }
    assert result.quarantine == []
    assert {name: (part.rows_in, part.kept) for name, part in result.balance.items()} == {
        "products": (2, 2), "events": (2, 2), "users": (1, 1), "judgments": (1, 1),
        "facts": (1, 1)}


def test_what_cannot_be_used_is_told_by_file_line_and_reason(tmp_path):
    data = tmp_path / "data"
    view = {"user_id": "ann@x.org", "product_id": "p1", "event": "view"}
    write_jsonl(data / "products.jsonl", [
        *PRODUCTS, "{broken", {"title": "No id"}, {"product_id": "p3", "title": " "},
        {"product_id": "p4", "title": "Cup", "price": "n/a"},
        {"product_id": "p2", "title": "Again", "brand": "Acme", "price": 9}])
    write_jsonl(data / "events.jsonl", [
        view, view, {**view, "product_id": "gone"}, {**view, "event": "ann@x.org"},
        {**view, "timestamp": 1e12}, '{"user_id": "\udcff"}', {**view, "user_id": None}])
    write_jsonl(data / "judgments.jsonl", [
        {"query": "mug", "product_id": "gone", "grade": 1},
        {"query": "mug", "product_id": "p4", "grade": 1},
        {"query": "mug", "product_id": "p1", "grade": -1}])

    result = ingest(data, tmp_path / "out")
    assert [(row["file"], row["line"], row["reason"]) for row in result.quarantine] == [
        ("events.jsonl", 3, "unknown_product"), ("events.jsonl", 4, "bad_choice"),
        ("events.jsonl", 5, "impossible_date"), ("events.jsonl", 6, "invalid_utf8"),
        ("events.jsonl", 7, "missing_value"), ("judgments.jsonl", 1, "unknown_product"),
        ("judgments.jsonl", 2, "unknown_product"), ("judgments.jsonl", 3, "bad_number"),
        ("products.jsonl", 3, "unparseable"), ("products.jsonl", 4, "missing_value"),
        ("products.jsonl", 5, "missing_value"), ("products.jsonl", 6, "bad_number")]
    assert "ann" not in str([row for row in result.quarantine if row["table"] == "events"])
    assert result.rows["products"] == [
        {"brand": "Acme", "price": 3.5, "product_id": "p2", "title": "Blue mug"},
        {"product_id": "p1", "title": "Red mug"}]
    products, events = result.balance["products"], result.balance["events"]
    assert (products.rows_in, products.kept, products.merged, products.quarantined) == (7, 2, 1, 4)
    assert (events.rows_in, events.kept, events.merged, events.quarantined) == (7, 2, 0, 5)


def test_an_alias_of_a_product_is_as_good_as_its_id(tmp_path):
    write_jsonl(tmp_path / "data/products.jsonl", PRODUCTS)
    write_jsonl(tmp_path / "data/aliases.jsonl", [
        {"alias": "old", "product_id": "p1"}, {"alias": "old", "product_id": "p2"}])
    write_jsonl(tmp_path / "data/events.jsonl", [
        {"user_id": "u", "product_id": name, "event": "view"} for name in ("old", "older")])
    result = ingest(tmp_path / "data", tmp_path / "out")
    assert [row["product_id"] for row in result.rows["events"]] == ["old"]  # As it was told.
    assert [row["reason"] for row in result.quarantine] == ["unknown_product"]
    assert result.rows["aliases"] == [{"alias": "old", "product_id": "p1"}]
    assert (result.balance["aliases"].kept, result.balance["aliases"].merged) == (1, 1)


def test_duplicates_are_merged_in_the_order_of_the_files(tmp_path):
    data = tmp_path / "data"
    for name, brand in (("part-10", "ten"), ("part-9", "nine"), ("part-11", "eleven")):
        write_jsonl(data / f"products/{name}.jsonl", [
            {"product_id": "p", "title": brand, name.replace("-", ""): 1}])
    write_jsonl(data / "users.jsonl", [{"user_id": "u"}, {"user_id": "u", "profile": "tea"}])
    result = ingest(data, tmp_path / "out")
    assert result.rows["products"] == [{
        "attributes": '{"part10":1,"part11":1,"part9":1}', "product_id": "p", "title": "nine"}]
    assert result.rows["users"] == [{"profile": "tea", "user_id": "u"}]
    assert result.balance["users"].merged == 1


def test_a_very_long_description_is_cut_and_counted(tmp_path):
    write_jsonl(tmp_path / "data/products.jsonl", [
        {**PRODUCTS[0], "description": "x" * 10_000_000}])
    result = ingest(tmp_path / "data", tmp_path / "out", max_text_chars=500)
    assert result.rows["products"][0]["description"] == "x" * 500
    assert result.balance["products"].repairs == {"text_cut": 1}


def test_a_file_that_cannot_be_read_to_its_end_is_an_error_of_the_balance(tmp_path):
    data = tmp_path / "data"
    write_jsonl(data / "products.jsonl", PRODUCTS)
    path = write_jsonl(data / "events.jsonl.gz", [
        {"user_id": str(i), "product_id": "p1", "event": "view"} for i in range(1000)])
    path.write_bytes(path.read_bytes()[:-20])
    result = ingest(data, tmp_path / "out")
    [error] = result.balance["events"].errors
    assert error.startswith("events.jsonl.gz: the gzip file is cut off or damaged")
    with pytest.raises(DatasetError, match=r"^events\.jsonl\.gz: the gzip file is cut off"):
        check_balance(result.balance, 0.5)


def test_shards_without_a_required_column_are_an_error_of_the_balance(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "products-00000-of-00002.csv").write_text("product_id,title\n1,Mug\n")
    (data / "products-00001-of-00002.csv").write_text("id,title\n1,Mug\n")
    [error] = ingest(data, tmp_path / "out").balance["products"].errors
    assert "products-00001-of-00002.csv: the required column product_id is missing" in error


def test_an_empty_table_has_a_balance_of_zeros(tmp_path):
    write_jsonl(tmp_path / "data/products.jsonl", PRODUCTS)
    write_jsonl(tmp_path / "data/events.jsonl", [])
    result = ingest(tmp_path / "data", tmp_path / "out")
    assert (result.rows["events"], result.balance["events"].rows_in) == ([], 0)


_EVENT = {"user_id": "u", "product_id": "p1", "event": "view"}
_DIRT = st.sampled_from([
    (_EVENT, ""), ({**_EVENT, "value": 2, "weird": [1]}, ""), (" ", None),
    ("{", "unparseable"), ("7", "unparseable"), ('{"event": "\udcff"}', "invalid_utf8"),
    ({**_EVENT, "user_id": ""}, "missing_value"), ({**_EVENT, "product_id": []}, "missing_value"),
    ({**_EVENT, "product_id": {"a": 1}}, "bad_id"), ({**_EVENT, "query": [1]}, "bad_text"),
    ({**_EVENT, "value": "many"}, "bad_number"), ({**_EVENT, "event": "look"}, "bad_choice"),
    ({**_EVENT, "attributes": "x"}, "bad_attributes"),
    ({**_EVENT, "timestamp": "soon"}, "impossible_date"),
    ({**_EVENT, "product_id": "p9"}, "unknown_product"),
    ({**_EVENT, "event": "purchase", "value": -1}, "")])


@settings(max_examples=5)
@given(files=st.lists(st.lists(_DIRT, min_size=1, max_size=40), min_size=1, max_size=3))
def test_the_balance_is_exact_under_dirt(tmp_path_factory, files):
    folder = tmp_path_factory.mktemp("shop")
    write_jsonl(folder / "data/products.jsonl", PRODUCTS)
    for index, lines in enumerate(files):
        write_jsonl(folder / f"data/events/{index}.jsonl", [line for line, _ in lines])
    result = ingest(folder / "data", folder / "out")
    expected = [
        (f"events/{index}.jsonl", line, reason) for index, lines in enumerate(files)
        for line, (_, reason) in enumerate(lines, 1) if reason]
    assert [(row["file"], row["line"], row["reason"]) for row in result.quarantine] == expected
    rows = sum(reason is not None for lines in files for _, reason in lines)
    events = result.balance["events"]
    assert (events.rows_in, events.quarantined) == (rows, len(expected))
    assert events.kept == rows - len(expected) == len(result.rows["events"])
