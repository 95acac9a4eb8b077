"""Trained weights drawn back toward where they started, as far as validation lets them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

SHARES = (0.5, 0.75, 1.0)
"""Of the way from the start to the trained weights, the most careful first."""

TOLERANCE = 0.02
"""Part of the best nDCG@10 that a more careful share may lack: well inside its noise."""


def blend_with_start(
    weights: Sequence[tf.Variable], start: Sequence[np.ndarray], measure: Callable[[], float],
) -> tuple[float, float]:
    """Moves weights to a point between their start and what training made of them.

    What starts from a pretrained encoder's space forgets of it what training does not ask for:
    products without events most of all. Wortsman et al. 2022, "Robust fine-tuning of zero-shot
    models", interpolate the two and gain on both; halfway is their choice where nothing is known.

    Args:
        weights: trained; changed in place.
        start: their values before training.
        measure: validation nDCG@10 of the model that holds them.

    Returns:
        The share that was chosen, the smallest as good as any within `TOLERANCE`, and its nDCG@10.
    """
    trained = [weight.numpy() for weight in weights]

    def move(share: float) -> None:
        for weight, first, last in zip(weights, start, trained, strict=True):
            weight.assign(first + share * (last - first))

    values = []
    for share in SHARES:
        move(share)
        values.append(measure())
    enough = (1 - TOLERANCE) * max(values)
    share, value = next(
        pair for pair in zip(SHARES, values, strict=True) if pair[1] >= enough)
    move(share)
    return share, value
