import pytest
import tensorflow as tf

from pipeline.examples import records
from pipeline.examples.records import Draft, Event, Judgment, Product
from tests.pipeline.examples.tables import encode


def test_rows_with_every_column():
    assert records.read_product(encode({
        "product_id": "p", "title": "Café", "description": "d", "brand": "b", "category": "c",
        "attributes": "{}", "price": 1.5, "created_at": 3,
    })) == Product("p", "Café", "d", "b", "c", "{}")
    assert records.read_event(encode({
        "user_id": "u", "product_id": "p", "event": "rating", "timestamp": 1_500_000_000,
        "position": 2**40 + 1, "query": " Red \t mug ", "value": 4.0, "session_id": "s",
    })) == ("u", Event("p", "rating", 2**40 + 1, 1_500_000_000, "Red mug", 4.0, "s"))
    assert records.read_profile(encode({"user_id": "u", "profile": "tea"})) == ("u", "tea")
    assert records.read_judgment(encode({
        "query": "red  mug", "product_id": "p", "grade": 2.0, "split": "train",
    })) == Judgment("red mug", "p", 2.0, "train")


def test_rows_with_the_required_columns_only():
    assert records.read_product(encode({"product_id": "p", "title": "t"})) == Product("p", "t")
    assert records.read_event(encode({
        "user_id": "u", "product_id": "p", "event": "view", "position": 0,
    })) == ("u", Event("p", "view", 0))
    assert records.read_profile(encode({"user_id": "u"})) == ("u", "")
    assert records.read_judgment(encode({"query": "q", "product_id": "p", "grade": 0.0})) == (
        Judgment("q", "p", 0.0))


def test_bytes_that_are_no_utf8_are_replaced():
    example = tf.train.Example()
    example.features.feature["title"].bytes_list.value.append(b"caf\xe9")
    assert records.read_product(example.SerializeToString()).title == "caf\ufffd"


def test_example_has_every_feature_and_may_hide_the_title():
    product = Product("p", "Mug", "warm", "Lumo", "Home", "colour red")
    draft = Draft(
        "train", "search", "p", ("p", "q"), 0.5, query="mug", negatives=(("r", 0.25), ("s", 0.0)))
    spec = {name: tf.io.FixedLenFeature([], tf.string) for name in (
        "kind", "query", "profile", "product_id", "title", "description", "brand", "category",
        "attributes")}
    spec |= {name: tf.io.VarLenFeature(tf.string)
             for name in ("history", "history_event", "positives", "negatives")}
    spec |= {name: tf.io.VarLenFeature(tf.float32)
             for name in ("history_age", "negative_grades")}
    spec |= {name: tf.io.FixedLenFeature([], tf.float32)
             for name in ("weight", "sampling_probability")}
    parsed = tf.io.parse_single_example(records.write_example(draft, product, 0.25), spec)
    assert parsed["title"] == b"Mug"
    assert parsed["profile"] == b""
    assert parsed["positives"].values.numpy().tolist() == [b"p", b"q"]
    assert parsed["negatives"].values.numpy().tolist() == [b"r", b"s"]
    assert parsed["negative_grades"].values.numpy().tolist() == [0.25, 0.0]
    assert parsed["history"].values.numpy().tolist() == []
    assert parsed["history_age"].values.numpy().tolist() == []
    shopper = draft._replace(
        history=("q", "r"), history_event=("view", ""), history_age=(2.5, -1.0))
    told = tf.io.parse_single_example(records.write_example(shopper, product, 0.25), spec)
    assert told["history"].values.numpy().tolist() == [b"q", b"r"]
    assert told["history_event"].values.numpy().tolist() == [b"view", b""]
    assert told["history_age"].values.numpy().tolist() == [2.5, -1.0]
    assert (parsed["weight"], parsed["sampling_probability"]) == (0.5, 0.25)
    hidden = records.write_example(draft._replace(titled=False), product, 0.25)
    assert tf.io.parse_single_example(hidden, spec)["title"] == b""


def test_a_history_without_an_event_and_an_age_a_product_is_refused():
    draft = Draft(
        "train", "recommend", "p", ("p",), 1.0, history=("q", "r"), history_event=("view",) * 2)
    with pytest.raises(ValueError, match="'history': 2, 'history_event': 2, 'history_age': 0"):
        records.write_example(draft, Product("p", "Mug"), 0.25)


def test_families():
    assert Draft("train", "recommend", "p", (), 1.0).family == "recommend"
    assert Draft("train", "catalogue", "p", (), 1.0).family == "search"
    assert Draft("train", "search", "p", (), 1.0).family == "search"
