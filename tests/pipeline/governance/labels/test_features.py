import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.governance.labels.features import (
    NAMES,
    SEMANTIC_NAMES,
    Judged,
    describe,
    deviation,
    grade_of_similar,
    others_mean,
    rank,
)
from pipeline.governance.labels.words import Frequencies, Texts

GROUPS = np.array([0, 0, 0, 1])


def floats(*values):
    return np.array(values, np.float32)


def encode(texts):
    """A vector a text: at the angle of its length."""
    angle = np.array([len(text) for text in texts]) / 10
    return np.column_stack([np.cos(angle), np.sin(angle)]).astype(np.float32)


def judged(grade):
    rows = len(grade)
    return Judged(
        np.arange(rows), ["lamp"] * (rows - 1) + ["door"],
        [Texts(f"Lamp {'x' * row}") for row in range(rows)], floats(*grade),
        np.full(rows, np.nan, np.float32), np.zeros(rows, np.float32))


def test_mean_of_the_others():
    mean, count = others_mean(floats(1, 2, 6, 5), GROUPS)
    np.testing.assert_allclose(mean, [4, 3.5, 1.5, np.nan])
    np.testing.assert_array_equal(count, [2, 2, 2, 0])


def test_deviation_from_what_the_group_has():
    np.testing.assert_allclose(
        deviation(floats(1, np.nan, 3, 7), GROUPS), [-1, np.nan, 1, 0])


def test_rank_counts_ties_half():
    np.testing.assert_allclose(rank(floats(5, 5, 1, 9), GROUPS), [0.75, 0.75, 0, np.nan])
    np.testing.assert_allclose(rank(floats(5, np.nan, 1, 9), GROUPS), [1, 0, 0.5, np.nan])


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=12))
def test_rank_is_the_share_that_is_lower(rows):
    group = np.unique([g for g, _ in rows], return_inverse=True)[1]
    values = floats(*(v for _, v in rows))
    for row, share in enumerate(rank(values, group)):
        others = [values[n] for n in np.flatnonzero(group == group[row]) if n != row]
        if not others:
            assert math.isnan(share)
        else:
            lower = sum((v < values[row]) + (v == values[row]) / 2 for v in others)
            assert share == pytest.approx(lower / len(others))


def test_products_alike_say_more():
    vectors = np.array([[1, 0], [1, 0], [0, 1], [1, 0]], np.float32)
    found = grade_of_similar(floats(0, 2, 1, 3), GROUPS, vectors)
    far = math.exp(-1 / 0.1)
    assert found[0] == pytest.approx((2 + far * 1) / (1 + far))
    assert found[2] == pytest.approx(1.0)  # Both are equally far.
    assert math.isnan(found[3])


@pytest.mark.parametrize("encoder", [None, encode])
def test_a_row_is_described_without_its_own_grade(encoder):
    frequencies = Frequencies.of(["Lamp"])
    before = describe(judged([0, 1, 2, 2]), frequencies, encoder)
    after = describe(judged([2, 1, 2, 2]), frequencies, encoder)
    assert before.shape == (4, len(NAMES) + (len(SEMANTIC_NAMES) if encoder else 0))
    np.testing.assert_array_equal(before[0], after[0])
    assert not np.array_equal(before[1], after[1], equal_nan=True)
    np.testing.assert_array_equal(before[3], after[3])  # Of another query.


def test_a_query_is_numbered_where_it_begins():
    assert judged([1, 1, 1]).queries().tolist() == [0, 0, 1]
    nothing = np.zeros(0)
    empty = Judged(nothing, [], [], nothing, nothing, nothing)
    assert empty.queries().tolist() == []
