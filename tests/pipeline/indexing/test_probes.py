"""What the recall of an index is measured on."""

import numpy as np
import tensorflow as tf

from model.features import EVENT_NUMBERS
from pipeline.evaluation.data import Context
from pipeline.indexing.probes import PROBES, probe_vectors

_VECTORS = np.eye(4, dtype="f4")[:3]


class Towers:
    """Embeds a context as the sum of its history, newest doubled, plus 9 where there is a query.

    A purchase adds four times its product, a day ten times.
    """

    def embed_context(self, query, profile, history, mask, events, ages):
        purchased = tf.cast(events == EVENT_NUMBERS["purchase"], tf.float32)
        weights = tf.cast(mask, tf.float32) * (1 + 4 * purchased + 10 * tf.maximum(ages, 0))
        weights = weights[..., tf.newaxis]
        first = tf.concat([weights[:, :1], tf.zeros_like(weights[:, 1:])], axis=1)
        asked = tf.cast(tf.strings.length(query) > 0, tf.float32)[:, tf.newaxis]
        return tf.reduce_sum(history * (weights + first), axis=1) + 9.0 * asked


def _context(query="", history=()):
    return Context("search", query, "", tuple(history), {"a": 1.0}, ())


def test_events_and_ages_stand_beside_their_products():
    context = Context(
        "recommend", "", "", ("a", "gone", "b"), {}, (), history_event=("view", "cart", "purchase"),
        history_age=(2.0, 50.0, 0.5))
    # a: 1 + 10 * 2; b, the newest: (1 + 4 + 10 * 0.5) * 2.
    assert _probes(context) == [[21.0, 20.0, 0.0, 0.0]]


def _probes(*contexts):
    return sorted(probe_vectors(Towers(), contexts, ["a", "b", "c"], _VECTORS).tolist())


def test_histories_are_newest_first_and_strangers_left_out():
    assert _probes(_context(history=["a", "gone", "b"]), _context(history=["c"])) == [
        [0.0, 0.0, 2.0, 0.0], [1.0, 2.0, 0.0, 0.0]]


def test_a_product_counts_once_where_it_was_wanted_last():
    assert _probes(_context(history=["a", "b", "a"])) == _probes(_context(history=["b", "a"]))
    assert _probes(_context(history=["a", "b"])) != _probes(_context(history=["b", "a"]))


def test_queries_count_and_contexts_of_nothing_do_not():
    assert _probes(_context("lamp"), _context()) == [[9.0, 9.0, 9.0, 9.0]]


def test_without_contexts_the_products_are_probed():
    assert _probes() == sorted(_VECTORS.tolist())
    assert _probes(_context()) == sorted(_VECTORS.tolist())


def test_a_sample_is_taken_of_many():
    contexts = [_context("lamp")] * (PROBES + 1)
    assert len(probe_vectors(Towers(), contexts, ["a", "b", "c"], _VECTORS)) == PROBES
