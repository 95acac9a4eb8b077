import math

import numpy as np
import pytest

from pipeline.evaluation.bootstrap import estimate, resampled_means


def test_interval_of_a_coin_has_the_width_of_its_standard_error():
    # 400 contexts, half of them 1: the standard error of the mean is sqrt(.25 / 400) = 0.025,
    # so the 95% interval is 0.5 -+ 1.96 * 0.025 = 0.451 .. 0.549.
    values = np.repeat([0.0, 1.0], 200)[:, None]
    found = estimate(0.5, resampled_means(values, 4_000, seed=3)[:, 0])
    assert found.value == 0.5
    assert found.low == pytest.approx(0.5 - 1.96 * 0.025, abs=0.004)
    assert found.high == pytest.approx(0.5 + 1.96 * 0.025, abs=0.004)


def test_columns_are_resampled_together():
    # The second column is the first plus 0.1: paired, their difference never varies.
    first = np.random.default_rng(0).random(50)
    means = resampled_means(np.stack([first, first + 0.1], axis=1), 200, seed=1)
    np.testing.assert_allclose(means[:, 1] - means[:, 0], 0.1)


def test_the_seed_decides():
    values = np.random.default_rng(0).random((30, 1))
    same = resampled_means(values, 100, seed=5)
    np.testing.assert_array_equal(same, resampled_means(values, 100, seed=5))
    assert not np.array_equal(same, resampled_means(values, 100, seed=6))


def test_more_contexts_than_fit_at_once_give_every_resample(monkeypatch):
    # 7 cells at a time hold two resamples of 3 contexts: 5 resamples take three chunks.
    monkeypatch.setattr("pipeline.evaluation.bootstrap._CELLS_AT_ONCE", 7)
    means = resampled_means(np.array([[1.0], [2.0], [3.0]]), 5, seed=0)
    assert means.shape == (5, 1)
    assert ((means >= 1) & (means <= 3)).all()
    assert all(math.isclose(3 * m, round(3 * m)) for m in means[:, 0])


def test_one_context_has_no_width():
    found = estimate(0.7, resampled_means(np.array([[0.7]]), 100, seed=0)[:, 0])
    assert (found.low, found.high) == (pytest.approx(0.7), pytest.approx(0.7))
