"""Masks of the loss, worked out by hand."""

import numpy as np
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from model import masks


def test_known_positives_of_a_context_are_no_negatives():
    # Row 0 wants product 5 and is known to want 7; row 1 wants 7; row 2 wants 5 as row 0 does.
    positives = tf.constant([[5, 7], [7, -1], [-1, -1]], tf.int64)
    products = tf.constant([5, 7, 5], tf.int64)
    mask = masks.negative_mask(positives, products, products)
    np.testing.assert_array_equal(mask, [
        [True, False, False],  # 7 is known, the second 5 is its own product again
        [True, True, True],    # both 5 are negatives of a context that wants 7
        [False, True, True],   # no list at all: its own product still masks the first 5
    ])


def test_extra_candidates_are_masked_too_and_unknown_positives_ignored():
    positives = tf.constant([[5, 99, 8]], tf.int64)
    mask = masks.negative_mask(
        positives, tf.constant([5], tf.int64), tf.constant([5, 8, 6, 5, 8], tf.int64))
    np.testing.assert_array_equal(mask, [[True, False, True, False, False]])


def test_what_raters_found_wrong_stays_a_negative():
    known = masks.known_products(
        tf.constant([[5, 4], [2, -1]], tf.int64), tf.constant([[7, 9], [3, -1]], tf.int64),
        tf.constant([[0.5, 0.0], [0.25, 0.0]]))
    np.testing.assert_array_equal(known, [[5, 4, 7, -1], [2, -1, 3, -1]])


def test_a_fixed_list_of_candidates_is_masked_alike():
    # Columns hold products 2, 5 and 8 of ten; the first row wants 5 and is known to want 8 and 3.
    column_of = tf.constant([3, 3, 0, 3, 3, 1, 3, 3, 2, 3, 3], tf.int64)
    mask = masks.catalogue_mask(
        tf.constant([[8, 3], [-1, -1]], tf.int64), tf.constant([5, 2], tf.int64), column_of, 3)
    np.testing.assert_array_equal(mask, [[True, False, False], [False, True, True]])


def test_an_asker_of_a_product_is_its_own_or_does_not_want_it():
    # Contexts want 5, 7 and 5 again; the second is also known to want 5, the third 8.
    known = tf.constant([[-1], [5], [8]], tf.int64)
    wanted = tf.constant([5, 7, 5], tf.int64)
    np.testing.assert_array_equal(masks.asker_mask(known, wanted, wanted[:2]), [
        [True, False, False],  # of 5 all know
        [True, True, True],    # 7 only its own wants
    ])


_PRODUCTS = st.integers(0, 5)


@given(st.lists(st.tuples(_PRODUCTS, st.lists(st.sampled_from([-1, 0, 1, 2, 3, 4, 5]), min_size=3,
                                              max_size=3)), min_size=1, max_size=5))
@settings(deadline=None, max_examples=30)
def test_no_row_is_told_from_what_is_known_of_it(rows):
    products = tf.constant([product for product, _ in rows], tf.int64)
    known = tf.constant([others for _, others in rows], tf.int64)
    mask = masks.negative_mask(known, products, products).numpy()
    for row, (own, others) in enumerate(rows):
        for column, (product, _) in enumerate(rows):
            allowed = row == column or product not in {own, *others}
            assert mask[row, column] == allowed
    # In one batch a product may not look past a context exactly where the context may not past it.
    np.testing.assert_array_equal(masks.asker_mask(known, products, products), mask.T)
