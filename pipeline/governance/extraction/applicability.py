"""Whether a product is of the kind that has an attribute: a notebook has no cable's length."""

from __future__ import annotations

import numpy as np
import scipy.sparse
from sklearn.linear_model import SGDClassifier

SHARE = 0.95
"""Share of the products with the attribute that are taken for such, the rest being too unlike."""

_ALPHA = 1e-4
"""Regularisation. Rows that miss a value count as having none, although that is what is asked:
stronger than the classifier of values', so that single rows are not learned by heart."""


class Applicability:
    """Tells products that have an attribute, or could, from those that do not.

    Args:
        features: of rows, `[rows, features]`.
        known: whether each has the attribute, bool `[rows]`.
        held_out: which rows with the attribute say where the line is, and are not learned from,
            bool `[rows]`.
        seed: of the order in which rows are learned from.

    Raises:
        ValueError: all rows have the attribute, or none that is not held out.
    """

    def __init__(
        self, features: scipy.sparse.csr_matrix, known: np.ndarray, held_out: np.ndarray,
        seed: int,
    ) -> None:
        learned = ~held_out
        self._model = SGDClassifier(loss="log_loss", alpha=_ALPHA, random_state=seed)
        self._model.fit(features[learned], known[learned])
        scores = self._model.decision_function(features[held_out])
        # What more likely has it than not is never refused.
        self._line = min(0.0, float(np.quantile(scores, 1.0 - SHARE)))

    def __call__(self, features: scipy.sparse.csr_matrix) -> np.ndarray:
        """Whether each row may have the attribute, bool `[rows]`."""
        return self._model.decision_function(features) >= self._line
