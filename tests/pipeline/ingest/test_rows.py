import pytest
import tensorflow as tf

from pipeline.ingest.contract import TABLES, Reason, RejectedError
from pipeline.ingest.privacy import Protection
from pipeline.ingest.rows import decode_row, encode_row, merge_rows, parse_row
from pipeline.ingest.values import ValueParser
from tests.pipeline.ingest.shops import NOW


def parse(table, **values):
    parser = ValueParser(
        1000, NOW, untyped=False, personal=False, protection=Protection())
    return parse_row(TABLES[table], values, parser)


def test_reads_every_column_of_products():
    row = parse(
        "products", product_id=7, title="Mug", description="A mug", brand="Acme",
        category="Kitchen > Mugs", price="3.50", attributes="colour=red", image="mug.png",
        created_at="1970-01-02")
    assert row == {
        "product_id": "7", "title": "Mug", "description": "A mug", "brand": "Acme",
        "category": "Kitchen > Mugs", "price": 3.5, "attributes": {"colour": "red"},
        "image": "mug.png", "created_at": 86_400}


def test_unknown_columns_become_attributes_beside_those_that_are_there():
    row = parse(
        "products", product_id="a", title="Mug", attributes={"colour": "red", "size": 1},
        colour="blue", size=1, weight=0.2)
    assert row["attributes"] == {
        "colour": "red", "colour (column)": "blue", "size": 1, "weight": 0.2}


@pytest.mark.parametrize("table", sorted(TABLES))
def test_a_row_needs_its_required_columns(table):
    good = {
        "products": {"product_id": "a", "title": "t"},
        "events": {"user_id": "u", "product_id": "a", "event": "view"},
        "users": {"user_id": "u"},
        "judgments": {"query": "q", "product_id": "a", "grade": 0},
        "facts": {"head": "a", "relation": "fits", "tail": "b"},
        "aliases": {"alias": "b", "product_id": "a"},
    }[table]
    assert parse(table, **good) == good
    for column in TABLES[table].required:
        with pytest.raises(RejectedError, match=f"{column} has no value") as caught:
            parse(table, **{name: value for name, value in good.items() if name != column})
        assert caught.value.reason is Reason.MISSING_VALUE


def test_merging_keeps_the_first_and_fills_what_it_lacks():
    merged = merge_rows([
        {"product_id": "a", "title": "First", "attributes": {"x": 1}},
        {"product_id": "a", "title": "Second", "brand": "B", "attributes": {"x": 2, "y": 2}},
        {"product_id": "a", "brand": "C", "price": 3.0},
    ])
    assert merged == {
        "product_id": "a", "title": "First", "brand": "B", "price": 3.0,
        "attributes": {"x": 1, "y": 2}}


def test_an_example_has_a_feature_a_value():
    example = tf.train.Example.FromString(encode_row(
        {"title": "Ü", "price": 0.5, "created_at": 3, "attributes": {"b": 1, "a": "ü"}}))
    features = example.features.feature
    assert sorted(features) == ["attributes", "created_at", "price", "title"]
    assert features["title"].bytes_list.value == ["Ü".encode()]
    assert features["price"].float_list.value == [0.5]
    assert features["created_at"].int64_list.value == [3]
    assert features["attributes"].bytes_list.value == ['{"a":"ü","b":1}'.encode()]


def test_decoding_a_row_and_encoding_it_again_gives_the_same_bytes():
    row = {"product_id": "a", "title": "Größe \u4f60", "price": 49.95, "created_at": 86_400,
           "attributes": {"b": [1, {"c": True}], "a": "x"}}
    encoded = encode_row(row)
    decoded = decode_row(encoded)
    assert decoded == row
    again = tf.train.Example.FromString(encode_row(decoded))
    assert again == tf.train.Example.FromString(encoded)
