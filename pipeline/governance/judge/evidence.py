"""All evidence about products, as a matrix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.governance.judge.agreement import Agreement
from pipeline.governance.judge.brands import Brands
from pipeline.governance.judge.categories import Categories
from pipeline.governance.judge.endings import Endings
from pipeline.governance.judge.fluency import Fluency
from pipeline.governance.judge.neighbours import Neighbours
from pipeline.governance.judge.prices import Prices
from pipeline.governance.judge.texts import Texts, read_texts
from pipeline.governance.judge.views import Views, ViewSpace
from pipeline.ingest.rows import Row


class Evidence:
    """Learns from some products what is usual, and measures others by it.

    Args:
        rows: what is learned from; no row that is measured should be among them, since what was
            learned with a row's noise finds nothing strange about it.

    Attributes:
        brands: what is known of brands.
        categories: what is known of categories.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        texts = read_texts(rows)
        self._space = ViewSpace(texts)
        views = self._space(texts)
        self._fluency = Fluency(texts)
        self._agreement = Agreement(views, self._space.weights("title"))
        self.brands = Brands(texts, views)
        self.categories = Categories(texts, views)
        self._others = (Endings(texts, views), Prices(texts, views), Neighbours(texts, views))

    def read(self, rows: Sequence[Row]) -> tuple[Texts, Views]:
        """Products as what evidence is measured on."""
        texts = read_texts(rows)
        return texts, self._space(texts)

    def measure(self, rows: Sequence[Row]) -> dict[str, np.ndarray]:
        """Evidence about products by name, float `[products]`, the names in a fixed order."""
        texts, views = self.read(rows)
        measures = self._fluency.measure(texts)
        for part in (self._agreement, self.brands, self.categories, *self._others):
            measures.update(part.measure(texts, views))
        return measures


def to_matrix(measures: dict[str, np.ndarray]) -> np.ndarray:
    """Measures side by side, float32 `[products, measures]`."""
    return np.stack(list(measures.values()), axis=1).astype(np.float32)
