"""Which candidates count as negatives of which context."""

from __future__ import annotations

import tensorflow as tf

from model.membership import is_among


def known_products(positives: tf.Tensor, judged: tf.Tensor, grades: tf.Tensor) -> tf.Tensor:
    """The products of each context that are no plain negatives of it.

    What raters found partly right belongs into a column of its own, with its grade. What they found
    wrong is a negative wherever it turns up.

    Args:
        positives: int64 `[batch, positives]`, padded with -1.
        judged: products judged too low for a positive, int64 `[batch, judged]`, likewise.
        grades: of these, float32 `[batch, judged]`.

    Returns:
        int64 `[batch, positives + judged]`, -1 for none.
    """
    return tf.concat([positives, tf.where(grades > 0.0, judged, -1)], axis=1)


def negative_mask(
    known: tf.Tensor, products: tf.Tensor, candidates: tf.Tensor,
) -> tf.Tensor:
    """Marks the candidates that a softmax over in-batch negatives may use.

    Column i is the positive of row i. Any other column whose product is known of the row's context,
    as another positive or with a grade of its own, is no plain negative: it is left out.

    Args:
        known: such products of each context, int64 `[batch, known]`, padded with -1.
        products: the positive of each row, int64 `[batch]`.
        candidates: product of each column, int64 `[candidates]`; the first `batch` are `products`.

    Returns:
        bool `[batch, candidates]`, true for a row's own column and for its negatives.
    """
    known = tf.concat([known, products[:, tf.newaxis]], axis=1)
    columns = tf.broadcast_to(candidates, [tf.size(products), tf.size(candidates)])
    own = tf.eye(tf.size(products), tf.size(candidates), dtype=tf.bool)
    return own | ~is_among(columns, known)


def asker_mask(known: tf.Tensor, wanted: tf.Tensor, products: tf.Tensor) -> tf.Tensor:
    """Marks the contexts that a softmax from a product to contexts may use.

    Args:
        known: products that are known of each context, int64 `[contexts, known]`, padded with -1;
            context i is the one of product i.
        wanted: the positive of each context, int64 `[contexts]`.
        products: int64 `[batch]`.

    Returns:
        bool `[batch, contexts]`, true for a product's own context and for those that it is not
        known of.
    """
    known = tf.concat([known, wanted[:, tf.newaxis]], axis=1)
    asked = is_among(tf.broadcast_to(products, [tf.size(wanted), tf.size(products)]), known)
    return tf.eye(tf.size(products), tf.size(wanted), dtype=tf.bool) | ~tf.transpose(asked)


def catalogue_mask(
    known: tf.Tensor, products: tf.Tensor, column_of: tf.Tensor, columns: int,
) -> tf.Tensor:
    """Marks the columns of a fixed list of products that are not known of a row.

    What `negative_mask` says, several times faster where the candidates never change.

    Args:
        known: as in `negative_mask`.
        products: the positive of each row, int64 `[batch]`.
        column_of: column of each product by number, `columns` for one that has none, int64
            `[products + 1]`; the last is of the padding.
        columns: how many there are.

    Returns:
        bool `[batch, columns]`.
    """
    known = tf.concat([known, products[:, tf.newaxis]], axis=1)
    places = tf.gather(column_of, tf.where(known < 0, tf.size(column_of, tf.int64) - 1, known))
    rows = tf.broadcast_to(tf.range(tf.shape(known)[0], dtype=tf.int64)[:, tf.newaxis],
                           tf.shape(known))
    hits = tf.scatter_nd(
        tf.stack([rows, places], axis=-1), tf.ones_like(places, tf.int32),
        tf.stack([tf.shape(known, tf.int64)[0], tf.constant(columns + 1, tf.int64)]))
    return hits[:, :columns] == 0
