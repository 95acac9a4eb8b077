"""What weights are learned, and the figure that they are learned for."""

import math

import numpy as np
import pytest
import tensorflow as tf

from pipeline.indexing import fusion
from pipeline.indexing.fusion import MIN_CONTEXTS, Judged, learn_weights, ndcg


def _judged(features, gains, usable=None):
    """Contexts whose ideal ranks all gains first."""
    features, gains = np.asarray(features, np.float32), np.asarray(gains, np.float32)
    best = -np.sort(-gains, axis=1)[:, :10]
    ideal = (best / np.log2(np.arange(best.shape[1]) + 2)).sum(axis=1)
    usable = np.ones(gains.shape, bool) if usable is None else np.asarray(usable)
    return Judged(features, usable, gains, ideal.astype(np.float32))


def test_ndcg_by_hand():
    judged = _judged([[[3.0], [2.0], [1.0]]], [[0.0, 3.0, 1.0]])
    found, ideal = 3 / math.log2(3) + 1 / 2, 3 + 1 / math.log2(3)
    np.testing.assert_allclose(ndcg(judged, np.array([1.0])), [found / ideal], rtol=1e-6)
    np.testing.assert_allclose(ndcg(judged, np.array([-1.0])), [
        (1 + 3 / math.log2(3)) / ideal], rtol=1e-6)
    np.testing.assert_allclose(ndcg(judged, np.array([1.0]), k=2), [
        3 / math.log2(3) / ideal], rtol=1e-6)


def test_what_is_not_usable_has_no_rank_and_gains_nothing():
    judged = _judged(
        [[[3.0], [2.0], [1.0]]], [[5.0, 1.0, 0.0]], usable=[[False, True, True]])
    ideal = 5 + 1 / math.log2(3)
    np.testing.assert_allclose(ndcg(judged, np.array([1.0])), [1 / ideal], rtol=1e-6)


def _random(contexts, candidates=15, seed=0):
    """Each has three answers; the second feature tells them nearly, the first is noise."""
    generator = np.random.default_rng(seed)
    gains = np.zeros((contexts, candidates), np.float32)
    gains[:, :3] = generator.choice([1.0, 3.0], (contexts, 3))
    noise = generator.normal(size=(contexts, candidates))
    telling = (gains > 0) + 0.5 * generator.normal(size=(contexts, candidates))
    return _judged(np.stack([noise, telling], axis=2), gains)


def _smooth(judged, weights):
    packed = fusion._pack(judged, np.arange(len(judged)))
    return fusion._smooth_ndcg(packed, tf.constant(weights, tf.float32)).numpy()


def test_the_smooth_figure_is_near_the_true_one_where_scores_lie_apart():
    judged = _random(20)
    # All 15 candidates count in it, so against nDCG@15.
    true = ndcg(judged, np.array([0.0, 1.0]), k=15)
    np.testing.assert_allclose(_smooth(judged, [0.0, 1e4]), true, atol=0.01)
    assert np.abs(_smooth(judged, [0.0, 4.0]) - true).mean() < 0.05


def test_the_smooth_figure_by_hand():
    # The answer is behind by a score of 1, twice the smoothness: its rank is 1 + sigmoid(2).
    judged = _judged([[[1.0], [0.0], [9.0]]], [[0.0, 1.0, 0.0]], usable=[[True, True, False]])
    rank = 1 + 1 / (1 + math.exp(-2))
    np.testing.assert_allclose(_smooth(judged, [1.0]), [1 / math.log2(1 + rank)], rtol=1e-5)


def test_a_feature_that_tells_is_found():
    prior, unseen = np.array([1.0, 0.0]), _random(200, seed=1)
    learned = learn_weights(_random(100), prior, np.array([1.0, 1.0]))
    assert learned.dtype == np.float32
    assert learned[1] > 1.0 > abs(learned[0])
    assert ndcg(unseen, learned).mean() > ndcg(unseen, prior).mean() + 0.2


def test_a_weight_without_a_spread_keeps_its_prior():
    learned = learn_weights(_random(60), np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    assert learned[0] == 1.0
    assert learned[1] > 0.5
    kept = learn_weights(_random(60), np.array([1.0, 0.0]), np.zeros(2))
    assert kept.tolist() == [1.0, 0.0]


def test_a_narrow_spread_holds_a_weight_near_its_prior():
    judged, prior = _random(60), np.array([1.0, 0.0])
    narrow = learn_weights(judged, prior, np.array([0.0, 0.05]))
    wide = learn_weights(judged, prior, np.array([0.0, 5.0]))
    assert 0 < narrow[1] < 0.5 < wide[1]


@pytest.mark.parametrize("answered", [0, MIN_CONTEXTS - 1])
def test_too_few_answered_contexts_keep_the_prior(answered):
    judged = _random(80)
    judged.gains[answered:] = 0.0
    prior = np.array([1.0, 0.25])
    assert learn_weights(judged, prior, np.ones(2)).tolist() == prior.tolist()


def test_only_the_highest_gains_count_where_there_are_many(monkeypatch):
    monkeypatch.setattr(fusion, "_MOST_RELEVANT", 1)
    judged = _judged([[[2.0], [1.0]]], [[1.0, 3.0]])
    rank = 1 + 1 / (1 + math.exp(-2))
    expected = 3 / math.log2(1 + rank) / judged.ideal[0]
    np.testing.assert_allclose(_smooth(judged, [1.0]), [expected], rtol=1e-5)
