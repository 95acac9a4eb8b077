"""By how much one system ranks better than another, and how much of that is luck in the topics."""

from __future__ import annotations

import numpy as np

from benchmarks.quality.results import Floats
from pipeline.evaluation.bootstrap import Estimate, estimate, resampled_means

SAMPLES = 10_000
"""Resamples of an interval, as in score.py."""

_SEED = 0


def difference(ours: Floats, theirs: Floats) -> Estimate:
    """Paired bootstrap of the mean difference over topics, with its 95% interval.

    Args:
        ours: one value a topic, `[topics]`; of several seeds, their mean.
        theirs: of the same topics in the same order.

    Raises:
        ValueError: the two are not of the same topics.
    """
    if ours.shape != theirs.shape:
        raise ValueError(
            f"both systems should have a value for each topic, received {ours.shape} and "
            f"{theirs.shape}")
    delta = ours - theirs
    means = resampled_means(delta[:, np.newaxis], SAMPLES, _SEED)[:, 0]
    return estimate(float(delta.mean()), means)
