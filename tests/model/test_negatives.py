"""The products beside a batch: whose they are, their grades, their tokens."""

import collections

import numpy as np
import tensorflow as tf

from model import features
from model.negatives import MINED, ExtraProducts

_CATALOGUE = tf.ragged.constant(
    [[101, 102], [101, 7, 102], [101, 8, 8, 102], [101, 9, 102]], dtype=tf.int64,
    row_splits_dtype=tf.int64)


def batch(negatives, grades, draws, rows=None):
    count = len(negatives)
    return {
        features.NEGATIVES: tf.constant(negatives, tf.int64, [count, len(negatives[0])]),
        features.NEGATIVE_GRADES: tf.constant(grades, tf.float32, [count, len(grades[0])]),
        features.ROW: tf.constant(rows or list(range(count)), tf.int64),
        features.DRAWS: tf.constant(draws, tf.int64),
    }


def test_the_first_rows_that_have_a_judged_product_get_their_column():
    extra = ExtraProducts(_CATALOGUE, pairs=4, graded=2, uniform=1)(batch(
        [[-1, -1], [1, 3], [-1, -1], [2, -1]], [[0, 0], [0.5, 0.25], [0, 0], [0.125, 0]],
        # Row 1 takes its second product, 3 // 2 % 2 = 1; row 3 has one only. 6 % 4 is product 2.
        [[0, 6], [3, 9], [5, 0], [7, 0]]))
    assert extra.row.numpy().tolist() == [1, 3]
    assert extra.grade.numpy().tolist() == [0.25, 0.125]
    assert extra.uniform.numpy().tolist() == [2]
    # Products 3, 2 and 2, as wide as the longest of them.
    assert extra.tokens.numpy().tolist() == [[101, 9, 102, 0], [101, 8, 8, 102], [101, 8, 8, 102]]


def test_mined_products_are_found_by_the_number_of_the_pair_and_have_no_grade():
    source = ExtraProducts(_CATALOGUE, pairs=9, graded=2, uniform=0)
    source.mined[7, 0].assign(3)
    given = batch([[1], [-1]], [[0.5], [0]], [[0, 0], [0, 0]], rows=[7, 2])
    extra = source(given)
    assert extra.row.numpy().tolist() == [0, -1]  # the second column is nobody's
    assert extra.tokens.numpy().tolist() == [[101, 7, 102], [0, 0, 0]]
    assert extra.grade.numpy()[0] == 0.5
    other = source({**given, features.DRAWS: tf.constant([[1, 0], [0, 0]], tf.int64)})
    assert other.tokens.numpy()[0].tolist() == [101, 9, 102]
    assert other.grade.numpy()[0] == 0.0


def test_every_choice_of_a_row_is_as_likely():
    source = ExtraProducts(_CATALOGUE, pairs=1, graded=1, uniform=0)
    source.mined.assign([[3] + [-1] * (MINED - 1)])
    chosen = collections.Counter(
        int(source(batch([[1, -1, 2]], [[0, 0, 0]], [[draw, 0]])).tokens[0, 1])
        for draw in range(12))
    assert chosen == {7: 4, 8: 4, 9: 4}


def test_many_judged_products_leave_the_mined_ones_their_turn():
    source = ExtraProducts(_CATALOGUE, pairs=1, graded=1, uniform=0)
    source.mined.assign([[3] + [-1] * (MINED - 1)])
    judged, grades = [[1] * 10 + [2] * 10 + [-1]], [[0.5] * 10 + [0.25] * 10 + [0.0]]
    # Eight turns are of judged products, the ninth is of the mined one; the next draws begin with
    # the second judged one, and so on through all twenty.
    extras = [source(batch(judged, grades, [[draw, 0]])) for draw in range(9 * 20)]
    chosen = collections.Counter(
        (int(extra.tokens[0, 1]), float(extra.grade[0])) for extra in extras)
    assert chosen == {(7, 0.5): 80, (8, 0.25): 80, (9, 0.0): 20}


def test_without_lists_nothing_is_graded():
    extra = ExtraProducts(_CATALOGUE, pairs=2, graded=1, uniform=2)(
        batch([[], []], [[], []], [[0, 1], [0, 5]]))
    assert extra.row.numpy().tolist() == [-1]
    assert extra.uniform.numpy().tolist() == [1, 1]


def test_fixed_shapes_are_those_of_the_catalogue():
    extra = ExtraProducts(_CATALOGUE, pairs=1, graded=1, uniform=1, fixed_shapes=True)(
        batch([[1]], [[0]], [[0, 1]]))
    assert extra.tokens.shape == [2, 4]
    np.testing.assert_array_equal(extra.tokens[:, 3], [0, 0])
