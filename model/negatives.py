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

    A row has at most one graded column in a step, at random among the products judged for it and
    those mined for it: another pass takes another. More judged ones than `MINED` share that many
    chances, so that mined ones keep theirs. The first rows that have any get theirs; batches
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
        # A column of nothing: a batch without any judged product has none.
        judged = tf.pad(judged, [[0, 0], [0, 1]], constant_values=-1)
        grades = tf.pad(grades, [[0, 0], [0, 1]])
        mined = tf.gather(self.mined, inputs[features.ROW])
        count = _count(judged)
        # Where hundreds are judged, what was mined has its turn all the same.
        turns = tf.minimum(count, MINED)
        every = tf.maximum(turns + _count(mined), 1)
        turn = draw % every
        of_judged = _nth(judged, draw // every % tf.maximum(count, 1))
        of_mined = _nth(mined, turn - turns)
        is_judged = turn < turns
        return (
            tf.where(is_judged, tf.gather(judged, of_judged, batch_dims=1),
                     tf.gather(mined, of_mined, batch_dims=1)),
            tf.where(is_judged, tf.gather(grades, of_judged, batch_dims=1), 0.0))


def _count(products: tf.Tensor) -> tf.Tensor:
    """How many products each row `[batch, products]` has, int64 `[batch]`; -1 is none."""
    return tf.reduce_sum(tf.cast(products >= 0, tf.int64), axis=1)


def _nth(products: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
    """Place of each row's product of that number, from 0, int64 `[batch]`; 0 where it has none."""
    there = products >= 0
    numbers = tf.cumsum(tf.cast(there, tf.int64), axis=1) - 1
    return tf.argmax(there & (numbers == number[:, tf.newaxis]), axis=1)
