"""The servable: towers and index as one module with the signatures that shops call."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from model.membership import is_among
from model.shopper_events import newest_first, unknown_events

NO_PRODUCT = ""
"""Fills a row of results where fewer than K products are left."""

NO_SCORE = -1.0
"""Score beside `NO_PRODUCT`: below that of any product."""

Search = Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]
"""Maps vectors `[batch, dim]` and a count to scores and rows `[batch, count]`, best first."""


@dataclasses.dataclass(frozen=True)
class Catalogue:
    """What the servable knows of the products.

    Attributes:
        ids_file: text file of product ids, one a line, in the order of the rows.
        vectors: unit vectors, float32 `[products, dim]`.
        popular: rows of the products, most popular first, int `[products]`.
        popularity: share of all wants of each of `popular`, float `[products]`.
    """

    ids_file: pathlib.Path
    vectors: np.ndarray
    popular: np.ndarray
    popularity: np.ndarray


class Servable(tf.Module):
    """Answers from raw strings; no input makes a signature fail.

    Args:
        towers: a loaded SavedModel of `model.exporting.TowersModule`.
        catalogue: the products.
        search: the index.
        index_state: what holds the index's variables, so that they are saved.
        top_k: K of every signature; fewer where the catalogue has fewer products.
    """

    def __init__(
        self, towers: Any, catalogue: Catalogue, search: Search, index_state: Any, top_k: int,
    ) -> None:
        super().__init__(name="servable")
        self.towers = towers
        self.index_state = index_state
        self.vectors = tf.Variable(catalogue.vectors, trainable=False, name="vectors")
        self.rows = tf.lookup.StaticHashTable(
            tf.lookup.TextFileInitializer(
                str(catalogue.ids_file), tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64,
                tf.lookup.TextFileIndex.LINE_NUMBER), default_value=-1)
        ids = catalogue.ids_file.read_bytes().split(b"\n")[: len(catalogue.vectors)]
        self.ids = tf.Variable(ids, trainable=False, name="ids")
        self.popular = tf.Variable(
            catalogue.popular.astype(np.int64), trainable=False, name="popular")
        self.popularity = tf.Variable(
            catalogue.popularity.astype(np.float32), trainable=False, name="popularity")
        self._search = search
        self._size = len(catalogue.vectors)
        self._top_k = min(top_k, self._size)

    def signatures(self) -> dict[str, Any]:
        """The concrete functions to save, by name; see ARCHITECTURE for what each takes."""
        strings = tf.TensorSpec([None], tf.string)
        lists = tf.TensorSpec([None, None], tf.string)
        search = _concrete(self._answer_search, query=strings)
        return {
            "serving_default": search,
            "search": search,
            "recommend": _concrete(
                self._answer_recommend, history=lists, profile=strings, query=strings,
                exclude=lists),
            "recommend_events": _concrete(
                self._answer_recommend_events, history=lists, history_event=lists,
                history_age=tf.TensorSpec([None, None], tf.float32), profile=strings,
                query=strings, exclude=lists),
            "similar": _concrete(self._answer_similar, product_id=strings),
            "embed_query": _concrete(
                lambda query: {"embedding": self.towers.embed_query(query)}, query=strings),
            "embed_product": _concrete(
                lambda text: {"embedding": self.towers.embed_product_text(text)}, text=strings),
        }

    def _answer_search(self, query: tf.Tensor) -> dict[str, tf.Tensor]:
        nothing = tf.zeros([tf.size(query), 0], tf.int64)
        return self._top(self.towers.embed_query(query), nothing)

    def _answer_recommend(
        self, history: tf.Tensor, profile: tf.Tensor, query: tf.Tensor, exclude: tf.Tensor,
    ) -> dict[str, tf.Tensor]:
        return self._answer_recommend_events(
            history, *unknown_events(history), profile, query, exclude)

    def _answer_recommend_events(
        self, history: tf.Tensor, history_event: tf.Tensor, history_age: tf.Tensor,
        profile: tf.Tensor, query: tf.Tensor, exclude: tf.Tensor,
    ) -> dict[str, tf.Tensor]:
        known, events, ages = newest_first(
            self.rows.lookup(history), history_event, history_age)
        vectors = tf.gather(self.vectors, tf.maximum(known, 0))
        context = self.towers.embed_context(query, profile, vectors, known >= 0, events, ages)
        return self._top(context, self.rows.lookup(exclude))

    def _answer_similar(self, product_id: tf.Tensor) -> dict[str, tf.Tensor]:
        rows = self.rows.lookup(product_id)
        known = tf.cast(rows >= 0, tf.float32)[:, tf.newaxis]
        vectors = tf.gather(self.vectors, tf.maximum(rows, 0)) * known
        return self._top(vectors, rows[:, tf.newaxis])

    def _top(self, vectors: tf.Tensor, exclude: tf.Tensor) -> dict[str, tf.Tensor]:
        """The best K products for vectors, or the popular ones for a vector of zeros.

        Args:
            vectors: float `[batch, dim]`.
            exclude: rows to leave out, int64 `[batch, excluded]`, -1 for none.
        """
        count = tf.minimum(self._top_k + tf.shape(exclude)[1], self._size)
        scores, rows = self._search(vectors, count)
        # An approximate index may return fewer places than asked for, and leave some empty.
        short = [[0, 0], [0, count - tf.shape(rows)[1]]]
        rows = tf.pad(tf.cast(rows, tf.int64), short, constant_values=-1)
        scores = tf.pad(scores, short, constant_values=NO_SCORE)
        blank = tf.reduce_sum(tf.abs(vectors), axis=1, keepdims=True) == 0.0
        rows = tf.where(blank, self.popular[:count][tf.newaxis, :], rows)
        scores = tf.where(blank, self.popularity[:count][tf.newaxis, :], scores)
        usable = (rows >= 0) & (rows < self._size) & tf.math.is_finite(scores)
        usable &= ~is_among(rows, exclude)
        # A stable sort brings what is usable forward and keeps the order of the scores.
        order = tf.argsort(tf.cast(~usable, tf.int32), axis=1, stable=True)[:, : self._top_k]
        usable = tf.gather(usable, order, batch_dims=1)
        rows = tf.gather(rows, order, batch_dims=1)
        ids = tf.gather(self.ids, tf.clip_by_value(rows, 0, self._size - 1))
        return {
            "product_id": tf.where(usable, ids, NO_PRODUCT),
            "score": tf.where(usable, tf.gather(scores, order, batch_dims=1), NO_SCORE),
        }


def _concrete(function: Callable[..., Any], **specs: tf.TensorSpec) -> Any:
    return tf.function(function, autograph=False).get_concrete_function(
        **{name: tf.TensorSpec(s.shape, s.dtype, name=name) for name, s in specs.items()})
