import numpy as np
import pytest

from pipeline.governance.judge.classifier import (
    AS_IT_IS,
    KINDS,
    LATER,
    Examples,
    NoiseClassifier,
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
    """One measure, about 0 for usual products, 6 with noise of kind 3, -6 with that of kind 5.

    The catalogue has 4,000 products, of which `noise`, the last, have that of kind 3.
    """
    rng = np.random.default_rng(seed)
    middles = np.repeat([0, 6, 6, -6], [4_000 - noise, noise, 1_000, 1_000])
    return Examples(
        rng.normal(middles, 1)[:, np.newaxis].astype(np.float32),
        np.repeat([AS_IT_IS, 3, 5], [4_000, 1_000, 1_000]), np.arange(6_000) % 4)


def test_noise_of_the_catalogue_does_not_teach_that_it_is_usual():
    examples = shop(noise=40)  # Twice the assumed rate.
    first = learn_first(examples, 0.005).posteriors.sum(1)
    again = learn_again(examples, first, 0.005)
    suspicion = again.posteriors.sum(1)
    assert len(again.classifiers) == 4
    assert (suspicion[3_960:4_000] > 0.9).mean() > 0.9
    assert (suspicion[:3_960] > 0.5).sum() < 4
    assert (again.posteriors[3_960:4_000].argmax(1) == 3).all()
    # Learned from the catalogue as it is, it would not be as sure: of 3,000 products that are
    # learned from, 30 have the noise, 1%, so that the density is that of noise by a hundred at
    # most, which the rate makes 0.5 against 0.96.
    assert first[3_960:4_000].mean() < 0.5 / (0.5 + 0.96)


def test_the_probability_is_the_share_that_is_right():
    rng = np.random.default_rng(1)
    # Noise and usual products overlap: densities N(2, 1) and N(0, 1), a rate of 2%.
    middles = np.repeat([0.0, 2.0], [9_800, 200])
    measure = np.concatenate([rng.normal(middles, 1), rng.normal(2.0, 1, 5_000)])
    examples = Examples(
        measure[:, np.newaxis].astype(np.float32), np.repeat([AS_IT_IS, 3], [10_000, 5_000]),
        np.arange(15_000) % 4)
    usual = (examples.labels != AS_IT_IS) | (np.arange(15_000) < 9_800)
    classifier = NoiseClassifier(examples.evidence[usual], examples.labels[usual], LATER)
    values = np.array([0.0, 1.0, 2.0, 3.0], np.float32)
    found = posteriors(classifier.ratios(values[:, np.newaxis]), 0.02)[:, 3]
    # The ratio of the densities is exp(2 x - 2); seven other kinds are never seen.
    ratio = np.exp(2 * values - 2)
    expected = 0.02 * ratio / (0.02 * ratio + 1 - 8 * 0.02)
    np.testing.assert_allclose(found, expected, atol=0.1)


def test_kinds_that_were_never_made_are_never_found():
    found = learn_first(shop(noise=10), 0.005).posteriors
    assert found[:, [kind for kind in range(len(KINDS)) if kind not in (3, 5)]].max() == 0
