"""preprocessing_fn, run through tf.Transform as the Transform component runs it."""

import pytest
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from hypothesis import given
from hypothesis import strategies as st
from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils

from model import features
from model.presets import load_preset
from pipeline.config import Text
from pipeline.preprocessing import preprocessing_fn

_SPEC = {
    **dict.fromkeys(
        ("kind", "query", "profile", "product_id", "title", "description", "category",
         "attributes"), tf.io.FixedLenFeature([], tf.string)),
    # A schema that fixes no shape gives one-valued features as sparse tensors.
    "brand": tf.io.VarLenFeature(tf.string),
    "weight": tf.io.VarLenFeature(tf.float32),
    "history": tf.io.VarLenFeature(tf.string),
    "history_event": tf.io.VarLenFeature(tf.string),
    "history_age": tf.io.VarLenFeature(tf.float32),
    "positives": tf.io.VarLenFeature(tf.string),
    "negatives": tf.io.VarLenFeature(tf.string),
    "negative_grades": tf.io.VarLenFeature(tf.float32),
    "sampling_probability": tf.io.FixedLenFeature([], tf.float32),
}
_METADATA = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(_SPEC))
_TEXT = Text(preset="tiny", query_tokens=5, profile_tokens=4, product_tokens=10)


def _row(kind, product_id, **features_given):
    row = {
        "kind": kind, "query": "", "profile": "", "product_id": product_id, "title": "",
        "description": "", "brand": [""], "category": "", "attributes": "", "history": [],
        "history_event": [], "history_age": [], "positives": [product_id], "negatives": [],
        "negative_grades": [], "weight": [1.0],
        "sampling_probability": 0.5,
    }
    return {**row, **features_given}


_TRAIN = [
    _row("search", "lamp", query="A Lamp, for the desk", title="Desk lamp", brand=["Lumo"],
         category="Home Lighting", attributes="colour red", description="red lamp",
         positives=["lamp", "gone", "mug"], negatives=["gone", "bowl", "lost", "nail"],
         negative_grades=[0.75, 0.5, 0.25, 0.0], weight=[0.5], sampling_probability=0.25),
    _row("recommend", "mug", profile="likes tea", history=["gone", "lamp", "bowl"],
         history_event=["cart", "purchase", "gaze"], history_age=[9.5, 2.0, -1.0],
         positives=["mug", "lamp"], title="Mug", brand=["Claya"]),
]
_CATALOGUE = [_row("catalogue", name, title=name) for name in ("bowl", "lamp", "mug", "nail")]


def _preprocess(inputs):
    return preprocessing_fn(inputs, {"text": _TEXT.model_dump_json()})


@pytest.fixture(scope="module")
def transformed(tmp_path_factory):
    """(rows of train then catalogue, lines of the vocabulary), and the graph on disk."""
    folder = str(tmp_path_factory.mktemp("transform"))
    with tft_beam.Context(temp_dir=f"{folder}/tmp"):
        (rows, _), transform_fn = (
            (_TRAIN + _CATALOGUE, _METADATA)
            | tft_beam.AnalyzeAndTransformDataset(_preprocess))
        _ = transform_fn | tft_beam.WriteTransformFn(f"{folder}/graph")
    return rows, tft.TFTransformOutput(f"{folder}/graph")


def _pieces(row, feature):
    vocabulary = load_preset("tiny").vocabulary
    return [vocabulary[token] for token in row[feature]]


def test_texts_become_word_pieces_between_cls_and_sep(transformed):
    rows, _ = transformed
    # query_tokens=5 leaves three pieces. product_tokens=10 leaves eight, in the order title,
    # brand, category, description, attributes, so that the attributes are cut off.
    assert _pieces(rows[0], "query_tokens") == ["[CLS]", "a", "lamp", ",", "[SEP]"]
    assert _pieces(rows[0], "product_tokens") == [
        "[CLS]", "desk", "lamp", "lu", "##mo", "home", "lighting", "red", "lamp", "[SEP]"]
    assert _pieces(rows[1], "profile_tokens") == ["[CLS]", "likes", "tea", "[SEP]"]


def test_empty_text_has_no_token(transformed):
    rows, _ = transformed
    assert list(rows[0]["profile_tokens"]) == []
    assert list(rows[1]["query_tokens"]) == []


