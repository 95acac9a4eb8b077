"""Which weights stand when arms are switched off."""

import numpy as np
import pytest

from model.fusion import (
    ARMS,
    FEATURES,
    LEARNED_KINDS,
    PRIORS,
    SPREADS,
    ContextKind,
    feature_mask,
    prior_weights,
)


def test_every_feature_is_of_one_arm():
    assert sorted(feature for features in ARMS.values() for feature in features) == sorted(FEATURES)


def test_features_of_arms_that_are_on():
    # dense, 4 lexical, 2 collaborative, 4 popularity
    expected = [1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0]
    assert feature_mask(["collaborative", "dense"]).tolist() == expected
    assert feature_mask(ARMS).tolist() == [1] * len(FEATURES)


def test_what_is_off_weighs_nothing_and_the_rest_as_before():
    weights = prior_weights(["lexical"])
    query = dict(zip(FEATURES, weights[ContextKind.QUERY], strict=True))
    assert query.pop("words") == pytest.approx(0.5)
    assert query.pop("pairs") == query.pop("trigrams") == pytest.approx(0.1)
    assert set(query.values()) == {0.0}
    history = dict(zip(FEATURES, weights[ContextKind.HISTORY], strict=True))
    assert history.pop("alike") == pytest.approx(3.0)
    assert set(history.values()) == {0.0}


@pytest.mark.parametrize("arms", [("lexical",), ("dense", "collaborative"), tuple(ARMS)])
def test_where_nothing_is_known_popularity_counts_whatever_is_off(arms):
    expected = [feature == "popularity" for feature in FEATURES]
    np.testing.assert_array_equal(prior_weights(arms)[ContextKind.NOTHING], expected)


def test_every_kind_is_ranked_by_something_and_every_weight_can_be_learned():
    assert set(PRIORS) == set(ContextKind) > set(LEARNED_KINDS)
    assert all(PRIORS[kind].any() for kind in ContextKind)
    assert (SPREADS > 0).all()
