"""How the arms' scores become one: features of a candidate, and their weights by kind of context.

A candidate's score is a weighted sum of features; what is answered is its share of a softmax over
candidates. The weights are learned on validation contexts, for the best nDCG
(`pipeline.indexing.fusion`), around the priors given here.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping

import numpy as np

HALF_LIVES = (90.0, 30.0, 7.0)
"""Days after which a want counts half in popularity: what sells in a season, a month, now."""

HISTORY_DECAYS = {"collaborative": 0.97, "collaborative_recent": 0.75}
"""Weight of each older product of a history against the next newer, for item-to-item evidence of
the whole history and of its end: where a visit buys thirty things all of them count, where it buys
one the last few do."""

_RECENT = tuple(f"popularity_{days:.0f}d" for days in HALF_LIVES)

LEXICAL = ("words", "pairs", "trigrams", "alike")
"""Terms of the query, by family, and likeness to the history's products by their words."""

ALIKE_DECAY = 0.75
"""As `HISTORY_DECAYS`, for likeness."""

FEATURES = ("dense", *LEXICAL, *HISTORY_DECAYS, "popularity", *_RECENT)

ARMS: Mapping[str, tuple[str, ...]] = {
    "dense": ("dense",),
    "lexical": LEXICAL,
    "collaborative": tuple(HISTORY_DECAYS),
    "popularity": ("popularity", *_RECENT),
}
"""What finds candidates and scores them, and the features that are its."""


class ContextKind(enum.IntEnum):
    """What is known of a context; each kind has weights of its own."""

    QUERY = 0
    HISTORY = 1
    BOTH = 2
    PROFILE = 3
    PRODUCT = 4
    NOTHING = 5


def _weights(**values: float) -> np.ndarray:
    return np.array([values.get(name, 0.0) for name in FEATURES], np.float32)


PRIORS: Mapping[ContextKind, np.ndarray] = {
    ContextKind.QUERY: _weights(dense=10.0, words=0.5, pairs=0.1, trigrams=0.1),
    ContextKind.HISTORY: _weights(
        dense=12.0, alike=3.0, collaborative=0.5, collaborative_recent=0.5),
    ContextKind.BOTH: _weights(
        dense=12.0, words=0.5, pairs=0.1, trigrams=0.1, alike=1.0, collaborative=0.2,
        collaborative_recent=0.2),
    ContextKind.PROFILE: _weights(dense=12.0, popularity=0.2),
    ContextKind.PRODUCT: _weights(dense=20.0, alike=10.0),
    ContextKind.NOTHING: _weights(popularity=1.0),
}
"""Weights where no validation context says otherwise: in the middle of a broad optimum on the
validation contexts of a tool shop's queries and of a laboratory supplier's histories."""

SPREADS = _weights(
    dense=2.0, words=0.1, pairs=0.05, trigrams=0.05, alike=1.0, popularity=0.1,
    **dict.fromkeys(HISTORY_DECAYS, 0.1), **dict.fromkeys(_RECENT, 0.7))
"""How far from its prior each weight may be expected: one standard deviation. A few hundred
contexts tell arms apart by little more than their noise, so the priors count for much: with twice
the room, weights learned on one half of two shops' contexts did no better on the other half than
the priors, and products with few events lost. What sells this week is the exception: in some shops
it is nothing, in others half of the answer."""


LEARNED_KINDS = (
    ContextKind.QUERY, ContextKind.HISTORY, ContextKind.BOTH, ContextKind.PROFILE)
"""Kinds that validation contexts may be of; of the others nobody says what a good answer is. What
events and judgments give is a query or a history: BOTH keeps its prior."""


def prior_weights(arms: Collection[str]) -> np.ndarray:
    """The priors with the weights of arms that are switched off at zero.

    Where nothing is known there is but popularity, whatever is switched off.

    Args:
        arms: names of the arms that are on.

    Returns:
        float32 `[kinds, features]`.
    """
    weights = np.stack([PRIORS[kind] * feature_mask(arms) for kind in ContextKind])
    weights[ContextKind.NOTHING] = PRIORS[ContextKind.NOTHING]
    return weights


def feature_mask(arms: Collection[str]) -> np.ndarray:
    """1 for the features of arms that are on, else 0, float32 `[features]`."""
    on = {feature for arm in arms for feature in ARMS[arm]}
    return np.array([feature in on for feature in FEATURES], np.float32)