def test_products_are_numbers_in_the_vocabulary_and_unknown_ones_are_dropped(transformed):
    rows, output = transformed
    names = [name.decode() for name in output.vocabulary_by_name(features.PRODUCT_VOCABULARY)]
    assert sorted(names) == ["bowl", "lamp", "mug", "nail"]
    assert [names[row["product"]] for row in rows] == [
        "lamp", "mug", "bowl", "lamp", "mug", "nail"]
    assert [names[i] for i in rows[0]["positives"]] == ["lamp", "mug"]
    assert list(rows[0]["history"]) == []
    assert [names[i] for i in rows[1]["history"]] == ["lamp", "bowl"]
    assert list(rows[1]["history_event"]) == [
        features.EVENT_NUMBERS["purchase"], features.UNKNOWN_EVENT]
    assert list(rows[1]["history_age"]) == [2.0, features.UNKNOWN_AGE]
    assert [names[i] for i in rows[5]["positives"]] == ["nail"]


def test_grades_stay_with_the_products_that_there_are(transformed):
    rows, output = transformed
    names = [name.decode() for name in output.vocabulary_by_name(features.PRODUCT_VOCABULARY)]
    assert [names[i] for i in rows[0]["negatives"]] == ["bowl", "nail"]
    assert list(rows[0]["negative_grades"]) == [0.5, 0.0]
    assert list(rows[1]["negatives"]) == list(rows[1]["negative_grades"]) == []


def test_kinds_weights_and_probabilities(transformed):
    rows, _ = transformed
    assert [row["kind"] for row in rows] == [0, 1, 2, 2, 2, 2]
    assert rows[0]["weight"] == 0.5
    assert rows[0]["sampling_probability"] == 0.25


def test_written_rows_parse_with_the_spec_of_the_model(transformed, tmp_path):
    rows, output = transformed
    coder = tft.coders.ExampleProtoCoder(output.transformed_metadata.schema)
    parsed = tf.io.parse_example([coder.encode(row) for row in rows], features.parse_spec())
    assert set(parsed) == set(output.transformed_feature_spec())
    assert parsed["history"].to_list()[1] == list(rows[1]["history"])
    assert parsed["history_event"].to_list()[1] == list(rows[1]["history_event"])
    assert parsed["history_age"].to_list()[1] == list(rows[1]["history_age"])
    assert parsed["query_tokens"].row_lengths().numpy().tolist() == [5, 0, 0, 0, 0, 0]
    assert parsed["negative_grades"].to_list()[:2] == [[0.5, 0.0], []]
    assert parsed["kind"].dtype == tf.int64
    assert parsed["weight"].numpy().tolist() == [0.5, 1, 1, 1, 1, 1]


def _raw(rows):
    return {
        name: tf.ragged.constant([row[name] for row in rows], spec.dtype, ragged_rank=1).to_sparse()
        if isinstance(spec, tf.io.VarLenFeature) else tf.constant([row[name] for row in rows])
        for name, spec in _SPEC.items()}


def test_the_graph_on_disk_does_the_same(transformed):
    rows, output = transformed
    again = output.transform_features_layer()(_raw(_TRAIN))
    for name in ("product_tokens", "history", "history_event", "history_age"):
        assert tf.RaggedTensor.from_sparse(again[name]).to_list() == [
            list(row[name]) for row in rows[:2]]


@pytest.fixture(scope="module")
def graph(transformed):
    """The transformation as it is loaded from disk, and the numbers of the products."""
    _, output = transformed
    names = output.vocabulary_by_name(features.PRODUCT_VOCABULARY)
    return output.transform_features_layer(), {n.decode(): i for i, n in enumerate(names)}


@given(histories=st.lists(st.lists(st.tuples(
    st.sampled_from(["bowl", "lamp", "mug", "gone", "lost"]),
    st.sampled_from(["", "gaze", *features.EVENT_NUMBERS]),
    st.floats(0, 1000, width=32) | st.just(features.UNKNOWN_AGE)), max_size=5),
    min_size=1, max_size=4))
def test_events_and_ages_stay_beside_their_products(graph, histories):
    transform, number_of = graph
    rows = [
        _row("recommend", "mug", history=[item[0] for item in history],
             history_event=[item[1] for item in history],
             history_age=[item[2] for item in history])
        for history in histories]
    found = transform(_raw(rows))
    columns = [
        tf.RaggedTensor.from_sparse(found[name]).to_list()
        for name in (features.HISTORY, features.HISTORY_EVENT, features.HISTORY_AGE)]
    assert [list(zip(*row, strict=True)) for row in zip(*columns, strict=True)] == [
        [(number_of[product], features.EVENT_NUMBERS.get(event, features.UNKNOWN_EVENT), age)
         for product, event, age in history if product in number_of]
        for history in histories]
