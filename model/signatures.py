"""The servable: towers, arms and index as one module with the signatures that shops call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from model.fusion import ContextKind
from model.history_encoder import MAX_HISTORY
from model.hybrid import Behaviour, Hybrid, Request, context_kinds
from model.product_ids import ProductIds
from model.shopper_events import History, each_once, newest_first, unknown_events

NO_PRODUCT = ""
"""Fills a row of results where fewer than K products are left."""

NO_SCORE = -1.0
"""Score beside `NO_PRODUCT`: below that of any product."""

BACKTEST = "backtest_"
"""Before the name of a signature that knows only what happened before validation begins: what the
gate judges, since the others have counted the answers."""


class Servable(tf.Module):
    """Answers from raw strings; no input makes a signature fail.

    Args:
        towers: a loaded SavedModel of `model.exporting.TowersModule`.
        ids: of the products, in the order of the rows.
        hybrid: the arms over the products.
        behaviour: what shoppers did, until now.
        backtest: what they did before validation begins; None where nothing is held out.
    """

    def __init__(
        self, towers: Any, ids: ProductIds, hybrid: Hybrid, behaviour: Behaviour,
        backtest: Behaviour | None,
    ) -> None:
        super().__init__(name="servable")
        self.towers, self.ids = towers, ids
        self.hybrid, self.behaviour, self.backtest = hybrid, behaviour, backtest

    def signatures(self) -> dict[str, Any]:
        """The concrete functions to save, by name; the README's table says what each takes."""
        strings = tf.TensorSpec([None], tf.string)
        answers = self._rankings("", self.behaviour)
        if self.backtest is not None:
            answers |= self._rankings(BACKTEST, self.backtest)
        return {
            "serving_default": answers["search"], **answers,
            "similar": _concrete(self._answer_similar, product_id=strings),
            "embed_query": _concrete(
                lambda query: {"embedding": self.towers.embed_query(query)}, query=strings),
            "embed_product": _concrete(
                lambda text: {"embedding": self.towers.embed_product_text(text)}, text=strings),
        }

    def _rankings(self, prefix: str, behaviour: Behaviour) -> dict[str, Any]:
        strings = tf.TensorSpec([None], tf.string)
        lists = tf.TensorSpec([None, None], tf.string)

        def search(query: tf.Tensor) -> dict[str, tf.Tensor]:
            return self._answers(self.search_request(query), behaviour)

        def recommend(
            history: tf.Tensor, profile: tf.Tensor, query: tf.Tensor, exclude: tf.Tensor,
        ) -> dict[str, tf.Tensor]:
            return recommend_events(
                history, *unknown_events(history), profile, query, exclude)

        def recommend_events(
            history: tf.Tensor, history_event: tf.Tensor, history_age: tf.Tensor,
            profile: tf.Tensor, query: tf.Tensor, exclude: tf.Tensor,
        ) -> dict[str, tf.Tensor]:
            request = self.recommend_request(
                history, history_event, history_age, profile, query, exclude)
            return self._answers(request, behaviour)

        return {
            f"{prefix}search": _concrete(search, query=strings),
            f"{prefix}recommend": _concrete(
                recommend, history=lists, profile=strings, query=strings, exclude=lists),
            f"{prefix}recommend_events": _concrete(
                recommend_events, history=lists, history_event=lists,
                history_age=tf.TensorSpec([None, None], tf.float32), profile=strings,
                query=strings, exclude=lists),
        }

    def search_request(self, query: tf.Tensor) -> Request:
        """What the arms read of queries, string `[batch]`."""
        nothing = tf.fill([tf.size(query), 1], tf.constant(-1, tf.int64))
        vector = self.towers.embed_query(query)
        return Request(
            vector, query, nothing, nothing[:, :0], context_kinds(vector, query, nothing))

    def recommend_request(
        self, history: tf.Tensor, history_event: tf.Tensor, history_age: tf.Tensor,
        profile: tf.Tensor, query: tf.Tensor, exclude: tf.Tensor,
    ) -> Request:
        """What the arms read of contexts; arguments as of the signature `recommend_events`."""
        listed = newest_first(self.ids.rows(history), history_event, history_age)
        # An alias and its product are one product, named twice.
        known, events, ages = each_once(History(*(values[:, :MAX_HISTORY] for values in listed)))
        vectors = tf.gather(self.hybrid.vectors, tf.maximum(known, 0))
        vector = self.towers.embed_context(query, profile, vectors, known >= 0, events, ages)
        return Request(
            vector, query, known, self.ids.rows(exclude),
            context_kinds(vector, query, known))

    def _answer_similar(self, product_id: tf.Tensor) -> dict[str, tf.Tensor]:
        rows = self.ids.rows(product_id)
        known = tf.cast(rows >= 0, tf.float32)[:, tf.newaxis]
        vectors = tf.gather(self.hybrid.vectors, tf.maximum(rows, 0)) * known
        kinds = tf.where(rows >= 0, int(ContextKind.PRODUCT), int(ContextKind.NOTHING))
        itself = rows[:, tf.newaxis]
        return self._answers(
            Request(vectors, tf.fill(tf.shape(rows), ""), itself, itself, kinds), self.behaviour)

    def _answers(self, request: Request, behaviour: Behaviour) -> dict[str, tf.Tensor]:
        rows, scores = self.hybrid.answer(request, behaviour)
        found = rows >= 0
        ids = self.ids.ids(tf.maximum(rows, 0))
        return {
            "product_id": tf.where(found, ids, NO_PRODUCT),
            "score": tf.where(found, scores, NO_SCORE),
        }


def _concrete(function: Callable[..., Any], **specs: tf.TensorSpec) -> Any:
    return tf.function(function, autograph=False).get_concrete_function(
        **{name: tf.TensorSpec(s.shape, s.dtype, name=name) for name, s in specs.items()})
