"""Four products, towers that read first letters, and a servable over both."""

import numpy as np
import tensorflow as tf

from model.features import EVENT_NUMBERS
from model.fusion import ARMS, FEATURES, prior_weights
from model.hybrid import Behaviour, BehaviourTables, Hybrid
from model.lexical import Field, LexicalIndex
from model.product_ids import ProductIds
from model.signatures import Servable

IDS = ["a", "b", "c", "d"]
VECTORS = np.array([[1, 0], [0.8, 0.6], [0, 1], [-1, 0]], np.float32)
TITLES = ["oak", "pine", "lamp", "desk"]


class Towers(tf.Module):
    """Texts are their first letter's product; a history is its newest product.

    Whatever was purchased weighs three more, a day of age one more.
    """

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def embed_query(self, query):
        letters = tf.strings.substr(query, 0, 1)
        hits = tf.cast(letters[:, tf.newaxis] == tf.constant(IDS), tf.float32)
        return tf.matmul(hits, VECTORS)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def embed_product_text(self, texts):
        return self.embed_query(texts)

    @tf.function(input_signature=[
        tf.TensorSpec([None], tf.string), tf.TensorSpec([None], tf.string),
        tf.TensorSpec([None, None, 2], tf.float32), tf.TensorSpec([None, None], tf.bool),
        tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None, None], tf.float32)])
    def embed_context(self, query, profile, history, mask, events, ages):
        weights = tf.one_hot(tf.zeros_like(events[:, 0]), tf.shape(events)[1])
        weights += 3.0 * tf.cast(events == EVENT_NUMBERS["purchase"], tf.float32)
        weights += tf.maximum(ages, 0.0)
        weights *= tf.cast(mask, tf.float32)
        newest = tf.reduce_sum(history * weights[:, :, tf.newaxis], axis=1)
        return newest + self.embed_query(query) + self.embed_query(profile)


def exact(vectors, count):
    """Brute force over the four."""
    return tf.math.top_k(tf.matmul(vectors, VECTORS, transpose_b=True), count)


def features(**values):
    """A row of features, or of weights, by their names; 0 for the others."""
    return np.array([values.get(name, 0.0) for name in FEATURES], np.float32)


def behaviour(popularity, item_to_item=None):
    """Behaviour by the popularity of each product, and nothing of late."""
    table = np.zeros((len(popularity), len(ARMS["popularity"])), np.float32)
    table[:, 0] = popularity
    return Behaviour(BehaviourTables(item_to_item, table))


def hybrid(arms=tuple(ARMS), weights=None, top_k=3, search=exact, titles=TITLES):
    """The arms over the four products; `weights` instead of the priors, for every kind."""
    priors = prior_weights(arms)
    if weights is not None:
        priors = np.tile(weights, (len(priors), 1))
    lexical = LexicalIndex([Field(titles, 1.0)], len(titles)) if "lexical" in arms else None
    return Hybrid(
        tf.Variable(VECTORS, trainable=False), search, None, lexical, arms, priors, top_k)


def servable(ids_file, now, backtest=None, aliases=(), **settings):
    """A servable whose `hybrid` has the given settings; writes `ids_file`."""
    ids = ProductIds(IDS, dict(aliases), ids_file)
    return Servable(Towers(), ids, hybrid(**settings), now, backtest)
