"""Hard negatives: products that the present encoder takes for answers, and that are none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf
import tf_keras as keras

from model.data import TextPairs
from model.encoding import BatchEncoder
from model.negatives import MINED

_CHUNK = 1_024


def hard_products(
    scores: np.ndarray, own: np.ndarray, known: tuple[np.ndarray, np.ndarray], below: float,
    count: int,
) -> np.ndarray:
    """The best-ranked products of each query that are surely no answers.

    What scores close to the query's product may be an answer that nobody marked. Moreira et al.
    2024, "NV-Retriever: Improving text embedding models with effective hard-negative mining",
    compare ways to leave such products out; the best is a ceiling relative to the positive's score
    (TopK-PercPos), with 95% of it.

    Args:
        scores: of queries for products, float `[queries, products]`; changed in place.
        own: column of each query's product, int `[queries]`.
        known: rows and columns of the products that are known of the queries.
        below: share of the own product's score that a product may reach.
        count: products kept of each query, at the most.

    Returns:
        Columns, best first, int `[queries, count]`, padded with -1. A query whose own product
        scores nothing has none: its answers are not found yet, so neither is what is not one.
    """
    ceiling = below * np.take_along_axis(scores, own[:, np.newaxis], axis=1)
    scores[(scores > ceiling) | (ceiling <= 0)] = -np.inf
    scores[known] = -np.inf
    scores[np.arange(len(own)), own] = -np.inf
    kept = min(count, scores.shape[1])
    columns = np.argpartition(-scores, kept - 1, axis=1)[:, :kept]
    values = np.take_along_axis(scores, columns, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    columns = np.where(np.isfinite(values), columns, -1)
    return np.pad(
        np.take_along_axis(columns, order, axis=1), ((0, 0), (0, count - kept)),
        constant_values=-1)


def choose_pool(
    wanted: np.ndarray, products: int, size: int, generator: np.random.Generator,
) -> np.ndarray:
    """Products among which to mine, ascending, int `[pool]`.

    All of a catalogue of at most `size`; else wanted ones, without which there is no ceiling, up to
    half, and any of the others.

    Args:
        wanted: numbers of wanted products.
        products: size of the catalogue.
        size: of the pool.
        generator: chooses.
    """
    if products <= size:
        return np.arange(products)
    some = generator.permutation(np.unique(wanted))[: size // 2]
    others = np.setdiff1d(np.arange(products), some, assume_unique=True)
    return np.sort(np.concatenate([some, generator.permutation(others)[: size - len(some)]]))


class Miner(keras.callbacks.Callback):
    """Mines before training, where the encoder is trained already, and after every few steps.

    What it finds stands in `mined` until it mines again: a ranking of the first pass is not that of
    the last (Xiong et al. 2021, "Approximate Nearest Neighbor Negative Contrastive Learning for
    Dense Text Retrieval"). Only for queries that people asked: beside the product of which a
    catalogue's own query was made stand others that it would be an answer to.

    Args:
        encode: the encoder as it is being trained.
        pairs: the training pairs.
        catalogue: product tokens by number, ragged int64 `[products, (tokens)]`.
        mined: receives products by pair, int64 `[pairs, MINED]`, -1 for none.
        pool: products among which to mine.
        below: see `hard_products`.
        every: steps from one mining to the next; half of `steps` at the most, since training on a
            large shop's pairs ends within a pass.
        steps: planned; where few are left, nothing more is mined for them.
        at_start: whether to mine before the first step.
        seed: of the pools.
        report: takes a progress line.
    """

    def __init__(
        self, encode: BatchEncoder, pairs: TextPairs, catalogue: tf.RaggedTensor,
        mined: tf.Variable, *, pool: int, below: float, every: int, steps: int, at_start: bool,
        seed: int, report: Callable[[str], None],
    ) -> None:
        super().__init__()
        self._encode, self._pairs, self._catalogue = encode, pairs, catalogue
        self._mined, self._pool, self._below = mined, pool, below
        self._every = max(1, min(every, steps // 2))
        self._last = steps - self._every // 2
        self._at_start, self._report = at_start, report
        self._generator = np.random.default_rng(seed)

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:  # noqa: ARG002
        """Mines when it is time."""
        due = self._at_start if batch == 0 else batch <= self._last
        if due and batch % self._every == 0:
            self.mine()

    def mine(self) -> None:
        """Mines with the encoder as it is."""
        pairs = self._pairs
        pool = choose_pool(
            pairs.product[pairs.asked], int(self._catalogue.nrows()), self._pool, self._generator)
        places = np.searchsorted(pool, pairs.product).clip(max=len(pool) - 1)
        # A query of which no token is left, such as a lone accent, has no row among the texts.
        rows = np.flatnonzero(
            pairs.asked & (pairs.query >= 0) & (pool[places] == pairs.product))
        texts, query = np.unique(pairs.query[rows], return_inverse=True)
        queries = self._encode(tf.gather(pairs.texts, texts))
        products = self._encode(tf.gather(self._catalogue, pool))
        mined = np.full((len(pairs), MINED), -1, np.int64)
        for start in range(0, len(rows), _CHUNK):
            some = rows[start:start + _CHUNK]
            columns = hard_products(
                queries[query[start:start + _CHUNK]] @ products.T, places[some],
                _known_columns(tf.gather(pairs.known, some), pool), self._below, MINED)
            mined[some] = np.where(columns < 0, -1, pool[columns])
        self._mined.assign(mined)
        self._report(
            f"text: hard negatives for {(mined[:, 0] >= 0).sum():,} of {len(pairs):,} pairs, "
            f"mined among {len(pool):,} products")


def _known_columns(
    known: tf.RaggedTensor, pool: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of a ragged list of products that are in the pool."""
    products, rows = known.flat_values.numpy(), known.value_rowids().numpy()
    columns = np.searchsorted(pool, products).clip(max=len(pool) - 1)
    there = pool[columns] == products
    return rows[there], columns[there]
