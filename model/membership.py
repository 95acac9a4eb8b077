"""Which values stand among others, row by row."""

from __future__ import annotations

import tensorflow as tf


def is_among(values: tf.Tensor, others: tf.Tensor) -> tf.Tensor:
    """Whether each value stands in the same row of `others`.

    By binary search: comparing all pairs would take memory of `[batch, values, others]`.

    Args:
        values: integers `[batch, values]`.
        others: integers `[batch, others]`, in any order, padded with -1.

    Returns:
        bool `[batch, values]`.
    """
    ranked = tf.sort(tf.pad(others, [[0, 0], [0, 1]], constant_values=-1), axis=1)
    places = tf.searchsorted(ranked, values)
    places = tf.minimum(places, tf.shape(ranked)[1] - 1)
    return tf.gather(ranked, places, batch_dims=1) == values
