"""Transformed examples on disk -> what the two models train on."""

from __future__ import annotations

import dataclasses
import posixpath
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from model import features
from model.features import Kind

_CHUNK = 1024
"""Examples parsed at once: parsing one by one is ten times slower."""


def read_chunks(patterns: Sequence[str], kinds: Sequence[Kind] | None = None) -> tf.data.Dataset:
    """Parsed examples of some kinds in chunks, in the order of the files.

    Args:
        patterns: file patterns of gzipped TFRecords.
        kinds: kinds of example to keep; None keeps all.

    Raises:
        ValueError: no file matches.
    """
    files = sorted(f for pattern in patterns for f in tf.io.gfile.glob(pattern))
    if not files:
        raise ValueError(f"Examples should match {list(patterns)}. Received: no such file")
    spec = features.parse_spec()

    def parse(records: tf.Tensor) -> dict[str, tf.Tensor | tf.RaggedTensor]:
        rows = tf.io.parse_example(records, spec)
        if kinds is None:
            return rows
        wanted = tf.constant([int(k) for k in kinds], tf.int64)
        keep = tf.reduce_any(rows[features.KIND][:, tf.newaxis] == wanted, axis=1)
        return {
            name: tf.ragged.boolean_mask(rows[name], keep)
            if isinstance(rows[name], tf.RaggedTensor) else tf.boolean_mask(rows[name], keep)
            for name in rows
        }

    return tf.data.TFRecordDataset(files, compression_type="GZIP").batch(_CHUNK).map(parse)


def read_vocabulary(transform_output: str) -> list[str]:
    """Product ids in the order of their numbers, from a tf.Transform output folder."""
    path = posixpath.join(
        transform_output, "transform_fn", "assets", features.PRODUCT_VOCABULARY)
    with tf.io.gfile.GFile(path, "rb") as lines:
        return [line.decode("utf-8") for line in lines.read().splitlines()]


def catalogue_tokens(patterns: Sequence[str], products: int) -> tf.RaggedTensor:
    """Product tokens in the order of the products' numbers, int64 `[products, (tokens)]`."""
    numbers, tokens = [], []
    for chunk in read_chunks(patterns):
        numbers.append(chunk[features.PRODUCT])
        tokens.append(chunk[features.PRODUCT_TOKENS])
    number = tf.concat(numbers, axis=0).numpy()
    row_of = np.full(products + 1, len(number), np.int64)
    row_of[number] = np.arange(len(number))
    blank = tf.ragged.constant([[]], dtype=tf.int64, row_splits_dtype=tf.int64)
    return tf.gather(tf.concat([*tokens, blank], axis=0), row_of[:products])


def wanted_share(table: ContextTable, products: int) -> np.ndarray:
    """How often each product is a positive, as a fraction, float32 `[products]`."""
    counts = np.bincount(table.product, minlength=products)
    return (counts / max(counts.sum(), 1)).astype(np.float32)


def mentions(table: ContextTable, products: int) -> np.ndarray:
    """How often each product is a positive or in a history, int `[products]`."""
    counts = np.bincount(table.product, minlength=products)
    return counts + np.bincount(table.history.flat_values.numpy(), minlength=products)


def count(patterns: Sequence[str], kinds: Sequence[Kind]) -> int:
    """Number of examples of the kinds."""
    return sum(int(c[features.KIND].shape[0]) for c in read_chunks(patterns, kinds))


_LENGTHS = (8, 12, 16, 20, 24, 28, 32, 40, 48, 64, 96, 128, 256, 513)
"""Product lengths up to which texts share batches: little padding, and hardly fewer orders."""

_MOST_POSITIVES = 256
"""Width of positives where shapes are fixed: more than any example carries."""

_TEXT_FEATURES = {
    features.QUERY_TOKENS: 0, features.PRODUCT_TOKENS: 0, features.POSITIVES: -1,
    features.PRODUCT: 0, features.WEIGHT: 0.0, features.SAMPLING_PROBABILITY: 0.0,
}
"""What a text batch carries, with the value that pads it."""


