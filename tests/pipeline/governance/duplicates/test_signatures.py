"""Signatures of many texts against datasketch's, one by one."""

import datasketch
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.governance.duplicates.signatures import EMPTY, Hasher, shingle_hashes

_WORDS = st.lists(st.text("abcdé红1", min_size=1, max_size=7), max_size=5)


@settings(max_examples=50, deadline=None)
@given(st.lists(_WORDS, max_size=6))
def test_signatures_are_those_of_datasketch(texts):
    signatures = Hasher(20)(texts)
    assert signatures.shape == (len(texts), 20)
    for text, signature in zip(texts, signatures, strict=True):
        hashes, _ = shingle_hashes([text])
        expected = datasketch.MinHash(20, seed=1, scheme="affine32", hashfunc=int)
        expected.update_batch(hashes.tolist())
        np.testing.assert_array_equal(signature, expected.hashvalues)


def test_a_word_of_n_letters_has_n_shingles():
    hashes, starts = shingle_hashes([["oak", "desk"], [], ["a"]])
    assert len(hashes) == 8
    assert starts.tolist() == [0, 7, 7]


def test_the_order_of_words_does_not_matter():
    [first, second, other] = Hasher(64)([["oak", "desk"], ["desk", "oak"], ["oak", "lamp"]])
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()


def test_a_text_without_words_is_empty():
    assert (Hasher(8)([[], ["a"]])[0] == EMPTY).all()


def test_signatures_agree_as_often_as_shingles_are_shared():
    # The three of "oak" of eleven different ones: four each of "desk" and "lamp".
    [first, second] = Hasher(4_000)([["oak", "desk"], ["oak", "lamp"]])
    assert abs((first == second).mean() - 3 / 11) < 0.03  # four standard deviations
