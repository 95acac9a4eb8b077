import numpy as np
import pytest

from benchmarks.quality.bootstrap import difference


def test_a_constant_difference_has_no_spread():
    estimate = difference(np.array([0.5, 0.75, 0.25]), np.array([0.25, 0.5, 0.0]))
    assert (estimate.value, estimate.low, estimate.high) == (0.25, 0.25, 0.25)


def test_the_interval_is_that_of_paired_draws():
    # The differences are 1 (90 of 100 topics) and 0: the resampled mean is binomial(100, .9)/100,
    # whose 2.5th and 97.5th percentiles are .84 and .95. Unpaired it would be far wider: the
    # values themselves go from 0 to 101.
    theirs = np.arange(100.0)
    ours = theirs + (np.arange(100) < 90)
    estimate = difference(ours, theirs)
    assert estimate.value == pytest.approx(0.9)
    assert (estimate.low, estimate.high) == pytest.approx((0.84, 0.95), abs=0.0101)


def test_other_topics_are_refused():
    with pytest.raises(ValueError, match=r"a value for each topic, received \(2,\) and \(3,\)"):
        difference(np.zeros(2), np.zeros(3))
