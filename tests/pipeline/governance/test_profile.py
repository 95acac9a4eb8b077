import apache_beam as beam
import pytest

from pipeline.governance.profile import (
    ERROR,
    WARNING,
    describe_columns,
    find_anomalies,
    infer_schema,
    make_profile,
    read_schema,
    read_statistics,
    write_schemas,
    write_statistics,
)
from pipeline.ingest.contract import DatasetError
from pipeline.ingest.rows import encode_row


def take(folder, table, rows):
    with beam.Pipeline() as pipeline:
        write_statistics(
            pipeline | beam.Create([encode_row(row) for row in rows]), table, str(folder))
    return read_statistics(str(folder))


def products(brand, price, count=20):
    return [{"product_id": f"p{i}", "title": f"Mug {i}", "price": price + i,
             **({"brand": brand[i % len(brand)]} if brand else {})} for i in range(count)]


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    return take(tmp_path_factory.mktemp("usual"), "products", products(["Acme", "Bolt"], 1.0))


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    # Acme makes all instead of half, and everything costs a hundred times as much.
    return take(tmp_path_factory.mktemp("other"), "products", products(["Acme"], 1000.0))


def test_describes_columns(usual):
    columns = {column.name: column for column in describe_columns(usual)}
    assert set(columns) == {"product_id", "title", "brand", "price"}
    assert (columns["brand"].present, columns["brand"].distinct) == (1.0, 2)
    assert (columns["price"].low, columns["price"].high) == (1.0, 20.0)
    assert columns["price"].distinct is None


def test_data_is_as_it_was(usual):
    assert find_anomalies("products", usual, infer_schema(usual), usual, 0.2) == []
    assert find_anomalies("products", usual, None, None, 0.2) == []


def test_drift_is_a_warning(usual, other):
    found = find_anomalies("products", other, None, usual, 0.2)
    assert [(anomaly.column, anomaly.severity) for anomaly in found] == [
        ("brand", WARNING), ("price", WARNING)]
    assert find_anomalies("products", other, None, usual, 1.0) == []


def test_what_an_edited_schema_forbids_is_an_error(usual, other, tmp_path):
    write_schemas({"products": usual}, str(tmp_path))
    path = tmp_path / "products.pbtxt"
    path.write_text(path.read_text().replace('value: "Acme"', 'value: "Anvil"'))
    profile = make_profile({"products": other}, {}, str(tmp_path), 0.2)
    assert [(a.column, a.severity) for a in profile.anomalies] == [("brand", ERROR)]
    assert "Acme" in profile.anomalies[0].text


def test_a_schema_lists_neither_ids_nor_texts(tmp_path):
    statistics = take(tmp_path, "events", [
        {"user_id": "anna", "product_id": "7", "event": "view", "position": 1, "review": "mine"}])
    schema = str(infer_schema(statistics))
    assert "view" in schema
    for secret in ("anna", "mine", "position"):
        assert secret not in schema


def test_of_people_an_anomaly_quotes_nothing(tmp_path):
    rows = [{"user_id": "u", "product_id": "a", "event": "view", "position": i, "query": query}
            for i, query in enumerate(["mug", "secret wish"])]
    before = take(tmp_path / "before", "events", rows[:1])
    schema = infer_schema(before)
    feature = next(f for f in schema.feature if f.name == "query")
    feature.string_domain.value.append("mug")
    [anomaly] = find_anomalies(
        "events", take(tmp_path / "after", "events", rows), schema, None, 0.2)
    assert (anomaly.column, anomaly.severity) == ("query", ERROR)
    assert "secret" not in anomaly.text


def test_an_empty_table_has_no_anomaly(tmp_path):
    statistics = take(tmp_path, "products", [])
    assert find_anomalies("products", statistics, None, None, 0.2) == []
    assert describe_columns(statistics) == []


def test_what_is_not_there_is_none(tmp_path):
    assert read_statistics(str(tmp_path)) is None
    assert read_schema(str(tmp_path), "products") is None


def test_a_broken_schema_says_where(tmp_path):
    (tmp_path / "products.pbtxt").write_text("feature {\n name: \n}")
    with pytest.raises(DatasetError, match="products.pbtxt"):
        read_schema(str(tmp_path), "products")
