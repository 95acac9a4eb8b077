"""Full-catalogue ranking metrics, for all contexts at once.

A ranking is an int64 array `[contexts, depth]` of product numbers, best first. `NOTHING` stands
where a system returned no product of the catalogue: it takes up its rank and earns nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

NOTHING = -1
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

PER_CONTEXT_METRICS = ("ndcg@10", "recall@10", "recall@50", "mrr@10")
COVERAGE = "coverage@10"


@dataclasses.dataclass(frozen=True)
class Relevance:
    """The relevant products of all contexts, laid end to end, context by context.

    Attributes:
        rows: context of each entry, ascending, `[entries]`.
        products: product number of each entry, ascending within a context, `[entries]`.
        gains: gain of each entry, above 0, `[entries]`.
        counts: number of relevant products of each context, `[contexts]`.
    """

    rows: Ints
    products: Ints
    gains: Floats
    counts: Ints

    @classmethod
    def of(cls, contexts: Sequence[Mapping[int, float]]) -> Relevance:
        """Lays out `{product number: gain}` of each context; gains of 0 or less are left out.

        Raises:
            ValueError: a context has no product with a gain above 0.
        """
        entries = [sorted((p, g) for p, g in gains.items() if g > 0) for gains in contexts]
        counts = np.array([len(row) for row in entries], np.int64)
        if (counts == 0).any():
            raise ValueError(
                "Every context should have a relevant product (gain > 0). Received none for "
                f"context number {int(np.argmin(counts))}; leave such contexts out")
        return cls(
            rows=np.repeat(np.arange(len(counts)), counts),
            products=np.array([p for row in entries for p, _ in row], np.int64),
            gains=np.array([g for row in entries for _, g in row], np.float64),
            counts=counts)

    def gains_of(self, rankings: Ints) -> Floats:
        """Gain of the product at each rank, 0 where it is not relevant, `[contexts, depth]`."""
        if len(rankings) == 0:
            return np.zeros(rankings.shape)
        # (context, product) becomes one ascending key, so a binary search finds all at once.
        span = 1 + max(rankings.max(initial=0), self.products.max(initial=0))
        keys = self.rows * span + self.products
        wanted = np.arange(len(rankings))[:, None] * span + rankings
        at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        found = (rankings != NOTHING) & (keys[at] == wanted)
        return np.where(found, self.gains[at], 0.0)

    def ideal_dcg(self, k: int) -> Floats:
        """DCG@k of the best possible ranking, `[contexts]`."""
        order = np.lexsort((-self.gains, self.rows))
        first = np.cumsum(self.counts) - self.counts
        rank = np.arange(len(self.rows)) - np.repeat(first, self.counts)
        value = (2.0 ** self.gains[order] - 1) / np.log2(rank + 2) * (rank < k)
        return np.add.reduceat(value, first)  # No context is empty, as `of` holds.


def per_context_metrics(rankings: Ints, relevance: Relevance) -> dict[str, Floats]:
    """Computes the metrics that are means over contexts.

    - `recall@k`: relevant products among the first k, divided by min(relevant products, k), so
      that a perfect ranking scores 1 however many products are relevant.
    - `ndcg@10`: gain 2^g - 1, discount log2(rank + 1), divided by that of the best ranking of
      the whole catalogue.
    - `mrr@10`: 1 / rank of the first relevant product, 0 beyond rank 10.

    Args:
        rankings: product numbers, best first, each at most once in a row, `[contexts, depth]`.
        relevance: of the same contexts in the same order.

    Returns:
        Values `[contexts]` in [0, 1] for each of `PER_CONTEXT_METRICS`.
    """
    gains = relevance.gains_of(rankings)
    return {
        "ndcg@10": _dcg(gains, 10) / relevance.ideal_dcg(10),
        "recall@10": _recall(gains, relevance, 10),
        "recall@50": _recall(gains, relevance, 50),
        "mrr@10": _reciprocal_rank(gains, 10),
    }


def coverage(rankings: Ints, catalogue_size: int, k: int = 10) -> float:
    """Share of the catalogue that appears among the first k of any context."""
    shown = np.unique(rankings[:, :k])
    return float((shown != NOTHING).sum() / catalogue_size)


def recall_curve(rankings: Ints, relevance: Relevance) -> Floats:
    """Mean recall@k for k = 1 .. depth, `[depth]`."""
    hits = np.cumsum(relevance.gains_of(rankings) > 0, axis=1)
    depths = np.arange(1, rankings.shape[1] + 1)
    return (hits / np.minimum(relevance.counts[:, None], depths)).mean(axis=0)


def first_relevant_ranks(rankings: Ints, relevance: Relevance) -> Ints:
    """Rank, from 1, of the first relevant product; 0 where none was returned, `[contexts]`."""
    hits = relevance.gains_of(rankings) > 0
    return np.where(hits.any(axis=1), hits.argmax(axis=1) + 1, 0)


def _dcg(gains: Floats, k: int) -> Floats:
    top = gains[:, :k]
    return ((2.0**top - 1) / np.log2(np.arange(top.shape[1]) + 2)).sum(axis=1)


def _recall(gains: Floats, relevance: Relevance, k: int) -> Floats:
    return (gains[:, :k] > 0).sum(axis=1) / np.minimum(relevance.counts, k)


def _reciprocal_rank(gains: Floats, k: int) -> Floats:
    hits = gains[:, :k] > 0
    return np.where(hits.any(axis=1), 1.0 / (hits.argmax(axis=1) + 1), 0.0)
