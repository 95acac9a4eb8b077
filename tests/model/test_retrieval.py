"""What the loss is given in both phases, by hand."""

import numpy as np
import tensorflow as tf

from model import features
from model.losses import MixedNegativesLoss
from model.negatives import Extra
from model.retrieval import ContextRetrieval, TextRetrieval
from model.towers import ContextTower, ProductTower

DIM = 4
TEMPERATURE = 0.5


def model(text, dropout=0.0, max_negatives=10):
    products = ProductTower(len(text), DIM, rank=2, dropout=dropout)
    mentioned = np.array([True, True, True, False])
    wanted = np.array([0.5, 0.25, 0.25, 0.0])
    contexts = ContextTower(products.adapter, DIM)
    return ContextRetrieval(
        products, contexts, text, mentioned, wanted, MixedNegativesLoss(TEMPERATURE),
        max_negatives)


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


def test_of_many_products_a_context_is_told_from_a_sample_whose_draws_are_corrected():
    retrieval = model(np.eye(4, dtype=np.float32), max_negatives=2)
    retrieval._sample = lambda: tf.constant([1, 1], tf.int64)
    rows = batch([[1, 0], [2, -1]], [2, 0], [[2, 1], [0, 2]], [1.0, 0.5])
    # Two columns of the batch, products 2 and 0, and two drawn from three products: a column is
    # drawn with (2 share + 2/3) / 4, which is 5/12 of product 0 and 7/24 of 1 and of 2.
    rare, popular = np.log(7 / 24), np.log(5 / 12)
    # As above context 0 scores its answer 0 and product 0 `other`; 1 is wanted too.
    other = 0.7 / np.sqrt(1.49) / TEMPERATURE
    first = np.log(1 + np.exp((other - popular) - (0 - rare)))
    # Context 1 scores its answer 0 and each of the two draws of product 1 0; 2 is wanted too.
    second = np.log(1 + 2 * np.exp(popular - rare))
    expected = (1.0 * first + 0.5 * second) / 2
    np.testing.assert_allclose(retrieval.compute_loss(rows), expected, rtol=1e-5)


def test_text_is_told_from_the_batch_from_what_is_drawn_and_from_what_was_judged():
    vectors = tf.constant([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8], [-1.0, 0.0], [0.8, 0.6]])
    # Beside the batch: a product judged a quarter right for row 0, then product 2 by chance.
    extra = Extra(
        tokens=tf.constant([[2], [3]]), row=tf.constant([0]), grade=tf.constant([0.25]),
        uniform=tf.constant([2], tf.int64))

    def draw(_):
        return extra

    draw.graded = 1  # As `ExtraProducts` has it.
    retrieval = TextRetrieval(
        lambda tokens, **_: tf.gather(vectors, tokens[:, 0]),
        MixedNegativesLoss(TEMPERATURE, backward_share=0.25), draw,
        share=np.array([0.4, 0.3, 0.2, 0.1]))
    rows = {
        features.QUERY_TOKENS: tf.constant([[0], [1]]),
        features.PRODUCT_TOKENS: tf.constant([[4], [1]]),
        features.PRODUCT: tf.constant([0, 1], tf.int64),
        features.POSITIVES: tf.constant([[0, -1], [1, 2]], tf.int64),
        features.NEGATIVES: tf.constant([[1], [-1]], tf.int64),
        features.NEGATIVE_GRADES: tf.constant([[0.5], [0.0]]),
        features.WEIGHT: tf.constant([1.0, 0.5]),
    }
    # Two columns of the batch and one of four products: a column is drawn with
    # (2 share + 1/4) / 3, of products 0, 1 and 2 that is
    drawn = np.log([1.05 / 3, 0.85 / 3, 0.65 / 3])
    # Row 0 has its own (cosine .8), the draw (-1) and the judged one (.6, corrected as its own);
    # product 1 was judged half right. Four fifths of the target are its own, a fifth is judged.
    logits = np.array([1.6 - drawn[0], -2.0 - drawn[2], 1.2 - drawn[0]])
    logs = logits - np.log(np.exp(logits).sum())
    first = -(0.8 * logs[0] + 0.2 * logs[2])
    # Row 1 has its own (1) and product 0 (.6); it knows of product 2.
    second = np.log(1 + np.exp((1.2 - drawn[0]) - (2.0 - drawn[1])))
    # Product 0 is asked for by query 0 (.8), not by 1 (.6); product 1 is half right for query 0.
    backward = np.log(1 + np.exp(1.2 - 1.6))
    expected = (0.75 * (1.0 * first + 0.5 * second) + 0.25 * 1.0 * backward) / 2
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
