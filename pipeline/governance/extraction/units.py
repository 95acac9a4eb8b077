"""What a number in a text is worth in an attribute's own unit, learned from rows that have both.

A shop that keeps lengths in metres writes "15ft", "15-ft" and "4,57 m" in its titles. Where a unit
stands for an attribute, value and number have one ratio over different values; so units need no
table, in no language.
"""

from __future__ import annotations

import collections
import math
from collections.abc import Iterable, Sequence

import numpy as np

from pipeline.governance.extraction.mentions import NumberMention

TOLERANCE = 0.02
"""Relative difference within which a number is the value: 6 ft are 1.83 m, or 1.8 m."""

_BIN = math.log1p(TOLERANCE)

MIN_SUPPORT = 5
"""Rows that must agree on a unit's factor."""

MIN_VALUES = 3
"""Different values among them: that 2 stands before "Duo" and a value is 65 is no unit."""

MIN_SHARE = 0.3
"""Share of the rows with the unit in which it is the attribute's."""


def learn_factors(
    rows: Iterable[tuple[float, Sequence[NumberMention]]],
) -> dict[str, float]:
    """Factors by unit.

    Args:
        rows: an attribute's value and the numbers in the row's text.
    """
    ratios: dict[str, list[tuple[int, float, float]]] = collections.defaultdict(list)
    rows_with: collections.Counter[str] = collections.Counter()
    for row, (value, mentions) in enumerate(rows):
        rows_with.update({mention.unit for mention in mentions})
        for mention in mentions:
            if value > 0 and mention.number > 0:
                ratios[mention.unit].append((row, mention.number, value / mention.number))
    factors = {}
    for unit, seen in ratios.items():
        factor, support, values = _most_common(seen)
        if (support >= MIN_SUPPORT and values >= MIN_VALUES
                and support >= MIN_SHARE * rows_with[unit]):
            factors[unit] = factor
    return factors


def is_close(value: float, other: float) -> bool:
    """Whether two positive numbers are one up to rounding."""
    return abs(value - other) <= TOLERANCE * max(abs(value), abs(other))


def _most_common(seen: Sequence[tuple[int, float, float]]) -> tuple[float, int, int]:
    """The ratio that most rows have, how many have it, and with how many different values.

    Args:
        seen: row, number and ratio.
    """
    rows_of: dict[int, set[int]] = collections.defaultdict(set)
    bins = [_bin(ratio) for _, _, ratio in seen]
    for (row, _, _), place in zip(seen, bins, strict=True):
        rows_of[place].add(row)
    best = max(sorted(rows_of), key=lambda place: len(rows_of[place]))
    factor = float(np.median([
        ratio for (_, _, ratio), place in zip(seen, bins, strict=True) if abs(place - best) <= 1]))
    agreeing = [(row, number) for row, number, ratio in seen if is_close(ratio, factor)]
    values = {_bin(number * factor) for _, number in agreeing}
    return factor, len({row for row, _ in agreeing}), len(values)


def _bin(value: float) -> int:
    """The same number for values that are one up to rounding, nearly always."""
    return round(math.log(value) / _BIN)
