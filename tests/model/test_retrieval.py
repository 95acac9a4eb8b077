"""The loss of contexts against the products that events mention, by hand."""

import numpy as np
import tensorflow as tf

from model import features
from model.losses import MixedNegativesLoss
from model.retrieval import ContextRetrieval
from model.towers import ContextTower, ProductTower

DIM = 4
TEMPERATURE = 0.5


def model(text, dropout=0.0):
    products = ProductTower(len(text), DIM, rank=2, dropout=dropout)
    mentioned = np.array([True, True, True, False])
    wanted = np.array([0.5, 0.25, 0.25, 0.0])
    contexts = ContextTower(products.adapter, DIM)
    return ContextRetrieval(
        products, contexts, text, mentioned, wanted, MixedNegativesLoss(TEMPERATURE),
        max_negatives=10)


def batch(history, product, positives, weight):
    history = tf.constant(history, tf.int64)
    rows = len(product)
    return {
        "query": tf.zeros([rows, DIM]), "profile": tf.zeros([rows, DIM]),
        features.HISTORY: history, features.HISTORY_EVENT: tf.zeros_like(history, tf.int32),
        features.HISTORY_AGE: tf.fill(tf.shape(history), -1.0),
        features.PRODUCT: tf.constant(product, tf.int64),
        features.KNOWN: tf.constant(positives, tf.int64),
        features.WEIGHT: tf.constant(weight, tf.float32),
    }


def test_a_context_is_told_from_every_product_that_it_never_wanted():
    text = np.eye(4, dtype=np.float32)
    retrieval = model(text)
    rows = batch([[1, 0], [2, -1]], [2, 0], [[2, 1], [0, 2]], [1.0, 0.5])
    # Context 0 is (0.7, 1, 0, 0) normalised; its answer 2 has the score 0. Of the others, 1 is
    # wanted too: product 0 is left. Product 3, which no event mentions, is nobody's negative.
    other = 0.7 / np.sqrt(1.49) / TEMPERATURE
    first = np.log(1 + np.exp(other))
    # Context 1 is product 2, which is wanted too: its answer 0 and product 1 both have the score 0.
    second = np.log(2)
    expected = (1.0 * first + 0.5 * second) / 2
    np.testing.assert_allclose(retrieval.compute_loss(rows), expected, rtol=1e-5)


def test_what_is_dropped_of_a_product_is_dropped_in_histories_and_candidates_alike():
    text = np.eye(4, dtype=np.float32)
    retrieval = model(text, dropout=0.5)
    retrieval.products.residual.assign([[1.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    # Product 0 turns halfway to product 3's direction, or not at all.
    retrieval.products.projection.assign([[0.0, 0.0, 0.0, 1.0], [0.0] * 4])
    seen = []
    retrieval.contexts.history_encoder = lambda vectors, *_, **__: seen.append(vectors) or (
        vectors[:, 0])
    retrieval._softmax = lambda _, candidates, __: seen.append(candidates.vectors) or 0.0
    rows = batch([[0, -1], [0, 1]], [2, 2], [[2], [2]], [1.0, 1.0])
    turned = 0
    for _ in range(40):
        seen.clear()
        retrieval.compute_loss(rows, training=True)
        history, candidates = (vectors.numpy() for vectors in seen)
        np.testing.assert_array_equal(history[:, 0], [candidates[2]] * 2)  # after the batch's two
        np.testing.assert_array_equal(history[1, 1], candidates[3])
        np.testing.assert_array_equal(history[0, 1], np.zeros(DIM))  # the padding
        turned += candidates[2][3] > 0.1
    assert 4 < turned < 36  # Binomial(40, 0.5): five standard deviations either way
