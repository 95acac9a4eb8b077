"""The servable over a toy catalogue: fallbacks, exclusions, and input that means nothing."""

import math

import numpy as np
import pytest
import tensorflow as tf

from model.signatures import NO_SCORE
from tests.model.toy_servable import behaviour, exact, servable

NOW = [1.0, 2.0, 3.0, 0.0]
"""Popularity of the products: c, b, a, d."""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("servable")
    module = servable(
        folder / "ids.txt", behaviour(NOW), behaviour([0.0, 0.0, 0.0, 9.0]),
        arms=("dense", "popularity"), aliases={"b twin": "b", "c twin": "c", "x": "gone"})
    tf.saved_model.save(module, str(folder), signatures=module.signatures())
    return tf.saved_model.load(str(folder))


def ids(answer):
    return [[i.decode() for i in row] for row in answer["product_id"].numpy()]


def recommend(loaded, **changed):
    inputs = {"history": [[""]], "profile": [""], "query": [""], "exclude": [[""]], **changed}
    return loaded.signatures["recommend"](
        **{name: tf.constant(value, tf.string) for name, value in inputs.items()})


def test_search_ranks_by_the_dot_product(loaded):
    answer = loaded.signatures["search"](query=tf.constant(["c"]))
    assert ids(answer) == [["c", "b", "a"]]  # 1, 0.6, 0, and 0 of d
    # Ten times that is the logarithm of a share.
    total = math.exp(10) + math.exp(6) + 2
    np.testing.assert_allclose(
        answer["score"], [[math.exp(10) / total, math.exp(6) / total, 1 / total]], rtol=1e-5)


def test_the_default_signature_is_search(loaded):
    answer = loaded.signatures["serving_default"](query=tf.constant(["a"]))
    assert ids(answer) == [["a", "b", "c"]]


def test_a_query_without_a_meaning_falls_back_to_what_is_popular(loaded):
    answer = loaded.signatures["search"](query=tf.constant(["", "c"]))
    assert ids(answer) == [["c", "b", "a"], ["c", "b", "a"]]
    total = sum(map(math.exp, NOW))
    np.testing.assert_allclose(
        answer["score"][0], [math.exp(n) / total for n in (3, 2, 1)], rtol=1e-5)


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
    assert ids(recommend(loaded, exclude=[["c"]])) == [["b", "a", "d"]]


def test_lists_may_have_no_column(loaded):
    answer = recommend(
        loaded, history=np.zeros((1, 0), str), exclude=np.zeros((1, 0), str), query=["d"])
    assert ids(answer)[0][0] == "d"


def test_similar_products_share_words(tmp_path):
    module = servable(
        tmp_path / "ids.txt", behaviour(NOW), arms=("dense", "lexical"),
        titles=["oak desk", "pine", "lamp", "desk"])
    # By their vectors b is near a (20 * 0.8) and d opposite (-20), but d has a word of a's. One of
    # four has oak, two have desk; what a title's length does to both cancels.
    oak, desk = math.log(1 + 3.5 / 1.5), math.log(1 + 2.5 / 2.5)
    cosine = desk / math.hypot(oak, desk)
    answer = module.signatures()["similar"](product_id=tf.constant(["a", "nope"]))
    scores = dict(zip(ids(answer)[0], np.log(answer["score"].numpy()[0]), strict=True))
    assert scores["b"] - scores["d"] == pytest.approx(36 - 10 * cosine, rel=1e-4)
    assert ids(answer)[1] == ["c", "b", "a"]  # an unknown product has nothing but what is popular


def test_similar_leaves_out_the_product_itself(loaded):
    answer = loaded.signatures["similar"](product_id=tf.constant(["a", "nope"]))
    assert ids(answer) == [["b", "c", "d"], ["c", "b", "a"]]
    # 0.8, 0 and -1 times twenty.
    shares = np.exp([16.0, 0.0, -20.0])
    np.testing.assert_allclose(answer["score"][0], shares / shares.sum(), rtol=1e-5)


