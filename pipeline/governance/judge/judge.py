"""Finds noise in products by what was learned of their shop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pipeline.examples.split import unit_hash
from pipeline.governance.findings import Finding
from pipeline.governance.judge.classifier import NoiseClassifier, posteriors
from pipeline.governance.judge.corruption import Kind
from pipeline.governance.judge.evidence import Evidence, to_matrix
from pipeline.governance.judge.pseudo_perplexity import NAMES, PseudoPerplexity
from pipeline.governance.judge.texts import read_texts
from pipeline.governance.judge.verdicts import find
from pipeline.ingest.rows import Row

FOLDS = 4
"""Parts of the shop; each is judged by what was learned from the others."""

OPEN = (0.02, 0.98)
"""Suspicion between which the language model is asked: elsewhere it would change nothing, and it
costs more than all other evidence."""


class Trust(NamedTuple):
    """What is known of how good a judge is.

    Attributes:
        threshold: probability of noise from which something is found.
        found: share of the made noise of each kind that is found.
        suspected: share of the catalogue in which something is found.
    """

    threshold: float
    found: dict[Kind, float]
    suspected: float

    def describe(self) -> str:
        """A sentence for the log."""
        shares = ", ".join(f"{kind.value} {share:.0%}" for kind, share in self.found.items())
        return (f"noise is told from a probability of {self.threshold:.2f} on, in "
                f"{self.suspected:.1%} of the products; of noise made of them, found: {shares}")


class Fold(NamedTuple):
    """What one part of the shop is judged by."""

    evidence: Evidence
    first: NoiseClassifier
    last: NoiseClassifier
    language_model: PseudoPerplexity | None


class Judge:
    """Finds noise in products. Made by `fit_judge`.

    Attributes:
        trust: how good it is on noise that was made.
    """

    def __init__(self, folds: Sequence[Fold], rate: float, trust: Trust) -> None:
        self._folds = list(folds)
        self._rate = rate
        self.trust = trust

    def judge(self, rows: Sequence[Row]) -> list[Finding | None]:
        """What is wrong with each product; None for nothing."""
        found: list[Finding | None] = [None] * len(rows)
        folds = np.array([fold_of(row) for row in rows])
        for number, fold in enumerate(self._folds):
            places = np.flatnonzero(folds == number)
            own = [rows[place] for place in places]
            if own:
                for place, finding in zip(places, self._judge(own, fold), strict=True):
                    found[place] = finding
        return found

    def _judge(self, rows: list[Row], fold: Fold) -> list[Finding | None]:
        evidence = to_matrix(fold.evidence.measure(rows))
        suspicion = posteriors(fold.first.ratios(evidence), self._rate).sum(1)
        evidence = ask(fold.language_model, rows, evidence, suspicion)
        posterior = posteriors(fold.last.ratios(evidence), self._rate)
        found: list[Finding | None] = [None] * len(rows)
        wanting = np.flatnonzero(posterior.sum(1) >= self.trust.threshold)
        if len(wanting):
            texts, views = fold.evidence.read([rows[place] for place in wanting])
            for place, row, title, suggestion in zip(
                    wanting, texts.rows, texts.title, fold.evidence.categories.suggest(views),
                    strict=True):
                found[place] = find(
                    row, title, posterior[place], fold.evidence.brands, suggestion)
        return found


def fold_of(row: Row) -> int:
    """Part of the shop that a product is in, by its id: the same in every run and batch."""
    return int(unit_hash(0, "judge", row["product_id"]) * FOLDS)


def ask(
    model: PseudoPerplexity | None, rows: Sequence[Row], evidence: np.ndarray,
    suspicion: np.ndarray,
) -> np.ndarray:
    """Adds what the language model says of the products that are open, NaN for the others.

    Args:
        model: the language model; None has no say.
        rows: the products.
        evidence: what else is known, `[products, measures]`.
        suspicion: probability of noise by that, `[products]`.

    Returns:
        Float32 `[products, measures + NAMES]`.
    """
    said = np.full((len(rows), len(NAMES)), np.nan, np.float32)
    if model is not None:
        places = np.flatnonzero((suspicion >= OPEN[0]) & (suspicion < OPEN[1]))
        if len(places):
            said[places] = to_matrix(model.measure(read_texts([rows[p] for p in places])))
    return np.hstack([evidence, said])
