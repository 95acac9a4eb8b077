"""Encodes many texts in batches of like length."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from model.text_encoder import TextEncoder


class BatchEncoder:
    """Text vectors of many token rows; the graph is traced once.

    Args:
        encoder: what encodes.
        batch_size: rows a batch. 64 is as fast as any on two cores (benchmarks/encoder.py).

    Attributes:
        dimension: of the vectors.
    """

    def __init__(self, encoder: TextEncoder, batch_size: int = 64) -> None:
        self.dimension = encoder.dimension
        self._batch_size = batch_size
        tokens = tf.TensorSpec([None, None], tf.int64)
        self._encode = tf.function(
            lambda rows: encoder(rows, training=False), autograph=False, input_signature=[tokens])

    def __call__(self, tokens: tf.RaggedTensor) -> np.ndarray:
        """Vectors of token rows `[texts, (tokens)]` as float32 `[texts, dim]`."""
        order = np.argsort(tokens.row_lengths().numpy(), kind="stable")
        vectors = np.zeros((len(order), self.dimension), np.float32)
        for start in range(0, len(order), self._batch_size):
            rows = order[start:start + self._batch_size]
            vectors[rows] = self._encode(tf.gather(tokens, rows).to_tensor()).numpy()
        return vectors
