"""Percentile bootstrap over contexts: how much of a mean is luck in which contexts were drawn."""

from __future__ import annotations

import dataclasses

import numpy as np

from pipeline.evaluation.metrics import Floats

_CELLS_AT_ONCE = 4_000_000  # Draws held in memory at a time: 32 MB.


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A value and the ends of its 95% interval."""

    value: float
    low: float
    high: float


def resampled_means(values: Floats, samples: int, seed: int) -> Floats:
    """Means of `samples` resamples, with replacement, of the rows of `values`.

    All columns see the same resamples, so that the difference of two columns of the result is a
    paired bootstrap of their difference.

    Args:
        values: one row a context, `[contexts, columns]`; at least one row.
        samples: resamples.
        seed: of the draws.

    Returns:
        `[samples, columns]`.
    """
    contexts = len(values)
    random = np.random.default_rng(seed)
    chunk = max(1, _CELLS_AT_ONCE // contexts)
    means = []
    for start in range(0, samples, chunk):
        size = min(chunk, samples - start)
        draws = random.integers(0, contexts, (size, contexts))
        cells = (draws + np.arange(size)[:, None] * contexts).ravel()
        counts = np.bincount(cells, minlength=size * contexts).reshape(size, contexts)
        means.append(counts @ values / contexts)
    return np.concatenate(means)


def estimate(value: float, means: Floats) -> Estimate:
    """The 2.5th and 97.5th percentile of resampled means `[samples]` around `value`."""
    low, high = np.percentile(means, [2.5, 97.5])
    return Estimate(float(value), float(low), float(high))
