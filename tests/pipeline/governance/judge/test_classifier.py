import numpy as np
import pytest

from pipeline.governance.judge.classifier import (
    AS_IT_IS,
    KINDS,
    Examples,
    choose_threshold,
    learn_again,
    learn_first,
    posteriors,
)


def test_posteriors_weigh_densities_by_the_assumed_rate():
    ratios = np.zeros((2, len(KINDS)))
    ratios[1, 2] = 96.0
    # 0.005 * 96 = 0.48 against 1 - 8 * 0.005 = 0.96 without noise.
    found = posteriors(ratios, 0.005)
    assert found[0].sum() == 0
    assert found[1].tolist() == pytest.approx([0, 0, 0.48 / 1.44, 0, 0, 0, 0, 0])


def test_the_threshold_keeps_the_mean_probability_of_what_is_found():
    # The means from the highest on: 1, .99, .96, .87.
    assert choose_threshold(np.array([0.6, 1.0, 0.98, 0.9, 0.1]), 0.95) == pytest.approx(0.9)
    # All five would do, but what is less likely than not is never found wanting.
    assert choose_threshold(np.array([1.0] * 40 + [0.4]), 0.95) == 0.5
    assert choose_threshold(np.array([0.2, 0.1]), 0.95) == 0.95


def shop(noise, seed=0):
    """Evidence of a shop: one measure, about 0 for usual products and 6 with noise of kind 3."""
    rng = np.random.default_rng(seed)
    usual = np.concatenate([rng.normal(0, 1, 4_000 - noise), rng.normal(6, 1, noise)])
    made = rng.normal(6, 1, 1_000)
    return Examples(
        np.concatenate([usual, made])[:, np.newaxis].astype(np.float32),
        np.array([AS_IT_IS] * 4_000 + [3] * 1_000), np.arange(5_000) % 4)


def test_noise_of_the_catalogue_does_not_teach_that_it_is_usual():
    examples = shop(noise=40)  # Twice the assumed rate.
    first = learn_first(examples, 0.005).posteriors.sum(1)
    again = learn_again(examples, first, 0.005)
    suspicion = again.posteriors.sum(1)
    assert len(again.classifiers) == 4
    assert (suspicion[3_960:4_000] > 0.9).mean() > 0.9
    assert (suspicion[:3_960] > 0.5).sum() < 8
    assert again.posteriors[3_990].argmax() == 3
    # Learned from the catalogue as it is, it would not be as sure.
    assert suspicion[3_960:4_000].mean() > first[3_960:4_000].mean()


def test_kinds_that_were_never_made_are_never_found():
    examples = shop(noise=10)
    found = learn_first(examples, 0.005).posteriors
    assert found[:, [kind for kind in range(len(KINDS)) if kind != 3]].max() == 0
