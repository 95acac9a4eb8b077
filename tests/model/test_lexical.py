"""Terms in every script, and BM25 by hand."""

import math

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from model import lexical
from model.lexical import Field, LexicalIndex


def words(text):
    found = lexical.words(tf.constant([text]))[0].numpy()
    return [word.decode().replace("\ue000", ".") for word in found]


@pytest.mark.parametrize(("text", "expected"), [
    ("Dish-washers, boxes of CRÈME brûlée!", ["dish", "washer", "box", "of", "creme", "brulee"]),
    ("3.5in x 10mm", ["3.5", "in", "x", "10", "mm"]),
    ("batteries glass bus lens", ["battery", "glass", "bus", "len"]),
    ("iPhone13手机壳 红色", ["iphone", "13", "手机壳", "红色"]),
    ("end. of. it .5", ["end", "of", "it", "5"]),
    ("Straße ＡＢＣ", ["strasse", "abc"]),
    ("", []), (" \t\n", []), ("!?&", []), ("\ue000", []),
])
def test_words(text, expected):
    assert words(text) == expected


def hashes(strings):
    return tf.strings.to_hash_bucket_fast(list(strings), lexical._BUCKETS).numpy().tolist()


def test_terms_of_a_spaced_script():
    found = lexical.terms(tf.constant(["red hat", ""]))
    found = {name: values.to_list() for name, values in found.items()}
    assert found["words"] == [hashes(["red", "hat"]), []]
    assert found["pairs"] == [hashes(["red hat"]), []]
    assert found["trigrams"] == [hashes(["^re", "red", "ed$", "^ha", "hat", "at$"]), []]


def test_an_unspaced_script_is_read_by_characters_and_their_pairs():
    found = lexical.terms(tf.constant(["手机壳 usb"]))
    assert found["words"].to_list() == [hashes(["手", "机", "壳", "手机", "机壳", "usb"])]
    assert found["trigrams"].to_list() == [hashes(["^us", "usb", "sb$"])]


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


@settings(deadline=None, max_examples=50)
@given(st.lists(st.text(max_size=30), min_size=1, max_size=5))
def test_any_text_has_terms_row_by_row(texts):
    together = lexical.terms(tf.constant(texts))
    for number, text in enumerate(texts):
        alone = lexical.terms(tf.constant([text]))
        for family in lexical.FAMILIES:
            assert together[family][number].numpy().tolist() == alone[family][0].numpy().tolist()
