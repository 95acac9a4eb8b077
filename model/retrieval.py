"""The two retrieval models of a run: text towers, then contexts over fixed text vectors.

Text first: query and product text through one BERT, negatives from the batch and beside it. Then
contexts: the encoder rests, every product's text vector is at hand, so that histories cost no BERT
and the negatives are all products that contexts mention, or a sample of them where they are many.
Both use one loss.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_recommenders as tfrs
import tf_keras as keras

from model import features
from model.gradient_cache import cached_gradients
from model.losses import (
    Askers,
    Candidates,
    GradedColumns,
    MixedNegativesLoss,
    mixture_probability,
)
from model.masks import asker_mask, catalogue_mask, known_products, negative_mask
from model.negatives import Extra, ExtraProducts
from model.replicas import gather_replicas
from model.text_encoder import TextEncoder
from model.towers import ContextTower, ProductTower


class RetrievalModel(tfrs.Model):
    """A TFRS model whose step scales the loss where float16 would lose small gradients."""

    def train_step(self, inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """One step; see `keras.mixed_precision.LossScaleOptimizer`."""
        scaled = isinstance(self.optimizer, keras.mixed_precision.LossScaleOptimizer)
        scale = self.optimizer.get_scaled_loss if scaled else tf.identity
        loss, gradients = self.gradients(inputs, scale)
        if scaled:
            gradients = self.optimizer.get_unscaled_gradients(gradients)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        return {"loss": loss}

    def gradients(
        self, inputs: dict[str, tf.Tensor], scale: Callable[[tf.Tensor], tf.Tensor],
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Loss of a batch, and the gradients of the scaled loss for `trainable_variables`."""
        with tf.GradientTape() as tape:
            loss = self.compute_loss(inputs, training=True)
            target = scale(loss)
        return loss, tape.gradient(target, self.trainable_variables)


