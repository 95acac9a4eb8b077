"""What evidence is measured as."""

from __future__ import annotations

import numpy as np

Measures = dict[str, np.ndarray]
"""Evidence by name, float `[products]`, NaN where a product has nothing to measure."""


def nothing(names: tuple[str, ...], products: int) -> Measures:
    """Measures of what a shop does not have."""
    return {name: np.full(products, np.nan) for name in names}


def only_where(present: np.ndarray, measures: Measures) -> Measures:
    """Measures of the products that have what is measured, NaN for the others."""
    return {name: np.where(present, values, np.nan) for name, values in measures.items()}
