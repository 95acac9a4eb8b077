"""Which rows teach how a column is read, and which judge it."""

from __future__ import annotations

import collections
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

from pipeline.governance.extraction.mentions import Span
from pipeline.governance.extraction.supervision import Column, known_value
from pipeline.governance.extraction.texts import ProductText
from pipeline.governance.extraction.values import Value
from pipeline.ingest.rows import Row

_HELD_OUT_SHARE = 0.2
_MOST_HELD_OUT = 1_000

_NEW_SHARE = 0.05
"""Rows whose values nothing learns from, as a share of those that are held out; confidence is
calibrated on both: what a shop lacks first are brands of new suppliers."""


class KnownRows(NamedTuple):
    """Rows of which a column's value is known.

    Attributes:
        texts: of the rows.
        features: of their words, `[rows, features]`.
        values: of the column.
    """

    texts: Sequence[ProductText]
    features: csr_matrix
    values: Sequence[Value]


class Sample:
    """Rows in which a column is known: those that teach and those that judge.

    Args:
        column: what is known of it.
        rows: of the table products.
        order: numbers of the rows, mixed.

    Attributes:
        column: likewise.
        held_out: numbers of the rows that judge, first in the order.
        new: numbers of rows whose values no other row has that teaches or judges.
        learned: numbers of those that teach.
    """

    def __init__(self, column: Column, rows: Sequence[Row], order: np.ndarray) -> None:
        self.column = column
        self._values = {
            int(row): value for row in order
            if (value := known_value(rows[row], column.name)) is not None}
        self._keys = {row: column.values.key(value) for row, value in self._values.items()}
        held_out = min(_MOST_HELD_OUT, int(_HELD_OUT_SHARE * len(self._values)))
        new = self._draw_new(int(_NEW_SHARE * held_out))
        self.new = [row for row, key in self._keys.items() if key in new]
        known = [row for row, key in self._keys.items() if key not in new]
        self.held_out, self.learned = known[:held_out], known[held_out:]

    def _draw_new(self, rows: int) -> set[str]:
        """Values, in the order of the rows, that so many rows have together, at the most."""
        counts = collections.Counter(self._keys.values())
        left, new = rows, set()
        for key in dict.fromkeys(self._keys.values()):
            if counts[key] <= left:
                new.add(key)
                left -= counts[key]
        return new

    def known(
        self, some: Sequence[int], texts: Sequence[ProductText], features: csr_matrix,
    ) -> KnownRows:
        """What is known of some of its rows."""
        return KnownRows(
            [texts[row] for row in some], features[np.array(some, np.int64)],
            [self._values[row] for row in some])

    def spans(self, row: int, text: ProductText) -> list[Span]:
        """Where a row's text says its value."""
        return self.column.values.spans(text, self._values[row])