def test_embeddings_come_as_they_are(loaded):
    query = loaded.signatures["embed_query"](query=tf.constant(["b"]))["embedding"]
    text = loaded.signatures["embed_product"](text=tf.constant(["b"]))["embedding"]
    np.testing.assert_allclose(query, [[0.8, 0.6]])
    np.testing.assert_allclose(text, query)


def test_an_index_that_finds_too_little_is_helped_by_the_popular(tmp_path, monkeypatch):
    def coarse(vectors, count):
        scores, rows = exact(vectors, 2)  # fewer places than asked for, and one of them empty
        return scores, tf.concat([rows[:, :1], tf.fill(tf.shape(rows[:, :1]), -1)], axis=1)

    monkeypatch.setattr("model.hybrid.MIN_DEPTH", 0)
    module = servable(
        tmp_path / "ids.txt", behaviour(NOW), arms=("dense",), search=coarse, top_k=2)
    answer = module.signatures()["search"](query=tf.constant(["d", ""]))
    assert ids(answer) == [["d", "c"], ["c", "b"]]


def test_a_backtest_knows_what_was_popular_before(loaded):
    answer = loaded.signatures["backtest_search"](query=tf.constant(["", "c"]))
    assert ids(answer) == [["d", "a", "b"], ["c", "b", "d"]]  # a and d are as far from c
    empty = {
        name: tf.constant([[""]]) for name in ("history", "history_event", "exclude")}
    answer = loaded.signatures["backtest_recommend_events"](
        **empty, history_age=tf.constant([[-1.0]]), profile=tf.constant([""]),
        query=tf.constant([""]))
    assert ids(answer) == [["d", "a", "b"]]


def test_signatures_with_and_without_a_backtest(loaded, tmp_path):
    plain = {
        "serving_default", "search", "recommend", "recommend_events", "similar", "embed_query",
        "embed_product"}
    rankings = {"backtest_search", "backtest_recommend", "backtest_recommend_events"}
    assert set(loaded.signatures) == plain | rankings
    module = servable(tmp_path / "ids.txt", behaviour(NOW), arms=("dense", "popularity"))
    assert set(module.signatures()) == plain


@pytest.mark.parametrize("signature", ["recommend", "backtest_recommend"])
def test_an_alias_in_a_history_is_its_product(loaded, signature):
    inputs = {"profile": tf.constant([""]), "query": tf.constant([""])}
    answers = [
        loaded.signatures[signature](
            history=tf.constant([history]), exclude=tf.constant([[""]]), **inputs)
        for history in (["a", "c"], ["a", "c twin"], ["a", "c", "c twin"])]
    for answer in answers[1:]:
        assert ids(answer) == ids(answers[0])
        np.testing.assert_array_equal(answer["score"], answers[0]["score"])


def test_excluding_an_alias_excludes_its_product(loaded):
    assert ids(recommend(loaded, history=[["a"]], exclude=[["b twin", "x"]])) == [["a", "c", "d"]]


def test_similar_to_an_alias_is_similar_to_its_product(loaded):
    answer = loaded.signatures["similar"](product_id=tf.constant(["b", "b twin", "x"]))
    found = ids(answer)
    assert found[1] == found[0]
    assert "b" not in found[0]
    assert found[2] == ["c", "b", "a"]  # its product is gone: as unknown as any


def test_events_of_an_alias_and_its_product_are_those_of_one(loaded):
    # a + 4 c against a + c with the purchase forgotten: the strongest event counts.
    answer = recommend_events(
        loaded, ["c twin", "a", "c"], ["purchase", "", "view"], [9.0, 5.0, -1.0])
    plain = recommend_events(loaded, ["a", "c"], ["", "purchase"], [5.0, -1.0])
    assert ids(answer) == ids(plain)
    np.testing.assert_array_equal(answer["score"], plain["score"])
