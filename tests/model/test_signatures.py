"""The servable over a toy catalogue: fallbacks, exclusions, and input that means nothing."""

import numpy as np
import pytest
import tensorflow as tf

from model.features import EVENT_NUMBERS
from model.signatures import NO_SCORE, Catalogue, Servable

IDS = ["a", "b", "c", "d"]
VECTORS = np.array([[1, 0], [0.8, 0.6], [0, 1], [-1, 0]], np.float32)


class Towers(tf.Module):
    """Texts are their first letter's product; a history is its newest product.

    Whatever was purchased weighs three more, a day of age one more.
    """

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def embed_query(self, query):
        letters = tf.strings.substr(query, 0, 1)
        hits = tf.cast(letters[:, tf.newaxis] == tf.constant(IDS), tf.float32)
        return tf.matmul(hits, VECTORS)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def embed_product_text(self, texts):
        return self.embed_query(texts)

    @tf.function(input_signature=[
        tf.TensorSpec([None], tf.string), tf.TensorSpec([None], tf.string),
        tf.TensorSpec([None, None, 2], tf.float32), tf.TensorSpec([None, None], tf.bool),
        tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None, None], tf.float32)])
    def embed_context(self, query, profile, history, mask, events, ages):
        weights = tf.one_hot(tf.zeros_like(events[:, 0]), tf.shape(events)[1])
        weights += 3.0 * tf.cast(events == EVENT_NUMBERS["purchase"], tf.float32)
        weights += tf.maximum(ages, 0.0)
        weights *= tf.cast(mask, tf.float32)
        newest = tf.reduce_sum(history * weights[:, :, tf.newaxis], axis=1)
        return newest + self.embed_query(query) + self.embed_query(profile)


def exact(vectors, count):
    return tf.math.top_k(tf.matmul(vectors, VECTORS, transpose_b=True), count)


@pytest.fixture(scope="module")
def ids_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("ids") / "ids.txt"
    path.write_text("\n".join(IDS) + "\n")
    return path


def servable(ids_file, search=exact, top_k=3):
    catalogue = Catalogue(
        ids_file, VECTORS, popular=np.array([2, 0, 1, 3]),
        popularity=np.array([0.5, 0.3, 0.2, 0.0]))
    return Servable(Towers(), catalogue, search, None, top_k)


@pytest.fixture(scope="module")
def loaded(ids_file, tmp_path_factory):
    module = servable(ids_file)
    folder = str(tmp_path_factory.mktemp("servable"))
    tf.saved_model.save(module, folder, signatures=module.signatures())
    return tf.saved_model.load(folder)


def ids(answer):
    return [[i.decode() for i in row] for row in answer["product_id"].numpy()]


def recommend(loaded, **changed):
    inputs = {"history": [[""]], "profile": [""], "query": [""], "exclude": [[""]], **changed}
    return loaded.signatures["recommend"](
        **{name: tf.constant(value, tf.string) for name, value in inputs.items()})


def test_search_ranks_by_the_dot_product(loaded):
    answer = loaded.signatures["search"](query=tf.constant(["c"]))
    assert ids(answer) == [["c", "b", "a"]]  # 1, 0.6, 0
    np.testing.assert_allclose(answer["score"], [[1.0, 0.6, 0.0]], atol=1e-6)


def test_the_default_signature_is_search(loaded):
    answer = loaded.signatures["serving_default"](query=tf.constant(["a"]))
    assert ids(answer) == [["a", "b", "c"]]


def test_a_query_without_a_meaning_falls_back_to_what_is_popular(loaded):
    answer = loaded.signatures["search"](query=tf.constant(["", "c"]))
    assert ids(answer) == [["c", "a", "b"], ["c", "b", "a"]]
    np.testing.assert_allclose(answer["score"][0], [0.5, 0.3, 0.2])


