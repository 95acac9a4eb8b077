"""A shopper's history as one vector: which products, in what order, what was done and when."""

from __future__ import annotations

import keras_nlp
import numpy as np
import tensorflow as tf
import tf_keras as keras

from model import features

MAX_HISTORY = 512
"""Products of a history that are looked at, at the most: the newest."""

_EVENTS = 1 + len(features.EVENT_NUMBERS)

_AGE_BUCKETS = 18
"""An unknown age, then hours by powers of two; the last begins at 2**16 - 1, seven years."""

_WIDTH = 128
"""Hidden size of the Transformer."""

_ONE = float(np.log(np.e - 1.0))
"""What softplus makes 1 of."""


class HistoryEncoder(keras.layers.Layer):
    """Weighted mean of a history's products plus a small Transformer over them.

    The mean weighs each product by its place (a factor a step), by what was done with it (a weight
    a kind of event) and by its age (a power of it, as memory fades: Wixted & Ebbesen 1991, "On the
    form of forgetting"). The Transformer reads the same three beside the product.

    The Transformer's output starts at zero and every event and age at the same weight, so that
    training starts from the recency-weighted mean, which is already a fair recommender with a
    pretrained text encoder. What each kind of event is worth is learned, not assumed.

    Args:
        dimension: of the product vectors and of the result.
        event_dropout: share of the contexts whose events and ages are unknown in training, so
            that requests which know ids alone are answered by a model that has seen such.
        layers: number of Transformer layers; 0 leaves the mean alone.
        dropout: of the Transformer.
        longest: products of a history that the Transformer reads, the newest; as many as training
            shows, since nothing is learned of the places behind them.
    """

    def __init__(
        self, dimension: int, event_dropout: float = 0.0, layers: int = 2, dropout: float = 0.2,
        longest: int = MAX_HISTORY, name: str = "history_encoder",
    ) -> None:
        super().__init__(name=name)
        self.event_dropout, self.longest = event_dropout, min(longest, MAX_HISTORY)
        # 0.7 a step is the recency weight that does best for plain means (the peer "MiniLM" of
        # benchmarks/quality).
        self.log_decay = self.add_weight(
            "log_decay", shape=[], initializer=keras.initializers.Constant(np.log(0.7)))
        self.age_decay = self.add_weight("age_decay", shape=[], initializer="zeros")
        self.event_weights = self.add_weight(
            "event_weights", shape=[_EVENTS], initializer=keras.initializers.Constant(_ONE))
        self.transformer = _HistoryTransformer(dimension, layers, dropout) if layers else None

    @property
    def additions(self) -> list[tf.Variable]:
        """What training adds to the mean: zero at the start."""
        if self.transformer is None:
            return []
        return [self.transformer.outputs.kernel, self.transformer.outputs.bias]

    def call(
        self, vectors: tf.Tensor, mask: tf.Tensor, events: tf.Tensor, ages: tf.Tensor,
        training: bool = False,
    ) -> tf.Tensor:
        """Encodes histories.

        Args:
            vectors: product vectors, newest first, `[batch, history, dim]`, history >= 1.
            mask: true where there is a product, bool `[batch, history]`.
            events: numbers of `features.EVENT_NUMBERS`, 0 for unknown, integer
                `[batch, history]`.
            ages: days since each event, float32 `[batch, history]`; negative or NaN for unknown.
            training: whether dropout is on.

        Returns:
            float32 `[batch, dim]` of unit length; zeros for an empty history.
        """
        vectors, mask, events, ages = (
            values[:, :MAX_HISTORY] for values in (vectors, mask, events, ages))
        if training:
            events, ages = self._forget(events, ages)
        dated, doublings = _doublings(ages)
        weights = self._weights(mask, events, doublings)
        history = tf.reduce_sum(vectors * weights[:, :, tf.newaxis], axis=1)
        if self.transformer is not None:
            history += self.transformer(*(
                values[:, :self.longest] for values in (
                    vectors, mask, events, _bucket(dated, doublings))), training=training)
        some = tf.cast(tf.reduce_any(mask, axis=1, keepdims=True), tf.float32)
        return tf.math.l2_normalize(history, axis=-1) * some

    def _weights(self, mask: tf.Tensor, events: tf.Tensor, doublings: tf.Tensor) -> tf.Tensor:
        """Share of each product in the mean, float32 `[batch, history]`, zero at the padding."""
        present = tf.cast(mask, tf.float32)
        place = tf.cumsum(present, axis=1, exclusive=True)
        logarithms = (
            self.log_decay * place + self.age_decay * doublings
            + tf.gather(tf.math.log(tf.nn.softplus(self.event_weights)), events))
        # Shares by softmax: the weights of a history of years may all be next to nothing.
        return tf.nn.softmax(tf.where(mask, logarithms, -1e9), axis=1) * present

    def _forget(self, events: tf.Tensor, ages: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Makes all events and ages of a share of the contexts unknown."""
        kept = tf.random.uniform([tf.shape(events)[0], 1]) >= self.event_dropout
        return (
            tf.where(kept, events, features.UNKNOWN_EVENT),
            tf.where(kept, ages, features.UNKNOWN_AGE))


class _HistoryTransformer(keras.layers.Layer):
    """What the newest place of a Transformer over a history says; zero at the start.

    Places as Kang & McAuley 2018, "Self-attentive sequential recommendation"; ages in buckets, as
    Li et al. 2020, "Time interval aware self-attention for sequential recommendation".
    """

    def __init__(
        self, dimension: int, layers: int, dropout: float, name: str = "history_transformer",
    ) -> None:
        super().__init__(name=name)
        self.event_vectors = self.add_weight(
            "event_vectors", shape=[_EVENTS, _WIDTH], initializer="zeros")
        self.age_vectors = self.add_weight(
            "age_vectors", shape=[_AGE_BUCKETS, _WIDTH], initializer="zeros")
        self.inputs = keras.layers.Dense(_WIDTH)
        self.positions = keras_nlp.layers.PositionEmbedding(MAX_HISTORY)
        self.dropout = keras.layers.Dropout(dropout)
        self.blocks = [
            keras_nlp.layers.TransformerEncoder(
                intermediate_dim=4 * _WIDTH, num_heads=4, dropout=dropout, activation="gelu",
                normalize_first=True)
            for _ in range(layers)
        ]
        self.norm = keras.layers.LayerNormalization()
        self.outputs = keras.layers.Dense(dimension, kernel_initializer="zeros")

    def call(
        self, vectors: tf.Tensor, mask: tf.Tensor, events: tf.Tensor, buckets: tf.Tensor,
        training: bool = False,
    ) -> tf.Tensor:
        """As `HistoryEncoder.call`, with `_bucket` of the ages; `[batch, dim]` of any length."""
        # Unit vectors have components of about dim**-0.5: brought to about one for the layers.
        hidden = self.inputs(vectors * float(vectors.shape[-1]) ** 0.5)
        hidden += self.positions(hidden) + tf.gather(self.event_vectors, events)
        hidden += tf.gather(self.age_vectors, buckets)
        hidden = self.dropout(hidden, training=training)
        for block in self.blocks:
            hidden = block(hidden, padding_mask=mask, training=training)
        return self.outputs(self.norm(hidden[:, 0]))


def _doublings(ages: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Which ages are known, and log2(1 + hours) of those that are, at most that of the last bucket.

    An unknown age counts as none, so that it neither gains nor loses by its age.
    """
    known = ages >= 0.0  # False for NaN too.
    hours = 24.0 * tf.where(known, ages, 0.0)
    doublings = tf.math.log1p(hours) / float(np.log(2.0))
    return known, tf.minimum(doublings, _AGE_BUCKETS - 2.0)


def _bucket(known: tf.Tensor, doublings: tf.Tensor) -> tf.Tensor:
    """Row of `age_vectors`: 0 for unknown, else 1 and the whole doublings."""
    return tf.where(known, 1 + tf.cast(doublings, tf.int32), 0)
