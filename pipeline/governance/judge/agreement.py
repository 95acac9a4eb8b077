"""Evidence from the columns together: does one say what the others lead one to expect."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.preprocessing import normalize

from pipeline.governance.judge.measures import Measures
from pipeline.governance.judge.texts import Texts
from pipeline.governance.judge.views import View, Views

PAIRS = (("title", "description"), ("title", "attributes"), ("description", "attributes"))

_REFERENCES = 200
"""Products of the shop that a product's own column is compared with."""

_UNSEEN_WEIGHT = 8.0
"""Weight of a token that the shop hardly has, about that of the rarest that counts."""


class _Prediction(NamedTuple):
    model: Ridge
    mean: np.ndarray
    others: np.ndarray


class Agreement:
    """Predicts the vector of a column from that of another.

    Args:
        views: what is learned from.
        weights: of the title's tokens, for shares of what is said elsewhere.
    """

    def __init__(self, views: Views, weights: dict[str, float]) -> None:
        self._weights = weights
        self._predictions: dict[tuple[str, str], _Prediction] = {}
        rng = np.random.default_rng(0)
        for source, target in PAIRS:
            one, other = getattr(views, source), getattr(views, target)
            both = np.flatnonzero(one.present & other.present)
            if not len(both):
                continue
            mean = other.dense[both].mean(0)
            some = rng.permutation(both)[:_REFERENCES]
            self._predictions[source, target] = _Prediction(
                Ridge(1.0).fit(one.dense[both], other.dense[both]), mean,
                normalize(other.dense[some] - mean))

    def measure(self, texts: Texts, views: Views) -> Measures:
        """Likeness of columns to what others predict, and shares of words in common."""
        measures: Measures = {}
        for source, target in PAIRS:
            likeness, rank = self._compare(
                self._predictions.get((source, target)), getattr(views, source),
                getattr(views, target))
            measures[f"{source} predicts {target}"] = likeness
            measures[f"{source} predicts {target} rank"] = rank
        return {**measures, **self._shares(texts)}

    @staticmethod
    def _compare(
        prediction: _Prediction | None, one: View, other: View,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Cosine of prediction and column, and share of other products that are less like it."""
        if prediction is None:
            absent = np.full(len(one.present), np.nan)
            return absent, absent
        predicted = normalize(prediction.model.predict(one.dense) - prediction.mean)
        own = np.einsum("pd,pd->p", predicted, normalize(other.dense - prediction.mean))
        rank = (predicted @ prediction.others.T < own[:, np.newaxis]).mean(1)
        both = one.present & other.present
        return np.where(both, own, np.nan), np.where(both, rank, np.nan)

    def _shares(self, texts: Texts) -> Measures:
        names = (
            "title in description", "description in title", "title in attributes",
            "description in attributes", "title supported", "description supported")
        found = np.full((len(names), len(texts)), np.nan)
        for place in range(len(texts)):
            title, description = _said(texts.title[place]), _said(texts.description[place])
            attributes = _said(texts.attributes[place])
            found[:, place] = (
                self._share(title, description), self._share(description, title),
                self._share(title, attributes), self._share(description, attributes),
                self._share(title, description | attributes),
                self._share(description, title | attributes))
        return dict(zip(names, found, strict=True))

    def _share(self, said: set[str], elsewhere: set[str]) -> float:
        """Share of what is said, by weight, that is said elsewhere; NaN of or by nothing."""
        if not said or not elsewhere:
            return np.nan
        total = sum(self._weights.get(token, _UNSEEN_WEIGHT) for token in said)
        shared = sum(self._weights.get(token, _UNSEEN_WEIGHT) for token in said & elsewhere)
        return shared / total


def _said(tokens: list[str]) -> set[str]:
    return {token for token in tokens if token[0].isalnum()}
