"""What values of a kind usually are, by their logarithms: a few far ones do not move it."""

from __future__ import annotations

import collections
import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import apache_beam as beam

MIN_VALUES = 30
"""Values of a kind below which nothing is usual."""

DEVIATIONS = 4.0
"""Robust standard deviations from the median up to which a value is usual, if that is further than
the factor that it may be off in any case. With a factor of 20, .07% of chorus's products and .15%
of online_retail's are further off in price."""

_BIN = 0.02
"""Width in powers of ten, 5%: few numbers say how all the values are spread."""

_TO_DEVIATION = 1.4826
"""Median absolute deviations to standard deviations, of a normal distribution."""

_MAX_KINDS = 10_000


class Usual(NamedTuple):
    """The middle of the values of a kind, and what they lie between."""

    middle: float
    low: float
    high: float

    def __str__(self) -> str:
        """As a person reads it."""
        low, middle, high = (
            f"{float(f'{value:.2g}'):g}" for value in (self.low, self.middle, self.high))
        return f"{low} to {high}, {middle} in the middle"


class FindUsual(beam.PTransform):
    """(kind, value above 0) -> a dict from kind to `Usual`, of kinds with a value that may not be.

    Nobody asks about the other kinds, which are nearly all.
    """

    def __init__(self, factor: float) -> None:
        """Sets what is usual in any case.

        Args:
            factor: of the middle, or part of it, above 1.
        """
        super().__init__()
        self._factor = factor

    def expand(
        self, values: beam.PCollection[tuple[str, float]],
    ) -> beam.PCollection[dict[str, Usual]]:
        """Builds the graph."""
        return (
            values
            | "Spread" >> beam.CombinePerKey(GatherUsual(self._factor))
            | "Outlying" >> beam.Filter(lambda found: found[1] is not None)
            | "Few" >> beam.combiners.Top.Smallest(_MAX_KINDS)
            | "ToDict" >> beam.Map(dict))


class GatherUsual(beam.CombineFn):
    """Values above 0 -> `Usual`; None where they are few, or all of them usual."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self._least = math.log10(factor)

    def create_accumulator(self) -> collections.Counter[int]:
        """A histogram of nothing."""
        return collections.Counter()

    def add_input(
        self, histogram: collections.Counter[int], value: float,
    ) -> collections.Counter[int]:
        """Counts a value."""
        histogram[round(math.log10(value) / _BIN)] += 1
        return histogram

    def merge_accumulators(
        self, parts: Iterable[collections.Counter[int]],
    ) -> collections.Counter[int]:
        """Adds histograms up."""
        total: collections.Counter[int] = collections.Counter()
        for part in parts:
            total.update(part)
        return total

    def extract_output(self, histogram: collections.Counter[int]) -> Usual | None:
        """Median and median absolute deviation of a histogram."""
        if histogram.total() < MIN_VALUES:
            return None
        middle = _median(histogram)
        off: collections.Counter[int] = collections.Counter()
        for place, count in histogram.items():
            off[abs(place - middle)] += count
        reach = max(self._least, DEVIATIONS * _TO_DEVIATION * _BIN * _median(off))
        # A value may lie half a bin beside the middle of its bin.
        if (max(off) + 0.5) * _BIN <= reach:
            return None
        log = middle * _BIN
        return Usual(10**log, 10 ** (log - reach), 10 ** (log + reach))


def _median(counts: Mapping[int, int]) -> int:
    """The lower median of numbers by how often they occur."""
    half, seen = (sum(counts.values()) + 1) // 2, 0
    for place in sorted(counts):
        seen += counts[place]
        if seen >= half:
            return place
    raise ValueError("counts should not be empty.")
