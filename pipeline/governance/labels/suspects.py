"""How likely a grade is wrong, learned from grades that are made wrong on purpose.

Each judgement is looked at twice: with the grade that it has, and with that grade mirrored in the
middle of the scale, as by a slip of the hand or a scale read upside down. A classifier learns to
tell the two apart, never shown a query that it scores. Its odds are, for a judgement and its grade,
how much more often a mirrored grade looks like that than a grade of the table does. The table holds
wrong grades itself, which bounds those odds from above, and so gives away how many they are
(Blanchard et al. 2010, "Semi-supervised novelty detection"). Odds times that share is the
probability that the grade is wrong.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.isotonic import IsotonicRegression

from pipeline.governance.threads import one_thread

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

FOLDS = 5
"""A judgement is scored by a model that learned from four fifths of the other queries."""

MIN_JUDGMENTS = 1_000
MIN_QUERIES = 50
MIN_MIRRORED = 200
"""Less is too little to learn from, in all or without a fold: nothing is found."""

_BEYOND = 0.005

_STEP = 0.05
"""Thresholds are that far apart in shares of the mirrored grades, the highest with that share."""

TREES = {
    "max_iter": 150, "learning_rate": 0.06, "max_leaf_nodes": 15, "min_samples_leaf": 40,
    "l2_regularization": 5.0, "early_stopping": False}
"""Of each fold's classifier."""


@dataclasses.dataclass(frozen=True)
class Scale:
    """The grades that a table gives.

    Attributes:
        grades: ascending, float32 `[grades]`.
        low: where the scale begins.
        high: where it ends. A few grades of another scale, half of a percent, do not stretch it.
    """

    grades: Floats
    low: float
    high: float

    @classmethod
    def of(cls, grade: Floats) -> Scale:
        """The scale of some judgements, one at the least."""
        low, high = np.quantile(grade, [_BEYOND, 1.0 - _BEYOND], method="nearest")
        return cls(np.unique(grade), float(low), float(high))

    def mirror(self, grade: Floats) -> Floats:
        """Grades mirrored in the middle of the scale, each the nearest that the table gives."""
        mirrored = np.clip(self.low + self.high - grade, self.low, self.high)
        above = np.searchsorted(self.grades, mirrored).clip(max=len(self.grades) - 1)
        low, high = self.grades[np.maximum(above - 1, 0)], self.grades[above]
        return np.where(mirrored - low <= high - mirrored, low, high)


@dataclasses.dataclass(frozen=True)
class Detector:
    """Tells wrong grades.

    Attributes:
        models: a fold's model has learned from the other folds.
        logits: ascending, float `[steps]`.
        odds: calibrated for each of `logits`, how much more often a mirrored grade looks like that
            than a grade of the table does, ascending, float `[steps]`.
        wrong_share: share of the table's grades that are mirrored, at the most.
    """

    models: Sequence[HistGradientBoostingClassifier]
    logits: npt.NDArray[np.float64]
    odds: npt.NDArray[np.float64]
    wrong_share: float

    def probability(self, features: Floats, grade: Floats, fold: Ints) -> Floats:
        """Probability that each grade is wrong.

        Args:
            features: without the grade itself, `[rows, features]`.
            grade: `[rows]`.
            fold: of the query, from 0 below `FOLDS`, int `[rows]`.

        Returns:
            `[rows]`, in [0, 1].
        """
        logit = _score(self.models, _with_grade(features, grade), fold)
        return np.minimum(
            1.0, self.wrong_share * np.interp(logit, self.logits, self.odds)).astype(np.float32)


def fit_detector(features: Floats, grade: Floats, query: Ints, fold: Ints) -> Detector | None:
    """Learns to tell wrong grades.

    Args:
        features: without the grade itself, NaN for unknown, `[rows, features]`.
        grade: `[rows]`.
        query: number of the query, int `[rows]`.
        fold: of the query, from 0 below `FOLDS`, int `[rows]`.

    Returns:
        None where there is too little to learn from: fewer than `MIN_JUDGMENTS` of `MIN_QUERIES`,
        or nearly all with the same grade.
    """
    if len(grade) < MIN_JUDGMENTS or len(np.unique(query)) < MIN_QUERIES:
        return None
    mirrored = Scale.of(grade).mirror(grade)
    can_be_wrong = mirrored != grade
    if min(np.count_nonzero(can_be_wrong & (fold != part)) for part in range(FOLDS)) < MIN_MIRRORED:
        return None
    kept, wrong = _with_grade(features, grade), _with_grade(features, mirrored)
    models = [
        _fit_model(kept[fold != part], wrong[can_be_wrong & (fold != part)])
        for part in range(FOLDS)]
    kept_logit = _score(models, kept, fold)
    wrong_logit = _score(models, wrong, fold)[can_be_wrong]
    logits, odds = _calibrate(kept_logit, wrong_logit)
    return Detector(models, logits, odds, estimate_wrong_share(kept_logit, wrong_logit))


def estimate_wrong_share(kept: npt.NDArray[np.float64], wrong: npt.NDArray[np.float64]) -> float:
    """Share of wrong grades among those of the table, at the most.

    At whatever score one looks, the table holds its wrong grades and perhaps more. So the share of
    its scores from a threshold on, divided by that of the wrong ones', is at least the share of
    wrong grades; the least over thresholds comes near to it. A standard error is added to each
    count, as the least of several would come out too low.

    Args:
        kept: scores of the grades of the table, `[rows]`.
        wrong: scores of grades made wrong, `[mirrored]`.
    """
    thresholds = np.quantile(wrong, 1.0 - np.arange(_STEP, 1.0, _STEP))
    count = (kept[:, None] >= thresholds).sum(axis=0)
    share = (count + np.sqrt(count)) / len(kept)
    return float(min(1.0, (share / (wrong[:, None] >= thresholds).mean(axis=0)).min()))


def _with_grade(features: Floats, grade: Floats) -> Floats:
    return np.column_stack([features, grade]).astype(np.float32)


def _fit_model(kept: Floats, wrong: Floats) -> HistGradientBoostingClassifier:
    """A model of the odds of `wrong` against `kept`, as if there were as many of both."""
    label = np.repeat([0, 1], [len(kept), len(wrong)])
    weight = np.where(label, len(kept) / max(1, len(wrong)), 1.0)
    model = HistGradientBoostingClassifier(random_state=0, **TREES)
    with one_thread():
        return model.fit(np.concatenate([kept, wrong]), label, sample_weight=weight)


def _score(
    models: Sequence[HistGradientBoostingClassifier], rows: Floats, fold: Ints,
) -> npt.NDArray[np.float64]:
    logit = np.zeros(len(rows))
    with one_thread():
        for part, model in enumerate(models):
            if (own := fold == part).any():
                logit[own] = model.decision_function(rows[own])
    return logit


def _calibrate(
    kept: npt.NDArray[np.float64], wrong: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Logits and the odds of `wrong` against `kept` that they stand for."""
    label = np.repeat([0.0, 1.0], [len(kept), len(wrong)])
    weight = np.where(label, len(kept) / max(1, len(wrong)), 1.0)
    share = IsotonicRegression(out_of_bounds="clip").fit(
        np.concatenate([kept, wrong]), label, sample_weight=weight)
    logits, shares = share.X_thresholds_, share.y_thresholds_.clip(0.0, 1 - 1e-6)
    return logits, shares / (1.0 - shares)
