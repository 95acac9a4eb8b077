"""Sparse rows scored by a batch, and batches scored in slices."""

import numpy as np
import pytest
import scipy.sparse
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from model import postings
from model.postings import Postings, in_slices

MATRIX = scipy.sparse.csr_matrix(np.array([[1, 0, 2], [0, 0, 0], [0, 3, 4]], np.float32))


def scores(rows, weights, matrix=MATRIX):
    return Postings(matrix).scores(
        tf.constant(rows, tf.int64), tf.constant(weights, tf.float32)).numpy()


def test_a_score_is_the_weighted_sum_of_rows():
    found = scores([[0, 2], [2, -1]], [[1.0, 0.5], [2.0, 9.0]])
    # 1 * [1 0 2] + 0.5 * [0 3 4]; then 2 * [0 3 4], and a row that is none.
    np.testing.assert_allclose(found, [[1.0, 1.5, 4.0], [0.0, 6.0, 8.0]])


def test_the_same_row_twice_counts_twice():
    np.testing.assert_allclose(scores([[0, 0]], [[1.0, 1.0]]), [[2.0, 0.0, 4.0]])


@pytest.mark.parametrize("rows", [[[1]], [[-1]], np.zeros((1, 0))])
def test_rows_without_anything_score_nothing(rows):
    np.testing.assert_allclose(scores(rows, np.ones_like(rows)), [[0.0, 0.0, 0.0]])


def test_a_matrix_of_nothing_scores_nothing():
    empty = scipy.sparse.csr_matrix((2, 3), dtype=np.float32)
    np.testing.assert_allclose(scores([[0, 1]], [[1.0, 1.0]], empty), [[0.0, 0.0, 0.0]])


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**31), st.integers(1, 5), st.integers(1, 6), st.integers(1, 7))
def test_it_is_a_matrix_product(seed, batch, height, width):
    generator = np.random.default_rng(seed)
    matrix = generator.random((height, width)) * (generator.random((height, width)) < 0.5)
    rows = generator.integers(-1, height, (batch, 4))
    weights = generator.random((batch, 4))
    expected = np.stack([
        sum((w * matrix[r] for r, w in zip(rs, ws, strict=True) if r >= 0), np.zeros(width))
        for rs, ws in zip(rows, weights, strict=True)])
    found = scores(rows, weights, scipy.sparse.csr_matrix(matrix.astype("f4")))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("batch", [0, 1, 2, 3, 5])
def test_slices_give_what_the_whole_batch_gives(batch, monkeypatch):
    monkeypatch.setattr(postings, "_SLICE_VALUES", 20)  # two rows of ten at once
    seen = []

    def double(numbers, texts):
        seen.append(numbers.shape)
        return numbers * 2, texts

    numbers = tf.range(batch, dtype=tf.int64)[:, tf.newaxis]
    found = in_slices(
        double, (numbers, tf.ones([batch, 3])), 10, (tf.int64, tf.float32))
    np.testing.assert_array_equal(found[0], 2 * np.arange(batch)[:, np.newaxis])
    assert found[1].shape == (batch, 3)
    assert all(shape[0] <= 2 for shape in seen)
