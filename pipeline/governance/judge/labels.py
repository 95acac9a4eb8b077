"""Evidence about a brand or a category: what the rest of the product says that it should be."""

from __future__ import annotations

import collections
import warnings
from collections.abc import Sequence

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

MAX_LABELS = 300
"""Brands or categories that are learned, the most frequent: cost grows with them."""

MIN_PRODUCTS = 4
"""Products that have a label before it is learned."""

_ITERATIONS = 60
"""Of the regression: more change no ranking of labels, and cost minutes."""

_LEAST = 1e-9
"""Probability below which a label is simply not it."""


class LabelModel:
    """Logistic regression of a label on vectors.

    Args:
        labels: of the products, "" where there is none.
        vectors: `[products, dim]`.

    Attributes:
        names: the labels that it knows.
    """

    def __init__(self, labels: Sequence[str], vectors: np.ndarray) -> None:
        counts = collections.Counter(label for label in labels if label)
        names = sorted(
            label for label, count in counts.most_common(MAX_LABELS) if count >= MIN_PRODUCTS)
        self.names = names if len(names) > 1 else []
        self._number = {name: number for number, name in enumerate(self.names)}
        self._model: LogisticRegression | None = None
        if not self.names:
            return
        known = np.array([label in self._number for label in labels], bool)
        numbers = np.array([self._number.get(label, 0) for label in labels])
        self._scale = vectors[known].std(0) + 1e-6
        self._model = LogisticRegression(C=1.0, max_iter=_ITERATIONS)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # It is stopped early on purpose.
            self._model.fit(vectors[known] / self._scale, numbers[known])

    def probabilities(self, vectors: np.ndarray) -> np.ndarray:
        """Of each of `names`, `[products, names]`."""
        if self._model is None:
            return np.zeros((len(vectors), 0))
        return self._model.predict_proba(vectors / self._scale)

    def compare(self, labels: Sequence[str], vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Log probability of each label and of the likeliest other one.

        Returns:
            Float `[products]` twice; NaN where the label is not known, or where none is.
        """
        if self._model is None:
            absent = np.full(len(labels), np.nan)
            return absent, absent
        logs = np.log(self.probabilities(vectors) + _LEAST)
        numbers = np.array([self._number.get(label, -1) for label in labels])
        known = np.flatnonzero(numbers >= 0)
        own = np.full(len(labels), np.nan)
        own[known] = logs[known, numbers[known]]
        logs[known, numbers[known]] = -np.inf
        return own, logs.max(1)