def test_histories_end_with_the_newest_and_ignore_what_is_unknown(loaded):
    answer = recommend(loaded, history=[["c", "a", "nope", ""]])
    assert ids(answer) == [["a", "b", "c"]]


def recommend_events(loaded, history, events, ages):
    return loaded.signatures["recommend_events"](
        history=tf.constant([history]),
        history_event=tf.constant([events], tf.string, [1, len(events)]),
        history_age=tf.constant([ages], tf.float32, [1, len(ages)]), profile=tf.constant([""]),
        query=tf.constant([""]), exclude=tf.constant([[""]]))


@pytest.mark.parametrize(("events", "ages", "expected"), [
    (["purchase", "purchase", "view"], [-1.0] * 3, ["c", "b", "a"]),  # a + 3 c: 3, 2.6, 1
    (["purchase", "", "purchase"], [-1.0] * 3, ["a", "b", "c"]),  # 4 a
    (["", "", ""], [9.0, 5.0, 0.0], ["c", "b", "a"]),  # a + 5 c
    (["", "", ""], [9.0, 0.0, 5.0], ["a", "b", "c"]),  # 6 a
    (["purchase"], [9.0], ["a", "b", "c"]),  # what is missing is unknown
])
def test_events_and_ages_stand_beside_their_products(loaded, events, ages, expected):
    answer = recommend_events(loaded, ["nope", "c", "a"], events, ages)
    assert ids(answer) == [expected]


def test_nothing_known_of_events_answers_as_without_them(loaded):
    history = ["c", "nope", "b"]
    plain = recommend(loaded, history=[history])
    answer = recommend_events(loaded, history, [], [])
    assert ids(answer) == ids(plain)
    np.testing.assert_array_equal(answer["score"], plain["score"])


def test_what_is_excluded_makes_room(loaded):
    answer = recommend(loaded, history=[["a"]], exclude=[["a", "nope"]])
    assert ids(answer) == [["b", "c", "d"]]


def test_more_excluded_than_is_left_pads_with_nothing(loaded):
    answer = recommend(loaded, history=[["a"]], exclude=[["a", "b"]])
    assert ids(answer) == [["c", "d", ""]]
    assert answer["score"][0, 2] == NO_SCORE


def test_an_empty_context_is_popular_without_what_is_excluded(loaded):
    assert ids(recommend(loaded, exclude=[["c"]])) == [["a", "b", "d"]]


def test_lists_may_have_no_column(loaded):
    answer = recommend(
        loaded, history=np.zeros((1, 0), str), exclude=np.zeros((1, 0), str), query=["d"])
    assert ids(answer)[0][0] == "d"


def test_similar_leaves_out_the_product_itself(loaded):
    answer = loaded.signatures["similar"](product_id=tf.constant(["a", "nope"]))
    assert ids(answer) == [["b", "c", "d"], ["c", "a", "b"]]


def test_embeddings_come_as_they_are(loaded):
    query = loaded.signatures["embed_query"](query=tf.constant(["b"]))["embedding"]
    text = loaded.signatures["embed_product"](text=tf.constant(["b"]))["embedding"]
    np.testing.assert_allclose(query, [[0.8, 0.6]])
    np.testing.assert_allclose(text, query)


def test_k_is_at_most_the_catalogue(ids_file):
    module = servable(ids_file, top_k=100)
    answer = module.signatures()["search"](query=tf.constant(["a"]))
    assert ids(answer) == [["a", "b", "c", "d"]]


def test_an_index_that_finds_too_little_is_padded(ids_file):
    def coarse(vectors, count):
        scores, rows = exact(vectors, 2)  # fewer places than asked for, and one of them empty
        return scores, tf.concat([rows[:, :1], tf.fill(tf.shape(rows[:, :1]), -1)], axis=1)

    module = servable(ids_file, search=coarse)
    answer = module.signatures()["search"](query=tf.constant(["a", ""]))
    assert ids(answer) == [["a", "", ""], ["c", "a", "b"]]
