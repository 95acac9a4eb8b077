"""The two retrieval models of a run: text towers, then contexts over fixed text vectors.

Text first: query and product text through one BERT, in-batch negatives. Then contexts: the
encoder rests, every product's text vector is at hand, so that histories cost no BERT and the
negatives are the catalogue itself. Both use one TFRS Retrieval task.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_recommenders as tfrs
import tf_keras as keras

from model import features, losses
from model.text_encoder import TextEncoder
from model.towers import ContextTower, ProductTower


def retrieval_task(temperature: float) -> Callable[..., tf.Tensor]:
    """TFRS's Retrieval with a summed loss, which the caller divides by the global batch."""
    task = tfrs.tasks.Retrieval(
        loss=keras.losses.CategoricalCrossentropy(
            from_logits=True, reduction=keras.losses.Reduction.SUM),
        temperature=temperature)
    # TFRS branches on tensors in Python: it needs AutoGraph, which Keras goes without here.
    return tf.function(task.call)


class RetrievalModel(tfrs.Model):
    """A TFRS model whose step scales the loss where float16 would lose small gradients."""

    def train_step(self, inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """One step; see `keras.mixed_precision.LossScaleOptimizer`."""
        scaled = isinstance(self.optimizer, keras.mixed_precision.LossScaleOptimizer)
        with tf.GradientTape() as tape:
            loss = self.compute_loss(inputs, training=True)
            target = self.optimizer.get_scaled_loss(loss) if scaled else loss
        gradients = tape.gradient(target, self.trainable_variables)
        if scaled:
            gradients = self.optimizer.get_unscaled_gradients(gradients)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        return {"loss": loss}


class TextRetrieval(RetrievalModel):
    """Query text against product text, negatives from the global batch.

    Args:
        encoder: shared by both sides.
        temperature: divides the cosine.
    """

    def __init__(self, encoder: TextEncoder, temperature: float) -> None:
        super().__init__()
        self.encoder = encoder
        self.task = retrieval_task(temperature)

    def compute_loss(self, inputs: dict[str, Any], training: bool = False) -> tf.Tensor:
        """Loss of a batch of parsed examples, a scalar; see `model.features`."""
        queries = self.encoder(inputs[features.QUERY_TOKENS], training=training)
        products = self.encoder(inputs[features.PRODUCT_TOKENS], training=training)
        ids = inputs[features.PRODUCT]
        candidates = losses.gather_replicas(products)
        candidate_ids = losses.gather_replicas(ids)
        loss = self.task(
            queries, candidates,
            sample_weight=inputs[features.WEIGHT],
            candidate_sampling_probability=losses.gather_replicas(
                inputs[features.SAMPLING_PROBABILITY]),
            score_mask=losses.negative_mask(inputs[features.POSITIVES], ids, candidate_ids),
            compute_metrics=False)
        return loss / tf.cast(tf.size(candidate_ids), tf.float32)


class ContextRetrieval(RetrievalModel):
    """Contexts against products whose text vectors are fixed.

    Negatives are the products that events mention: all of them up to `max_negatives`, else a
    uniform sample together with the batch's positives. Products that no event mentions are no
    negatives: nobody had the choice, and they would be learned away.

    Args:
        products: the product tower.
        contexts: the context tower.
        text_vectors: text vector of every product, float `[products, dim]`.
        mentioned: whether events mention each product, bool `[products]`.
        wanted: how often each product is a positive, as a fraction, float `[products]`.
        temperature: divides the cosine.
        max_negatives: uniform negatives of a step, at the most.
    """

    def __init__(
        self, products: ProductTower, contexts: ContextTower, text_vectors: np.ndarray,
        mentioned: np.ndarray, wanted: np.ndarray, temperature: float, max_negatives: int,
    ) -> None:
        super().__init__()
        self.products = products
        self.contexts = contexts
        self.text_vectors = tf.Variable(text_vectors, trainable=False, name="text_vectors")
        self.task = retrieval_task(temperature)
        self._wanted = tf.constant(wanted, tf.float32)
        choices = np.flatnonzero(mentioned)
        self._choices = tf.constant(choices, tf.int64)
        column_of = np.full(len(mentioned) + 1, len(choices), np.int64)
        column_of[choices] = np.arange(len(choices))
        self._column_of = tf.constant(column_of)
        self._max_negatives = max_negatives

    @property
    def additions(self) -> list[tf.Variable]:
        """What training adds to the text vectors; at its start it adds nothing."""
        outputs = self.contexts.history_encoder.outputs
        return [
            self.products.adapter.kernel, self.products.residual, outputs.kernel, outputs.bias]

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
        """Loss of a batch: `context_vectors`' inputs with product, positives and weight."""
        ids, history = inputs[features.PRODUCT], inputs[features.HISTORY]
        in_batch = losses.gather_replicas(ids)
        choices = int(self._choices.shape[0])
        if choices <= self._max_negatives:
            # Every product stands among the negatives, once: the batch adds none.
            own = tf.eye(tf.size(ids), tf.size(in_batch), dtype=tf.bool)
            mask = tf.concat([own, losses.catalogue_mask(
                inputs[features.POSITIVES], ids, self._column_of, choices)], axis=1)
            probability = None
            # One vector a product and step, as candidate and wherever a history holds it: what
            # is dropped of it is dropped everywhere, as if this product were new today.
            vectors = self.product_vectors(self._choices, training)
            candidates = tf.concat([self._pick(vectors, in_batch), vectors], axis=0)
            in_history = self._pick(vectors, history)
        else:
            candidate_ids = tf.concat([in_batch, self._sample()], axis=0)
            mask = losses.negative_mask(inputs[features.POSITIVES], ids, candidate_ids)
            probability = losses.mixture_probability(
                tf.gather(self._wanted, candidate_ids), tf.size(in_batch),
                self._max_negatives, choices)
            candidates = self.product_vectors(candidate_ids, training)
            in_history = self.product_vectors(
                tf.reshape(tf.maximum(history, 0), [-1]), training)
            in_history = tf.reshape(
                in_history, tf.concat([tf.shape(history), [self.text_vectors.shape[1]]], axis=0))
        loss = self.task(
            self.context_vectors(inputs, in_history, training), candidates,
            sample_weight=inputs[features.WEIGHT],
            candidate_sampling_probability=probability,
            score_mask=mask, compute_metrics=False)
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
