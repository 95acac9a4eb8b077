"""Which candidates count as negatives of which context, and how likely each was drawn."""

from __future__ import annotations

import tensorflow as tf

from model.membership import is_among


def negative_mask(
    positives: tf.Tensor, products: tf.Tensor, candidates: tf.Tensor,
) -> tf.Tensor:
    """Marks the candidates that a softmax over in-batch negatives may use.

    Column i is the positive of row i. Any other column whose product is a known positive of the
    row's context, under whatever id, is no negative: it is left out.

    Args:
        positives: known positive products of each context, int64 `[batch, positives]`, padded
            with -1.
        products: the positive of each row, int64 `[batch]`.
        candidates: product of each column, int64 `[candidates]`; the first `batch` are `products`.

    Returns:
        bool `[batch, candidates]`, true for a row's own column and for its negatives.
    """
    known = tf.concat([positives, products[:, tf.newaxis]], axis=1)
    columns = tf.broadcast_to(candidates, [tf.size(products), tf.size(candidates)])
    own = tf.eye(tf.size(products), tf.size(candidates), dtype=tf.bool)
    return own | ~is_among(columns, known)


def catalogue_mask(
    positives: tf.Tensor, products: tf.Tensor, column_of: tf.Tensor, columns: int,
) -> tf.Tensor:
    """Marks the columns of a fixed list of products that are no known positive of a row.

    What `negative_mask` says, several times faster where the candidates never change.

    Args:
        positives: as in `negative_mask`.
        products: the positive of each row, int64 `[batch]`.
        column_of: column of each product by number, `columns` for one that has none, int64
            `[products + 1]`; the last is of the padding.
        columns: how many there are.

    Returns:
        bool `[batch, columns]`.
    """
    known = tf.concat([positives, products[:, tf.newaxis]], axis=1)
    places = tf.gather(column_of, tf.where(known < 0, tf.size(column_of, tf.int64) - 1, known))
    rows = tf.broadcast_to(tf.range(tf.shape(known)[0], dtype=tf.int64)[:, tf.newaxis],
                           tf.shape(known))
    hits = tf.scatter_nd(
        tf.stack([rows, places], axis=-1), tf.ones_like(places, tf.int32),
        tf.stack([tf.shape(known, tf.int64)[0], tf.constant(columns + 1, tf.int64)]))
    return hits[:, :columns] == 0


def mixture_probability(
    in_batch: tf.Tensor, batch_size: tf.Tensor, uniform: tf.Tensor, catalogue_size: int,
) -> tf.Tensor:
    """Probability that a candidate is drawn, from in-batch and uniform negatives together.

    Yang et al. 2020, "Mixed Negative Sampling for Learning Two-tower Neural Networks in
    Recommendations": the proposal is the mixture of the empirical and the uniform distribution,
    and logQ corrects by the mixture's probability whatever source a candidate came from.

    Args:
        in_batch: probability of each candidate as an in-batch positive, float `[candidates]`.
        batch_size: number of in-batch candidates, int scalar.
        uniform: number of uniform candidates, int scalar.
        catalogue_size: number of products.

    Returns:
        float32 `[candidates]`.
    """
    batch = tf.cast(batch_size, tf.float32)
    extra = tf.cast(uniform, tf.float32)
    return (batch * in_batch + extra / float(catalogue_size)) / (batch + extra)


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
