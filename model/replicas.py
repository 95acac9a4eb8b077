"""Tensors of all replicas of a strategy together."""

from __future__ import annotations

import tensorflow as tf


def gather_replicas(values: tf.Tensor) -> tf.Tensor:
    """Rows of every replica, this replica's own first: `[replicas * rows, ...]`.

    In-batch negatives are then those of the global batch. Differentiable; outside a strategy with
    several replicas the values come back as they are.
    """
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return values
    gathered = context.all_gather(values, axis=0)
    own = tf.cast(context.replica_id_in_sync_group, tf.int32) * tf.shape(values)[0]
    return tf.roll(gathered, shift=-own, axis=0)
