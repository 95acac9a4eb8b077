"""Reads one column: candidates from text, tags and words, the best of them, and how sure it is."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import scipy.sparse

from pipeline.governance.extraction.applicability import Applicability
from pipeline.governance.extraction.candidates import TOP_CLASSES, Candidate, find_candidates
from pipeline.governance.extraction.choice import Choice, Chooser
from pipeline.governance.extraction.classifier import ValueClassifier
from pipeline.governance.extraction.samples import KnownRows
from pipeline.governance.extraction.settings import ExtractionSettings
from pipeline.governance.extraction.supervision import Column
from pipeline.governance.extraction.texts import ProductText
from pipeline.governance.extraction.tokens import TaggedSpan
from pipeline.governance.extraction.values import Value, learn_values

_MIN_FILLED = 20
"""Known rows above a threshold from which its precision is believed."""


@dataclasses.dataclass(frozen=True)
class Quality:
    """How well a column is read, on known rows that were not learned from.

    Attributes:
        column: `brand`, or `attributes.NAME`.
        known: rows of the sample that have a value.
        said: share of them whose text says it.
        threshold: confidence from which a value is filled; None where no threshold gives the
            wanted precision, and nothing is filled.
        precision: share of the values from there on that are right; 0 without a threshold.
        recall: share of the known values that are read so; 0 without a threshold.
    """

    column: str
    known: int
    said: float
    threshold: float | None
    precision: float
    recall: float

    def __str__(self) -> str:
        """A line for the terminal."""
        if self.threshold is None:
            return f"{self.column} is not read surely enough ({self.known:,} products have it)"
        return (f"{self.column}, taught by {self.known:,} products: {self.recall:.0%} of values "
                f"found, {self.precision:.0%} of them right")


class ColumnReader:
    """Reads one column from rows that lack it.

    Args:
        column: what is known of it.
        learned: rows that teach which words go with which value.
        held_out: rows that taught nothing.
        new: rows that taught nothing, and whose values no row has that did.
        spans: which the token classifier finds for the column in the held-out and the new rows.
        applies: tells which rows may have a value; None where all may.
        settings: of precision, confidence and seed.

    Attributes:
        name: of the column.
        quality: on the held-out rows.
    """

    def __init__(
        self, column: Column, learned: KnownRows, held_out: KnownRows, new: KnownRows,
        spans: Sequence[Sequence[TaggedSpan]], applies: Applicability | None,
        settings: ExtractionSettings,
    ) -> None:
        self.name = column.name
        self._applies = applies
        # What only the held-out rows say must not be known to those that they judge.
        self._values = learn_values(list(zip(learned.values, learned.texts, strict=True)))
        self._classifier = self._learn_classes(learned.features, learned.values, settings.seed)
        candidates = self._candidates(
            [*held_out.texts, *new.texts],
            scipy.sparse.vstack([held_out.features, new.features]), spans)
        keys = [self._values.key(value) for value in [*held_out.values, *new.values]]
        self._chooser = Chooser(candidates, [
            [self._values.key(candidate.value) == key for candidate in of_row]
            for of_row, key in zip(candidates, keys, strict=True)])
        self.quality = _judge(
            column, self._chooser, len(held_out.values), settings.precision,
            settings.min_confidence)
        # Having judged, they teach too.
        self._values = column.values
        self._classifier = self._learn_classes(
            scipy.sparse.vstack([learned.features, held_out.features, new.features]),
            [*learned.values, *held_out.values, *new.values], settings.seed)

    def applies(self, features: scipy.sparse.csr_matrix) -> np.ndarray:
        """Whether each row may have a value, bool `[rows]`."""
        if self._applies is None:
            return np.ones(features.shape[0], bool)
        return self._applies(features)

    def __call__(
        self, texts: Sequence[ProductText], features: scipy.sparse.csr_matrix,
        spans: Sequence[Sequence[TaggedSpan]],
    ) -> list[Choice | None]:
        """The most likely value of each row, however unlikely; None where there is none.

        Args:
            texts: of the rows.
            features: of their words, `[rows, features]`.
            spans: which the token classifier finds for the column in the rows.
        """
        return self._chooser(self._candidates(texts, features, spans))

    def _learn_classes(
        self, features: scipy.sparse.csr_matrix, values: Sequence[Value], seed: int,
    ) -> ValueClassifier:
        return ValueClassifier(
            features, [self._values.spelling(value) for value in values], seed)

    def _candidates(
        self, texts: Sequence[ProductText], features: scipy.sparse.csr_matrix,
        spans: Sequence[Sequence[TaggedSpan]],
    ) -> list[list[Candidate]]:
        classes = self._classifier(features, TOP_CLASSES)
        return [
            find_candidates(self._values, *of_row)
            for of_row in zip(texts, spans, classes, strict=True)]


def _judge(
    column: Column, chooser: Chooser, rows: int, precision: float, min_confidence: float,
) -> Quality:
    """Looks for the lowest threshold with the wanted precision.

    Precision is estimated as (right + 1) / (all + 2), so that a few lucky rows are not enough.
    """
    order = np.argsort(-chooser.confidence[:rows], kind="stable")
    confidence, right = chooser.confidence[order], np.cumsum(chooser.hits[order])
    filled = np.arange(1, len(order) + 1)
    # A threshold lets in all rows of its confidence.
    last_of_its = np.append(confidence[1:] < confidence[:-1], True)
    good = np.flatnonzero(
        last_of_its & (filled >= _MIN_FILLED) & (confidence >= min_confidence)
        & ((right + 1) / (filled + 2) >= precision))
    if not len(good):
        return Quality(column.name, column.known, column.said, None, 0.0, 0.0)
    last = int(good[-1])
    # Half way to the next row: what lies between was not seen, and is nearer to one of the two.
    next_lower = confidence[last + 1] if last + 1 < len(order) else 0.0
    threshold = max(min_confidence, float(confidence[last] + next_lower) / 2)
    return Quality(
        column.name, column.known, column.said, threshold, float(right[last] / filled[last]),
        float(right[last] / len(order)))
