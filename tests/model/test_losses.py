"""Each term of the loss, worked out by hand."""

import numpy as np
import pytest
import tensorflow as tf

from model import losses
from model.losses import Askers, Candidates, GradedColumns, MixedNegativesLoss

_EVERYTHING = tf.constant([[True, True]])


def test_mixture_probability_weighs_both_sources():
    # 2 in-batch and 6 uniform candidates of 12 products: (2 p + 6 / 12) / 8.
    probability = losses.mixture_probability(
        tf.constant([0.5, 0.0]), tf.constant(2), tf.constant(6), 12)
    np.testing.assert_allclose(probability, [0.1875, 0.0625])
    # Over the whole catalogue the mixture is a distribution: it sums to one.
    uniform = losses.mixture_probability(
        tf.fill([12], 1 / 12), tf.constant(2), tf.constant(6), 12)
    np.testing.assert_allclose(tf.reduce_sum(uniform), 1.0, rtol=1e-6)


def entropy(target, logits):
    """Cross-entropy of a target for the softmax of logits."""
    logits = np.array(logits)
    return float(-np.dot(target, logits - np.log(np.exp(logits).sum())))


def test_drawn_columns_are_corrected_scaled_and_masked():
    # One context [1, 0]; candidates with cosine 1 (its own), 0.5 and 0.9 (masked).
    candidates = Candidates(
        tf.constant([[1.0, 0.0], [0.5, 0.5], [0.9, 0.1]]), tf.constant([[True, True, False]]),
        tf.constant([0.5, 0.25, 0.25]))
    loss = MixedNegativesLoss(temperature=0.5)(
        tf.constant([[1.0, 0.0]]), candidates, weight=tf.constant([2.0]))
    # Logits: 1/.5 - ln .5 and .5/.5 - ln .25; weight 2 times the cross-entropy of the first.
    first, second = 2.0 - np.log(0.5), 1.0 - np.log(0.25)
    expected = 2.0 * (np.log(np.exp(first) + np.exp(second)) - first)
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


@pytest.mark.parametrize("logq", [0.0, 0.5])
def test_a_share_of_the_correction_is_a_power_of_the_probability(logq):
    candidates = Candidates(tf.eye(2), _EVERYTHING, tf.constant([0.5, 0.1]))
    mined = GradedColumns(tf.constant([[0.8, 0.6]]), tf.constant([0]), tf.constant([0.0]))
    loss = MixedNegativesLoss(temperature=1.0, logq=logq)(
        tf.constant([[1.0, 0.0]]), candidates, tf.constant([1.0]), mined)
    logits = [1 - logq * np.log(0.5), -logq * np.log(0.1), 0.8 - logq * np.log(0.5)]
    np.testing.assert_allclose(loss, entropy([1, 0, 0], logits), rtol=1e-5)


def test_columns_that_are_all_there_is_are_not_corrected():
    loss = MixedNegativesLoss(temperature=1.0)(
        tf.constant([[1.0, 0.0]]), Candidates(tf.eye(2), _EVERYTHING), tf.constant([1.0]))
    np.testing.assert_allclose(loss, np.log(1 + np.exp(-1)), rtol=1e-5)  # ln(e + 1) - 1


def test_a_mined_column_is_corrected_as_the_product_that_it_is_told_from():
    # Logits: 1 - ln .5 of its own, 0 - ln .1 of the drawn one, .8 - ln .5 of the mined one.
    loss = MixedNegativesLoss(temperature=1.0)(
        tf.constant([[1.0, 0.0]]),
        Candidates(tf.eye(2), _EVERYTHING, tf.constant([0.5, 0.1])), tf.constant([1.0]),
        GradedColumns(tf.constant([[0.8, 0.6]]), tf.constant([0]), tf.constant([0.0])))
    logits = [1 - np.log(0.5), -np.log(0.1), 0.8 - np.log(0.5)]
    np.testing.assert_allclose(loss, entropy([1, 0, 0], logits), rtol=1e-5)
    # Twice as likely a product gains nothing over the mined one: their difference stays 0.2.
    assert logits[0] - logits[2] == pytest.approx(0.2)


