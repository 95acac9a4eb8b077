"""Judgements as the detector reads them, and a sample of their queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import apache_beam as beam
import numpy as np
import numpy.typing as npt

from pipeline.governance.labels.suspects import FOLDS, Floats

_HASHES = 2**32
"""A query's hash is below it."""


class Described(NamedTuple):
    """Judgements as the detector reads them.

    Attributes:
        position: of each row in its table, int64 `[rows]`.
        query: hash of the query, int64 `[rows]`.
        grade: float32 `[rows]`.
        features: float32 `[rows, features]`.
    """

    position: npt.NDArray[np.int64]
    query: npt.NDArray[np.int64]
    grade: Floats
    features: Floats

    def fold(self) -> npt.NDArray[np.int64]:
        """Fold of each row, the same for all rows of a query."""
        return self.query % FOLDS

    def take(self, rows: npt.NDArray[np.int64]) -> Described:
        """Some of the rows."""
        return Described(
            self.position[rows], self.query[rows], self.grade[rows], self.features[rows])


def concatenate(parts: Sequence[Described]) -> Described:
    """All rows of some parts."""
    return Described(
        np.concatenate([part.position for part in parts]),
        np.concatenate([part.query for part in parts]),
        np.concatenate([part.grade for part in parts]),
        np.concatenate([part.features for part in parts]))


class Sample(NamedTuple):
    """Judgements of the queries whose hashes are below a bound; `parts` may be none."""

    parts: list[Described]
    below: int


class SampleQueries(beam.CombineFn):
    """Judgements of the queries with the lowest hashes, `limit` at the most; None of nothing.

    Whatever is combined with what, the sample is the same: the bound only ever falls, and what it
    has cut off would not have come back.
    """

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def create_accumulator(self) -> Sample:
        """Nothing, of all queries."""
        return Sample([], _HASHES)

    def add_input(self, sample: Sample, part: Described) -> Sample:
        """Adds judgements of whole queries."""
        return self._cut(Sample([*sample.parts, part], sample.below))

    def merge_accumulators(self, samples: Iterable[Sample]) -> Sample:
        """The sample of several samples."""
        some = list(samples)
        return self._cut(Sample(
            [part for sample in some for part in sample.parts],
            min((sample.below for sample in some), default=_HASHES)))

    def extract_output(self, sample: Sample) -> Described | None:
        """The sample in one part, query by query."""
        if not sample.parts:
            return None
        [part] = sample.parts
        return part.take(np.lexsort((part.position, part.query)))

    def _cut(self, sample: Sample) -> Sample:
        if not sample.parts:
            return sample
        joined = concatenate(sample.parts)
        below = sample.below
        if np.count_nonzero(joined.query < below) > self._limit:
            below = int(np.partition(joined.query, self._limit)[self._limit])
        return Sample([joined.take(np.flatnonzero(joined.query < below))], below)
