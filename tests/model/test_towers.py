"""The towers: where training starts, and what an absent part means."""

import numpy as np
import pytest
import tensorflow as tf

from model.features import UNKNOWN_AGE, UNKNOWN_EVENT
from model.towers import ContextTower, ProductTower, TextAdapter

DIM = 8


def unit(*rows):
    rows = np.array(rows, np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def tower():
    return ProductTower(2, DIM, rank=4, dropout=0.5)


def test_an_untrained_product_tower_is_the_identity(rng):
    text = unit(*rng.normal(size=(2, DIM)))
    np.testing.assert_allclose(tower()(text, tf.constant([0, 1])), text, atol=1e-6)


def test_known_products_have_a_residual(rng):
    text = unit(*rng.normal(size=(2, DIM)))
    products = tower()
    products.residual.assign(np.ones((2, 4)))
    vectors = products(text, tf.constant([0, -1])).numpy()
    expected = text[0] + products.projection.numpy().sum(axis=0)
    np.testing.assert_allclose(vectors[0], expected / np.linalg.norm(expected), atol=1e-6)
    np.testing.assert_allclose(vectors[1], text[1], atol=1e-6)


def test_residuals_are_dropped_in_training_only(rng):
    text = np.repeat(unit(rng.normal(size=DIM)), 200, axis=0)
    products = tower()
    products.residual.assign(np.ones((2, 4)))
    ids = tf.zeros([200], tf.int64)
    kept = np.abs(products(text, ids, training=True).numpy() - text).max(axis=1) > 1e-4
    assert 60 < kept.sum() < 140  # Binomial(200, 0.5): five standard deviations either way
    assert (np.abs(products(text, ids).numpy() - text).max(axis=1) > 1e-4).all()


def context_tower():
    return ContextTower(TextAdapter(DIM), DIM)


NO_HISTORY = (
    tf.zeros([1, 1, DIM]), tf.constant([[False]]), tf.constant([[UNKNOWN_EVENT]]),
    tf.constant([[UNKNOWN_AGE]]))


def test_a_context_of_a_query_alone_is_the_query(rng):
    query = unit(rng.normal(size=DIM))
    nothing = tf.zeros([1, DIM])
    vector = context_tower()(query, nothing, *NO_HISTORY)
    np.testing.assert_allclose(vector, query, atol=1e-6)


def test_parts_are_added_with_their_weights(rng):
    query, profile = unit(rng.normal(size=DIM)), unit(rng.normal(size=DIM))
    contexts = context_tower()
    contexts.part_weights.assign([2.0, -1.0, 0.0])
    vector = contexts(query, profile, *NO_HISTORY).numpy()
    expected = np.log1p(np.exp(2.0)) * query + np.log1p(np.exp(-1.0)) * profile  # softplus
    np.testing.assert_allclose(vector, expected / np.linalg.norm(expected), atol=1e-6)


def test_an_empty_context_is_zeros():
    nothing = tf.zeros([1, DIM])
    vector = context_tower()(nothing, nothing, *NO_HISTORY)
    np.testing.assert_array_equal(vector, np.zeros((1, DIM)))