def test_a_row_answers_with_its_product_and_its_judged_columns_by_grade():
    # Grade 1 of its own, 0.5 of a judged column, 0 of another: two thirds, a third, nothing.
    vectors = tf.constant([[0.6, 0.8], [0.0, 1.0]])
    loss = MixedNegativesLoss(temperature=1.0)(
        tf.constant([[1.0, 0.0]]), Candidates(tf.eye(2), _EVERYTHING), tf.constant([1.0]),
        GradedColumns(vectors, tf.constant([0, 0]), tf.constant([0.5, 0.0])))
    np.testing.assert_allclose(
        loss, entropy([2 / 3, 0, 1 / 3, 0], [1.0, 0.0, 0.6, 0.0]), rtol=1e-5)


def test_a_lesser_grade_gives_more_to_what_was_judged_below_it_and_counts_less():
    # Raters gave 1.33 of 2, and 1 of 2: .665 / (.665 + .5) stays with the product.
    def loss(weight):
        return MixedNegativesLoss(temperature=1.0)(
            tf.constant([[1.0, 0.0]]), Candidates(tf.eye(2), _EVERYTHING), tf.constant([weight]),
            GradedColumns(tf.constant([[0.6, 0.8]]), tf.constant([0]), tf.constant([0.5])))

    share = 0.665 / 1.165
    expected = 0.665 * entropy([share, 0, 1 - share], [1.0, 0.0, 0.6])
    np.testing.assert_allclose(loss(0.665), expected, rtol=1e-5)


def test_graded_columns_are_their_own_row_s_and_nobody_s_with_row_minus_one():
    contexts = tf.constant([[1.0, 0.0], [0.0, 1.0]])
    candidates = Candidates(tf.eye(2), tf.ones([2, 2], tf.bool))
    loss = MixedNegativesLoss(temperature=1.0)
    plain = loss(contexts, candidates, tf.ones([2]))
    np.testing.assert_allclose(plain, 2 * entropy([1, 0], [1.0, 0.0]), rtol=1e-5)
    vectors = tf.constant([[0.6, 0.8], [1.0, 0.0]])
    one = loss(contexts, candidates, tf.ones([2]), GradedColumns(
        vectors, tf.constant([1, -1]), tf.constant([0.0, 0.0])))
    np.testing.assert_allclose(
        one, entropy([1, 0], [1.0, 0.0]) + entropy([0, 1, 0], [0.0, 1.0, 0.8]), rtol=1e-5)


def test_the_other_direction_looks_for_a_product_s_context():
    contexts = tf.constant([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]])
    products = tf.constant([[0.8, 0.6], [0.0, 1.0], [1.0, 0.0]])
    own = Candidates(products, tf.eye(3, dtype=tf.bool))  # forward every row is alone: loss 0
    mask = tf.constant([[True, True, False], [True, True, True], [False, False, True]])
    loss = MixedNegativesLoss(temperature=1.0, backward_share=0.25)(
        contexts, own, tf.constant([1.0, 0.5, 1.0]), askers=Askers(contexts, mask))
    # Product 0 scores .8 and .96 with its contexts, product 1 scores 0, .8 and 1, product 2 is
    # alone with its own.
    expected = 0.25 * (entropy([1, 0], [0.8, 0.96]) + 0.5 * entropy([0, 1, 0], [0.0, 0.8, 1.0]))
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


def test_directions_are_weighed():
    contexts, products = tf.eye(2), tf.constant([[1.0, 0.0], [0.6, 0.8]])
    everything = tf.ones([2, 2], tf.bool)

    def loss(share):
        return MixedNegativesLoss(temperature=1.0, backward_share=share)(
            contexts, Candidates(products, everything), tf.ones([2]),
            askers=Askers(contexts, everything))

    forward = entropy([1, 0], [1.0, 0.6]) + entropy([0, 1], [0.0, 0.8])
    backward = entropy([1, 0], [1.0, 0.0]) + entropy([0, 1], [0.6, 0.8])
    np.testing.assert_allclose(loss(0.0), forward, rtol=1e-5)
    np.testing.assert_allclose(loss(0.3), 0.7 * forward + 0.3 * backward, rtol=1e-5)


def test_what_is_masked_gets_no_gradient():
    vectors = tf.Variable([[1.0, 0.0], [0.6, 0.8], [0.8, 0.6]])
    with tf.GradientTape() as tape:
        loss = MixedNegativesLoss(temperature=0.05)(
            tf.constant([[1.0, 0.0]]),
            Candidates(vectors, tf.constant([[True, False, True]])), tf.constant([1.0]))
    gradient = tf.convert_to_tensor(tape.gradient(loss, vectors)).numpy()
    assert (gradient[1] == 0).all()
    assert (gradient[[0, 2]] != 0).any(axis=1).all()
