"""From evidence to the probability of each kind of noise, learned on noise that was made.

The catalogue that stands for products without noise has noise of its own. Left in, it would teach
that such products are usual; so products that look like noise are left out, and all is learned
again. No product is ever judged by what was learned with it.
"""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from pipeline.governance.judge.corruption import Kind
from pipeline.governance.threads import one_thread

KINDS = tuple(Kind)
AS_IT_IS = -1
"""Label of products from the catalogue; those with noise have the number of their kind."""

DROPPED = 0.2
"""Suspicion from which a product does not count as one without noise. At 0.5 half of the noise of
a catalogue that has twice the assumed rate would stay in."""

ROUNDS = 2
"""Times that all is learned again: the second time without what only the first could see."""


@dataclasses.dataclass(frozen=True)
class TreeSizes:
    """Gradient-boosted trees: how many, leaves of each, products in a leaf."""

    iterations: int
    leaves: int
    products: int


FIRST = TreeSizes(30, 6, 200)
"""Coarse, so that the catalogue's own noise is not learned as what is usual."""

LATER = TreeSizes(90, 10, 60)
"""Of fewer trees the probabilities are too low, of more too high: on chorus with noise (seed 1,
all kinds but mojibake and duplicates, no language model) 60, 90 and 130 gave a precision of .988,
.961 and .931 where .95 was wanted, and a recall of .791, .882 and .894."""


class Examples(NamedTuple):
    """What is learned from.

    Attributes:
        evidence: float32 `[examples, measures]`.
        labels: number of the kind, or `AS_IT_IS`, `[examples]`.
        folds: which part of the shop each is of, `[examples]`.
    """

    evidence: np.ndarray
    labels: np.ndarray
    folds: np.ndarray


class NoiseClassifier:
    """How much likelier some evidence is with noise of each kind than without.

    Args:
        evidence: float32 `[examples, measures]`.
        labels: as in `Examples`.
        sizes: of the trees.
    """

    def __init__(self, evidence: np.ndarray, labels: np.ndarray, sizes: TreeSizes) -> None:
        self._trees = HistGradientBoostingClassifier(
            max_iter=sizes.iterations, max_leaf_nodes=sizes.leaves,
            min_samples_leaf=sizes.products, l2_regularization=5.0, early_stopping=False,
            random_state=0)
        with one_thread():
            self._trees.fit(evidence, labels)
        found, counts = np.unique(labels, return_counts=True)
        self._labels, self._counts = found, counts

    def ratios(self, evidence: np.ndarray) -> np.ndarray:
        """Density of the evidence with noise over that without, `[products, kinds]`."""
        with one_thread():
            densities = self._trees.predict_proba(evidence) / self._counts
        ratios = np.zeros((len(evidence), len(KINDS)))
        usual = densities[:, np.flatnonzero(self._labels == AS_IT_IS)]
        kinds = self._labels != AS_IT_IS
        ratios[:, self._labels[kinds]] = densities[:, kinds] / usual
        return ratios


def posteriors(ratios: np.ndarray, rate: float) -> np.ndarray:
    """Probability of each kind where each has a share `rate` of products, `[products, kinds]`."""
    noise = rate * ratios
    return noise / (noise.sum(1, keepdims=True) + 1 - rate * len(KINDS))


class Learned(NamedTuple):
    """A classifier a fold, which has not seen the fold, and what each says of its own fold.

    Attributes:
        classifiers: one a fold.
        posteriors: of the examples, `[examples, kinds]`.
    """

    classifiers: list[NoiseClassifier]
    posteriors: np.ndarray


def learn_first(examples: Examples, rate: float) -> Learned:
    """Learns from the catalogue as it is.

    Args:
        examples: of every fold.
        rate: share of products that is assumed to have each kind of noise.
    """
    return _cross_fit(examples, np.ones(len(examples.labels), bool), rate, FIRST)


def learn_again(examples: Examples, suspicion: np.ndarray, rate: float) -> Learned:
    """Learns without those products of the catalogue that look like noise.

    Args:
        examples: of every fold.
        suspicion: probability of noise of each example so far, `[examples]`.
        rate: as in `learn_first`.
    """
    for _ in range(ROUNDS):
        kept = (examples.labels != AS_IT_IS) | (suspicion < DROPPED)
        learned = _cross_fit(examples, kept, rate, LATER)
        suspicion = learned.posteriors.sum(1)
    return learned


def choose_threshold(suspicion: np.ndarray, precision: float) -> float:
    """The lowest probability of noise from which products may be found wanting.

    Of those from it on the mean probability is the precision that is wanted, or more.

    Args:
        suspicion: probability of noise of products of the catalogue.
        precision: wanted share of what is found that is noise.

    Returns:
        At least 0.5: what is rather right than wrong is never found wanting.
    """
    ordered = np.sort(suspicion)[::-1]
    enough = np.cumsum(ordered) / np.arange(1, len(ordered) + 1) >= precision
    return max(0.5, float(ordered[enough].min()) if enough.any() else precision)


def _cross_fit(
    examples: Examples, kept: np.ndarray, rate: float, sizes: TreeSizes,
) -> Learned:
    classifiers: list[NoiseClassifier] = []
    found = np.zeros((len(examples.labels), len(KINDS)))
    for fold in range(int(examples.folds.max()) + 1):
        own = examples.folds == fold
        others = kept & ~own
        classifier = NoiseClassifier(examples.evidence[others], examples.labels[others], sizes)
        found[own] = posteriors(classifier.ratios(examples.evidence[own]), rate)
        classifiers.append(classifier)
    return Learned(classifiers, found)
