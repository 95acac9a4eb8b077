"""Learns what each feature of a candidate weighs, from validation contexts of one kind."""

from __future__ import annotations

import dataclasses

import numpy as np
import scipy.optimize
import tensorflow as tf

MIN_CONTEXTS = 50
"""Contexts of a kind below which the prior stands: fewer would teach noise."""

_SMOOTHNESS = 0.5
"""Score difference over which a rank is smoothed, in the scores' own units: a product that leads by
it counts as nearly three quarters of a place ahead."""

_ROUNDS = 60
"""Steps of L-BFGS; on the benchmark's tasks it converges in 15 to 40."""


@dataclasses.dataclass(frozen=True)
class Judged:
    """Candidates of contexts with their gains.

    Attributes:
        features: float32 `[contexts, candidates, features]`.
        usable: bool `[contexts, candidates]`.
        gains: `2**gain - 1` of each candidate, 0 for what is not relevant, float32
            `[contexts, candidates]`.
        ideal: the best DCG@10 that any ranking of the catalogue could have, float32 `[contexts]`.
    """

    features: np.ndarray
    usable: np.ndarray
    gains: np.ndarray
    ideal: np.ndarray

    def __len__(self) -> int:
        return len(self.ideal)


def learn_weights(judged: Judged, prior: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Weights that maximise a smooth nDCG, held near their prior.

    The objective is ApproxNDCG (Qin, Liu and Li 2010, "A general approximation framework for
    direct optimization of information retrieval measures"): the rank of a product is one plus the
    sum of sigmoids of score differences. A softmax likelihood was tried as well: it moved weights
    toward ranking the judged products first of all, at the price of the first ten.

    Args:
        judged: contexts of one kind.
        prior: weights to start from and to stay near, `[features]`.
        spread: one standard deviation of each weight's distance from its prior, `[features]`;
            0 keeps it.

    Returns:
        float32 `[features]`; the prior where there are fewer than `MIN_CONTEXTS`.
    """
    answered = judged.gains.sum(axis=1) > 0
    free = np.flatnonzero(spread > 0)
    if answered.sum() < MIN_CONTEXTS or not len(free):
        return prior.astype(np.float32)
    packed = _pack(judged, np.flatnonzero(answered))
    start, scale = prior[free].astype(np.float64), spread[free].astype(np.float64)

    @tf.function(autograph=False)
    def value_and_slope(steps: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        weights = tf.tensor_scatter_nd_update(
            tf.constant(prior, tf.float32), free[:, np.newaxis],
            tf.constant(start, tf.float32) + steps * tf.constant(scale, tf.float32))
        with tf.GradientTape() as tape:
            tape.watch(weights)
            loss = -tf.reduce_sum(_smooth_ndcg(packed, weights))
        return loss, tf.gather(tape.gradient(loss, weights), free) * tf.constant(
            scale, tf.float32)

    def objective(steps: np.ndarray) -> tuple[float, np.ndarray]:
        loss, slope = value_and_slope(tf.constant(steps, tf.float32))
        # A Gaussian prior: half the squared distance, in the unit of one context's nDCG.
        return (float(loss) + 0.5 * float(steps @ steps),
                slope.numpy().astype(np.float64) + steps)

    found = scipy.optimize.minimize(
        objective, np.zeros(len(free)), jac=True, method="L-BFGS-B", options={"maxiter": _ROUNDS})
    weights = prior.astype(np.float32).copy()
    weights[free] = start + found.x * scale
    return weights


def ndcg(judged: Judged, weights: np.ndarray, k: int = 10) -> np.ndarray:
    """nDCG@k of each context by the weighted sum of its features, float `[contexts]`."""
    scores = np.where(judged.usable, judged.features @ weights.astype(np.float32), -np.inf)
    count = min(k, scores.shape[1])
    best = np.argsort(-scores, axis=1, kind="stable")[:, :count]
    discounts = 1.0 / np.log2(np.arange(count) + 2.0)
    found = np.take_along_axis(np.where(judged.usable, judged.gains, 0.0), best, axis=1)
    return (found * discounts).sum(axis=1) / np.maximum(judged.ideal, 1e-9)


@dataclasses.dataclass(frozen=True)
class _Packed:
    """Relevant candidates beside all of them."""

    features: tf.Tensor
    usable: tf.Tensor
    places: tf.Tensor
    gains: tf.Tensor
    ideal: tf.Tensor


_MOST_RELEVANT = 20
"""Relevant candidates of a context that count, those of the highest gain: nDCG@10 sees ten."""


def _pack(judged: Judged, rows: np.ndarray) -> _Packed:
    gains = np.where(judged.usable, judged.gains, 0.0)[rows]
    count = min(_MOST_RELEVANT, max(1, int((gains > 0).sum(axis=1).max())))
    places = np.argsort(-gains, axis=1, kind="stable")[:, :count]
    return _Packed(
        tf.constant(judged.features[rows]), tf.constant(judged.usable[rows]),
        tf.constant(places), tf.constant(np.take_along_axis(gains, places, axis=1), tf.float32),
        tf.constant(judged.ideal[rows], tf.float32))


def _smooth_ndcg(packed: _Packed, weights: tf.Tensor) -> tf.Tensor:
    """Smooth nDCG of each context, `[contexts]`."""
    scores = tf.where(packed.usable, tf.einsum("ncf,f->nc", packed.features, weights), -1e9)
    own = tf.gather(scores, packed.places, batch_dims=1)
    ahead = tf.sigmoid((scores[:, tf.newaxis, :] - own[:, :, tf.newaxis]) / _SMOOTHNESS)
    ranks = 0.5 + tf.reduce_sum(ahead, axis=2)  # Its own sigmoid is a half.
    discounts = np.log(2.0) / tf.math.log(1.0 + ranks)
    return tf.reduce_sum(packed.gains * discounts, axis=1) / packed.ideal
