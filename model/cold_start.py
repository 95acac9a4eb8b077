"""What behaviour would have taught about products that nobody has touched yet."""

from __future__ import annotations

import numpy as np

NEIGHBOURS = 20
TEMPERATURE = 0.05
"""Of the softmax over the neighbours' cosines: the nearest few count."""

_MAX_SEEN = 50_000
"""Seen products that are looked at, the most frequent: bounds the cost at a million products."""

_CHUNK = 1_024


def borrow_residuals(
    residuals: np.ndarray, mentions: np.ndarray, text_vectors: np.ndarray,
) -> np.ndarray:
    """Gives each unseen product the mean residual of the seen products whose text is most like it.

    Training pulls the vectors of seen products away from their texts and toward the histories that
    lead to them; a product left at its text alone then loses to all of them, however well it fits.
    The idea is that of Gantner et al. 2010, "Learning Attribute-to-Feature Mappings for Cold-Start
    Recommendations", with their k-nearest-neighbour mapping.

    Args:
        residuals: learned, float `[products, rank]`; zeros for unseen products.
        mentions: how often each product is in the training contexts, `[products]`.
        text_vectors: unit vectors, float `[products, dim]`.

    Returns:
        float32 `[products, rank]`; rows of seen products are as they were.
    """
    seen = np.argsort(-mentions, kind="stable")[: min(_MAX_SEEN, int((mentions > 0).sum()))]
    unseen = np.flatnonzero(mentions == 0)
    filled = residuals.astype(np.float32)
    if not len(seen):
        return filled
    known, count = text_vectors[seen], min(NEIGHBOURS, len(seen))
    for start in range(0, len(unseen), _CHUNK):
        rows = unseen[start:start + _CHUNK]
        cosine = text_vectors[rows] @ known.T
        near, weight = nearest(cosine, count)
        filled[rows] = np.einsum("nk,nkr->nr", weight, residuals[seen[near]])
    return filled


def nearest(cosine: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The columns of each row's highest cosines, and a softmax over these.

    Args:
        cosine: `[rows, columns]`.
        count: columns of a row, at most as many as there are.

    Returns:
        int and float `[rows, count]`, in no order.
    """
    near = np.argpartition(-cosine, count - 1, axis=1)[:, :count]
    weight = np.exp((np.take_along_axis(cosine, near, axis=1) - 1.0) / TEMPERATURE)
    return near, weight / weight.sum(axis=1, keepdims=True)
