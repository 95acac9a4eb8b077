"""Masks and probabilities of the loss, worked out by hand."""

import numpy as np
import tensorflow as tf

from model import losses
from model.retrieval import retrieval_task


def test_known_positives_of_a_context_are_no_negatives():
    # Row 0 wants product 5 and is known to want 7; row 1 wants 7; row 2 wants 5 as row 0 does.
    positives = tf.constant([[5, 7], [7, -1], [-1, -1]], tf.int64)
    products = tf.constant([5, 7, 5], tf.int64)
    mask = losses.negative_mask(positives, products, products)
    np.testing.assert_array_equal(mask, [
        [True, False, False],  # 7 is known, the second 5 is its own product again
        [True, True, True],    # both 5 are negatives of a context that wants 7
        [False, True, True],   # no list at all: its own product still masks the first 5
    ])


def test_extra_candidates_are_masked_too_and_unknown_positives_ignored():
    positives = tf.constant([[5, 99, 8]], tf.int64)
    mask = losses.negative_mask(
        positives, tf.constant([5], tf.int64), tf.constant([5, 8, 6, 5, 8], tf.int64))
    np.testing.assert_array_equal(mask, [[True, False, True, False, False]])


def test_a_fixed_list_of_candidates_is_masked_alike():
    # Columns hold products 2, 5 and 8 of ten; the first row wants 5 and is known to want 8 and 3.
    column_of = tf.constant([3, 3, 0, 3, 3, 1, 3, 3, 2, 3, 3], tf.int64)
    mask = losses.catalogue_mask(
        tf.constant([[8, 3], [-1, -1]], tf.int64), tf.constant([5, 2], tf.int64), column_of, 3)
    np.testing.assert_array_equal(mask, [[True, False, False], [False, True, True]])


def test_mixture_probability_weighs_both_sources():
    # 2 in-batch and 6 uniform candidates of 12 products: (2 p + 6 / 12) / 8.
    probability = losses.mixture_probability(
        tf.constant([0.5, 0.0]), tf.constant(2), tf.constant(6), 12)
    np.testing.assert_allclose(probability, [0.1875, 0.0625])
    # Over the whole catalogue the mixture is a distribution: it sums to one.
    uniform = losses.mixture_probability(
        tf.fill([12], 1 / 12), tf.constant(2), tf.constant(6), 12)
    np.testing.assert_allclose(tf.reduce_sum(uniform), 1.0, rtol=1e-6)


def test_the_task_corrects_scales_and_masks():
    # One context [1, 0]; candidates with cosine 1 (its own), 0.5 and 0.9 (masked).
    candidates = tf.constant([[1.0, 0.0], [0.5, 0.5], [0.9, 0.1]])
    loss = retrieval_task(temperature=0.5)(
        tf.constant([[1.0, 0.0]]), candidates,
        sample_weight=tf.constant([2.0]),
        candidate_sampling_probability=tf.constant([0.5, 0.25, 0.25]),
        score_mask=tf.constant([[True, True, False]]), compute_metrics=False)
    # Logits: 1/.5 - ln .5 and .5/.5 - ln .25; weight 2 times the cross-entropy of the first.
    first, second = 2.0 - np.log(0.5), 1.0 - np.log(0.25)
    expected = 2.0 * (np.log(np.exp(first) + np.exp(second)) - first)
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


def test_one_replica_gathers_nothing():
    values = tf.constant([[1.0], [2.0]])
    assert losses.gather_replicas(values) is values
