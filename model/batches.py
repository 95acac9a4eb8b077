"""Shuffled batches of transformed examples, as the two models train on them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from model import features
from model.data import TEXT_KINDS, ContextTable, read_chunks

_LENGTHS = (8, 12, 16, 20, 24, 28, 32, 40, 48, 64, 96, 128, 256, 513)
"""Product lengths up to which texts share batches: little padding, and hardly fewer orders."""

_MOST_POSITIVES = 1_000
"""Width of positives where shapes are fixed: as many as an example carries."""

_MOST_NEGATIVES = 256
"""Likewise of negatives."""

_TEXT_FEATURES = {
    features.QUERY_TOKENS: 0, features.PRODUCT_TOKENS: 0, features.POSITIVES: -1,
    features.NEGATIVES: -1, features.NEGATIVE_GRADES: 0.0, features.PRODUCT: 0,
    features.WEIGHT: 0.0,
}
"""What a text batch carries of an example, with the value that pads it."""


def text_batches(
    patterns: Sequence[str], batch_size: int, limit: int, seed: int,
    fixed_query_tokens: int | None = None,
) -> tf.data.Dataset:
    """Endless shuffled batches of text pairs (query tokens, product tokens), dense.

    Each row has its number, by which more is known of it, and random numbers, so that a step over
    the batch draws nothing itself.

    A batch holds products of about one length: cost follows the longest, and titles of a real
    shop padded to it are two fifths padding.

    Args:
        patterns: file patterns of transformed examples.
        batch_size: global batch.
        limit: examples of a pass, at the most; the first ones, which were shuffled when written.
        seed: of the order.
        fixed_query_tokens: tokens of the longest query, for accelerators that compile each shape:
            batches then have one shape a length of `_LENGTHS`. None pads to the batch's longest.
    """
    rows = read_chunks(patterns, TEXT_KINDS).unbatch().take(limit)
    rows = rows.enumerate().map(lambda number, row: {
        features.ROW: number, **{name: row[name] for name in _TEXT_FEATURES}})
    # Kept in memory: a pass over fifty thousand tokenised pairs is some ten megabytes, two hundred
    # where raters judged hundreds of products for each query.
    rows = rows.cache().shuffle(limit, seed=seed, reshuffle_each_iteration=True).repeat()
    draws = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=False).batch(2)
    rows = tf.data.Dataset.zip((rows, draws)).map(
        lambda row, drawn: {**row, features.DRAWS: tf.ensure_shape(drawn, [2])})
    lists = (
        features.QUERY_TOKENS, features.PRODUCT_TOKENS, features.POSITIVES, features.NEGATIVES,
        features.NEGATIVE_GRADES)
    padding = {features.ROW: 0, features.DRAWS: 0, **_TEXT_FEATURES}
    shapes: dict[str, list[int | None]] = {
        name: [None] if name in lists else [] for name in padding}
    shapes[features.DRAWS] = [2]
    if fixed_query_tokens is not None:
        shapes[features.QUERY_TOKENS] = [fixed_query_tokens]
        shapes[features.POSITIVES] = [_MOST_POSITIVES]
        shapes[features.NEGATIVES] = shapes[features.NEGATIVE_GRADES] = [_MOST_NEGATIVES]
    return rows.bucket_by_sequence_length(
        lambda row: tf.size(row[features.PRODUCT_TOKENS]), _LENGTHS,
        [batch_size] * (len(_LENGTHS) + 1), padded_shapes=shapes, drop_remainder=True,
        pad_to_bucket_boundary=fixed_query_tokens is not None,
        padding_values={
            name: tf.constant(value, tf.float32 if isinstance(value, float) else tf.int64)
            for name, value in padding.items()}).prefetch(2)


def context_batches(
    table: ContextTable, text_vectors: np.ndarray, batch_size: int, steps: int, seed: int,
    fixed_shapes: bool = False,
) -> tf.data.Dataset:
    """Shuffled batches of contexts, rows of like history length together, dense.

    Args:
        table: the contexts.
        text_vectors: vectors of `table.texts`, `[texts, dim]`.
        batch_size: global batch.
        steps: number of batches.
        seed: of the order.
        fixed_shapes: whether every batch is as wide as the table's longest history and longest
            list of known products, for accelerators that compile each shape.
    """
    vectors = tf.constant(np.vstack([text_vectors, np.zeros_like(text_vectors[:1])])
                          if len(text_vectors) else np.zeros([1, text_vectors.shape[1]], "f4"))
    lengths = table.history.row_lengths().numpy()
    widths = None
    if fixed_shapes:
        most = max(1, *table.known.row_lengths().numpy())
        widths = max(1, *lengths), most

    def batch(rows: tf.Tensor) -> dict[str, tf.Tensor]:
        return {
            "query": tf.gather(vectors, _row(table.query, rows, vectors)),
            "profile": tf.gather(vectors, _row(table.profile, rows, vectors)),
            **context_columns(table, rows, widths),
        }

    order = tf.data.Dataset.from_tensor_slices(_orders(lengths, batch_size, steps, seed))
    return order.map(batch, num_parallel_calls=2, deterministic=True).prefetch(2)


def context_columns(
    table: ContextTable, rows: tf.Tensor, widths: tuple[int, int] | None = None,
) -> dict[str, tf.Tensor]:
    """History with its events and ages, product, known products and weight of rows.

    History and known products are padded with -1: to the given widths, else to the longest of the
    rows and at least one column. Events and ages are as wide as the history, padded with unknown
    ones.
    """
    def dense(
        values: tf.RaggedTensor, width: int | None, padding: float = -1,
    ) -> tf.Tensor:
        padded = tf.gather(values, rows).to_tensor(default_value=padding, shape=[None, width])
        return tf.pad(
            padded, [[0, 0], [0, tf.cast(tf.shape(padded)[1] == 0, tf.int32)]],
            constant_values=padding)

    longest = widths and widths[0]
    events = dense(table.history_event, longest, features.UNKNOWN_EVENT)
    return {
        features.HISTORY: dense(table.history, longest),
        features.HISTORY_EVENT: tf.cast(events, tf.int32),
        features.HISTORY_AGE: dense(table.history_age, longest, features.UNKNOWN_AGE),
        features.PRODUCT: tf.gather(table.product, rows),
        features.KNOWN: dense(table.known, widths and widths[1]),
        features.WEIGHT: tf.gather(table.weight, rows),
    }


def _row(numbers: np.ndarray, rows: tf.Tensor, vectors: tf.Tensor) -> tf.Tensor:
    """Rows of the vector table; no text points at the last one, which is zero."""
    chosen = tf.gather(numbers, rows)
    return tf.where(chosen < 0, int(vectors.shape[0]) - 1, chosen)


def _orders(lengths: np.ndarray, batch_size: int, steps: int, seed: int) -> np.ndarray:
    """Row numbers of batches, pass after pass, int32 `[steps, batch]`."""
    generator = np.random.default_rng(seed)
    passes: list[np.ndarray] = []
    while sum(map(len, passes)) < steps:
        passes.append(_like_lengths(lengths, batch_size, generator))
    return np.concatenate(passes)[:steps]


def _like_lengths(
    lengths: np.ndarray, batch_size: int, generator: np.random.Generator,
) -> np.ndarray:
    """One pass: full batches of about one length each in random order, int32 `[steps, batch]`."""
    # The noise mixes neighbouring lengths, so that batches differ from pass to pass.
    order = np.argsort(lengths + generator.random(len(lengths)) * 3, kind="stable")
    if len(order) < batch_size:
        order = generator.choice(order, batch_size)
    usable = len(order) - len(order) % batch_size
    # What does not fill a batch is dropped from a random place, not from the longest.
    order = np.delete(order, generator.choice(len(order), len(order) - usable, replace=False))
    batches = order.reshape(-1, batch_size)
    return batches[generator.permutation(len(batches))].astype(np.int32)
