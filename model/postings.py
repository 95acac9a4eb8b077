"""A sparse matrix of weights, by whose rows a batch scores every product."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.sparse
import tensorflow as tf

_SLICE_VALUES = 2**24
"""Scores held at once, 64 MB: a batch over a large catalogue is scored in slices."""


class Postings(tf.Module):
    """Rows (terms of a language, products of a history) with their products and weights.

    Args:
        matrix: `[rows, products]`; what is not stored weighs nothing.
    """

    def __init__(self, matrix: scipy.sparse.csr_matrix, name: str = "postings") -> None:
        super().__init__(name=name)
        matrix = matrix.tocsr()
        self.products = int(matrix.shape[1])
        # At least one of each, since a gather from nothing fails even where nothing is asked for.
        self._starts = _constant(
            np.append(matrix.indptr, matrix.indptr[-1]), np.int64, "starts")
        self._columns = _constant(np.append(matrix.indices, 0), np.int32, "columns")
        self._weights = _constant(np.append(matrix.data, 0.0), np.float32, "weights")

    def scores(self, rows: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        """The weighted sum of each batch row's matrix rows.

        Args:
            rows: of the matrix, int64 `[batch, terms]`; -1 for none.
            weights: of those rows, float32 `[batch, terms]`.

        Returns:
            float32 `[batch, products]`.
        """
        batch, terms = tf.shape(rows, tf.int64)[0], tf.shape(rows, tf.int64)[1]
        flat = tf.reshape(rows, [-1])
        begins = tf.gather(self._starts, tf.maximum(flat, 0))
        lengths = tf.gather(self._starts, tf.maximum(flat, 0) + 1) - begins
        lengths = tf.where(flat >= 0, lengths, tf.zeros_like(lengths))
        owner = tf.repeat(tf.range(tf.size(flat, tf.int64)), lengths)
        before = tf.cumsum(lengths, exclusive=True)
        places = tf.range(tf.size(owner, tf.int64)) + tf.gather(begins - before, owner)
        values = tf.gather(self._weights, places) * tf.gather(tf.reshape(weights, [-1]), owner)
        cells = owner // tf.maximum(terms, 1) * self.products
        cells += tf.cast(tf.gather(self._columns, places), tf.int64)
        sums = tf.math.unsorted_segment_sum(values, cells, batch * self.products)
        return tf.reshape(sums, tf.stack([batch, tf.constant(self.products, tf.int64)]))


def heaviest(matrix: scipy.sparse.csr_matrix, count: int) -> scipy.sparse.csr_matrix:
    """The `count` largest weights of each row."""
    matrix = matrix.tocsr()
    keep = np.ones(matrix.nnz, bool)
    for row in np.flatnonzero(np.diff(matrix.indptr) > count):
        part = slice(matrix.indptr[row], matrix.indptr[row + 1])
        keep[part] = False
        best = np.argpartition(-matrix.data[part], count - 1)[:count]
        keep[matrix.indptr[row] + best] = True
    kept = matrix.copy()
    kept.data[~keep] = 0.0
    kept.eliminate_zeros()
    return kept


def in_slices(
    function: Callable[..., tuple[tf.Tensor, ...]], inputs: tuple[tf.Tensor, ...],
    values: tf.Tensor, outputs: tuple[tf.DType, ...],
) -> tuple[tf.Tensor, ...]:
    """Calls a function that holds a score for every product on slices of a batch.

    Args:
        function: takes tensors `[slice, ...]` and returns tensors `[slice, ...]`.
        inputs: tensors `[batch, ...]`.
        values: how many numbers a batch row takes, a scalar.
        outputs: types of what the function returns.

    Returns:
        What the function returns, as `[batch, ...]`.
    """
    batch = tf.shape(inputs[0])[0]
    size = tf.minimum(tf.maximum(batch, 1), tf.maximum(1, _SLICE_VALUES // tf.maximum(values, 1)))
    slices = tf.maximum(1, -(-batch // size))

    def sliced(values: tf.Tensor) -> tf.Tensor:
        rest = tf.zeros([values.shape.rank - 1, 2], tf.int32)
        padded = tf.pad(values, tf.concat([[[0, slices * size - batch]], rest], axis=0))
        return tf.reshape(padded, tf.concat([[slices, size], tf.shape(values)[1:]], axis=0))

    found = tf.map_fn(
        lambda some: function(*some), tuple(sliced(values) for values in inputs),
        fn_output_signature=outputs, parallel_iterations=1)
    return tuple(
        tf.reshape(values, tf.concat([[slices * size], tf.shape(values)[2:]], axis=0))[:batch]
        for values in found)


def _constant(values: np.ndarray, kind: type, name: str) -> tf.Variable:
    return tf.Variable(values.astype(kind), trainable=False, name=name)
