"""Words and terms in every script."""

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from model import terms


def words(text):
    found = terms.words(tf.constant([text]))[0].numpy()
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
    return tf.strings.to_hash_bucket_fast(list(strings), terms._BUCKETS).numpy().tolist()


def test_terms_of_a_spaced_script():
    found = terms.terms(tf.constant(["red hat", ""]))
    found = {name: values.to_list() for name, values in found.items()}
    assert found["words"] == [hashes(["red", "hat"]), []]
    assert found["pairs"] == [hashes(["red hat"]), []]
    assert found["trigrams"] == [hashes(["^re", "red", "ed$", "^ha", "hat", "at$"]), []]


def test_an_unspaced_script_is_read_by_characters_and_their_pairs():
    found = terms.terms(tf.constant(["手机壳 usb"]))
    assert found["words"].to_list() == [hashes(["手", "机", "壳", "手机", "机壳", "usb"])]
    assert found["trigrams"].to_list() == [hashes(["^us", "usb", "sb$"])]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.text(max_size=30), min_size=1, max_size=5))
def test_any_text_has_terms_row_by_row(texts):
    together = terms.terms(tf.constant(texts))
    for number, text in enumerate(texts):
        alone = terms.terms(tf.constant([text]))
        for family in terms.FAMILIES:
            assert together[family][number].numpy().tolist() == alone[family][0].numpy().tolist()
