"""BM25F and likeness by hand."""

import math

import numpy as np
import pytest
import tensorflow as tf

from model import lexical
from model.lexical import Field, LexicalIndex


def index(titles, **fields):
    return LexicalIndex(
        [Field(titles, 1.0), *(Field(*field) for field in fields.values())], len(titles))


def score(built, query):
    return built.scores(built.lookup(tf.constant([query]))).numpy()[0]


def test_bm25_by_hand():
    found = score(index(["oak desk", "oak oak chair", "lamp"]), "oak")
    # Two of three products have it: ln(1 + (3 - 2 + 0.5) / (2 + 0.5)) = 0.470.
    rarity = math.log(1 + 1.5 / 2.5)
    # Lengths 2, 3 and 1, on average 2; k1 = 0.6, b = 0.3.
    first = 1 * 1.6 / (1 + 0.6 * (0.7 + 0.3 * 1.0))
    second = 2 * 1.6 / (2 + 0.6 * (0.7 + 0.3 * 1.5))
    np.testing.assert_allclose(found[0], rarity * np.array([first, second, 0.0]), rtol=1e-5)


def test_fields_are_normalised_by_their_own_lengths():
    built = LexicalIndex([
        Field(["oak desk", "lamp"], 1.0, length_share=0.0),
        Field(["oak", "of brass and oak"], 0.5, length_share=1.0)], 2)
    found = score(built, "oak")[0]
    rarity = math.log(1 + 0.5 / 2.5)  # Both have it.
    # The second field's lengths are 1 and 4, on average 2.5: there a term counts 0.5 / 0.4 and
    # 0.5 / 1.6, beside 1 for the first product's title.
    first, second = 1 + 1.25, 0.3125
    np.testing.assert_allclose(
        found, [rarity * 1.6 * f / (f + 0.6) for f in (first, second)], rtol=1e-5)


def test_likeness_is_the_cosine_of_word_weights():
    # No term's weight depends on its text's length, so each product is a sum of unit-frequency
    # words weighed by rarity.
    built = LexicalIndex([Field(["oak desk", "oak lamp", "brass lamp"], 1.0, length_share=0.0)], 3)
    twice, once = math.log(1 + 1.5 / 2.5), math.log(1 + 2.5 / 1.5)
    def cosine(first, second, common):
        return common**2 / (math.hypot(*first) * math.hypot(*second))
    middle = (twice, twice)
    first = cosine((twice, once), middle, twice)
    history = tf.constant([[0, 1], [1, -1], [-1, -1]], tf.int64)
    found = built.alike(history, tf.constant([[0.75, 0.25], [1.0, 0.0], [0.0, 0.0]]))
    np.testing.assert_allclose(found, [
        [0.25 * first, 0.75 * first, 0.25 * first],  # desk and brass are as rare
        [first, 0.0, first], [0.0, 0.0, 0.0]], rtol=1e-5)


def test_of_products_alike_the_nearest_are_kept(monkeypatch):
    monkeypatch.setattr(lexical, "KEPT_ALIKE", 1)
    built = index(["oak desk", "oak desk white", "oak lamp"])
    found = built.alike(tf.constant([[0]], tf.int64), tf.constant([[1.0]])).numpy()[0]
    assert (found > 0).tolist() == [False, True, False]


def test_products_are_compared_chunk_by_chunk_by_their_heaviest_words(monkeypatch):
    titles = ["oak desk", "oak lamp", "oak chair", "red lamp", "red chair"]
    history, share = tf.constant([[4]], tf.int64), tf.constant([[1.0]])
    whole = index(titles).alike(history, share).numpy()[0]
    assert (whole > 0).tolist() == [False, False, True, True, False]
    monkeypatch.setattr(lexical, "_COMPARED", 2)
    np.testing.assert_allclose(index(titles).alike(history, share).numpy()[0], whole)
    monkeypatch.setattr(lexical, "DEFINING_TERMS", 1)
    # Red and chair are as rare, so one of them stands for the red chair.
    assert (index(titles).alike(history, share).numpy()[0] > 0).sum() == 1


def test_pairs_know_the_order():
    found = score(index(["door steel", "steel door"]), "steel door")
    assert found[0][0] == pytest.approx(found[0][1])  # the same words
    assert found[1][1] > found[1][0] == 0.0


def test_trigrams_know_a_compound():
    found = score(index(["dish washer", "oak desk"]), "dishwasher")
    assert found[0].tolist() == [0.0, 0.0]
    assert found[2][0] > found[2][1] == 0.0


def test_fields_weigh_and_read_what_they_are_told():
    built = index(["desk", "lamp"], description=(["brass lamp", "brass"], 0.5, ("words",)))
    found = score(built, "lamp")
    assert found[0][1] > found[0][0] > 0.0  # in a title, in a description
    assert found[2][0] == 0.0  # a description's letters are not read


@pytest.mark.parametrize("query", ["", "nothing known", "\U0001f525", "a" * 5_000])
def test_what_is_not_in_the_catalogue_scores_nothing(query):
    assert not score(index(["desk", "lamp"]), query).any()


def test_of_an_endless_query_the_first_terms_are_looked_up():
    built = index(["desk lamp", "oak"])
    found = built.lookup(tf.constant(["desk " * 127 + "lamp oak"]))
    assert [rows.shape[1] for rows in found] == [lexical.MAX_QUERY_TERMS] * 3
    scores = built.scores(found).numpy()[0][0]
    assert scores[0] > 0.0 == scores[1]  # lamp is the last that is read


def test_a_catalogue_without_words_can_be_asked():
    assert score(index(["", "!"]), "desk").shape == (3, 2)


def test_frequent_terms_keep_their_heaviest_products(monkeypatch):
    monkeypatch.setattr(lexical, "MAX_POSTINGS", 2)
    found = score(index(["oak", "oak desk", "oak desk lamp", "chair"]), "oak")
    assert (found[0] > 0).tolist() == [True, True, False, False]  # the shortest weigh most
