"""Hybrid retrieval: every arm names candidates, all of them score each, a fusion decides."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection

import numpy as np
import scipy.sparse
import tensorflow as tf

from model.fusion import ALIKE_DECAY, HISTORY_DECAYS, LEXICAL, ContextKind
from model.lexical import MAX_POSTINGS, LexicalIndex
from model.membership import is_among
from model.postings import Postings, in_slices

Search = Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]
"""Maps vectors `[batch, dim]` and a count to scores and rows `[batch, count]`, best first."""

COLLABORATIVE_UNIT = 1e-3
"""Item-to-item weight below which evidence counts as noise; above it, its logarithm counts."""

KEPT = 200
"""Item-to-item weights kept of each product, the largest; all of them gain nothing measurable."""

MIN_DEPTH = 200
"""Candidates that each arm names, at the least: one that two arms rank a hundredth each may be
the best."""

_LEXICAL = slice(1, 1 + len(LEXICAL))


@dataclasses.dataclass(frozen=True)
class BehaviourTables:
    """What shoppers did, as arrays.

    Attributes:
        item_to_item: how much a product in a history speaks for another, `[products, products]`;
            None where there are no events.
        popularity: features of `model.fusion.ARMS["popularity"]`, float `[products, features]`.
    """

    item_to_item: scipy.sparse.csr_matrix | None
    popularity: np.ndarray


class Behaviour(tf.Module):
    """The tables in the graph.

    Args:
        tables: what shoppers did.
    """

    def __init__(self, tables: BehaviourTables, name: str = "behaviour") -> None:
        super().__init__(name=name)
        self.item_to_item = None if tables.item_to_item is None else Postings(tables.item_to_item)
        self.popularity = tf.Variable(
            tables.popularity.astype(np.float32), trainable=False, name="popularity")
        # Ties in the order of their rows.
        order = np.argsort(-tables.popularity[:, 0], kind="stable")
        self.popular = tf.Variable(order.astype(np.int64), trainable=False, name="popular")
        self._places = tf.Variable(
            np.argsort(order).astype(np.int64), trainable=False, name="popular_places")

    def collaborative(self, history: tf.Tensor) -> tf.Tensor:
        """What a history says of every product, float32 `[batch, HISTORY_DECAYS, products]`.

        Args:
            history: rows of products, newest first, int64 `[batch, history]`, padded with -1.
        """
        known = self.item_to_item
        if known is None:
            return tf.zeros(
                [tf.shape(history)[0], len(HISTORY_DECAYS), tf.shape(self.popular)[0]])
        return tf.math.log1p(tf.stack([
            known.scores(history, history_shares(history, decay))
            for decay in HISTORY_DECAYS.values()], axis=1) / COLLABORATIVE_UNIT)

    def popular_first(self, rows: tf.Tensor) -> tf.Tensor:
        """Rows `[batch, candidates]` by popularity, what is -1 before them, equal ones together."""
        places = tf.where(rows < 0, rows, tf.gather(self._places, tf.maximum(rows, 0)))
        places = tf.sort(places, axis=1)
        return tf.where(places < 0, places, tf.gather(self.popular, tf.maximum(places, 0)))


def history_shares(history: tf.Tensor, decay: float) -> tf.Tensor:
    """How much each product of a history counts, float32 `[batch, history]`, 1 together.

    Args:
        history: rows of products, newest first, int64 `[batch, history]`, padded with -1.
        decay: weight of each older product against the next newer.
    """
    present = tf.cast(history >= 0, tf.float32)
    weights = decay ** tf.cumsum(present, axis=1, exclusive=True) * present
    return weights / tf.maximum(tf.reduce_sum(weights, axis=1, keepdims=True), 1e-6)


@dataclasses.dataclass(frozen=True)
class Request:
    """A batch of contexts as the arms read it.

    Attributes:
        vector: of each context, float32 `[batch, dim]`; zeros where nothing is known.
        query: string `[batch]`, "" for none.
        history: rows of products, newest first, int64 `[batch, history]`, padded with -1; of
            a product alone, that product.
        exclude: rows to leave out, int64 `[batch, excluded]`, padded with -1.
        kinds: `ContextKind` of each context, int32 `[batch]`.
    """

    vector: tf.Tensor
    query: tf.Tensor
    history: tf.Tensor
    exclude: tf.Tensor
    kinds: tf.Tensor


@dataclasses.dataclass(frozen=True)
class Candidates:
    """What the arms found.

    Attributes:
        rows: int64 `[batch, candidates]`.
        features: float32 `[batch, candidates, features]`, those of `model.fusion.FEATURES`.
        usable: whether a candidate may be an answer, bool `[batch, candidates]`; a product that
            several arms found may be so once.
    """

    rows: tf.Tensor
    features: tf.Tensor
    usable: tf.Tensor


class Hybrid(tf.Module):
    """The arms and their fusion.

    Args:
        vectors: of the products, unit length, `[products, dim]`.
        search: the dense arm's index over them.
        index_state: what holds the index's variables, so that they are saved.
        lexical: the lexical arm's index, None where it is off.
        arms: names of the arms that are on.
        weights: `[kinds, features]`, 0 for what is off.
        top_k: results of a request, at the most.
    """

    def __init__(
        self, vectors: tf.Variable, search: Search, index_state: object,
        lexical: LexicalIndex | None, arms: Collection[str], weights: np.ndarray, top_k: int,
    ) -> None:
        super().__init__(name="hybrid")
        self.vectors, self._search, self.index_state = vectors, search, index_state
        self.lexical = lexical if "lexical" in arms else None
        self.arms = frozenset(arms)
        self.weights = tf.Variable(weights, trainable=False, name="fusion", dtype=tf.float32)
        self._products = int(vectors.shape[0])
        self.top_k = min(top_k, self._products)

    def answer(self, request: Request, behaviour: Behaviour) -> tuple[tf.Tensor, tf.Tensor]:
        """The best products of each context, `[batch, top_k]`.

        Returns:
            Rows, int64, -1 after the last; and scores: each product's share of the softmax over
            the candidates, float32 in [0, 1], descending, 0 after the last.
        """
        found = self.candidates(request, behaviour)
        weights = tf.gather(self.weights, request.kinds)
        # Ranked by scores, since shares far below the best round to zero and would tie.
        scores = tf.where(
            found.usable, tf.einsum("bcf,bf->bc", found.features, weights), -np.inf)
        missing = tf.maximum(0, self.top_k - tf.shape(scores)[1])
        scores = tf.pad(scores, [[0, 0], [0, missing]], constant_values=-np.inf)
        rows = tf.pad(found.rows, [[0, 0], [0, missing]], constant_values=-1)
        best, places = tf.math.top_k(scores, k=self.top_k)
        shares = tf.exp(best - tf.reduce_logsumexp(scores, axis=1, keepdims=True))
        present = best > -np.inf
        rows = tf.gather(rows, places, batch_dims=1)
        return tf.where(present, rows, -1), tf.where(present, shares, 0.0)

    def candidates(self, request: Request, behaviour: Behaviour) -> Candidates:
        """What the arms that are on find for a batch of contexts."""
        excluded = tf.reduce_sum(tf.cast(request.exclude >= 0, tf.int32), axis=1)
        # Its own exclusions decide how deep a context looks, not those of its batch.
        least = min(max(MIN_DEPTH, self.top_k), self._products)
        depths = tf.minimum(least + excluded, self._products)
        # Of the batch, which may have no row, so that its slices are of one width.
        deepest = tf.reduce_max(tf.concat([depths, [least]], axis=0))
        near = self._near(request.vector, deepest)
        terms = () if self.lexical is None else self.lexical.lookup(request.query)

        def score(
            vector: tf.Tensor, near: tf.Tensor, history: tf.Tensor, exclude: tf.Tensor,
            kinds: tf.Tensor, depths: tf.Tensor, *terms: tf.Tensor,
        ) -> tuple[tf.Tensor, ...]:
            lexical = None if self.lexical is None else tf.concat([
                self.lexical.scores(terms), self.lexical.alike(
                    history, history_shares(history, ALIKE_DECAY))[:, tf.newaxis]], axis=1)
            if "collaborative" in self.arms:
                collaborative = behaviour.collaborative(history)
            else:
                collaborative = tf.zeros(
                    [tf.shape(history)[0], len(HISTORY_DECAYS), self._products])
            rows = self._pool(near, lexical, collaborative, behaviour, kinds, depths, deepest)
            features = self._features(vector, rows, lexical, collaborative, behaviour)
            usable = (rows >= 0) & ~_repeats(rows) & ~is_among(rows, exclude)
            return rows, features, usable

        inputs = (
            request.vector, near, request.history, request.exclude, request.kinds, depths, *terms)
        # What a context holds at once: scores, vectors of its candidates, postings of its terms
        # and of its history.
        values = tf.maximum(max(
            self._products * (len(HISTORY_DECAYS) + len(LEXICAL)),
            int(self.vectors.shape[1]) * 4 * max(MIN_DEPTH, self.top_k),
        ), tf.shape(request.history)[1] * KEPT)
        for family in terms:
            values = tf.maximum(values, tf.shape(family)[1] * min(self._products, MAX_POSTINGS))
        rows, features, usable = in_slices(
            score, inputs, values, (tf.int64, tf.float32, tf.bool))
        return Candidates(rows, features, usable)

    def _near(self, vector: tf.Tensor, depth: tf.Tensor) -> tf.Tensor:
        """The dense arm's candidates, `[batch, depth]`, -1 where it found fewer."""
        if "dense" not in self.arms:
            return tf.zeros([tf.shape(vector)[0], 0], tf.int64)
        _, rows = self._search(vector, depth)
        rows = tf.cast(rows, tf.int64)
        # An approximate index may return fewer places than asked for, and leave some empty.
        rows = tf.pad(rows, [[0, 0], [0, depth - tf.shape(rows)[1]]], constant_values=-1)
        return tf.where(rows < self._products, rows, -1)

    def _pool(
        self, near: tf.Tensor, lexical: tf.Tensor | None, collaborative: tf.Tensor,
        behaviour: Behaviour, kinds: tf.Tensor, depths: tf.Tensor, deepest: tf.Tensor,
    ) -> tf.Tensor:
        """Candidates of all arms, equal ones side by side, int64 `[batch, candidates]`.

        By popularity, since of equal scores the first one wins: where no arm that is on tells
        candidates apart, what is popular is the answer.
        """
        pools = [near]
        if lexical is not None:
            weights = tf.gather(self.weights, kinds)[:, _LEXICAL]
            pools.append(_best(tf.einsum("bfp,bf->bp", lexical, weights), deepest))
        if "collaborative" in self.arms and behaviour.item_to_item is not None:
            pools.append(_best(tf.reduce_sum(collaborative, axis=1), deepest))
        # Whatever is switched off: the arms may find nothing.
        popular = behaviour.popular[:deepest]
        pools.append(tf.tile(popular[tf.newaxis, :], [tf.shape(near)[0], 1]))
        return behaviour.popular_first(
            tf.concat([_first(pool, depths) for pool in pools], axis=1))

    def _features(
        self, vector: tf.Tensor, rows: tf.Tensor, lexical: tf.Tensor | None,
        collaborative: tf.Tensor, behaviour: Behaviour,
    ) -> tf.Tensor:
        places = tf.maximum(rows, 0)
        dense = tf.einsum("bcd,bd->bc", tf.gather(self.vectors, places), vector)
        if lexical is None:
            words = tf.zeros([*tf.unstack(tf.shape(rows)), len(LEXICAL)])
        else:
            words = _at(lexical, places)
        return tf.concat([
            dense[:, :, tf.newaxis], words, _at(collaborative, places),
            tf.gather(behaviour.popularity, places),
        ], axis=2)


