"""Which of a row's candidates is its value, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from pipeline.governance.extraction.candidates import EVIDENCE, Candidate
from pipeline.governance.extraction.values import Value

_FOLDS = 5

_ALONE = 10.0
"""Log-odds between the best candidate and a second one that is not there."""


class Choice(NamedTuple):
    """The value that a row most likely has.

    Attributes:
        value: of the best candidate.
        confidence: that it is right, in [0, 1].
        said: whether the text says it.
    """

    value: Value
    confidence: float
    said: bool


class Chooser:
    """Weighs candidates' evidence by a logistic model; a second one says how sure the best is.

    The second one is Platt scaling (Platt 1999, "Probabilistic Outputs for Support Vector
    Machines") of the best candidate's score and its lead.

    Args:
        rows: candidates of rows whose value is known, and which taught no classifier.
        right: whether each candidate is the row's value.

    Attributes:
        confidence: in the best candidate of each of the rows, chosen by a model that was not
            fitted on the row, float `[rows]`; 0 without candidates.
        hits: whether it is right, bool `[rows]`.
    """

    def __init__(
        self, rows: Sequence[Sequence[Candidate]], right: Sequence[Sequence[bool]],
    ) -> None:
        best, margins = np.zeros(len(rows), int), np.zeros([len(rows), 2])
        folds = np.arange(len(rows)) % _FOLDS
        for fold in range(_FOLDS):
            held_out = np.flatnonzero(folds == fold)
            weigher = _fit_weigher(rows, right, np.flatnonzero(folds != fold))
            best[held_out], margins[held_out] = _rank(weigher, [rows[row] for row in held_out])
        some = best >= 0
        self.hits = np.array([
            place >= 0 and of_row[place] for place, of_row in zip(best, right, strict=True)], bool)
        self._weigher = _fit_weigher(rows, right, np.arange(len(rows)))
        self._calibration = _fit_logistic(margins[some], self.hits[some])
        self.confidence = np.where(some, self._calibration.predict_proba(margins)[:, 1], 0.0)

    def __call__(self, rows: Sequence[Sequence[Candidate]]) -> list[Choice | None]:
        """The choice for each row; None for a row without candidates."""
        if not rows:
            return []
        best, margins = _rank(self._weigher, rows)
        confidence = self._calibration.predict_proba(margins)[:, 1]
        return [
            None if place < 0
            else Choice(candidates[place].value, float(sure), candidates[place].said)
            for candidates, place, sure in zip(rows, best, confidence, strict=True)]


def _fit_weigher(
    rows: Sequence[Sequence[Candidate]], right: Sequence[Sequence[bool]], some: np.ndarray,
) -> Pipeline:
    evidence = np.array([candidate.evidence for row in some for candidate in rows[row]])
    flags = np.array([flag for row in some for flag in right[row]], bool)
    return _fit_logistic(evidence.reshape(-1, EVIDENCE), flags)


def _fit_logistic(inputs: np.ndarray, flags: np.ndarray) -> Pipeline:
    """A logistic model that exists even where all flags are the same, or there are none.

    One made-up example of each kind, at the mean, keeps it from being ever quite sure, as Platt's
    own targets do.
    """
    middle = inputs.sum(axis=0, keepdims=True) / max(1, len(inputs))
    model = make_pipeline(StandardScaler(), LogisticRegression())
    return model.fit(np.concatenate([inputs, middle, middle]), np.append(flags, [True, False]))


def _rank(
    weigher: Pipeline, rows: Sequence[Sequence[Candidate]],
) -> tuple[np.ndarray, np.ndarray]:
    """The best candidate of each row, -1 without any, and its score and lead, float `[rows, 2]`."""
    best, margins = np.full(len(rows), -1), np.zeros([len(rows), 2])
    evidence = [candidate.evidence for candidates in rows for candidate in candidates]
    if not evidence:
        return best, margins
    scores = weigher.decision_function(np.array(evidence))
    start = 0
    for row, candidates in enumerate(rows):
        of_row = scores[start:start + len(candidates)]
        start += len(candidates)
        if len(of_row):
            best[row] = of_row.argmax()
            ranked = np.sort(of_row)[::-1]
            lead = ranked[0] - ranked[1] if len(ranked) > 1 else _ALONE
            margins[row] = ranked[0], lead
    return best, margins