class TextRetrieval(RetrievalModel):
    """Query text against product text, negatives from the global batch and beside it.

    Args:
        encoder: shared by both sides.
        loss: of a step.
        extra: the products beside the batch's own.
        share: of each product among the training pairs, float `[products]`.
        chunk_size: texts whose activations are held at once, on each replica; None for a whole
            step's. See `model.gradient_cache`.
    """

    def __init__(
        self, encoder: TextEncoder, loss: MixedNegativesLoss, extra: ExtraProducts,
        share: np.ndarray, chunk_size: int | None = None,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self._softmax, self._extra, self._chunk_size = loss, extra, chunk_size
        self._share = tf.constant(share, tf.float32)

    def compute_loss(self, inputs: dict[str, Any], training: bool = False) -> tf.Tensor:
        """Loss of a batch of `model.batches.text_batches`, a scalar."""
        extra = self._extra(inputs)
        return self._loss_of(inputs, extra, [
            self.encoder(tokens, training=training) for tokens in _texts(inputs, extra)])

    def gradients(
        self, inputs: dict[str, tf.Tensor], scale: Callable[[tf.Tensor], tf.Tensor],
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """See `RetrievalModel`; in chunks where a chunk size is given."""
        if self._chunk_size is None:
            return super().gradients(inputs, scale)
        extra = self._extra(inputs)
        return cached_gradients(
            lambda tokens: self.encoder(tokens, training=True), _texts(inputs, extra),
            lambda vectors: self._loss_of(inputs, extra, vectors), self.trainable_variables,
            self._chunk_size, scale)

    def _loss_of(
        self, inputs: dict[str, tf.Tensor], extra: Extra, vectors: Sequence[tf.Tensor],
    ) -> tf.Tensor:
        """The loss, from the vectors of queries, products and extra products."""
        queries, products, others = vectors
        graded, uniform = others[: self._extra.graded], others[self._extra.graded:]
        ids = inputs[features.PRODUCT]
        in_batch = gather_replicas(ids)
        candidates = tf.concat([in_batch, extra.uniform], axis=0)
        known = known_products(
            inputs[features.POSITIVES], inputs[features.NEGATIVES],
            inputs[features.NEGATIVE_GRADES])
        loss = self._softmax(
            queries,
            Candidates(
                tf.concat([gather_replicas(products), uniform], axis=0),
                negative_mask(known, ids, candidates),
                mixture_probability(
                    tf.gather(self._share, candidates), tf.size(in_batch),
                    tf.size(extra.uniform), int(self._share.shape[0]))),
            inputs[features.WEIGHT],
            GradedColumns(graded, extra.row, extra.grade),
            Askers(gather_replicas(queries), asker_mask(gather_replicas(known), in_batch, ids)))
        return loss / tf.cast(tf.size(in_batch), tf.float32)


def _texts(inputs: dict[str, tf.Tensor], extra: Extra) -> tuple[tf.Tensor, ...]:
    """Tokens of the texts of a step: queries, products and extra products."""
    return inputs[features.QUERY_TOKENS], inputs[features.PRODUCT_TOKENS], extra.tokens


class ContextRetrieval(RetrievalModel):
    """Contexts against products whose text vectors are fixed.

    Negatives are the products that training contexts want or hold: all of them up to
    `max_negatives`, else a uniform sample together with the batch's positives. Products that none
    mentions are no negatives: nobody had the choice, and they would be learned away.

    Args:
        products: the product tower.
        contexts: the context tower.
        text_vectors: text vector of every product, float `[products, dim]`.
        mentioned: whether a context wants or holds each product, bool `[products]`.
        wanted: how often each product is a positive, as a fraction, float `[products]`.
        loss: of a step.
        max_negatives: uniform negatives of a step, at the most.
    """

    def __init__(
        self, products: ProductTower, contexts: ContextTower, text_vectors: np.ndarray,
        mentioned: np.ndarray, wanted: np.ndarray, loss: MixedNegativesLoss, max_negatives: int,
    ) -> None:
        super().__init__()
        self.products = products
        self.contexts = contexts
        self.text_vectors = tf.Variable(text_vectors, trainable=False, name="text_vectors")
        self._softmax = loss
        self._wanted = tf.constant(wanted, tf.float32)
        choices = np.flatnonzero(mentioned)
        self._choices = tf.constant(choices, tf.int64)
        column_of = np.full(len(mentioned) + 1, len(choices), np.int64)
        column_of[choices] = np.arange(len(choices))
        self._column_of = tf.constant(column_of)
        self._max_negatives = max_negatives

    @property
    def additions(self) -> list[tf.Variable]:
        """What training changes of the text vectors that it starts from, or adds to them."""
        return [
            self.products.adapter.kernel, self.products.residual,
            *self.contexts.history_encoder.additions]

    def product_vectors(self, products: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Vectors of products by number, int64 `[batch]`, as `[batch, dim]`."""
        return self.products(
            tf.gather(self.text_vectors, products), products, training=training)

    def context_vectors(
        self, inputs: dict[str, tf.Tensor], history: tf.Tensor, training: bool = False,
    ) -> tf.Tensor:
        """Vectors of contexts, `[batch, dim]`.

        Args:
            inputs: `query` and `profile`, text vectors `[batch, dim]`; `history`, numbers of
                products, newest first, int64 `[batch, history]`, padded with -1, history >= 1;
                `history_event` and `history_age`, as in `HistoryEncoder.call`.
            history: the vectors of those products, `[batch, history, dim]`.
            training: whether dropout is on.
        """
        return self.contexts(
            inputs["query"], inputs["profile"], history, inputs[features.HISTORY] >= 0,
            inputs[features.HISTORY_EVENT], inputs[features.HISTORY_AGE], training=training)

    def compute_loss(self, inputs: dict[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """Loss of a batch: `context_vectors`' inputs with product, known products and weight."""
        ids, history = inputs[features.PRODUCT], inputs[features.HISTORY]
        in_batch = gather_replicas(ids)
        choices = int(self._choices.shape[0])
        if choices <= self._max_negatives:
            # Every product stands among the negatives, once: the batch adds none.
            own = tf.eye(tf.size(ids), tf.size(in_batch), dtype=tf.bool)
            mask = tf.concat([own, catalogue_mask(
                inputs[features.KNOWN], ids, self._column_of, choices)], axis=1)
            probability = None
            # One vector a product and step, as candidate and wherever a history holds it: what
            # is dropped of it is dropped everywhere, as if this product were new today.
            vectors = self.product_vectors(self._choices, training)
            candidates = tf.concat([self._pick(vectors, in_batch), vectors], axis=0)
            in_history = self._pick(vectors, history)
        else:
            candidate_ids = tf.concat([in_batch, self._sample()], axis=0)
            mask = negative_mask(inputs[features.KNOWN], ids, candidate_ids)
            probability = mixture_probability(
                tf.gather(self._wanted, candidate_ids), tf.size(in_batch),
                self._max_negatives, choices)
            candidates = self.product_vectors(candidate_ids, training)
            in_history = self.product_vectors(
                tf.reshape(tf.maximum(history, 0), [-1]), training)
            in_history = tf.reshape(
                in_history, tf.concat([tf.shape(history), [self.text_vectors.shape[1]]], axis=0))
        loss = self._softmax(
            self.context_vectors(inputs, in_history, training),
            Candidates(candidates, mask, probability), inputs[features.WEIGHT])
        return loss / tf.cast(tf.size(in_batch), tf.float32)

    def _pick(self, vectors: tf.Tensor, products: tf.Tensor) -> tf.Tensor:
        """Vectors `[..., dim]` of products `[...]`, from those of all choices; -1 has zeros."""
        padded = tf.pad(vectors, [[0, 1], [0, 0]])
        last = tf.size(self._column_of, tf.int64) - 1
        return tf.gather(
            padded, tf.gather(self._column_of, tf.where(products < 0, last, products)))

    def _sample(self) -> tf.Tensor:
        """Uniform negatives, int64 `[max_negatives]`; the same product may come twice."""
        rows = tf.random.uniform(
            [self._max_negatives], maxval=int(self._choices.shape[0]), dtype=tf.int64)
        return tf.gather(self._choices, rows)
