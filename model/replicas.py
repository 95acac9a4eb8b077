"""Tensors of all replicas of a strategy together."""

from __future__ import annotations

import tensorflow as tf


def gather_replicas(values: tf.Tensor) -> tf.Tensor:
    """Rows of every replica, this replica's own first: `[rows of all, ...]`.

    In-batch negatives are then those of the global batch. Replicas may have unequal shares of it,
    as they have where it does not divide by their number. Differentiable; outside a strategy with
    several replicas the values come back as they are.
    """
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return values
    gathered = context.all_gather(values, axis=0)
    shares = context.all_gather(tf.shape(values, tf.int64)[:1], axis=0)
    before = tf.cumsum(shares, exclusive=True)[context.replica_id_in_sync_group]
    return tf.roll(gathered, shift=-before, axis=0)
