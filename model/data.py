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


def product_frequency(table: ContextTable, products: int) -> np.ndarray:
    """How often each product is a positive or in a history, as a fraction, `[products]`."""
    counts = np.bincount(table.product, minlength=products)
    counts += np.bincount(table.history.flat_values.numpy(), minlength=products)
    return (counts / counts.sum()).astype(np.float32)


def count(patterns: Sequence[str], kinds: Sequence[Kind]) -> int:
    """Number of examples of the kinds."""
    return sum(int(c[features.KIND].shape[0]) for c in read_chunks(patterns, kinds))


_LENGTHS = (8, 12, 16, 20, 24, 28, 32, 40, 48, 64, 96, 128, 256)
"""Product lengths up to which texts share batches: little padding, and hardly fewer orders."""

_TEXT_FEATURES = {
    features.QUERY_TOKENS: 0, features.PRODUCT_TOKENS: 0, features.POSITIVES: -1,
    features.PRODUCT: 0, features.WEIGHT: 0.0, features.SAMPLING_PROBABILITY: 0.0,
}
"""What a text batch carries, with the value that pads it on the way."""


def text_batches(
    patterns: Sequence[str], batch_size: int, limit: int, seed: int,
) -> tf.data.Dataset:
    """Endless shuffled batches of text pairs (query tokens, product tokens).

    A batch holds products of about one length: cost follows the longest, and titles of a real
    shop padded to it are two fifths padding.

    Args:
        patterns: file patterns of transformed examples.
        batch_size: global batch.
        limit: examples of a pass, at the most; the first ones, which were shuffled when written.
        seed: of the order.
    """
    def ragged(batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor | tf.RaggedTensor]:
        return {
            name: tf.RaggedTensor.from_tensor(
                values, padding=tf.cast(_TEXT_FEATURES[name], tf.int64))
            if values.shape.rank == 2 else values
            for name, values in batch.items()
        }

    rows = read_chunks(patterns, (Kind.SEARCH, Kind.CATALOGUE)).unbatch().take(limit)
    rows = rows.map(lambda row: {name: row[name] for name in _TEXT_FEATURES})
    # Kept in memory: a pass over fifty thousand tokenised pairs is some ten megabytes.
    rows = rows.cache().shuffle(limit, seed=seed, reshuffle_each_iteration=True).repeat()
    batches = rows.bucket_by_sequence_length(
        lambda row: tf.size(row[features.PRODUCT_TOKENS]), _LENGTHS,
        [batch_size] * (len(_LENGTHS) + 1), drop_remainder=True,
        padding_values={
            name: tf.constant(padding, tf.float32 if isinstance(padding, float) else tf.int64)
            for name, padding in _TEXT_FEATURES.items()})
    return batches.map(ragged).prefetch(2)


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
    parts: dict[str, list] = {name: [] for name in features.parse_spec()}
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
) -> tf.data.Dataset:
    """Endless shuffled batches of contexts, rows of like history length together.

    Args:
        table: the contexts.
        text_vectors: vectors of `table.texts`, `[texts, dim]`.
        batch_size: global batch.
        seed: of the order.
    """
    vectors = tf.constant(np.vstack([text_vectors, np.zeros_like(text_vectors[:1])])
                          if len(text_vectors) else np.zeros([1, text_vectors.shape[1]], "f4"))
    lengths = table.history.row_lengths().numpy()

    def order() -> Iterator[np.ndarray]:
        generator = np.random.default_rng(seed)
        while True:
            yield from _like_lengths(lengths, batch_size, generator)

    def batch(rows: tf.Tensor) -> dict[str, tf.Tensor | tf.RaggedTensor]:
        return {
            "query": tf.gather(vectors, _row(table.query, rows, vectors)),
            "profile": tf.gather(vectors, _row(table.profile, rows, vectors)),
            **context_columns(table, rows),
        }

    dataset = tf.data.Dataset.from_generator(
        order, output_signature=tf.TensorSpec([batch_size], tf.int64))
    return dataset.map(batch, num_parallel_calls=2, deterministic=True).prefetch(2)


def context_columns(
    table: ContextTable, rows: tf.Tensor,
) -> dict[str, tf.Tensor | tf.RaggedTensor]:
    """History (padded with -1 to at least one column), product, positives, weight of rows."""
    history = tf.gather(table.history, rows).to_tensor(default_value=-1)
    history = tf.pad(
        history, [[0, 0], [0, tf.cast(tf.shape(history)[1] == 0, tf.int32)]], constant_values=-1)
    return {
        features.HISTORY: history,
        features.PRODUCT: tf.gather(table.product, rows),
        features.POSITIVES: tf.gather(table.positives, rows),
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
