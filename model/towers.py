"""The two towers over text vectors: a product's vector, a context's vector."""

from __future__ import annotations

import keras_nlp
import numpy as np
import tensorflow as tf
import tf_keras as keras

MAX_HISTORY = 512
"""Positions that a history encoder knows; older products of a longer history are left out."""


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
    """A square linear map of text vectors that starts as the identity."""

    def __init__(self, dimension: int, name: str = "text_adapter") -> None:
        super().__init__(name=name)
        self.kernel = self.add_weight(
            "kernel", shape=[dimension, dimension], initializer=keras.initializers.Identity())

    def call(self, text: tf.Tensor) -> tf.Tensor:
        """Maps `[batch, dim]` to `[batch, dim]`."""
        return tf.matmul(text, self.kernel)


class HistoryEncoder(keras.layers.Layer):
    """A shopper's history as one vector: recency-weighted mean plus a small Transformer.

    The Transformer's output starts at zero, so that training starts from the mean, which is
    already a fair recommender with a pretrained text encoder.

    Args:
        dimension: of the product vectors and of the result.
        width: hidden size of the Transformer.
        layers: number of Transformer layers.
        dropout: of the Transformer.
    """

    def __init__(
        self, dimension: int, width: int = 128, layers: int = 2, dropout: float = 0.2,
        name: str = "history_encoder",
    ) -> None:
        super().__init__(name=name)
        # 0.7 a step is the recency weight that does best for plain means (BASELINES).
        self.log_decay = self.add_weight(
            "log_decay", shape=[], initializer=keras.initializers.Constant(np.log(0.7)))
        self.inputs = keras.layers.Dense(width)
        self.positions = keras_nlp.layers.PositionEmbedding(MAX_HISTORY)
        self.dropout = keras.layers.Dropout(dropout)
        self.blocks = [
            keras_nlp.layers.TransformerEncoder(
                intermediate_dim=4 * width, num_heads=4, dropout=dropout, activation="gelu",
                normalize_first=True)
            for _ in range(layers)
        ]
        self.norm = keras.layers.LayerNormalization()
        self.outputs = keras.layers.Dense(dimension, kernel_initializer="zeros")

    def call(
        self, vectors: tf.Tensor, mask: tf.Tensor, training: bool = False,
    ) -> tf.Tensor:
        """Encodes histories.

        Args:
            vectors: product vectors, newest first, `[batch, history, dim]`, history >= 1.
            mask: true where there is a product, bool `[batch, history]`.
            training: whether dropout is on.

        Returns:
            float32 `[batch, dim]` of unit length; zeros for an empty history.
        """
        vectors, mask = vectors[:, :MAX_HISTORY], mask[:, :MAX_HISTORY]
        present = tf.cast(mask, tf.float32)
        age = tf.cumsum(present, axis=1, exclusive=True)
        weights = tf.exp(self.log_decay * age) * present
        mean = tf.reduce_sum(vectors * weights[:, :, tf.newaxis], axis=1)
        mean /= tf.maximum(tf.reduce_sum(weights, axis=1, keepdims=True), 1e-6)
        # Unit vectors have components of about dim**-0.5: brought to about one for the layers.
        hidden = self.inputs(vectors * float(vectors.shape[-1]) ** 0.5)
        hidden = self.dropout(hidden + self.positions(hidden), training=training)
        for block in self.blocks:
            hidden = block(hidden, padding_mask=mask, training=training)
        learned = self.outputs(self.norm(hidden[:, 0]))
        some = tf.reduce_max(present, axis=1, keepdims=True)
        return tf.math.l2_normalize(mean + learned, axis=-1) * some


class ContextTower(keras.layers.Layer):
    """A context's vector: the weighted sum of its query, its profile and its history.

    Args:
        adapter: the product tower's text adapter, shared so that both towers stay one space.
        dimension: of all vectors.
    """

    def __init__(
        self, adapter: TextAdapter, dimension: int, name: str = "context_tower",
    ) -> None:
        super().__init__(name=name)
        self.adapter = adapter
        self.history_encoder = HistoryEncoder(dimension)
        self.part_weights = self.add_weight("part_weights", shape=[3], initializer="ones")

    def call(
        self, query: tf.Tensor, profile: tf.Tensor, history: tf.Tensor, mask: tf.Tensor,
        training: bool = False,
    ) -> tf.Tensor:
        """Vectors of contexts; a part that is absent is all zeros.

        Args:
            query: text vectors of the queries, `[batch, dim]`.
            profile: text vectors of the profiles, `[batch, dim]`.
            history: product vectors, newest first, `[batch, history, dim]`.
            mask: true where there is a product, bool `[batch, history]`.
            training: whether dropout is on.

        Returns:
            float32 `[batch, dim]` of unit length; zeros for an empty context.
        """
        parts = tf.stack([
            tf.math.l2_normalize(self.adapter(query), axis=-1),
            tf.math.l2_normalize(self.adapter(profile), axis=-1),
            self.history_encoder(history, mask, training=training),
        ], axis=1)
        weights = tf.nn.softplus(self.part_weights)[tf.newaxis, :, tf.newaxis]
        return tf.math.l2_normalize(tf.reduce_sum(parts * weights, axis=1), axis=-1)
