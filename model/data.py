"""Transformed examples on disk -> what the two models train on."""

from __future__ import annotations

import dataclasses
import posixpath
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from model import features
from model.features import Kind

TEXT_KINDS = (Kind.SEARCH, Kind.CATALOGUE)
"""Kinds of example that are a text and its product."""

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
        keep = tf.where(tf.reduce_any(rows[features.KIND][:, tf.newaxis] == wanted, axis=1))[:, 0]
        return {name: tf.gather(values, keep) for name, values in rows.items()}

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


@dataclasses.dataclass(frozen=True)
class ContextTable:
    """Contexts in memory, texts as rows of one table of distinct token rows.

    Attributes:
        query, profile: row of `texts`, -1 for none, int32 `[examples]`.
        history: numbers of products, newest first, ragged int64 `[examples, (history)]`.
        history_event: number of the event that put each there, ragged int8, as `history`.
        history_age: its age in days, -1 for unknown, ragged float32, as `history`.
        product, weight: as in `model.features`.
        known: products that are no plain negatives of the context, ragged int64
            `[examples, (products)]`: wanted in it, or judged for its query and not found wrong.
            Of held-out ones positives alone: something partly right before an answer costs nDCG.
        texts: distinct token rows, ragged int64 `[texts, (tokens)]`.
    """

    query: np.ndarray
    profile: np.ndarray
    history: tf.RaggedTensor
    history_event: tf.RaggedTensor
    history_age: tf.RaggedTensor
    product: np.ndarray
    known: tf.RaggedTensor
    weight: np.ndarray
    texts: tf.RaggedTensor

    def __len__(self) -> int:
        return len(self.product)


def context_table(patterns: Sequence[str], kinds: Sequence[Kind], limit: int) -> ContextTable:
    """Reads at most `limit` examples of the kinds into memory."""
    merged = _read_rows(patterns, kinds, limit)
    distinct: dict[tuple[int, ...], int] = {}
    query = _text_rows(merged[features.QUERY_TOKENS], distinct)
    profile = _text_rows(merged[features.PROFILE_TOKENS], distinct)
    partly_right = tf.ragged.boolean_mask(
        merged[features.NEGATIVES], merged[features.NEGATIVE_GRADES] > 0.0)
    return ContextTable(
        query=query, profile=profile,
        history=merged[features.HISTORY][:, ::-1],
        history_event=tf.cast(merged[features.HISTORY_EVENT][:, ::-1], tf.int8),
        history_age=merged[features.HISTORY_AGE][:, ::-1],
        product=merged[features.PRODUCT].numpy(),
        known=tf.concat([merged[features.POSITIVES], partly_right], axis=1),
        weight=merged[features.WEIGHT].numpy(),
        texts=_token_rows(distinct))


@dataclasses.dataclass(frozen=True)
class TextPairs:
    """Training pairs of a query and its product, in the order of their numbers.

    Attributes:
        query: row of `texts`, int32 `[pairs]`.
        product: number of the product, int64 `[pairs]`.
        known: the query's other products, wanted or graded, ragged int64 `[pairs, (products)]`.
        asked: whether people asked the query, bool `[pairs]`; others were made of the catalogue.
        probability: share of the product among all training pairs, float `[pairs]`.
        texts: distinct token rows, ragged int64 `[texts, (tokens)]`.
    """

    query: np.ndarray
    product: np.ndarray
    known: tf.RaggedTensor
    asked: np.ndarray
    probability: np.ndarray
    texts: tf.RaggedTensor

    def __len__(self) -> int:
        return len(self.product)

    def share(self, products: int) -> np.ndarray:
        """Share of each product among the training pairs, float32 `[products]`."""
        share = np.zeros(products, np.float32)
        share[self.product] = self.probability
        return share


def text_pairs(patterns: Sequence[str], limit: int) -> TextPairs:
    """Reads the first `limit` text pairs into memory, as `model.batches` numbers them."""
    rows = _read_rows(patterns, TEXT_KINDS, limit)
    distinct: dict[tuple[int, ...], int] = {}
    query = _text_rows(rows[features.QUERY_TOKENS], distinct)
    return TextPairs(
        query=query,
        product=rows[features.PRODUCT].numpy(),
        known=tf.concat([rows[features.POSITIVES], rows[features.NEGATIVES]], axis=1),
        asked=rows[features.KIND].numpy() == Kind.SEARCH,
        probability=rows[features.SAMPLING_PROBABILITY].numpy(),
        texts=_token_rows(distinct))


def _read_rows(
    patterns: Sequence[str], kinds: Sequence[Kind], limit: int,
) -> dict[str, tf.Tensor | tf.RaggedTensor]:
    """The first `limit` parsed examples of the kinds."""
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
    return {name: tf.concat(values, axis=0)[:limit] for name, values in parts.items()}


def _token_rows(distinct: dict[tuple[int, ...], int]) -> tf.RaggedTensor:
    return tf.ragged.constant(
        list(distinct), ragged_rank=1, dtype=tf.int64, row_splits_dtype=tf.int64)


def _text_rows(tokens: tf.RaggedTensor, distinct: dict[tuple[int, ...], int]) -> np.ndarray:
    rows = [
        distinct.setdefault(tuple(row), len(distinct)) if len(row) else -1
        for row in tokens.to_list()
    ]
    return np.array(rows, np.int32)
