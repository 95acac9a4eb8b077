"""The two towers over text vectors: a product's vector, a context's vector."""

from __future__ import annotations

import tensorflow as tf
import tf_keras as keras

from model.history_encoder import MAX_HISTORY, HistoryEncoder


class ProductTower(keras.layers.Layer):
    """A product's vector: its adapted text plus what its shoppers' behaviour adds.

    The residual of a product is learned from events, or borrowed (`model.cold_start`); it starts
    at zero, where a product's vector is that of its text alone.

    Args:
        products: how many there are.
        dimension: of the text vectors and of the result.
        rank: of the residuals; their matrix is factored, so that a catalogue of a million
            products has a table of `rank` columns, not of `dimension`.
        dropout: share of the residuals dropped whole in training, so that text stays useful.
    """

    def __init__(
        self, products: int, dimension: int, rank: int, dropout: float,
        name: str = "product_tower",
    ) -> None:
        super().__init__(name=name)
        self.dropout = dropout
        self.adapter = TextAdapter(dimension)
        self.residual = self.add_weight(
            "residual", shape=[products, rank], initializer="zeros")
        self.projection = self.add_weight(
            "projection", shape=[rank, dimension],
            initializer=keras.initializers.RandomNormal(stddev=rank**-0.5))

    def call(
        self, text: tf.Tensor, products: tf.Tensor, training: bool = False,
    ) -> tf.Tensor:
        """Vectors of products.

        Args:
            text: text vectors, `[batch, dim]`.
            products: numbers of the products, integer `[batch]`; -1 for an unknown product.
            training: whether residuals are dropped.

        Returns:
            float32 `[batch, dim]` of unit length.
        """
        rows = tf.maximum(products, 0)
        keep = tf.cast(products >= 0, tf.float32)
        if training:
            kept = tf.random.uniform(tf.shape(rows)) >= self.dropout
            keep *= tf.cast(kept, tf.float32)
        residual = tf.gather(self.residual, rows) * keep[:, tf.newaxis]
        return tf.math.l2_normalize(
            self.adapter(text) + tf.matmul(residual, self.projection), axis=-1)


class TextAdapter(keras.layers.Layer):
    """A square linear map of text vectors: the identity unless told otherwise, see
    `model.whitening`.
    """

    def __init__(self, dimension: int, name: str = "text_adapter") -> None:
        super().__init__(name=name)
        self.kernel = self.add_weight(
            "kernel", shape=[dimension, dimension], initializer=keras.initializers.Identity())

    def call(self, text: tf.Tensor) -> tf.Tensor:
        """Maps `[batch, dim]` to `[batch, dim]`."""
        return tf.matmul(text, self.kernel)


class ContextTower(keras.layers.Layer):
    """A context's vector: the weighted sum of its query, its profile and its history.

    Args:
        adapter: the product tower's text adapter, shared so that both towers stay one space.
        dimension: of all vectors.
        event_dropout, layers, longest: of the history encoder.
    """

    def __init__(
        self, adapter: TextAdapter, dimension: int, event_dropout: float = 0.0,
        layers: int = 2, longest: int = MAX_HISTORY, name: str = "context_tower",
    ) -> None:
        super().__init__(name=name)
        self.adapter = adapter
        self.history_encoder = HistoryEncoder(dimension, event_dropout, layers, longest=longest)
        self.part_weights = self.add_weight("part_weights", shape=[3], initializer="ones")

    def call(
        self, query: tf.Tensor, profile: tf.Tensor, history: tf.Tensor, mask: tf.Tensor,
        events: tf.Tensor, ages: tf.Tensor, training: bool = False,
    ) -> tf.Tensor:
        """Vectors of contexts; a part that is absent is all zeros.

        Args:
            query: text vectors of the queries, `[batch, dim]`.
            profile: text vectors of the profiles, `[batch, dim]`.
            history: product vectors, newest first, `[batch, history, dim]`.
            mask: true where there is a product, bool `[batch, history]`.
            events: what was done with each, as in `HistoryEncoder.call`.
            ages: and how many days ago, likewise.
            training: whether dropout is on.

        Returns:
            float32 `[batch, dim]` of unit length; zeros for an empty context.
        """
        parts = tf.stack([
            tf.math.l2_normalize(self.adapter(query), axis=-1),
            tf.math.l2_normalize(self.adapter(profile), axis=-1),
            self.history_encoder(history, mask, events, ages, training=training),
        ], axis=1)
        weights = tf.nn.softplus(self.part_weights)[tf.newaxis, :, tf.newaxis]
        return tf.math.l2_normalize(tf.reduce_sum(parts * weights, axis=1), axis=-1)