def text_batches(
    patterns: Sequence[str], batch_size: int, limit: int, seed: int,
    fixed_query_tokens: int | None = None,
) -> tf.data.Dataset:
    """Endless shuffled batches of text pairs (query tokens, product tokens), dense.

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
    rows = read_chunks(patterns, (Kind.SEARCH, Kind.CATALOGUE)).unbatch().take(limit)
    rows = rows.map(lambda row: {name: row[name] for name in _TEXT_FEATURES})
    # Kept in memory: a pass over fifty thousand tokenised pairs is some ten megabytes.
    rows = rows.cache().shuffle(limit, seed=seed, reshuffle_each_iteration=True).repeat()
    lists = (features.QUERY_TOKENS, features.PRODUCT_TOKENS, features.POSITIVES)
    shapes: dict[str, list[int | None]] = {
        name: [None] if name in lists else [] for name in _TEXT_FEATURES}
    if fixed_query_tokens is not None:
        shapes[features.QUERY_TOKENS] = [fixed_query_tokens]
        shapes[features.POSITIVES] = [_MOST_POSITIVES]
    return rows.bucket_by_sequence_length(
        lambda row: tf.size(row[features.PRODUCT_TOKENS]), _LENGTHS,
        [batch_size] * (len(_LENGTHS) + 1), padded_shapes=shapes, drop_remainder=True,
        pad_to_bucket_boundary=fixed_query_tokens is not None,
        padding_values={
            name: tf.constant(padding, tf.float32 if isinstance(padding, float) else tf.int64)
            for name, padding in _TEXT_FEATURES.items()}).prefetch(2)


@dataclasses.dataclass(frozen=True)
class ContextTable:
    """Contexts in memory, texts as rows of one table of distinct token rows.

    Attributes:
        query, profile: row of `texts`, -1 for none, int32 `[examples]`.
        history: numbers of products, newest first, ragged int64 `[examples, (history)]`.
        product, positives, weight: as in `model.features`.
        texts: distinct token rows, ragged int64 `[texts, (tokens)]`.
    """

    query: np.ndarray
    profile: np.ndarray
    history: tf.RaggedTensor
    product: np.ndarray
    positives: tf.RaggedTensor
    weight: np.ndarray
    texts: tf.RaggedTensor

    def __len__(self) -> int:
        return len(self.product)


def context_table(patterns: Sequence[str], kinds: Sequence[Kind], limit: int) -> ContextTable:
    """Reads at most `limit` examples of the kinds into memory."""
    # Nothing, in the right types: a split may be empty.
    nothing = tf.io.parse_example(tf.constant([], tf.string), features.parse_spec())
    parts = {name: [values] for name, values in nothing.items()}
    rows = 0
    for chunk in read_chunks(patterns, kinds):
        for name, values in chunk.items():
            parts[name].append(values)
        rows += int(chunk[features.KIND].shape[0])
        if rows >= limit:
            break
    merged = {name: tf.concat(values, axis=0)[:limit] for name, values in parts.items()}
    distinct: dict[tuple[int, ...], int] = {}
    query = _text_rows(merged[features.QUERY_TOKENS], distinct)
    profile = _text_rows(merged[features.PROFILE_TOKENS], distinct)
    return ContextTable(
        query=query, profile=profile,
        history=merged[features.HISTORY][:, ::-1],
        product=merged[features.PRODUCT].numpy(),
        positives=merged[features.POSITIVES],
        weight=merged[features.WEIGHT].numpy(),
        texts=tf.ragged.constant(
            list(distinct), ragged_rank=1, dtype=tf.int64, row_splits_dtype=tf.int64))


def _text_rows(tokens: tf.RaggedTensor, distinct: dict[tuple[int, ...], int]) -> np.ndarray:
    rows = [
        distinct.setdefault(tuple(row), len(distinct)) if len(row) else -1
        for row in tokens.to_list()
    ]
    return np.array(rows, np.int32)


def context_batches(
    table: ContextTable, text_vectors: np.ndarray, batch_size: int, seed: int,
    fixed_shapes: bool = False,
) -> tf.data.Dataset:
    """Endless shuffled batches of contexts, rows of like history length together, dense.

    Args:
        table: the contexts.
        text_vectors: vectors of `table.texts`, `[texts, dim]`.
        batch_size: global batch.
        seed: of the order.
        fixed_shapes: whether every batch is as wide as the table's longest history and longest
            list of positives, for accelerators that compile each shape.
    """
    vectors = tf.constant(np.vstack([text_vectors, np.zeros_like(text_vectors[:1])])
                          if len(text_vectors) else np.zeros([1, text_vectors.shape[1]], "f4"))
    lengths = table.history.row_lengths().numpy()
    widths = None
    if fixed_shapes:
        most = max(1, *table.positives.row_lengths().numpy())
        widths = max(1, *lengths), most

    def order() -> Iterator[np.ndarray]:
        generator = np.random.default_rng(seed)
        while True:
            yield from _like_lengths(lengths, batch_size, generator)

    def batch(rows: tf.Tensor) -> dict[str, tf.Tensor]:
        return {
            "query": tf.gather(vectors, _row(table.query, rows, vectors)),
            "profile": tf.gather(vectors, _row(table.profile, rows, vectors)),
            **context_columns(table, rows, widths),
        }

    dataset = tf.data.Dataset.from_generator(
        order, output_signature=tf.TensorSpec([batch_size], tf.int64))
    return dataset.map(batch, num_parallel_calls=2, deterministic=True).prefetch(2)


def context_columns(
    table: ContextTable, rows: tf.Tensor, widths: tuple[int, int] | None = None,
) -> dict[str, tf.Tensor]:
    """History, product, positives and weight of rows.

    History and positives are padded with -1: to the given widths, else to the longest of the rows
    and at least one column.
    """
    def dense(values: tf.RaggedTensor, width: int | None) -> tf.Tensor:
        padded = tf.gather(values, rows).to_tensor(default_value=-1, shape=[None, width])
        return tf.pad(
            padded, [[0, 0], [0, tf.cast(tf.shape(padded)[1] == 0, tf.int32)]],
            constant_values=-1)

    return {
        features.HISTORY: dense(table.history, widths and widths[0]),
        features.PRODUCT: tf.gather(table.product, rows),
        features.POSITIVES: dense(table.positives, widths and widths[1]),
        features.WEIGHT: tf.gather(table.weight, rows),
    }


def _row(numbers: np.ndarray, rows: tf.Tensor, vectors: tf.Tensor) -> tf.Tensor:
    """Rows of the vector table; no text points at the last one, which is zero."""
    chosen = tf.gather(numbers, rows)
    return tf.where(chosen < 0, int(vectors.shape[0]) - 1, chosen)


def _like_lengths(
    lengths: np.ndarray, batch_size: int, generator: np.random.Generator,
) -> Iterator[np.ndarray]:
    """Row numbers of full batches, each of about one length, in random order: one pass."""
    # The noise mixes neighbouring lengths, so that batches differ from pass to pass.
    order = np.argsort(lengths + generator.random(len(lengths)) * 3, kind="stable")
    if len(order) < batch_size:
        order = generator.choice(order, batch_size)
    usable = len(order) - len(order) % batch_size
    # What does not fill a batch is dropped from a random place, not from the longest.
    order = np.delete(order, generator.choice(len(order), len(order) - usable, replace=False))
    batches = order.reshape(-1, batch_size)
    yield from batches[generator.permutation(len(batches))]
