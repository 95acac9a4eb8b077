import pyarrow as pa
import pytest
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_data_validation.statistics import stats_impl
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2

from pipeline.ingest.contract import TABLES, DatasetError, Kind
from pipeline.ingest.gate import check_anomalies
from pipeline.schema_import import SCHEMA_DIR

GOOD = {
    "products": {"product_id": [b"a", b"b"], "title": [b"Mug", b"Cup"]},
    "events": {"user_id": [b"u", b"u"], "product_id": [b"a", b"b"], "event": [b"view", b"cart"],
               "position": [1, 2]},
    "users": {"user_id": [b"u", b"v"]},
    "judgments": {"query": [b"mug", b"cup"], "product_id": [b"a", b"b"], "grade": [0.0, 2.0],
                  "position": [1, 2]},
    "facts": {"head": [b"a", b"b"], "relation": [b"fits", b"fits"], "tail": [b"b", b"c"],
              "position": [1, 2]},
    "aliases": {"alias": [b"c", b"d"], "product_id": [b"a", b"b"]},
}
OPTIONAL = {Kind.ID: b"x", Kind.TEXT: b"x", Kind.NUMBER: 1.5, Kind.TIME: 3, Kind.ATTRIBUTES: b"{}"}
ARROW = {bytes: pa.binary(), float: pa.float32(), int: pa.int64()}


def read_schema(name):
    return text_format.Parse(
        (SCHEMA_DIR / f"{name}.pbtxt").read_text(encoding="utf-8"), schema_pb2.Schema())


def validate(table, **columns):
    """The anomalies of a good table some of whose columns are replaced, or removed by None."""
    arrays, names = [], []
    for name, values in {**GOOD[table], **columns}.items():
        if values is not None:
            kind = next(type(value) for value in values if value is not None)
            arrays.append(pa.array(
                [None if value is None else [value] for value in values], pa.list_(ARROW[kind])))
            names.append(name)
    batch = pa.RecordBatch.from_arrays(arrays, names)
    statistics = stats_impl.generate_statistics_in_memory(batch, tfdv.StatsOptions())
    return tfdv.validate_statistics(statistics, read_schema(table))


@pytest.mark.parametrize("table", sorted(TABLES))
def test_a_schema_has_the_contracts_columns_and_requires_the_required_ones(table):
    features = {feature.name: feature for feature in read_schema(table).feature}
    assert set(features) - {"position"} == TABLES[table].names
    assert {name for name, feature in features.items() if feature.presence.min_fraction == 1} == (
        {*TABLES[table].required} | (set() if TABLES[table].unique else {"position"}))
    for column in TABLES[table].columns:
        assert tuple(features[column.name].string_domain.value) == column.choices
        if column.minimum is not None:
            assert features[column.name].float_domain.min == column.minimum


@pytest.mark.parametrize("table", sorted(TABLES))
def test_good_data_passes_with_and_without_optional_columns(table):
    check_anomalies(validate(table), table)
    optional = {
        column.name: [OPTIONAL.get(column.kind) or column.choices[0].encode(), None]
        for column in TABLES[table].columns
        if not column.required}
    check_anomalies(validate(table, **optional), table)


@pytest.mark.parametrize(("table", "columns", "message"), [
    ("products", {"title": None},
     "products: the data is not what it should be. Column title: expected text, in every row; "
     "found: Column is completely missing. Give title a value in every row of products."),
    ("products", {"title": [b"Mug", None]}, "minimum fraction = 1.000000, actual = 0.500000"),
    ("products", {"title": [b"Mug", b"Mug"]},
     "Expected at least 2 unique values but found only 1. Look for a column of products"),
    ("products", {"price": [-1.0, 2.0]},
     "Column price: expected a finite number, 0 or more, where there is one; found: Unexpectedly "
     "low values: -1<0(upto six significant digits). Correct price in the export of products."),
    ("products", {"price": [float("nan"), 2.0]}, "Float feature has NaN values"),
    ("products", {"price": [b"1", b"2"]},
     "Expected data of type: FLOAT but got STRING. Ingest never writes this"),
    ("products", {"created_at": [-1, 2]}, "Column created_at: expected seconds since 1970"),
    ("products", {"colour": [b"red", b"blue"]}, "New column"),
    ("events", {"event": [b"view", b"look"]},
     "Column event: expected one of impression, view, click, cart, purchase, rating, in every row; "
     "found: Examples contain values missing from the schema: look (~50%)"),
    ("events", {"user_id": None}, "Column user_id: expected an id as text, in every row"),
    ("judgments", {"grade": [-1.0, 2.0]}, "Column grade: expected a finite number, 0 or more"),
    ("judgments", {"split": [b"test", None]}, "Column split: expected one of train, validation"),
])
def test_trouble_is_told_by_column_expectation_and_remedy(table, columns, message):
    with pytest.raises(DatasetError) as caught:
        check_anomalies(validate(table, **columns), table)
    assert message in str(caught.value)


def test_a_table_without_a_row_matters_only_to_products():
    empty = anomalies_pb2.Anomalies(data_missing=True)
    check_anomalies(empty, "events")
    with pytest.raises(DatasetError, match="products: the table is empty"):
        check_anomalies(empty, "products")


def test_trouble_of_the_table_as_a_whole_is_told():
    anomalies = anomalies_pb2.Anomalies()
    anomalies.dataset_anomaly_info.reason.add(description="Too few examples.")
    with pytest.raises(DatasetError, match="The table as a whole: Too few examples. Export it"):
        check_anomalies(anomalies, "products")


def test_warnings_pass():
    anomalies = anomalies_pb2.Anomalies()
    anomalies.anomaly_info["title"].severity = anomalies_pb2.AnomalyInfo.WARNING
    check_anomalies(anomalies, "products")


def test_the_training_schema_gives_dense_scalars_and_sparse_lists():
    features = {feature.name: feature for feature in read_schema("training").feature}
    assert set(features) == {
        "kind", "query", "profile", "history", "history_event", "history_age", "product_id",
        "title", "description", "brand", "category", "attributes", "positives", "negatives",
        "negative_grades", "weight", "sampling_probability"}
    lists = {name for name, feature in features.items() if not feature.HasField("shape")}
    assert lists == {
        "history", "history_event", "history_age", "positives", "negatives", "negative_grades"}
    assert all(not features[name].shape.dim for name in set(features) - lists)
