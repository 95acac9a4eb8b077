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


class TextRetrieval(tfrs.Model):
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


class ContextRetrieval(tfrs.Model):
    """Contexts against products whose text vectors are fixed.

    Negatives are the products that events mention: all of them up to `max_negatives`, else a
    uniform sample together with the batch's positives. Products that no event mentions are no
    negatives: nobody had the choice, and they would be learned away.

    Args:
        products: the product tower.
        contexts: the context tower.
        text_vectors: text vector of every product, float `[products, dim]`.
        probability: how often each product is a positive, as a fraction, float `[products]`.
        temperature: divides the cosine.
        max_negatives: uniform negatives of a step, at the most.
    """

    def __init__(
        self, products: ProductTower, contexts: ContextTower, text_vectors: np.ndarray,
        probability: np.ndarray, temperature: float, max_negatives: int,
    ) -> None:
        super().__init__()
        self.products = products
        self.contexts = contexts
        self.text_vectors = tf.Variable(text_vectors, trainable=False, name="text_vectors")
        self.task = retrieval_task(temperature)
        self._probability = tf.constant(probability, tf.float32)
        self._choices = tf.constant(np.flatnonzero(probability), tf.int64)
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
                products, newest first, int64 `[batch, history]`, padded with -1, history >= 1.
            history: the vectors of those products, `[batch, history, dim]`.
            training: whether dropout is on.
        """
        return self.contexts(
            inputs["query"], inputs["profile"], history, inputs[features.HISTORY] >= 0,
            training=training)

    def compute_loss(self, inputs: dict[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """Loss of a batch: `context_vectors`' inputs with product, positives and weight."""
        ids, history = inputs[features.PRODUCT], inputs[features.HISTORY]
        in_batch = losses.gather_replicas(ids)
        exhaustive = int(self._choices.shape[0]) <= self._max_negatives
        negatives = self._choices if exhaustive else self._sample()
        candidate_ids = tf.concat([in_batch, negatives], axis=0)
        # A product that stands in several places of a step is encoded once.
        flat = tf.reshape(tf.maximum(history, 0), [-1])
        unique, place = tf.unique(tf.concat([candidate_ids, flat], axis=0))
        vectors = self.product_vectors(unique, training)
        candidates = tf.gather(vectors, place[: tf.size(candidate_ids)])
        in_history = tf.gather(
            vectors, tf.reshape(place[tf.size(candidate_ids):], tf.shape(history)))
        mask = losses.negative_mask(inputs[features.POSITIVES], ids, candidate_ids)
        probability = None
        if exhaustive:  # Every product stands among the negatives, once: the batch adds none.
            own = tf.eye(tf.size(ids), tf.size(in_batch), dtype=tf.bool)
            mask = tf.concat([own, mask[:, tf.size(in_batch):]], axis=1)
        else:
            probability = losses.mixture_probability(
                tf.gather(self._probability, candidate_ids), tf.size(in_batch),
                self._max_negatives, int(self._choices.shape[0]))
        loss = self.task(
            self.context_vectors(inputs, in_history, training), candidates,
            sample_weight=inputs[features.WEIGHT],
            candidate_sampling_probability=probability,
            score_mask=mask, compute_metrics=False)
        return loss / tf.cast(tf.size(in_batch), tf.float32)

    def _sample(self) -> tf.Tensor:
        """Uniform negatives, int64 `[max_negatives]`; the same product may come twice."""
        rows = tf.random.uniform(
            [self._max_negatives], maxval=int(self._choices.shape[0]), dtype=tf.int64)
        return tf.gather(self._choices, rows)