def _at(scores: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
    """Scores `[batch, features, products]` at places, as `[batch, candidates, features]`."""
    return tf.transpose(tf.gather(scores, places, axis=2, batch_dims=1), [0, 2, 1])


def context_kinds(vector: tf.Tensor, query: tf.Tensor, history: tf.Tensor) -> tf.Tensor:
    """`ContextKind` of each context, int32 `[batch]`, by what is known; arguments as `Request`."""
    asked = tf.strings.length(tf.strings.strip(query)) > 0
    went = tf.reduce_any(history >= 0, axis=1)
    known = tf.reduce_any(vector != 0.0, axis=1)
    return tf.where(
        asked & went, int(ContextKind.BOTH), tf.where(
            asked, int(ContextKind.QUERY), tf.where(
                went, int(ContextKind.HISTORY), tf.where(
                    known, int(ContextKind.PROFILE), int(ContextKind.NOTHING)))))


def _best(scores: tf.Tensor, depth: tf.Tensor) -> tf.Tensor:
    """Rows of the highest scores over 0, best first, int64 `[batch, depth]`, -1 for none."""
    values, rows = tf.math.top_k(scores, k=depth)
    return tf.where(values > 0.0, tf.cast(rows, tf.int64), -1)


def _first(rows: tf.Tensor, counts: tf.Tensor) -> tf.Tensor:
    """The first rows `[batch, depth]` of each context, as many as are counted, -1 after them."""
    return tf.where(tf.range(tf.shape(rows)[1]) < counts[:, tf.newaxis], rows, -1)


def _repeats(rows: tf.Tensor) -> tf.Tensor:
    """Whether a row stands before as well, in `[batch, candidates]` with equal rows together."""
    return tf.concat([tf.zeros_like(rows[:, :1], tf.bool), rows[:, 1:] == rows[:, :-1]], axis=1)
