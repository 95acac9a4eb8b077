"""Learns what is usual in a catalogue, and what noise would look like there."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from pipeline.examples.split import unit_hash
from pipeline.governance.judge.classifier import (
    AS_IT_IS,
    KINDS,
    Examples,
    choose_threshold,
    learn_again,
    learn_first,
)
from pipeline.governance.judge.corruption import NoiseMaker
from pipeline.governance.judge.evidence import Evidence, to_matrix
from pipeline.governance.judge.judge import FOLDS, Fold, Judge, Trust, ask, fold_of
from pipeline.governance.judge.pseudo_perplexity import PseudoPerplexity
from pipeline.governance.judge.settings import JudgeSettings
from pipeline.governance.judge.texts import read_texts
from pipeline.ingest.rows import Row

MIN_PRODUCTS = 1_000
"""Products below which there is too little to learn from.

Of a few thousand little is found, and what is found is right: so few usual products cannot show
that something is as rare among them as noise is."""


class TooFewProductsError(ValueError):
    """The shop has too few products to learn from; the message says how many."""


class Observed(NamedTuple):
    """One part of the shop, with the noise that was made of it.

    Attributes:
        evidence: learned from the other parts.
        rows: products of this part, then those with noise.
        labels: of `rows`, as in `Examples`.
        matrix: evidence about `rows`, float32 `[rows, measures]`.
    """

    evidence: Evidence
    rows: list[Row]
    labels: np.ndarray
    matrix: np.ndarray


def fit_judge(rows: Iterable[Row], settings: JudgeSettings) -> Judge:
    """Learns a shop's catalogue.

    Args:
        rows: its products, read once; `settings.max_sample` of them are kept.
        settings: how to learn.

    Raises:
        TooFewProductsError: there are fewer than `MIN_PRODUCTS`.
    """
    sample = sample_rows(rows, settings.max_sample)
    if len(sample) < MIN_PRODUCTS:
        raise TooFewProductsError(
            f"The judge learns from {MIN_PRODUCTS} products or more. Received: {len(sample)}; "
            "switch it off for this shop")
    return learn(observe(sample, settings), train_language_models(sample, settings), settings)


def learn(
    parts: Sequence[Observed], models: Sequence[PseudoPerplexity | None], settings: JudgeSettings,
) -> Judge:
    """Learns what noise looks like from what was observed.

    Args:
        parts: one a fold.
        models: likewise; None for a judge without language model.
        settings: how to learn.
    """
    labels = np.concatenate([part.labels for part in parts])
    folds = np.repeat(np.arange(FOLDS), [len(part.labels) for part in parts])
    cheap = Examples(np.concatenate([part.matrix for part in parts]), labels, folds)
    first = learn_first(cheap, settings.noise_rate)
    suspicion = first.posteriors.sum(1)
    asked = np.concatenate([
        ask(models[fold], part.rows, part.matrix, suspicion[folds == fold])
        for fold, part in enumerate(parts)])
    last = learn_again(cheap._replace(evidence=asked), suspicion, settings.noise_rate)
    evidences = [part.evidence for part in parts]
    learned = zip(evidences, first.classifiers, last.classifiers, models, strict=True)
    return Judge(
        [Fold(*values) for values in learned], settings.noise_rate,
        _trust(labels, last.posteriors.sum(1), settings.precision))


def sample_rows(rows: Iterable[Row], count: int) -> list[Row]:
    """So many products, by a hash of their ids: the same in any order, in memory for as many."""
    return heapq.nsmallest(
        count, rows, key=lambda row: unit_hash(0, "judge sample", row["product_id"]))


def observe(sample: Sequence[Row], settings: JudgeSettings) -> list[Observed]:
    """Learns from all parts but one, and measures that one, for each."""
    parts = []
    for fold in range(FOLDS):
        own = [row for row in sample if fold_of(row) == fold]
        evidence = Evidence([row for row in sample if fold_of(row) != fold])
        maker = NoiseMaker(own, settings.seed + fold)
        rows, labels = list(own), [AS_IT_IS] * len(own)
        for number, kind in enumerate(KINDS):
            made = list(maker.make(kind, settings.made_per_kind // FOLDS))
            rows += made
            labels += [number] * len(made)
        parts.append(Observed(
            evidence, rows, np.array(labels), to_matrix(evidence.measure(rows))))
    return parts


def train_language_models(
    sample: Sequence[Row], settings: JudgeSettings,
) -> list[PseudoPerplexity | None]:
    """A language model a fold: two are trained, each on the half that the other's folds are in."""
    if settings.language_model is None:
        return [None] * FOLDS
    halves = [
        PseudoPerplexity(
            read_texts([row for row in sample if _half(fold_of(row)) != half]),
            settings.language_model)
        for half in range(2)]
    return [halves[_half(fold)] for fold in range(FOLDS)]


def _half(fold: int) -> int:
    return fold * 2 // FOLDS


def _trust(labels: np.ndarray, suspicion: np.ndarray, precision: float) -> Trust:
    catalogue = suspicion[labels == AS_IT_IS]
    threshold = choose_threshold(catalogue, precision)
    return Trust(
        threshold,
        {kind: float((suspicion[labels == number] >= threshold).mean())
         for number, kind in enumerate(KINDS) if (labels == number).any()},
        float((catalogue >= threshold).mean()))
