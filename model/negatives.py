"""The products of a text step beside the batch's own: graded for one row, uniform for all."""

from __future__ import annotations

import dataclasses

import numpy as np
import tensorflow as tf

from model import features

MINED = 8
"""Mined products that are kept of a query, of which a step takes one."""


@dataclasses.dataclass(frozen=True)
class Extra:
    """What a step adds to its batch.

    Attributes:
        tokens: of the graded products, then of the uniform ones, `[graded + uniform, tokens]`.
        row: whose column each graded product is, -1 for nobody's, int32 `[graded]`.
        grade: its grade as a share of the largest, float `[graded]`.
        uniform: numbers of the uniform products, int64 `[uniform]`.
    """

    tokens: tf.Tensor
    row: tf.Tensor
    grade: tf.Tensor
    uniform: tf.Tensor


class ExtraProducts:
    """Draws them, from what a batch carries and what was mined for its rows.

    A row has at most one graded column in a step, at random among the products judged lower and
    those mined for it: another pass takes another. The first rows that have any get theirs; batches
    are shuffled, so those are any rows.

    Args:
        catalogue: product tokens by number, ragged int64 `[products, (tokens)]`.
        pairs: number of training pairs.
        graded: graded columns of a step, on each replica; at most its share of the batch.
        uniform: uniform columns of a step, on each replica; likewise.
        fixed_shapes: whether the tokens of each step are as wide as the catalogue's longest, for
            accelerators that compile each shape.
    """

    def __init__(
        self, catalogue: tf.RaggedTensor, pairs: int, graded: int, uniform: int,
        fixed_shapes: bool = False,
    ) -> None:
        self.graded, self.uniform = graded, uniform
        self.mined = tf.Variable(
            np.full((pairs, MINED), -1), trainable=False, dtype=tf.int64, name="mined")
        self._products = int(catalogue.nrows())
        # The last row is nobody's product.
        self._tokens = tf.pad(tf.cast(catalogue.to_tensor(), tf.int32), [[0, 1], [0, 0]])
        self._fixed_shapes = fixed_shapes

    def __call__(self, inputs: dict[str, tf.Tensor]) -> Extra:
        """Chooses for a batch; see `model.batches.text_batches` for what that carries."""
        draws = inputs[features.DRAWS]
        product, grade = self._choose(inputs, draws[:, 0])
        # Of equal values the first come first, so those that have one keep their order.
        has, row = tf.math.top_k(tf.cast(product >= 0, tf.int32), self.graded)
        uniform = draws[: self.uniform, 1] % self._products
        numbers = tf.concat([tf.gather(product, row), uniform], axis=0)
        nobody = tf.constant(self._products, tf.int64)
        tokens = tf.gather(self._tokens, tf.where(numbers < 0, nobody, numbers))
        if not self._fixed_shapes:
            longest = tf.reduce_max(tf.reduce_sum(tf.cast(tokens != 0, tf.int32), axis=1))
            tokens = tokens[:, :longest]
        return Extra(
            tokens=tokens, row=tf.where(has > 0, row, -1), grade=tf.gather(grade, row),
            uniform=uniform)

    def _choose(
        self, inputs: dict[str, tf.Tensor], draw: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """One product of each row, -1 where it has none, `[batch]`, and its grade."""
        judged, grades = inputs[features.NEGATIVES], inputs[features.NEGATIVE_GRADES]
        mined = tf.gather(self.mined, inputs[features.ROW])
        choices = tf.concat([judged, mined], axis=1)
        grades = tf.concat([grades, tf.zeros_like(mined, tf.float32)], axis=1)
        there = choices >= 0
        count = tf.reduce_sum(tf.cast(there, tf.int64), axis=1)
        wanted = draw % tf.maximum(count, 1)
        place = tf.argmax(
            there & (tf.cumsum(tf.cast(there, tf.int64), axis=1) == wanted[:, tf.newaxis] + 1),
            axis=1)
        chosen = tf.gather(choices, place, batch_dims=1)
        return tf.where(count > 0, chosen, -1), tf.gather(grades, place, batch_dims=1)
