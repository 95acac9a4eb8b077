"""Peers that compare vectors of texts, whichever encoder they are from."""

from __future__ import annotations

import numpy as np

from benchmarks.quality.peers.rankings import Floats, Scorer, recency_weights
from benchmarks.quality.tasks import Task

DECAY = 0.7
"""Weight of a history's event relative to the next newer one."""


def dense(task: Task, products: Floats, queries: Floats) -> Scorer:
    """Cosine of every product with a query, or with the mean of a history's products.

    In the mean the newest product weighs most (`DECAY`).

    Args:
        task: whose topics are answered.
        products: unit vectors `[products, dim]`.
        queries: unit vectors `[topics, dim]`; `[0, dim]` for a recommendation task.
    """
    def score(rows: range) -> Floats:
        if task.is_search:
            return queries[rows.start:rows.stop] @ products.T
        contexts = [
            recency_weights(len(task.histories[row]), DECAY) @ products[task.histories[row]]
            for row in rows]
        return np.stack(contexts) @ products.T

    return score
