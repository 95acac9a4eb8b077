"""Trained weights drawn back toward where they started, as far as validation lets them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

SHARES = (0.5, 0.75, 1.0)
"""Of the way from the start to the trained weights, the most careful first."""

HALFWAY = (0.5,)
"""The only share where what validates is not what people want."""


def blend_with_start(
    weights: Sequence[tf.Variable], start: Sequence[np.ndarray],
    measure: Callable[[], np.ndarray], shares: Sequence[float] = SHARES,
) -> tuple[float, float]:
    """Moves weights to a point between their start and what training made of them.

    What starts from a pretrained encoder's space forgets of it what training does not ask for:
    products without events most of all. Wortsman et al. 2022, "Robust fine-tuning of zero-shot
    models", interpolate the two and gain on both; halfway is their choice where nothing is known.
    How far to go is decided as Breiman et al. 1984, "Classification and Regression Trees", prune:
    the most careful choice that lacks no more than one standard error of the best.

    Args:
        weights: trained; changed in place.
        start: their values before training.
        measure: nDCG@10 of each validation example, `[examples]`, by the model that holds them.
        shares: to choose from, ascending.

    Returns:
        The share that was chosen, and its mean nDCG@10.
    """
    trained = [weight.numpy() for weight in weights]

    def move(share: float) -> None:
        for weight, first, last in zip(weights, start, trained, strict=True):
            weight.assign(first + share * (last - first))

    values = []
    for share in shares:
        move(share)
        values.append(measure())
    best = max(values, key=np.mean)
    share, value = next(
        (share, value) for share, value in zip(shares, values, strict=True)
        if np.mean(best - value) <= standard_error(best - value))
    move(share)
    return share, float(np.mean(value))


def standard_error(differences: np.ndarray) -> float:
    """Of the mean of paired differences; 0 for one alone."""
    return float(np.std(differences) / np.sqrt(max(1, len(differences) - 1)))
